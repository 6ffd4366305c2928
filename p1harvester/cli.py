"""The command `p1harvester`: words in, a sentence and an exit status out."""

import argparse
import logging
import os
import sys
import warnings
from contextlib import suppress
from typing import NoReturn

from p1harvester import __version__
from p1harvester.errors import P1Error
from p1harvester.settings import Settings, load

EPILOG = """settings: flag > environment > env file (--env-file, ./.env or /etc/p1harvester.env) > default

examples:
  p1harvester                                          read one telegram, store one row
  p1harvester --port telegram.txt --dsn sqlite:///x.db store a saved telegram
  p1harvester read                                     show what the meter says, store nothing
"""

# sd-daemon(3), which the journal takes off again. What -v asks for is a notice: our units keep nothing below that.
_PRIORITIES = {logging.ERROR: "<3>", logging.WARNING: "<4>", logging.INFO: "<5>"}


def main() -> NoReturn:
    """Run the command and exit with its status."""
    # Readings are private: what we create, nobody else may read.
    os.umask(0o077)
    arguments = _parser().parse_args()
    _configure_output(arguments)
    try:
        settings = load(vars(arguments), os.environ)
        for warning in settings.warnings:
            logging.getLogger(__name__).warning(warning)
        _COMMANDS[arguments.command](settings, arguments)
        sys.stdout.flush()
    except P1Error as error:
        logging.getLogger(__name__).error(error)  # noqa: TRY400 -- a sentence, never a traceback
        sys.exit(error.status)
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python must not complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--env-file", metavar="FILE", help="read the settings from FILE")
    common.add_argument("--port", metavar="PORT", help="tty, socket://host:port, file, - or auto (P1_PORT)")
    common.add_argument("--dsn", metavar="URL", help="the database (P1_DSN)")
    common.add_argument("--timeout", metavar="SECONDS", help="how long to wait for a telegram (P1_TIMEOUT)")
    common.add_argument("-q", "--quiet", action="store_true", help="say nothing unless something is wrong")
    common.add_argument("-v", "--verbose", action="store_true", help="say what is being done")
    common.add_argument("--version", action="version", version=f"p1harvester {__version__}")
    parser = argparse.ArgumentParser(
        prog="p1harvester",
        description="Read one telegram from a smart meter's P1 port, store one row in a SQL database, exit.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common],
    )
    parser.set_defaults(command=None, quiet=False, verbose=False)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands (none: read and store)")
    reading = commands.add_parser("read", parents=[common], help="show one telegram, store nothing")
    form = reading.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object; its keys are the table's columns")
    form.add_argument("--raw", action="store_true", help="the telegram's bytes as they came")
    commands.add_parser("setup", parents=[common], help="create or upgrade the table and its views")
    return parser


def _configure_output(arguments: argparse.Namespace) -> None:
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    logger = logging.getLogger("p1harvester")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s%(message)s"))
    in_journal = _to_journal()
    for level, priority in _PRIORITIES.items():
        logging.addLevelName(level, priority if in_journal else "p1harvester: ")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO if arguments.verbose else logging.WARNING)
    # What libraries log is said by our own sentences.
    logging.getLogger().addHandler(logging.NullHandler())
    logger.propagate = False


def _to_journal() -> bool:
    """Whether standard error is the journal: systemd names its socket, and a child may have inherited just the name."""
    with suppress(OSError):
        stderr = os.fstat(2)
        return os.environ.get("JOURNAL_STREAM") == f"{stderr.st_dev}:{stderr.st_ino}"
    return False


def _harvest(settings: Settings, arguments: argparse.Namespace) -> None:
    from p1harvester.harvest import harvest

    sentence = harvest(settings)
    if arguments.verbose or (sys.stdout.isatty() and not arguments.quiet):
        print(sentence)


def _read(settings: Settings, arguments: argparse.Namespace) -> None:
    from p1harvester.harvest import read
    from p1harvester.report import as_json, as_table

    telegram, reading = read(settings)
    if arguments.raw:
        sys.stdout.buffer.write(telegram)
    else:
        print(as_json(reading) if arguments.json else as_table(reading))


def _setup(settings: Settings, arguments: argparse.Namespace) -> None:
    from p1harvester.store import SETUP_LIMIT, Store

    database = Store(settings.dsn, settings.password, SETUP_LIMIT)
    statements = database.set_up()
    for statement in statements if arguments.verbose else ():
        print(statement)
    if not arguments.quiet:
        print(f"{database}: p1_readouts {'was brought' if statements else 'is'} up to date")
    renewed = database.set_up_views()
    if not arguments.quiet:
        print(f"{database}: its views {'were made' if renewed else 'are up to date'}")


_COMMANDS = {None: _harvest, "read": _read, "setup": _setup}
