"""The story of one run: open the port, make the database ready, wait for a telegram, store its reading."""

import logging
import time
from collections import Counter
from dataclasses import replace

from p1harvester.errors import NoTelegram, NothingStored
from p1harvester.port import Port, open_port
from p1harvester.reading import BadTelegram, Reading, parse
from p1harvester.report import as_insert, summary
from p1harvester.settings import Settings
from p1harvester.telegram import Damage, Framer

log = logging.getLogger(__name__)


def harvest(settings: Settings) -> str:
    """Store one reading; return a sentence that says what was stored. Raises the errors of P1Error's family."""
    with open_port(settings.port, settings.baud, time.monotonic() + settings.timeout) as port:
        # The meter's bytes pile up in the kernel while this is imported.
        from p1harvester.store import Store, StoreFailed

        database = Store(settings.dsn, settings.password)
        _, reading = next_reading(port)
    try:
        stored = database.insert(reading)
    except StoreFailed as error:
        raise NothingStored(f"{error}. The reading, to be entered by hand: {as_insert(reading)}") from error
    return f"{'stored' if stored else 'there already'}: {summary(reading)}, in {database}"


def read(settings: Settings) -> tuple[bytes, Reading]:
    """One telegram as it came, and what it says; nothing is stored."""
    with open_port(settings.port, settings.baud, time.monotonic() + settings.timeout) as port:
        return next_reading(port)


def next_reading(port: Port) -> tuple[bytes, Reading]:
    """Wait for a whole telegram that makes sense, passing over damaged ones. Raises NoTelegram at the deadline."""
    framer = Framer()
    received = 0
    passed_over: Counter[str] = Counter()
    for chunk in port.chunks():
        received += len(chunk)
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
            log.info("a telegram of %d bytes after %d bytes; passed over: %s", len(telegram), received, passed_over)
            return telegram, reading
    passed_over.update(damage.value for damage in framer.close())
    raise NoTelegram(_nothing_valid(port.name, received, passed_over))


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
