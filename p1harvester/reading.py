"""What a telegram says: one table of OBIS codes, one frozen Reading, one pass over the lines.

The fields of `Reading` are the table: each says its OBIS code, unit and name, and every other module (the SQL table,
the `read` command) takes them from here. A telegram is split into lines once and each line is looked up once.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from time import timezone as seconds_west
from typing import Any, NamedTuple

from p1harvester.errors import NoTelegram
from p1harvester.telegram import has_crc

DIGITS = {"kW": (7, 3), "kWh": (11, 3), "m3": (11, 3), "GJ": (11, 3), "V": (5, 1), "A": (6, 2)}
"""Unit -> digits in all and digits behind the point: what a value must fit in, and what the database keeps."""

METER_ID = ("0-0:96.1.1", "0-0:96.1.0", "0-0:98.1.1")


class BadTelegram(NoTelegram):
    """A whole telegram says something that cannot be a reading."""


def _value(name: str, unit: str, *codes: str, group: int = -1) -> Any:
    return field(default=None, metadata={"name": name, "unit": unit, "codes": codes, "group": group})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One row of `p1_readouts`. None is what the meter does not send.

    Units as given with each field; `time` fields are UNIX seconds, `id` fields 32-bit numbers (the sign bit is clear),
    `count` and `tariff` whole numbers; all others are exact decimals.
    """

    time: int = field(metadata={"name": "Read at", "unit": "time", "codes": (), "group": -1})
    net_use: Decimal | None = _value("Power drawn", "kW", "1-0:1.7.0")
    net_injection: Decimal | None = _value("Power injected", "kW", "1-0:2.7.0")
    gas_meter_reading: Decimal | None = _value("Gas", "m3")
    meter_time: int | None = _value("Meter's clock", "time", "0-0:1.0.0")
    gas_time: int | None = _value("Gas read at", "time")
    tariff: int | None = _value("Tariff", "tariff", "0-0:96.14.0")
    use_reading: Decimal | None = _value("Use", "kWh", "1-0:1.8.0")
    use_reading_1: Decimal | None = _value("Use, tariff 1", "kWh", "1-0:1.8.1")
    use_reading_2: Decimal | None = _value("Use, tariff 2", "kWh", "1-0:1.8.2")
    injection_reading: Decimal | None = _value("Injection", "kWh", "1-0:2.8.0")
    injection_reading_1: Decimal | None = _value("Injection, tariff 1", "kWh", "1-0:2.8.1")
    injection_reading_2: Decimal | None = _value("Injection, tariff 2", "kWh", "1-0:2.8.2")
    voltage_l1: Decimal | None = _value("Voltage L1", "V", "1-0:32.7.0")
    voltage_l2: Decimal | None = _value("Voltage L2", "V", "1-0:52.7.0")
    voltage_l3: Decimal | None = _value("Voltage L3", "V", "1-0:72.7.0")
    current_l1: Decimal | None = _value("Current L1", "A", "1-0:31.7.0")
    current_l2: Decimal | None = _value("Current L2", "A", "1-0:51.7.0")
    current_l3: Decimal | None = _value("Current L3", "A", "1-0:71.7.0")
    use_l1: Decimal | None = _value("Power drawn L1", "kW", "1-0:21.7.0")
    use_l2: Decimal | None = _value("Power drawn L2", "kW", "1-0:41.7.0")
    use_l3: Decimal | None = _value("Power drawn L3", "kW", "1-0:61.7.0")
    injection_l1: Decimal | None = _value("Power injected L1", "kW", "1-0:22.7.0")
    injection_l2: Decimal | None = _value("Power injected L2", "kW", "1-0:42.7.0")
    injection_l3: Decimal | None = _value("Power injected L3", "kW", "1-0:62.7.0")
    demand_quarter: Decimal | None = _value("Demand this quarter-hour", "kW", "1-0:1.4.0")
    demand_month_peak: Decimal | None = _value("Highest quarter-hour this month", "kW", "1-0:1.6.0")
    demand_month_peak_time: int | None = _value("Highest quarter-hour at", "time", "1-0:1.6.0", group=0)
    water_meter_reading: Decimal | None = _value("Water", "m3")
    heat_meter_reading: Decimal | None = _value("Heat or cooling", "GJ")
    meter_id: int | None = _value("Meter's number, hashed", "id", *METER_ID)
    gas_meter_id: int | None = _value("Gas meter's number, hashed", "id")
    power_failures: int | None = _value("Power failures", "count", "0-0:96.7.21")
    long_power_failures: int | None = _value("Long power failures", "count", "0-0:96.7.9")
    voltage_sags_l1: int | None = _value("Voltage sags L1", "count", "1-0:32.32.0")
    voltage_sags_l2: int | None = _value("Voltage sags L2", "count", "1-0:52.32.0")
    voltage_sags_l3: int | None = _value("Voltage sags L3", "count", "1-0:72.32.0")
    voltage_swells_l1: int | None = _value("Voltage swells L1", "count", "1-0:32.36.0")
    voltage_swells_l2: int | None = _value("Voltage swells L2", "count", "1-0:52.36.0")
    voltage_swells_l3: int | None = _value("Voltage swells L3", "count", "1-0:72.36.0")
    use_reading_3: Decimal | None = _value("Use, tariff 3", "kWh", "1-0:1.8.3")
    use_reading_4: Decimal | None = _value("Use, tariff 4", "kWh", "1-0:1.8.4")
    injection_reading_3: Decimal | None = _value("Injection, tariff 3", "kWh", "1-0:2.8.3")
    injection_reading_4: Decimal | None = _value("Injection, tariff 4", "kWh", "1-0:2.8.4")


