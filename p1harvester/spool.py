"""Where readings wait while the database is away: the same table, in a local SQLite file, by the same code.

While all is well the file does not exist, or is empty and only looked at. A reading leaves it when the database has
committed it, not before; a crash in between leaves a duplicate, which the next run passes over.
"""

import logging
import os
import time
from dataclasses import asdict
from pathlib import Path

from p1harvester.database import Database
from p1harvester.errors import BadSettings, Denied, NothingStored, Spooled, StoreFailed
from p1harvester.reading import Reading
from p1harvester.report import as_insert, local
from p1harvester.store import Row, Store
from p1harvester.user import user

BATCH = 1000
"""Rows in one transaction."""
TIMEOUT = 4
"""Seconds that another run may hold the file."""

log = logging.getLogger(__name__)


def refuse_the_database(path: Path, database: Database) -> None:
    """Raise BadSettings where the spool's file is the database itself: to drain it would empty it."""
    if database.file and database.file.resolve() == path.resolve():
        raise BadSettings(f"P1_SPOOL and P1_DSN are the same file, {path}: give the spool a file of its own")


class Spool:
    """The readings that wait in the file `path` for `database`."""

    def __init__(self, path: str, database: Store) -> None:
        """Raise BadSettings where the spool is the database itself."""
        self.path = Path(path)
        self._database = database
        refuse_the_database(self.path, database)

    def keep(self, row: Row) -> tuple[int, int]:
        """Keep one row; return how many wait, and the oldest one's time. Raises StoreFailed."""
        store = Store(self.path, timeout=TIMEOUT)
        try:
            store.insert(row)
        except StoreFailed as error:
            if not error.damaged:
                raise
            self._put_aside()
            store.insert(row)
        return store.waiting()

    def drain(self, until: float) -> None:
        """Bring into the database what waits, oldest first, beginning no batch after `until` of `time.monotonic()`.

        Raises Denied when the file is not ours to open; all else that fails is left to the next run, with a warning.
        """
        closed = None
        try:
            if not self.path.exists():
                return
            if not os.access(self.path, os.R_OK | os.W_OK):
                closed = self.path
        except PermissionError:
            closed = self.path.parent
        if closed:
            raise Denied(
                f"the reading is stored, but {user()} may not open the spool, where others may wait:"
                f" `sudo chown {user()} {closed}`"
            )
        try:
            self._drain(Store(self.path, timeout=TIMEOUT), until)
        except StoreFailed as error:
            if error.damaged:
                self._put_aside()
            else:
                log.warning("the spool could not be emptied yet: %s", error)

    def _drain(self, store: Store, until: float) -> None:
        last, moved, refused = -1, 0, dict[int, str]()
        while time.monotonic() < until and (rows := store.oldest(BATCH, after=last)):
            refused |= self._database.insert_many(rows)
            if done := [row["time"] for row in rows if row["time"] not in refused]:
                store.remove(done)
            last, moved = rows[-1]["time"], moved + len(done)
        if refused:
            second, reason = next(iter(refused.items()))
            log.warning(
                f"the database refuses {len(refused)} of the readings in {self.path}, where they stay;"
                f" the one of {local(second)}: {reason}"
            )
        if log.isEnabledFor(logging.INFO):
            log.info("%d readings came from the spool, %d wait in it", moved, store.waiting()[0])

    def _put_aside(self) -> None:
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
            count, since = spool.keep(asdict(reading))
            return Spooled(f"{failure}. The reading is safe in {spool.path}, where {count} wait since {local(since)}")
        except (StoreFailed, OSError) as error:
            reason = f"the spool did not take it either: {error}"
    return NothingStored(f"{failure}; {reason}. The reading, to be entered by hand: {as_insert(reading)}")
