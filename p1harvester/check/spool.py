"""What waits in the spool, and whether it can be written."""

import os
from pathlib import Path
from shlex import quote

from p1harvester.check.page import Page
from p1harvester.errors import BadSettings, StoreFailed
from p1harvester.report import local
from p1harvester.settings import Settings
from p1harvester.spool import refuse_the_database
from p1harvester.survey import Survey
from p1harvester.user import user
from p1harvester.waiting import TIMEOUT, SpoolFile, handing_over

_ROOM = 1 << 16
"""Bytes that a reading and its journal need at most."""


def nearest(path: Path) -> Path:
    """The innermost folder of `path` that is there."""
    return next(folder for folder in path.absolute().parents if os.access(folder, os.F_OK))


def is_full(folder: Path) -> bool:
    """Whether the disk of that folder has no room for readings."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize < _ROOM or (disk.f_files > 0 and disk.f_favail == 0)


def check_spool(page: Page, settings: Settings, survey: Survey) -> None:
    """Say whether readings wait for the database `survey`, and whether they could."""
    if settings.spool is None:
        page.ok("spool", "P1_SPOOL=off: what the database does not take is printed, and kept nowhere")
        return
    path = Path(settings.spool)
    there = os.access(path, os.F_OK)
    try:
        refuse_the_database(path, survey)
    except BadSettings as error:
        page.fail("spool", "P1_SPOOL is the database itself", str(error), "P1_SPOOL=/var/lib/p1harvester/spool.db")
        return
    if not os.access(path if there else nearest(path), os.R_OK | os.W_OK):
        page.fail(
            "spool",
            f"{user()} may not write {path}",
            "A reading that the database does not take would have no place to wait.",
            f"sudo install -d -o {user()} -m 700 {quote(str(path.parent))}",
            *([f"sudo chown {user()} {quote(settings.spool)}"] if there else []),
        )
    elif is_full(folder := nearest(path)):
        page.fail(
            "spool",
            f"the disk of {folder} is full",
            "A reading that the database does not take would have no place to wait.",
            f"df -h {quote(str(folder))}     # which disk it is",
        )
    elif not there:
        page.ok("spool", f"nothing waits; {path} is made when it is needed")
    else:
        _waiting(page, SpoolFile(path, timeout=TIMEOUT), survey.identity)


def _waiting(page: Page, spool: SpoolFile, identity: str) -> None:
    try:
        waiting = spool.waiting()
    except StoreFailed as failure:
        page.warn(
            "spool", f"it cannot be read: {failure}", "A damaged one is put aside by the next run.", page.typed("")
        )
        return
    for database, count, since in waiting:
        says = f"{count} readings wait in {spool.file} since {local(since)}"
        if database in (None, identity):
            means = "The database did not take them. The next run that it answers brings them back."
            page.warn("spool", says, means, page.typed(""))
        else:
            page.warn(
                "spool",
                f"{says}, for {database}",
                "That is not P1_DSN's database. They go there by the next run that has its settings, or into P1_DSN's"
                " where their meter is the same. Whatever their meter, this hands them to P1_DSN's next run:",
                f"sqlite3 {quote(str(spool.file))} {quote(handing_over(database, identity))}",
            )
    if not waiting:
        page.ok("spool", "nothing waits")