class Column(NamedTuple):
    """What the table of fields says of one value."""

    field: str
    name: str
    unit: str
    codes: tuple[str, ...]
    group: int


COLUMNS = tuple(Column(each.name, **each.metadata) for each in fields(Reading))
"""The columns of `p1_readouts`, in their order."""

# M-Bus device type (EN 13757-3) -> field and unit. Type 006, warm water, is not counted.
_DEVICES = {
    3: ("gas_meter_reading", "m3"),
    7: ("water_meter_reading", "m3"),
    4: ("heat_meter_reading", "GJ"),
    12: ("heat_meter_reading", "GJ"),
}


class _Channel(NamedTuple):
    """The codes of one M-Bus channel: a device's type; its value and its identifier, each under one of several."""

    kind: str
    values: tuple[str, ...]
    identifiers: tuple[str, ...]


_CHANNELS = tuple(
    _Channel(f"0-{n}:24.1.0", (f"0-{n}:24.2.1", f"0-{n}:24.2.3", f"0-{n}:24.3.0"), (f"0-{n}:96.1.0", f"0-{n}:96.1.1"))
    for n in range(1, 5)
)
_KNOWN = {code.encode(): code for column in COLUMNS for code in column.codes} | {
    code.encode(): code for channel in _CHANNELS for code in (channel.kind, *channel.values, *channel.identifiers)
}

_CONTINUED = re.compile(rb"\)\r?\n\(")
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,9})?", re.ASCII)
_COUNT = re.compile(r"\d{1,9}", re.ASCII)
_TIMESTAMP = re.compile(r"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)([SW]?)", re.ASCII)
_THOUSANDTHS = {"Wh": "kWh", "W": "kW"}
_LIMITS = {unit: Decimal(10 ** (digits - places)) for unit, (digits, places) in DIGITS.items()}

# Finland's and Lithuania's meters keep Eastern European Time; only the host's zone tells them from the others.
_WINTER = timedelta(hours=2 if seconds_west == -7200 else 1)
_ZONES = {"W": timezone(_WINTER), "S": timezone(_WINTER + timedelta(hours=1)), "": None}

_Lines = dict[str, list[str]]
"""OBIS code -> what stands between each pair of brackets."""


class _Device(NamedTuple):
    time: int | None
    field: str
    value: Decimal
    identifier: int | None


