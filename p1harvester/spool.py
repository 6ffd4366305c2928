"""Where readings wait while the database is away: in a local SQLite file with the same table, by the same code.

While all is well the file does not exist, or is empty and only looked at. A reading leaves it when the database has
committed it, not before; a crash in between leaves a duplicate, which the next run passes over.
"""

import fcntl
import logging
import os
import time
from dataclasses import asdict
from pathlib import Path

from p1harvester.database import Database
from p1harvester.errors import BadSettings, Denied, NothingStored, Spooled, StoreFailed
from p1harvester.peek import is_ours
from p1harvester.reading import Reading
from p1harvester.report import as_insert, local
from p1harvester.store import Store
from p1harvester.waiting import TIMEOUT, SpoolFile

BATCH = 1000
"""Rows in one transaction."""
_MAGIC = b"SQLite format 3\0"
_SUFFIXES = (".db", ".sqlite", ".sqlite3")

log = logging.getLogger(__name__)


def refuse_the_database(path: Path, database: Database) -> None:
    """Raise BadSettings where the spool's file is the database itself: to drain it would empty it."""
    if database.file and database.file.resolve() == path.resolve():
        raise BadSettings(f"P1_SPOOL and P1_DSN are the same file, {path}: give the spool a file of its own")


class Spool:
    """The readings that wait in the file `path`, `database`'s and perhaps others'."""

    def __init__(self, path: str, database: Store) -> None:
        """Raise BadSettings where the spool is the database itself."""
        self.path = Path(path)
        self._database = database
        self._file = SpoolFile(self.path, timeout=TIMEOUT)
        refuse_the_database(self.path, database)

    def keep(self, reading: Reading) -> tuple[int, int]:
        """Keep one reading; return how many wait, and the oldest one's time. Raises StoreFailed and Denied."""
        is_ours(self.path)
        row, identity = asdict(reading), self._database.identity
        try:
            self._file.keep(row, identity)
        except StoreFailed as error:
            if not error.damaged:
                raise
            self._put_aside()
            self._file.keep(row, identity)
        waiting = self._file.waiting()
        return sum(each.readings for each in waiting), waiting[0].since

    def drain(self, meter_id: int | None, until: float) -> None:
        """Bring into the database what waits for it, or is of the meter `meter_id`, oldest first.

        No batch begins after `until` of `time.monotonic()`. Raises Denied when the file is not ours to open; all else
        that fails is left to the next run, with a warning.
        """
        try:
            if not is_ours(self.path):
                return
        except Denied as error:
            raise Denied(f"the reading is stored, but {error}") from error
        try:
            self._drain(meter_id, until)
        except StoreFailed as error:
            if error.damaged:
                self._put_aside()
            else:
                log.warning("the spool could not be emptied yet: %s", error)

    def _drain(self, meter_id: int | None, until: float) -> None:
        last, moved, refused = -1, 0, dict[int, str]()
        identity = self._database.identity
        while time.monotonic() < until and (rows := self._file.oldest(BATCH, last, identity, meter_id)):
            reasons = self._database.insert_many([each.row for each in rows])
            refused |= {rows[index].row["time"]: reason for index, reason in reasons.items()}
            if done := [each.key for index, each in enumerate(rows) if index not in reasons]:
                self._file.remove(done)
            last, moved = rows[-1].key, moved + len(done)
        if refused:
            second, reason = next(iter(refused.items()))
            log.warning(
                f"the database refuses {len(refused)} of the readings in {self.path}, where they stay;"
                f" the one of {local(second)}: {reason}"
            )
        if log.isEnabledFor(logging.INFO):
            left = sum(each.readings for each in self._file.waiting())
            if moved or left:
                log.info("%d readings came from the spool, %d wait in it", moved, left)

    def _put_aside(self) -> None:
        """Give a damaged file another name, if it is a spool's and no other run has done so meanwhile."""
        with self.path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not os.path.samestat(os.fstat(file.fileno()), self.path.lstat()) or not self._file.damaged():
                return
            if file.read(len(_MAGIC)) != _MAGIC and self.path.suffix not in _SUFFIXES:
                raise StoreFailed(str(self._file), "this is no spool of ours: name another file with P1_SPOOL")
            aside = f"{self.path}.damaged-{time.time_ns()}"
            for suffix in ("-journal", ""):
                if (part := Path(f"{self.path}{suffix}")).exists():
                    part.rename(aside + suffix)
        log.warning(
            f"the spool was damaged; it is kept as {aside} (`sqlite3 {aside} .recover` may read it), a new one begins"
        )


def keep(spool: Spool | None, reading: Reading, failure: StoreFailed) -> Spooled | NothingStored:
    """Keep a reading that the database did not take; return the error that tells the user where it is."""
    if spool is None:
        reason = "there is no spool (P1_SPOOL=off)"
    else:
        try:
            count, since = spool.keep(reading)
            return Spooled(f"{failure}. The reading is safe in {spool.path}, where {count} wait since {local(since)}")
        except (StoreFailed, Denied, OSError) as error:
            reason = f"the spool did not take it either: {error}"
    return NothingStored(f"{failure}; {reason}. The reading, to be entered by hand: {as_insert(reading)}")
