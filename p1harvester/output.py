"""Where the command's words go: a terminal, the journal, cron's mail, or nowhere."""

import errno
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from p1harvester.errors import NOTICE
from p1harvester.printable import printable

UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What a full disk, or a broken one, says behind standard output."""

# sd-daemon(3), which the journal takes off again. What -v asks for is a notice: our units keep nothing below that.
_PRIORITIES = {logging.ERROR: "<3>", logging.WARNING: "<4>", NOTICE: "<5>", logging.INFO: "<5>"}


def open_standard_streams() -> None:
    """Open those that are closed: a database's connection would get the number of one, and what we say."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")


def give_up() -> None:
    """Write nothing more to standard output: Python would complain when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def configure(verbose: bool, quiet: bool) -> None:
    """Say errors, warnings and, as far as they are wanted, notices on standard error."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    logger = logging.getLogger("p1harvester")
    handler = logging.StreamHandler()
    handler.setFormatter(_Line("%(levelname)s%(message)s"))
    in_journal = _to_journal()
    for level, priority in _PRIORITIES.items():
        logging.addLevelName(level, priority if in_journal else "p1harvester: ")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO if verbose else NOTICE if is_watched(quiet) else logging.WARNING)
    # What libraries log is said by our own sentences.
    logging.getLogger().addHandler(logging.NullHandler())
    logger.propagate = False


def is_watched(quiet: bool) -> bool:
    """Whether a person at a terminal wants to be told that all is well."""
    return sys.stdout.isatty() and not quiet


@contextmanager
def alive(doing: str) -> Iterator[None]:
    """Say what is being done; on a terminal with a dot for each second that it takes."""
    if not sys.stdout.isatty():
        # Where nobody can be told, what is said at the end will show it.
        with suppress(OSError):
            print(f"{doing} ...", flush=True)
        yield
        return
    from threading import Event, Thread

    print(doing, end=" ", flush=True)
    done = Event()

    def beat() -> None:
        while not done.wait(1):
            print(".", end="", flush=True)

    beating = Thread(target=beat, daemon=True)
    beating.start()
    try:
        yield
    finally:
        done.set()
        beating.join()
        print(flush=True)


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        record.msg, record.args = printable(record.getMessage()), ()
        return super().format(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 -- logging's name
        return "\n".join(map(printable, super().formatException(ei).split("\n")))


def _to_journal() -> bool:
    """Whether standard error is the journal: systemd names its socket, and a child may have inherited just the name."""
    with suppress(OSError):
        stderr = os.fstat(2)
        return os.environ.get("JOURNAL_STREAM") == f"{stderr.st_dev}:{stderr.st_ino}"
    return False
