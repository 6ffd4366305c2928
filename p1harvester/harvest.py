"""The story of one run: open the port, make the database ready, wait for a telegram, store its reading."""

import logging
import time
from contextlib import ExitStack
from dataclasses import asdict, replace

from p1harvester import clock
from p1harvester.errors import NOTICE, NoTelegram, StoreFailed
from p1harvester.listen import listen
from p1harvester.parser import remarks
from p1harvester.port import Port, open_port
from p1harvester.reading import Reading
from p1harvester.report import summary
from p1harvester.settings import Settings
from p1harvester.signals import ignored, kept_first

log = logging.getLogger(__name__)

DRAIN_FOR = 10
"""Seconds that one run may spend on bringing readings from the spool into the database."""
DRAIN_UNTIL = 40
"""Seconds after its start when a run begins no further batch, so that it ends within 55."""


def harvest(settings: Settings) -> str:
    """Store one reading; return a sentence that says what was stored. Raises the errors of P1Error's family."""
    started = time.monotonic()
    with ExitStack() as in_hand:
        with open_port(settings.port, settings.baud, started + settings.timeout) as port:
            # The meter's bytes pile up in the kernel while this is imported.
            from p1harvester.spool import Spool, keep
            from p1harvester.store import Store

            database = Store(settings.dsn, settings.password)
            spool = Spool(settings.spool, database) if settings.spool else None
            _, reading = next_reading(port, settings.key)
            in_hand.enter_context(kept_first(lambda why: keep(spool, reading, StoreFailed(str(database), why))))
        try:
            second = database.insert(asdict(reading))
        except StoreFailed as failure:
            with ignored():
                raise keep(spool, reading, failure) from failure
    if spool:
        spool.drain(reading.meter_id, min(time.monotonic() + DRAIN_FOR, started + DRAIN_UNTIL))
    if second is None:
        return f"there already: {summary(reading)}, in {database}"
    return f"stored: {summary(replace(reading, time=second))}, in {database}"


def _dated(reading: Reading, port: Port) -> Reading:
    """The reading under the second that it belongs to: the host's, unless only the meter's clock can be right."""
    if port.saved:
        return clock.by_the_meter(reading)
    if (ahead := clock.apart(reading)) is None:
        return reading
    if clock.synchronised() is False:
        log.warning(
            "%s, and the kernel says that it is not synchronised: stored under the meter's time", clock.compared(ahead)
        )
        return clock.by_the_meter(reading)
    # Nothing that a mail of cron's each minute would mend.
    log.log(NOTICE, "%s: stored under this host's time; `p1harvester check` says more", clock.compared(ahead))
    return reading


def read(settings: Settings) -> tuple[bytes, Reading]:
    """One telegram as it came, and what it says; nothing is stored."""
    with open_port(settings.port, settings.baud, time.monotonic() + settings.timeout) as port:
        return next_reading(port, settings.key)


def next_reading(port: Port, key: bytes | None) -> tuple[bytes, Reading]:
    """Wait for a whole telegram that makes sense, passing over damaged ones; `key` opens encrypted ones.

    Raises NoTelegram at the deadline.
    """
    heard = listen(port, key, lambda heard: heard.proven is not None)
    if not heard.proven:
        from p1harvester.no_telegram import why_none

        raise NoTelegram(why_none(heard))
    _, telegram, reading = heard.proven
    log.info("a whole telegram of %d bytes", len(telegram))
    if log.isEnabledFor(logging.INFO):
        for line in remarks(telegram).unread:
            log.info("left out: %s", line)
    return telegram, _dated(reading, port)
