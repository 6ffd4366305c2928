"""The story of one run: open the port, make the database ready, wait for a telegram, store its reading."""

import logging
import time
from collections import Counter
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from p1harvester.errors import NoTelegram
from p1harvester.port import Port, open_port
from p1harvester.reading import BadTelegram, Reading, parse
from p1harvester.report import summary
from p1harvester.settings import Settings
from p1harvester.telegram import LONGEST, Damage, Framer

if TYPE_CHECKING:
    from p1harvester.encrypted import EncryptedFramer

log = logging.getLogger(__name__)

DRAIN_FOR = 10
"""Seconds that one run may spend on bringing readings from the spool into the database."""
DRAIN_UNTIL = 40
"""Seconds after its start when a run begins no further batch, so that it ends within 55."""
CLOCKS_APART = 300
"""Seconds that the host's clock and the meter's may differ without a warning."""


def harvest(settings: Settings) -> str:
    """Store one reading; return a sentence that says what was stored. Raises the errors of P1Error's family."""
    started = time.monotonic()
    with open_port(settings.port, settings.baud, started + settings.timeout) as port:
        # The meter's bytes pile up in the kernel while this is imported.
        from p1harvester.spool import Spool, keep
        from p1harvester.store import Store, StoreFailed

        database = Store(settings.dsn, settings.password)
        spool = Spool(settings.spool, database) if settings.spool else None
        _, reading = next_reading(port, settings.key)
    _compare_clocks(reading)
    try:
        stored = database.insert(asdict(reading))
    except StoreFailed as failure:
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
    framer = framer_for(key)
    heard, received = b"", 0
    passed_over: Counter[str] = Counter()
    for chunk in port.chunks():
        heard, received = (heard + chunk)[-LONGEST:], received + len(chunk)
        for telegram in framer.feed(chunk):
            if isinstance(telegram, Damage):
                passed_over[telegram.value] += 1
                continue
            try:
                reading = parse(telegram, int(time.time()))
            except BadTelegram as error:
                passed_over[f"that cannot be right ({error})"] += 1
                continue
            if port.saved and reading.meter_time is not None:
                reading = replace(reading, time=reading.meter_time)
            log.info("a whole telegram of %d bytes", len(telegram))
            return telegram, reading
    passed_over.update(damage.value for damage in framer.close())
    if received and is_encrypted(heard) != (key is not None):
        raise NoTelegram(
            f"the telegrams from {port.name} are encrypted: set P1_KEY to the key that the grid operator gives"
            if key is None
            else f"nothing that comes from {port.name} is encrypted: take P1_KEY away"
        )
    raise NoTelegram(_nothing_valid(port.name, received, passed_over))


def framer_for(key: bytes | None) -> "Framer | EncryptedFramer":
    """What finds telegrams in a port's bytes: encrypted ones if there is a key. Raises BadSettings."""
    if key is None:
        return Framer()
    from p1harvester.encrypted import EncryptedFramer

    return EncryptedFramer(key)


def is_encrypted(heard: bytes) -> bool:
    """Whether an encrypted telegram begins somewhere in these bytes."""
    from p1harvester.encrypted import HEADER

    return HEADER.search(heard) is not None


def _nothing_valid(name: str, received: int, passed_over: Counter[str]) -> str:
    if not received:
        return (
            f"no telegram: not a single byte came from {name}; is the cable in the meter's P1 port,"
            " and has the grid operator switched that port on?"
        )
    if not passed_over:
        return (
            f"no telegram: the {received} bytes from {name} are noise, no telegram begins in them;"
            " is this the meter's port, and is P1_BAUD right (auto finds out)?"
        )
    seen = ", ".join(f"{count} {what}" for what, count in passed_over.items())
    return f"no valid telegram from {name}: there came {seen}; if this stays so, try another cable or a shorter one"
