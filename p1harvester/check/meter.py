"""What the telegram is, what it says and lacks, and what the meter's clock shows."""

import re
from shlex import quote

from p1harvester.check.page import Page
from p1harvester.harvest import CLOCKS_APART
from p1harvester.listen import Heard
from p1harvester.reading import Reading
from p1harvester.report import SECTIONS, local
from p1harvester.telegram import Damage, has_crc

_SAYS_VERSION = re.compile(rb"^(?:1-3:0\.2\.8|0-0:96\.1\.4)\((\d+)\)", re.MULTILINE)
_DEVICE = re.compile(rb"^0-([1-4]):24\.1\.0\((\d+)\)", re.MULTILINE)
_KINDS = {2: "electricity", 3: "gas", 4: "heat", 6: "warm water", 7: "water", 12: "cooling"}
_HOUR = 3600


def check_meter(page: Page, heard: Heard) -> None:
    """Say what the telegrams are worth."""
    _, telegram, reading = heard.telegrams[-1]
    _telegram(page, heard, telegram)
    _contents(page, telegram, reading)
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
    bad = heard.damage[Damage.CRC] + heard.damage[Damage.GARBLED]
    if not bad:
        page.ok("telegram", says)
        return
    page.warn(
        "telegram",
        f"{says}; but {bad} of {bad + len(moments)} were damaged",
        "A damaged telegram is passed over and the next awaited, so nothing wrong is stored; but bytes are lost or"
        " changed on the way.",
        "use a shorter cable, and a USB port of the host itself",
        f"sudo fuser -v {quote(heard.port.name)}",
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


def _contents(page: Page, telegram: bytes, reading: Reading) -> None:
    holds = [
        title.lower()
        for title, names in SECTIONS.items()
        if any(getattr(reading, name) is not None for name in names) and title != "Meters"
    ]
    lacks = [title.lower() for title in SECTIONS if title.lower() not in holds and title != "Meters"]
    says = f"it holds {', '.join(holds)}"
    devices = {int(channel): _KINDS.get(int(kind), f"type {int(kind)}") for channel, kind in _DEVICE.findall(telegram)}
    announced = ", ".join(f"{channel} {kind}" for channel, kind in devices.items()) or "none"
    if reading.gas_meter_reading is not None:
        page.ok("contents", says, f"M-Bus channels: {announced}", *([f"it lacks {', '.join(lacks)}"] if lacks else []))
        return
    if "gas" in devices.values():
        means = "The gas meter is announced but sends no reading: its link to the electricity meter does not work."
    else:
        means = "No gas meter is announced. In a house without gas nothing wants mending; else it is not linked to the"
        means += " electricity meter, which the grid operator must do."
    page.warn(
        "contents",
        f"{says}, and no gas (M-Bus channels: {announced})",
        means,
        "p1harvester read --raw | grep '^0-[1-4]:24'     # the M-Bus devices; wait a day after a change",
    )


def _clock(page: Page, heard: Heard, reading: Reading) -> None:
    if reading.meter_time is None:
        page.ok("clock", "this meter tells no time: a reading's time is this host's")
        return
    if heard.port.saved:
        page.ok("clock", f"the saved telegram is of {local(reading.meter_time)}")
        return
    ahead = reading.time - reading.meter_time
    says = f"this host's clock is {abs(ahead)} s {'ahead of' if ahead > 0 else 'behind'} the meter's"
    if abs(ahead) <= CLOCKS_APART:
        page.ok("clock", says if ahead else "this host's clock and the meter's show the same second")
        return
    means = "Readings are stored under this host's time. If it is not set over the network, this sets it:"
    if abs(abs(ahead) - _HOUR) <= CLOCKS_APART:
        means = f"An hour apart: one of them takes summer time for winter time, or another time zone. {means}"
    page.warn("clock", says, means, "sudo timedatectl set-ntp true", "timedatectl     # shows the time and the zone")
