"""The two ways to a database: the short one while all is well, and for all else the full one."""

import time
from contextlib import suppress
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from p1harvester.errors import P1Error
from p1harvester.peek import nothing_waits
from p1harvester.reading import Reading
from p1harvester.settings import Settings
from p1harvester.short_way import ShortWay
from p1harvester.signals import held_back

if TYPE_CHECKING:
    from p1harvester.full_way import FullWay


class Ways:
    """Both ways to the settings' database; what the full one imports is paid for when it is taken."""

    def __init__(self, settings: Settings) -> None:
        """Choose the way to begin with. Raises BadSettings."""
        self._settings = settings
        self._way = short_way(settings) or self._full

    def __str__(self) -> str:
        """The DSN without its password."""
        return str(self._way)

    @cached_property
    def _full(self) -> "FullWay":
        # A signal's handler, which takes this way too, would find the half of it.
        with held_back():
            from p1harvester.full_way import FullWay

            self._way = FullWay(self._settings)
            return self._way

    def insert(self, reading: Reading) -> int | None:
        """Store a reading; return the second that it is stored under, None if it is there already.

        Raises Spooled or NothingStored.
        """
        began = time.monotonic()
        if isinstance(self._way, ShortWay):
            with suppress(Exception):
                self._way.insert(asdict(reading))
                return reading.time
        return self._full.insert(reading, time.monotonic() - began)

    def kept(self, reading: Reading, why: str) -> P1Error:
        """Keep a reading that the database cannot take, for this reason; return the error that says where it is."""
        return self._full.kept(reading, why)

    def drain(self, meter_id: int | None, started: float) -> None:
        """Bring what waits into the database, in a run that started at this time of `time.monotonic()`."""
        if not isinstance(self._way, ShortWay):
            self._way.drain(meter_id, started)


def short_way(settings: Settings) -> ShortWay | None:
    """The short way; None where something waits, or anything is not plain."""
    with suppress(Exception):
        way = ShortWay(settings.dsn, settings.password)
        if not settings.spool or (nothing_waits(spool := Path(settings.spool)) and not way.leads_to(spool)):
            return way
    return None
