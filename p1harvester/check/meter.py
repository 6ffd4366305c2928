"""What the telegram is, what it says and lacks, and what the meter's clock shows."""

import re

from p1harvester import clock
from p1harvester.check.no_telegram import others
from p1harvester.check.page import Page
from p1harvester.listen import Heard, Telegram
from p1harvester.mbus import UNTYPED
from p1harvester.parser import remarks
from p1harvester.reading import Reading
from p1harvester.report import SECTIONS, local
from p1harvester.telegram import Damage, has_crc

_SAYS_VERSION = re.compile(rb"^(?:1-3:0\.2\.8|0-0:96\.1\.4)(?:[.*]255)?\((\d+)\)", re.MULTILINE)
_HOUR = 3600
_SET_CLOCK = ("sudo timedatectl set-ntp true", "timedatectl     # shows the time and the zone")


def check_meter(page: Page, heard: Heard, proven: Telegram) -> None:
    """Say what the telegrams are worth, and what the one that counts says."""
    _, telegram, reading = proven
    _telegram(page, heard, telegram)
    said = remarks(telegram)
    _contents(page, said.devices, reading)
    _unread(page, said.unread)
    _clock(page, heard, reading)


def _telegram(page: Page, heard: Heard, telegram: bytes) -> None:
    moments = [moment for moment, *_ in heard.telegrams]
    if heard.port.saved:
        every = ""
    elif len(moments) > 1:
        every = f", one every {moments[1] - moments[0]:.0f} s"
    else:
        every = ", and no second one in the time there was"
    crc = "its CRC right" if has_crc(telegram) else "without a CRC, as old meters send it"
    says = f"{_version(telegram)}, {len(telegram)} bytes, {crc}{every}"
    bad = sum(heard.damage[each] for each in (Damage.CRC, Damage.GARBLED, Damage.NO_CRC))
    if not bad:
        page.ok("telegram", says)
        return
    page.warn(
        "telegram",
        f"{says}; but {bad} of {bad + len(moments)} were damaged",
        "A damaged telegram is passed over and the next awaited, so nothing wrong is stored; but bytes are lost or"
        " changed on the way.",
        *others(heard)[::-1],
    )


def _version(telegram: bytes) -> str:
    """The telegram's version, by its own word (1-3:0.2.8 in the Netherlands, 0-0:96.1.4 in Belgium)."""
    found = _SAYS_VERSION.search(telegram)
    if found and found[0].startswith(b"0-0"):
        return "eMUCs-P1 (Belgium)"
    if found:
        digits = found[1].decode()
        return f"DSMR {digits[0]}.{digits[1:]}"
    return "P1 without a version" if has_crc(telegram) else "DSMR 2.2 or 3.0"


def _contents(page: Page, devices: dict[int, str], reading: Reading) -> None:
    holds = [
        title.lower()
        for title, names in SECTIONS.items()
        if any(getattr(reading, name) is not None for name in names) and title != "Meters"
    ]
    lacks = [title.lower() for title in SECTIONS if title.lower() not in holds and title != "Meters"]
    says = f"it holds {', '.join(holds) or 'no value'}"
    announced = ", ".join(f"{channel} {kind}" for channel, kind in devices.items()) or "none"
    if reading.gas_meter_reading is not None:
        page.ok("contents", says, f"M-Bus channels: {announced}", *([f"it lacks {', '.join(lacks)}"] if lacks else []))
        return
    if "gas" in devices.values():
        means = "The gas meter is announced but sends no reading: its link to the electricity meter does not work."
    elif UNTYPED in devices.values():
        means = (
            "A device sends a reading and does not say what it is: m3 may be gas or water, so nothing of it is stored."
        )
    else:
        means = "No gas meter is announced. In a house without gas nothing wants mending; else it is not linked to the"
        means += " electricity meter, which the grid operator must do."
    page.warn(
        "contents",
        f"{says}, and no gas (M-Bus channels: {announced})",
        means,
        "p1harvester read --raw | grep '^0-[1-4]:24'     # the M-Bus devices; wait a day after a change",
    )


def _unread(page: Page, unread: tuple[str, ...]) -> None:
    if unread:
        page.warn(
            "lines",
            "; ".join(unread),
            "The CRC is right, so this is what the meter sent: these values are left out, all others are stored.",
            "p1harvester read --raw     # report it, but without the equipment identifiers (96.1)",
        )


def _clock(page: Page, heard: Heard, reading: Reading) -> None:
    if reading.meter_time is None:
        page.ok("clock", "this meter tells no time: a reading's time is this host's")
        return
    if heard.port.saved:
        page.ok("clock", f"the saved telegram is of {local(reading.meter_time)}")
        return
    synchronised = clock.synchronised()
    ahead = reading.time - reading.meter_time
    says = clock.compared(ahead) if ahead else "this host's clock and the meter's show the same second"
    if abs(ahead) <= clock.APART:
        if synchronised is False:
            page.warn(
                "clock",
                f"{says}, but nothing keeps this host's right",
                "The kernel says that it is not synchronised: it may be far off after the next power cut.",
                *_SET_CLOCK,
            )
        else:
            page.ok("clock", says)
    else:
        _say_apart(page, says, synchronised, abs(abs(ahead) - _HOUR) <= clock.APART)


def _say_apart(page: Page, says: str, synchronised: bool | None, by_an_hour: bool) -> None:
    means = "An hour apart: one of them takes summer time for winter time, or another time zone. " if by_an_hour else ""
    if synchronised:
        page.warn(
            "clock",
            f"{says}, which is the wrong one: this host's is synchronised",
            f"{means}Readings are stored under this host's time; the meter's is the grid operator's to mend.",
            "timedatectl     # shows the time, the zone, and that it is synchronised",
        )
    elif synchronised is False:
        means += "The kernel says that this host's is not synchronised: readings are stored under the meter's time."
        page.warn("clock", says, f"{means} This sets it over the network:", *_SET_CLOCK)
    else:
        means += "Readings are stored under this host's time. If it is not set over the network, this sets it:"
        page.warn("clock", says, means, *_SET_CLOCK)
