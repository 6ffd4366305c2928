"""An SQLite file that is not written, or not read: what that means, and what mends it."""

import os
from pathlib import Path
from shlex import quote

from p1harvester.check.client import Advice
from p1harvester.check.spool import is_full
from p1harvester.errors import StoreFailed
from p1harvester.survey import Survey
from p1harvester.user import user

_BUSY, _LOCKED, _CORRUPT, _FULL, _NONE = 5, 6, 11, 13, 26


def refusal(survey: Survey, failure: StoreFailed) -> Advice:
    """What the library's refusal means."""
    file, code = str(survey.file), failure.server_code
    name = quote(file)
    if code in (_BUSY, _LOCKED):
        means = "Another program is writing to it, and does not end. Which program it is:"
        return means, f"sudo fuser -v {name}"
    if code in (_CORRUPT, _NONE):
        old = quote(file + ".damaged")
        return (
            "The file is damaged, or was none of SQLite's. What a backup has goes back as systemd/README.md says."
            " Without one, this saves what can still be read of it; where nothing can, the next run makes a new one:",
            f"mv {name} {old}; sqlite3 {old} .recover | sqlite3 {name}",
        )
    if code == _FULL:
        return full(file)
    me = user()
    if Path(file).is_dir():
        return "It is a folder: P1_DSN must name a file.", f"P1_DSN={quote(f'sqlite:///{file}/p1harvester.db')}"
    return f"The file is closed to {me}.", f"sudo chown {me} {name} && sudo chmod u+rw {name}"


def full(file: str) -> Advice:
    """What it means that there is no room for more rows."""
    return "Its disk is full.", f"df -h {quote(str(Path(file).parent))}     # which disk it is"


def trouble(survey: Survey) -> Advice | None:
    """What keeps rows out of a file that takes an INSERT of no row: in a few words, then what it means."""
    folder = Path(str(survey.file)).absolute().parent
    if not os.access(folder, os.W_OK | os.X_OK):
        return (
            "its folder is closed",
            "SQLite writes a journal beside the file while it stores a row. Readings go to the spool.",
            f"sudo chown {user()} {quote(str(folder))} && sudo chmod u+rwx {quote(str(folder))}",
        )
    if is_full(folder):
        return "the disk is full", *full(str(survey.file))
    return None