def parse(telegram: bytes, time: int) -> Reading:
    """Read one whole telegram, which was complete at the host's UNIX second `time`.

    Raises BadTelegram when no line is known, or when a known line's value is no number.
    """
    lines = _lines(telegram)
    values: dict[str, Any] = {}
    for column in COLUMNS:
        if (code := _first(column.codes, lines)) is not None:
            values[column.field] = _converted(code, lines[code][column.group], column.unit)
    for device in sorted(_devices(lines), key=lambda device: device.time or 0):
        values[device.field] = device.value
        if device.field == "gas_meter_reading":
            values |= {"gas_time": device.time, "gas_meter_id": device.identifier}
    if all(value is None for value in values.values()):
        raise BadTelegram("no line of the telegram is known")
    for total in ("use_reading", "injection_reading"):
        tariffs = [value for n in (1, 2) if (value := values.get(f"{total}_{n}")) is not None]
        if values.get(total) is None and tariffs:
            values[total] = sum(tariffs)
    return Reading(time=time, **values)


def _lines(telegram: bytes) -> _Lines:
    lines: _Lines = {}
    sealed = has_crc(telegram)
    # DSMR 2.2 and 3.0 put the gas meter's value on a line of its own.
    for line in _CONTINUED.sub(b")(", telegram).splitlines():
        start, _, rest = line.partition(b"(")
        code = _KNOWN.get(start)
        if code is None:
            continue
        if not rest.endswith(b")"):
            raise BadTelegram(f"the line of {code} does not end")
        if code in lines and not sealed:
            raise BadTelegram(f"{code} stands twice in a telegram without a CRC: two telegrams ran together")
        lines[code] = rest[:-1].decode("latin-1").split(")(")
    return lines


def _first(codes: tuple[str, ...], lines: _Lines) -> str | None:
    for code in codes:
        if code in lines:
            return code
    return None


def _devices(lines: _Lines) -> Iterator[_Device]:
    for channel in _CHANNELS:
        kind = lines.get(channel.kind, [""])[0]
        field, unit = _DEVICES.get(int(kind) if _COUNT.fullmatch(kind) else 0, ("", ""))
        code = _first(channel.values, lines)
        if not field or code is None:
            continue
        groups = lines[code]
        text = f"{groups[-1]}*{groups[-2]}" if code.endswith("24.3.0") and groups[-1] else groups[-1]
        if (value := _converted(code, text, unit)) is not None:
            identifiers = (_hash(lines[code][0]) for code in channel.identifiers if code in lines)
            yield _Device(
                time=_timestamp(groups[0]),
                field=field,
                value=value,
                identifier=next((found for found in identifiers if found is not None), None),
            )


def _converted(code: str, text: str, unit: str) -> Any:
    """The value of one pair of brackets; None where it is empty, or of another unit than the table's."""
    if not text:
        return None
    if unit == "time":
        return _timestamp(text)
    if unit == "id":
        return _hash(text)
    number, _, given = text.partition("*")
    if unit not in DIGITS:
        if _COUNT.fullmatch(number):
            return int(number)
    elif given not in (unit, "") and _THOUSANDTHS.get(given) != unit:
        return None
    elif _NUMBER.fullmatch(number):
        value = Decimal(number)
        if given in _THOUSANDTHS:
            value = value.scaleb(-3)
        if abs(value) < _LIMITS[unit]:
            return value
    raise BadTelegram(f"{code} says {text[:40]!r}, which is no number of {unit}")


def _timestamp(text: str) -> int | None:
    """UNIX seconds of `YYMMDDhhmmssX`, X = S summer or W winter (P1 companion 5.0.2, section 6.4); None if none."""
    if not (match := _TIMESTAMP.fullmatch(text)):
        return None
    *numbers, season = match.groups()
    year, month, day, hour, minute, second = map(int, numbers)
    try:
        return int(datetime(2000 + year, month, day, hour, minute, second, tzinfo=_ZONES[season]).timestamp())
    except ValueError:
        return None


def _hash(identifier: str) -> int | None:
    """A number that changes with the meter and does not tell who it is: 31 bits of the identifier's SHA-256."""
    if not identifier:
        return None
    return int.from_bytes(hashlib.sha256(identifier.encode()).digest()[:4]) >> 1
