"""The devices behind the electricity meter, on its M-Bus channels 1 to 4: which are there, and which one counts."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from p1harvester.reading import KINDS, Kind
from p1harvester.values import is_timestamp, quantity, timestamp

Lines = dict[str, list[str]]
"""OBIS code -> what stands between each pair of brackets."""

UNTYPED = "without a type"

_LEFT_BEHIND = 31 * 24 * 3600
"""Seconds that a device's time may be behind another's before it counts as one that was replaced."""
_GAS = 3
_KIND = re.compile(r"\d{1,9}", re.ASCII)
_NO_NUMBER = re.compile(r"[0 ]*|(?:30)*|(?:20)*")
"""An identifier of nothing but zeros or spaces, in ASCII or in hexadecimal."""


class _Channel(NamedTuple):
    """The codes of one channel: a device's type; its value and its identifier, each under one of several."""

    number: int
    kind: str
    values: tuple[str, ...]
    identifiers: tuple[str, ...]


_CHANNELS = tuple(
    _Channel(
        n, f"0-{n}:24.1.0", tuple(f"0-{n}:24.{v}" for v in ("2.1", "2.3", "3.0")), (f"0-{n}:96.1.0", f"0-{n}:96.1.1")
    )
    for n in range(1, 5)
)
CODES = tuple(code for channel in _CHANNELS for code in (channel.kind, *channel.values, *channel.identifiers))


class Device(NamedTuple):
    """A device that is there: the column of its value, the value, when it was read, and its identifier.

    `identifier` is empty where it is nothing but zeros, None where the telegram has no line of it.
    """

    field: str
    value: Decimal
    time: int | None
    identifier: str | None


def counted(lines: Lines, zone: int, unread: dict[str, str]) -> Iterator[Device]:
    """The one device of each kind whose value counts; what cannot be read is added to `unread`."""
    there: dict[str, list[Device]] = {}
    for channel in _CHANNELS:
        if device := _there(channel, lines, zone, unread):
            there.setdefault(device.field, []).append(device)
    for devices in there.values():
        if chosen := _chosen(devices):
            yield chosen


def announced(lines: Lines) -> dict[int, str]:
    """Channel -> what is on it, in words."""
    found = {}
    for channel in _CHANNELS:
        kind = _kind(channel, lines)
        if kind is not None:
            found[channel.number] = KINDS[kind].name if kind in KINDS else f"type {kind}"
        elif sent := [code for code in channel.values if any(lines.get(code, ()))]:
            found[channel.number] = KINDS[_GAS].name if any(map(_is_gas, sent)) else UNTYPED
    return found


def _chosen(devices: list[Device]) -> Device | None:
    """The same one from telegram to telegram, whichever was read last: the channels stand in their order."""
    named = [device for device in devices if device.identifier != ""]
    live = named or [device for device in devices if device.value]
    live = [device for device in live if device.value] or live
    newest = max((device.time for device in live if device.time is not None), default=0)
    live = [device for device in live if device.time is None or device.time >= newest - _LEFT_BEHIND]
    return live[-1] if live else None


def _there(channel: _Channel, lines: Lines, zone: int, unread: dict[str, str]) -> Device | None:
    announced_as = _kind(channel, lines)
    for code in channel.values:
        if not (groups := lines.get(code)):
            continue
        kind = KINDS.get((_GAS if _is_gas(code) else 0) if announced_as is None else announced_as)
        if not (kind and kind.field):
            continue
        value, time = _value(code, groups, kind, zone, unread)
        if value is not None:
            return Device(kind.field, value, time, _identifier(channel, lines))
    return None


def _is_gas(code: str) -> bool:
    """Whether this is Belgium's code of gas that is not converted to 0 degrees Celsius; 24.2.1 may be any device's."""
    return code.endswith(":24.2.3")


def _kind(channel: _Channel, lines: Lines) -> int | None:
    groups = lines.get(channel.kind)
    return int(groups[0]) if groups and _KIND.fullmatch(groups[0]) else None


def _identifier(channel: _Channel, lines: Lines) -> str | None:
    found = [lines[code][0] for code in channel.identifiers if lines.get(code)]
    return next((each for each in found if not _NO_NUMBER.fullmatch(each)), "" if found else None)


def _value(
    code: str, groups: list[str], kind: Kind, zone: int, unread: dict[str, str]
) -> tuple[Decimal | None, int | None]:
    """The value of a device and when it was read; no value where it is not there."""
    number, _, unit = groups[-1].partition("*")
    # DSMR 2.2 and 3.0 put the unit between brackets of its own, before the value.
    if not unit and code.endswith("24.3.0") and len(groups) > 1:
        unit = groups[-2]
    unit, time = unit.strip(), None
    # What is not there, or not yet linked, has no unit, or a date that is none: 25:25, 1970, 2000, 2063.
    if len(groups) > 1 and (time := timestamp(groups[0].strip(), zone)) is None:
        if groups[0] and not is_timestamp(groups[0].strip()):
            unread[code] = f"{code} says {groups[0][:40]!r}, which is no time"
        return None, None
    if not unit:
        return None, None
    try:
        return quantity(number, unit, kind.unit), time
    except ValueError:
        # A heat meter's volume can be read, and has no column.
        if (kind.unit, unit.lower()) != ("GJ", "m3"):
            unread[code] = f"{code} says {groups[-1][:40]!r}, which is no number of {kind.unit}"
        return None, None
