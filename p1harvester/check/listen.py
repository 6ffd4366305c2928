"""Listening to a port until it is clear what comes from it."""

import time
from collections import Counter
from dataclasses import dataclass, field

from p1harvester.check.page import Page
from p1harvester.errors import P1Error
from p1harvester.harvest import framer_for
from p1harvester.port import Port
from p1harvester.reading import BadTelegram, Reading, parse
from p1harvester.telegram import Damage

_ENOUGH_DAMAGE = 5
"""Damaged telegrams after which there is no hope of a whole one."""
_ENOUGH_BYTES = 512
"""What shows an inverted line: more than lie between two OBIS codes, a full log of power failures included."""
_SAMPLE = 4096


@dataclass
class Heard:
    """What came from a port until there were two telegrams, or no hope of one."""

    name: str
    saved: bool
    baud: int | None = None
    """Bits per second at the end."""
    seconds: float = 0.0
    """How long was listened."""
    received: int = 0
    """Bytes."""
    sample: bytes = b""
    """The first of them."""
    noisy: bool = False
    damage: Counter[Damage] = field(default_factory=Counter)
    telegrams: list[tuple[float, bytes, Reading]] = field(default_factory=list)
    """When each was complete by `time.monotonic()`, its bytes, what they say."""
    nonsense: str = ""
    """Why a whole telegram could not be a reading."""


def listen(page: Page, port: Port, deadline: float, key: bytes | None) -> Heard | None:
    """Listen until `deadline` of `time.monotonic()` or two telegrams; None where the port failed, which is said.

    `key` opens encrypted telegrams, which look like noise.
    """
    heard = Heard(port.name, port.saved)
    framer, began = framer_for(key), time.monotonic()
    with port:
        try:
            for chunk in port.chunks():
                now = time.monotonic()
                page.waiting(f"listening to {port.name}: {heard.received} bytes, {max(0, deadline - now):.0f} s left")
                heard.received += len(chunk)
                heard.sample = (heard.sample + chunk)[:_SAMPLE]
                for telegram in framer.feed(chunk):
                    _take(heard, telegram, now)
                heard.noisy = port.noisy and key is None
                hopeless = heard.noisy or heard.damage.total() >= _ENOUGH_DAMAGE
                if len(heard.telegrams) == 2 or (hopeless and heard.received >= _ENOUGH_BYTES):
                    break
            else:
                heard.damage.update(framer.close())
        except P1Error as error:
            page.fail("line", f"{port.name} failed while being read", str(error), "sudo dmesg | tail")
            return None
        heard.baud, heard.seconds = port.baud, time.monotonic() - began
    return heard


def _take(heard: Heard, telegram: bytes | Damage, now: float) -> None:
    if isinstance(telegram, Damage):
        heard.damage[telegram] += 1
        return
    try:
        heard.telegrams.append((now, telegram, parse(telegram, int(time.time()))))
    except BadTelegram as error:
        heard.nonsense = str(error)
