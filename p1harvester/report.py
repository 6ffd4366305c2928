"""A reading in words: for a person, for a program, for a last resort."""

import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

from p1harvester.reading import COLUMNS, Column, Reading

SECTIONS = {
    "Electricity": (
        "net_use",
        "net_injection",
        "tariff",
        "use_reading",
        "use_reading_1",
        "use_reading_2",
        "use_reading_3",
        "use_reading_4",
        "injection_reading",
        "injection_reading_1",
        "injection_reading_2",
        "injection_reading_3",
        "injection_reading_4",
    ),
    "Phases": tuple(column.field for column in COLUMNS if column.field[-3:-1] == "_l"),
    "Quarter-hours": ("demand_quarter", "demand_month_peak", "demand_month_peak_time"),
    "Gas": ("gas_meter_reading", "gas_time"),
    "Water": ("water_meter_reading",),
    "Heat": ("heat_meter_reading",),
    "Power failures": ("power_failures", "long_power_failures"),
    "Meters": ("meter_id", "gas_meter_id"),
}
"""What a person is shown together: title -> columns."""

_CARED_FOR = {
    name: place
    for place, name in enumerate(
        (
            *("net_use", "net_injection", "gas_meter_reading", "use_reading", "injection_reading"),
            *("heat_meter_reading", "water_meter_reading", "use_reading_1", "use_reading_2"),
        )
    )
}
"""What a person cares for first -> its place."""
_COLUMN = {column.field: column for column in COLUMNS}
_UNITS = {"time": "", "tariff": "", "count": "", "id": ""}
_WIDTH = 34


def _said(reading: Reading) -> Iterator[tuple[Column, Any]]:
    for column in COLUMNS:
        if (value := getattr(reading, column.field)) is not None:
            yield column, value


def local(seconds: int) -> str:
    """A UNIX time in the host's zone; in seconds where the C library has no date for it, with 32 bits from 2038 on."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    except (OverflowError, OSError, ValueError):
        return f"UNIX time {seconds}"


def summary(reading: Reading) -> str:
    """The reading in a few words: its time, and the first three of its values that a person cares for."""
    said = dict(_said(reading))
    first = sorted(said, key=lambda column: _CARED_FOR.get(column.field, len(_CARED_FOR)))
    values = (f"{column.name.lower()} {_shown(column, said[column])}" for column in first if column.field != "time")
    return ", ".join([local(reading.time), *islice(values, 3)])


def _shown(column: Column, value: Any) -> str:
    if column.unit == "time":
        return local(value)
    return f"{value} {_UNITS.get(column.unit, column.unit)}".rstrip()


def as_table(reading: Reading) -> str:
    """The values that the meter sent, section by section: name, value, unit."""
    lines = [_line("time", reading.time)]
    if reading.meter_time is not None:
        lines.append(_line("meter_time", reading.meter_time) + _compared(reading.time - reading.meter_time))
    for title, names in SECTIONS.items():
        there = [name for name in names if getattr(reading, name) is not None]
        if there and title == "Phases":
            lines += ["", *_per_phase(title, reading, there)]
        elif there:
            lines += ["", title, *(f"  {_line(name, getattr(reading, name), 2)}" for name in there)]
    return "\n".join(lines)


def _line(name: str, value: Any, indent: int = 0) -> str:
    column = _COLUMN[name]
    shown, _, unit = (local(value), "", "") if column.unit == "time" else _shown(column, value).partition(" ")
    return f"{column.name:<{_WIDTH - indent}}{shown:>19} {unit}".rstrip()


def _compared(ahead: int) -> str:
    return f"  ({abs(ahead)} s {'behind' if ahead > 0 else 'ahead of'} this host's)" if ahead else ""


def _per_phase(title: str, reading: Reading, names: list[str]) -> Iterator[str]:
    phases = sorted({name[-1] for name in names})
    yield f"{title:<{_WIDTH - 7}}" + "".join(f"{'L' + phase:>10}" for phase in phases)
    for kind in dict.fromkeys(name[:-1] for name in names):
        column = _COLUMN[kind + "1"]
        values = (getattr(reading, kind + phase) for phase in phases)
        row = "".join(f"{'' if value is None else str(value):>10}" for value in values)
        yield f"  {column.name[:-3]:<{_WIDTH - 9}}{row} {_UNITS.get(column.unit, column.unit)}".rstrip()


def as_json(reading: Reading) -> str:
    """One JSON object; its keys are the table's columns, null is what the meter does not send."""
    import json

    return json.dumps({column.field: getattr(reading, column.field) for column in COLUMNS}, default=float)


def as_insert(reading: Reading) -> str:
    """The reading as SQL (all of it numbers), for the rare case that a person must enter it."""
    names, values = zip(*((column.field, str(value)) for column, value in _said(reading)), strict=True)
    return f"INSERT INTO p1_readouts ({', '.join(names)}) VALUES ({', '.join(values)});"  # noqa: S608
