"""What is said when no telegram came: silence, noise, an inverted line, damage."""

import re

from p1harvester.check.listen import Heard
from p1harvester.check.page import Page
from p1harvester.harvest import is_encrypted
from p1harvester.settings import Settings
from p1harvester.telegram import Damage

_INVERTED = bytes((~byte >> 1) & 0x7F for byte in range(256))
"""What a byte was if the line is inverted: its stop bit was taken for a start bit, its start bit for bit 0."""
_OBIS = re.compile(rb"[01]-\d:\d+\.\d+\.\d+\(")


def say_no_telegram(page: Page, heard: Heard, settings: Settings) -> None:
    """Say why, as far as what was heard shows it, and what mends it."""
    said = f"{heard.received} bytes came in {heard.seconds:.0f} s"
    sealed = heard.damage[Damage.CRC] + heard.damage[Damage.GARBLED]
    if not heard.received and heard.saved:
        page.fail(
            "line",
            f"{heard.name} is empty",
            "P1_PORT names a saved telegram, or a pipe into which nobody writes one.",
            "p1harvester read --port auto --raw > telegram.txt     # saves one",
        )
    elif not heard.received:
        _say_silence(page, heard)
    elif is_encrypted(heard.sample) != (settings.key is not None) or heard.damage[Damage.SEALED]:
        _say_encrypted(page, heard, settings)
    elif _is_inverted(heard.sample):
        page.fail(
            "line",
            f"{said}, and they are text when every bit is inverted",
            "The P1 port's data line is inverted. A P1 cable turns it round, a plain USB serial adapter does not.",
            "use a P1 cable, or an inverter in the data line; FT_PROG sets an FTDI adapter to invert RXD",
        )
    elif sealed:
        page.fail(
            "telegram",
            f"{heard.damage.total()} telegrams came, and not one was whole: "
            + ", ".join(f"{count} {damage.value}" for damage, count in heard.damage.items()),
            "The speed is right, but bytes are lost or changed on the way: a long or bad cable, a USB hub, a weak"
            " pull-up on the data line, or a second program that reads the same port.",
            f"sudo fuser -v {heard.name}",
            "use a shorter cable, and a USB port of the host itself",
        )
    elif heard.damage:
        page.fail(
            "telegram",
            f"{said}, a telegram began, and none came to its end",
            "Either the time was too short for a whole one, or bytes are lost on the way.",
            f"p1harvester check --timeout 35     # it was {settings.timeout:g}",
            f"sudo fuser -v {heard.name}",
        )
    elif heard.nonsense:
        page.fail(
            "telegram",
            f"a whole telegram came, but {heard.nonsense}",
            "The program does not know such a meter.",
            "p1harvester read --raw     # report it, but without the equipment identifiers (96.1)",
        )
    else:
        _say_noise(page, heard, settings, said)


def _say_noise(page: Page, heard: Heard, settings: Settings, said: str) -> None:
    speed = "at 115200 and at 9600 baud" if "socket:" not in heard.name else "over the network"
    if "://" in heard.name:
        remedies = ["set the other end to the meter's speed: 115200n81, or 9600n81 for DSMR 2.2 and 3.0"]
    else:
        remedies = [
            "ls -l /dev/serial/by-id     # is another one the meter's? then P1_PORT=/dev/serial/by-id/...",
            "use a P1 cable: its data line has the pull-up and the inverter that the meter wants",
        ]
    page.fail(
        "line",
        f"{said}, {speed}, and they are noise: no telegram begins in them",
        "This is not the meter's port, or the cable does not suit the meter.",
        *remedies,
        *(["P1_BAUD=auto     # finds the meter's speed"] if settings.baud else []),
    )


def _say_silence(page: Page, heard: Heard) -> None:
    page.fail(
        "line",
        f"not a single byte came from {heard.name} in {heard.seconds:.0f} s",
        "The port is open, but the meter does not talk. It sends by itself, every 1 to 10 s, once these three hold:",
        "cable: in the meter's P1 port (RJ12), its request line (pin 2) at 5 V, as in any P1 cable",
        "port: in Belgium and elsewhere the grid operator switches it on, often by its web site",
        "power: DSMR 5 meters give the cable 5 V on pin 1; older ones do not, and the host must",
    )


def _say_encrypted(page: Page, heard: Heard, settings: Settings) -> None:
    if heard.damage[Damage.SEALED]:
        says, means = (
            "the telegrams are encrypted, and P1_KEY does not open them",
            "It is another meter's key, or mistyped.",
        )
    elif settings.key is None:
        says, means = "the telegrams are encrypted", "The grid operator gives each meter's key to its customer."
    else:
        says, means = "P1_KEY is set, and nothing that came is encrypted", "This meter needs no key."
    remedy = (
        "P1_KEY=     # nothing behind it"
        if settings.key and not heard.damage
        else "P1_KEY=...     # 32 hexadecimal digits"
    )
    page.fail("telegram", says, means, remedy)


def _is_inverted(sample: bytes) -> bool:
    return _OBIS.search(sample.translate(_INVERTED)) is not None
