"""The story of one run: open the port, make the database ready, wait for a telegram, store its reading."""

import logging
import time
from contextlib import ExitStack
from dataclasses import asdict, replace

from p1harvester.errors import NoTelegram, StoreFailed
from p1harvester.listen import Cause, Heard, listen
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
CLOCKS_APART = 300
"""Seconds that the host's clock and the meter's may differ without a warning."""

_WHY_NONE = {
    Cause.EMPTY: "no telegram: not a single byte is in {name}",
    Cause.SILENCE: "no telegram: not a single byte came from {name}; is the cable in the meter's P1 port, and has the"
    " grid operator switched that port on?",
    Cause.UNKEYED: "the telegrams from {name} are encrypted: set P1_KEY to the key that the grid operator gives",
    Cause.WRONG_KEY: "the telegrams from {name} are encrypted, and P1_KEY does not open them: is it mistyped, or"
    " another meter's?",
    Cause.NEEDLESS_KEY: "nothing that comes from {name} is encrypted: take P1_KEY away",
    Cause.INVERTED: "no telegram: what comes from {name} is text when every bit is inverted; use a P1 cable, or an"
    " inverter in the data line",
    Cause.DAMAGED: "no valid telegram from {name}: there came {passed_over}; if this stays so, try another cable or a"
    " shorter one",
    Cause.NONSENSE: "no valid telegram from {name}: one came whole, but {nonsense}",
    Cause.CUT_OFF: "no valid telegram from {name}: there came {passed_over}; if this stays so, try a longer --timeout,"
    " or another cable",
    Cause.NOISE: "no telegram: the {received} bytes from {name} are noise, no telegram begins in them; is this the"
    " meter's port, and is P1_BAUD right (auto finds out)?",
}


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
        _compare_clocks(reading)
        try:
            stored = database.insert(asdict(reading))
        except StoreFailed as failure:
            with ignored():
                raise keep(spool, reading, failure) from failure
    if spool:
        spool.drain(min(time.monotonic() + DRAIN_FOR, started + DRAIN_UNTIL))
    return f"{'stored' if stored else 'there already'}: {summary(reading)}, in {database}"


def _compare_clocks(reading: Reading) -> None:
    if reading.meter_time is not None and abs(ahead := reading.time - reading.meter_time) > CLOCKS_APART:
        log.warning(
            "this host's clock is %d s %s the meter's: `timedatectl` shows whether it is set over the network",
            abs(ahead),
            "ahead of" if ahead > 0 else "behind",
        )


def read(settings: Settings) -> tuple[bytes, Reading]:
    """One telegram as it came, and what it says; nothing is stored."""
    with open_port(settings.port, settings.baud, time.monotonic() + settings.timeout) as port:
        return next_reading(port, settings.key)


def next_reading(port: Port, key: bytes | None) -> tuple[bytes, Reading]:
    """Wait for a whole telegram that makes sense, passing over damaged ones; `key` opens encrypted ones.

    Raises NoTelegram at the deadline.
    """
    heard = listen(port, key, lambda heard: bool(heard.telegrams))
    if not heard.telegrams:
        raise NoTelegram(_why_none(heard))
    _, telegram, reading = heard.telegrams[0]
    log.info("a whole telegram of %d bytes", len(telegram))
    if port.saved and reading.meter_time is not None:
        reading = replace(reading, time=reading.meter_time)
    return telegram, reading


def _why_none(heard: Heard) -> str:
    return _WHY_NONE[heard.cause].format(
        name=heard.port.name, received=heard.received, passed_over=heard.passed_over, nonsense=heard.nonsense
    )
