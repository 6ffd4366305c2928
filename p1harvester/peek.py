"""The spool's file from outside: whether it is ours, and whether a reading waits in it."""

import os
import stat
from contextlib import closing
from pathlib import Path

from p1harvester.errors import Denied
from p1harvester.user import user


def is_ours(path: Path) -> bool:
    """Whether the file is there. Raises Denied where it is not ours alone to fill and to empty."""
    try:
        status = os.lstat(path)
    except PermissionError as error:
        raise Denied(_closed(path.parent)) from error
    except OSError:
        return False
    if not stat.S_ISREG(status.st_mode):
        raise Denied(f"the spool {path} is a link, or no file at all: name the file itself with P1_SPOOL")
    if status.st_uid != os.geteuid() or not os.access(path, os.R_OK | os.W_OK):
        raise Denied(_closed(path))
    return True


def nothing_waits(path: Path) -> bool:
    """Whether the file is not there, or empty. Raises an error of any kind where that cannot be told."""
    if not is_ours(path):
        return True
    # A run without a spool, on a server, needs no SQLite.
    import sqlite3

    from p1harvester.sqlite import DurableConnection

    with closing(sqlite3.connect(path, timeout=0, factory=DurableConnection)) as file:
        return file.execute("SELECT 1 FROM p1_readouts LIMIT 1").fetchone() is None


def _closed(path: Path) -> str:
    return f"{user()} may not open the spool, where others may wait: `sudo chown {user()} {path}`"
