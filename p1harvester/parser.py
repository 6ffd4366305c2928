"""From a whole telegram to a Reading, in one pass: each line is split off once and looked up once.

No port, no clock and no settings: what a telegram does not say is given by the caller. Under a right CRC a value that
cannot be read is left out and named; without one it casts doubt on all others, and there is no reading.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from p1harvester import mbus
from p1harvester.errors import NoTelegram
from p1harvester.reading import COLUMNS, Reading
from p1harvester.telegram import has_crc
from p1harvester.values import hashed, value_of


class BadTelegram(NoTelegram):
    """A whole telegram says something that cannot be a reading."""


class Remarks(NamedTuple):
    """What a telegram tells beside its reading."""

    unread: tuple[str, ...]
    """A sentence on each line that is known and cannot be read."""
    devices: dict[int, str]
    """M-Bus channel -> what is on it, in words."""


class _Line(NamedTuple):
    field: str
    unit: str
    codes: tuple[str, ...]
    group: int


_TOTALS = {"use_reading": "1-0:1.8.", "injection_reading": "1-0:2.8."}
# Wallonia has five tariffs, Israel's are 11 to 13.
_TARIFFS = {total: {f"{total}_{n}": f"{code}{n}" for n in range(1, 20)} for total, code in _TOTALS.items()}
# Power with a sign, which a few meters send in place of the two without: drawn above zero, injected below.
_SIGNED = {
    ("net_use", "net_injection"): "1-0:16.7.0",
    ("use_l1", "injection_l1"): "1-0:36.7.0",
    ("use_l2", "injection_l2"): "1-0:56.7.0",
    ("use_l3", "injection_l3"): "1-0:76.7.0",
}
_COLUMNS = {column.field for column in COLUMNS}
_LINES = tuple(_Line(column.field, column.unit, column.codes, column.group) for column in COLUMNS if column.codes)
_FURTHER = {
    code: _Line(field, "kWh", (code,), -1)
    for tariffs in _TARIFFS.values()
    for field, code in tariffs.items()
    if field not in _COLUMNS
} | {code: _Line(code, "kW", (code,), -1) for code in _SIGNED.values()}
"""What few meters send, and no column holds as it is."""
_KNOWN = {code.encode(): code for code in (*(code for line in _LINES for code in line.codes), *_FURTHER, *mbus.CODES)}

_CONTINUED = re.compile(rb"\)\r?\n\((?=[^\r\n]*\))")


def parse(telegram: bytes, time: int, zone: int = 3600) -> Reading:
    """Read one whole telegram, which was complete at the host's UNIX second `time`.

    `zone` is the host's UTC offset in winter, in seconds (see `values.timestamp`). Raises BadTelegram when nothing in
    it can be read, and, of a telegram without a CRC, when any known line cannot be read or stands twice.
    """
    lines, unread = _lines(telegram)
    values = _values(lines, zone, unread)
    devices = list(mbus.counted(lines, zone, unread))
    if unread and not has_crc(telegram):
        raise BadTelegram(next(iter(unread.values())))
    for device in devices:
        values[device.field] = device.value
        if device.field == "gas_meter_reading":
            values |= {
                "gas_time": device.time,
                "gas_meter_id": hashed(device.identifier) if device.identifier else None,
            }
    if all(value is None for value in values.values()) and not mbus.announced(lines):
        raise BadTelegram(next(iter(unread.values()), "no line of the telegram is known"))
    return Reading(time=time, **values)


def remarks(telegram: bytes, zone: int = 3600) -> Remarks:
    """What `check` and -v tell of a telegram beside its reading."""
    lines, unread = _lines(telegram)
    _values(lines, zone, unread)
    list(mbus.counted(lines, zone, unread))
    return Remarks(tuple(unread.values()), mbus.announced(lines))


def _lines(telegram: bytes) -> tuple[mbus.Lines, dict[str, str]]:
    lines: mbus.Lines = {}
    others: mbus.Lines = {}
    unread: dict[str, str] = {}
    crc = has_crc(telegram)
    # DSMR 2.2 and 3.0 put the gas meter's value on a line of its own.
    for row in _outside_blocks(_CONTINUED.sub(b")(", telegram).splitlines()):
        start, _, rest = row.partition(b"(")
        code, found = _KNOWN.get(start), lines
        if code is None:
            code, found = _spelled_otherwise(start), others
            if code is None:
                continue
        if code in found:
            if not crc:
                unread[code] = f"{code} stands twice in a telegram without a CRC: two telegrams ran together"
            continue
        if not rest.endswith(b")") and not (rest := rest.rstrip()).endswith(b")"):
            unread[code] = f"the line of {code} does not end"
            found[code] = []
            continue
        found[code] = groups = rest[:-1].decode("latin-1").split(")(")
        # Iskra's meters in Wallonia put the month's peak before its time.
        if len(groups) == 2 and "*" in groups[0] and "*" not in groups[1]:
            groups.reverse()
    return others | lines if others else lines, unread


def _outside_blocks(rows: list[bytes]) -> Iterator[bytes]:
    """The rows but those of a block: in Holley's, behind 0-0:98.1.0, stand the registers of the month's start.

    A block begins with a row that opens a bracket and is no known line, and ends where that bracket is closed. One that
    is never closed is none.
    """
    at = 0
    while at < len(rows):
        row, end = rows[at], at
        if row.count(b"(") > row.count(b")") and _KNOWN.get(row.partition(b"(")[0]) is None:
            depth = 0
            for end in range(at, len(rows)):
                depth += rows[end].count(b"(") - rows[end].count(b")")
                if depth <= 0:
                    break
            else:
                end = at
        else:
            yield row
        at = end + 1


def _spelled_otherwise(start: bytes) -> str | None:
    """The code that is written with group F (`.255`, `*255`), or on channel 1, as Swiss meters write theirs."""
    if start.endswith((b".255", b"*255")):
        start = start[:-4]
    if start.startswith(b"1-1:"):
        start = b"1-0:" + start[4:]
    return _KNOWN.get(start)


def _values(lines: mbus.Lines, zone: int, unread: dict[str, str]) -> dict[str, Any]:
    """Column -> value, for each column that the telegram has a line of; what cannot be read is added to `unread`."""
    values: dict[str, Any] = {}
    for field, unit, codes, group in (*_LINES, *(line for code, line in _FURTHER.items() if code in lines)):
        for code in codes:
            if (groups := lines.get(code)) is None:
                continue
            values[field] = None
            # The only group of a line with a time in its first is the value.
            text = groups[group] if groups and (group or len(groups) > 1) else ""
            try:
                values[field] = value_of(text, unit, zone)
            except ValueError:
                what = "time" if unit == "time" else f"number of {unit}"
                unread[code] = f"{code} says {text[:40]!r}, which is no {what}"
            else:
                # Other times are none for good reason: a month without a peak, a device that is not linked.
                if field == "meter_time" and values[field] is None and text:
                    unread[code] = f"{code} says {text!r}, which is no time from 2005 to 2049"
            if values[field] is not None:
                break
    _add_totals(values, unread)
    _split_signed(values)
    return values


def _add_totals(values: dict[str, Any], unread: dict[str, str]) -> None:
    """The sum of all tariffs that the telegram has, where it has no total and each of them can be read."""
    for total, tariffs in _TARIFFS.items():
        sent = [values[field] for field in tariffs if field in values]
        if values.get(total) is None and f"{_TOTALS[total]}0" not in unread and sent and None not in sent:
            values[total] = sum(sent)
        for field in tariffs.keys() - _COLUMNS:
            values.pop(field, None)


def _split_signed(values: dict[str, Any]) -> None:
    for (drawn, injected), signed in _SIGNED.items():
        if (power := values.pop(signed, None)) is None or drawn in values or injected in values:
            continue
        nothing = power - power
        values[drawn], values[injected] = (power, nothing) if power > 0 else (nothing, abs(power))
