"""The full way to a database, by SQLAlchemy: it makes the table, finds a free second, and knows the spool."""

import logging
import time
from dataclasses import asdict

from p1harvester.errors import NOTICE, P1Error, StoreFailed
from p1harvester.reading import Reading
from p1harvester.settings import Settings
from p1harvester.signals import ignored
from p1harvester.spool import Spool, keep
from p1harvester.store import Store
from p1harvester.user import command

log = logging.getLogger(__name__)

DRAIN_FOR = 10
"""Seconds that one run may spend on bringing readings from the spool into the database."""
DRAIN_UNTIL = 40
"""Seconds after its start when a run begins no further batch, so that it ends within 55."""


class FullWay:
    """The full way to the settings' database."""

    def __init__(self, settings: Settings) -> None:
        """Raises BadSettings; opens nothing."""
        self._database = Store(settings.dsn, settings.password)
        self._spool = Spool(settings.spool, self._database) if settings.spool else None

    def __str__(self) -> str:
        """The DSN without its password."""
        return str(self._database)

    def insert(self, reading: Reading, spent: float) -> int | None:
        """As `Store.insert`. Raises Spooled or NothingStored."""
        try:
            return self._database.insert(asdict(reading), spent)
        except StoreFailed as failure:
            with ignored():
                raise keep(self._spool, reading, failure) from failure

    def kept(self, reading: Reading, why: str) -> P1Error:
        """Keep a reading that the database cannot take, for this reason; return the error that says where it is."""
        return keep(self._spool, reading, StoreFailed(str(self), why))

    def drain(self, meter_id: int | None, started: float) -> None:
        """Bring into the database what waits for it, in a run that started at this time of `time.monotonic()`.

        A table that was made or mended for the reading gets its views first.
        """
        if self._database.mended:
            _make_views(self._database)
        if self._spool:
            self._spool.drain(meter_id, min(time.monotonic() + DRAIN_FOR, started + DRAIN_UNTIL))


def _make_views(database: Store) -> None:
    try:
        database.set_up_views()
    except StoreFailed as failure:
        # The reading is stored; a user who may do no more than the job needs is as it should be.
        log.log(
            NOTICE, "the table was made or mended, its views were not: %s; `%s setup` makes them", failure, command()
        )
