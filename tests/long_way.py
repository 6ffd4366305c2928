"""What the views should say, the long way: plain sums over all rows, in exact fractions."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

REGISTERS = {
    "use_kWh": "use_reading",
    "use_kWh_1": "use_reading_1",
    "use_kWh_2": "use_reading_2",
    "injection_kWh": "injection_reading",
    "injection_kWh_1": "injection_reading_1",
    "injection_kWh_2": "injection_reading_2",
    "gas_m3": "gas_meter_reading",
    "water_m3": "water_meter_reading",
    "heat_GJ": "heat_meter_reading",
    "use_kWh_3": "use_reading_3",
    "use_kWh_4": "use_reading_4",
    "injection_kWh_3": "injection_reading_3",
    "injection_kWh_4": "injection_reading_4",
}
LINKED = ("gas_m3", "water_m3", "heat_GJ")
"""Meters that the electricity meter reads over a link, which may be away."""
CLOCKS = {"gas_m3": "gas_time"}
POWERS = {"use_kWh": "net_use", "injection_kWh": "net_injection"}
GAP = 120
DAY = 86400
MOST = {"gas_m3": 40, "water_m3": 40, "heat_GJ": 1}
"""More than a home's connection lets through in an hour; 60 of any other column."""

Row = dict[str, Any]


def exact(value: Any) -> Fraction | None:
    """A column's value as it was meant: so many thousandths."""
    return None if value is None else Fraction(round(value * 1000), 1000)


def another_meter(before: Row, row: Row, column: str) -> bool:
    """Whether the two rows are of different meters."""
    ids = [(before.get(name), row.get(name)) for name in ("gas_meter_id", "meter_id")]
    pairs = [pair for pair in (ids if column == "gas_m3" else ids[1:]) if None not in pair]
    return bool(pairs) and pairs[0][0] != pairs[0][1]


def power_times_time(before: Row, row: Row, name: str) -> Fraction | None:
    """Energy by the row's power: what the original computed."""
    power = exact(row.get(name))
    return None if power is None else power * (row["time"] - before["time"]) / 3600


def can_be(column: str, seconds: int) -> Fraction:
    """More than can be used in that time, and an hour."""
    return MOST.get(column, 60) * (Fraction(seconds, 3600) + 1)


def sane(row: Row, now: int) -> bool:
    """Whether a row's time can be that of a reading."""
    return 1104537600 <= int(row["time"]) <= now + DAY


def base(
    rows: Sequence[Row], at: int, reading: Fraction, row: Row, column: str, low: Fraction = Fraction(0)
) -> Fraction | None:
    """What the newest row before that one says, of the same meter, that the reading can have come from."""
    moment = rows[at]["time"]
    for each in map(rows.__getitem__, range(at - 1, bisect_left(rows, moment - 31 * DAY, key=second) - 1, -1)):
        value = exact(each.get(REGISTERS[column]))
        likely = can_be(column, moment - each["time"])
        if value and low < value <= reading <= value + likely and not another_meter(row, each, column):
            return value
    return None


def contradicted(rows: Sequence[Row], at: int, ahead: int, reading: Fraction, low: Fraction, column: str) -> bool:
    """Whether within so many seconds a row of the same meter says less, and yet not less than `low`."""
    row = rows[at]
    return any(
        value and low <= value < reading and not another_meter(row, each, column)
        for each in rows[at + 1 : bisect_right(rows, row["time"] + ahead, key=second)]
        if (value := exact(each.get(REGISTERS[column]))) is not None
    )


def step(rows: Sequence[Row], at: int, column: str) -> Fraction | None:
    """What was used between a row and the one before it."""
    if at == 0:
        return None
    before, row = rows[at - 1], rows[at]
    other = another_meter(before, row, column)
    old, new = (exact(each.get(REGISTERS[column])) for each in (before, row))
    if new is None or (old is None and column in POWERS):
        if other:
            return Fraction(0)
        return power_times_time(before, row, POWERS[column]) if column in POWERS else None
    if new <= 0:
        return Fraction(0)
    likely = can_be(column, row["time"] - before["time"])
    low = old if old is not None and old <= new and not other else Fraction(0)
    behind = [
        exact(each.get(REGISTERS[column])) for each in rows[at + 1 : at + 2] if not another_meter(row, each, column)
    ]
    below = bool(behind) and behind[0] is not None and old is not None and old <= behind[0] < new
    fast = old is not None and new - old > MOST.get(column, 60) * Fraction(row["time"] - before["time"], 3600)
    if old and old <= new and not other:
        rises = new - old <= likely and not below and not (fast and contradicted(rows, at, 3600, new, low, column))
        if old == new or rises:
            return new - old
    if contradicted(rows, at, DAY, new, low, column):
        return Fraction(0)
    found = base(rows, at, new, row, column, low)
    if found is not None:
        return new - found
    if other:
        return Fraction(0)
    if old is None:
        return None
    return new if old == 0 and new <= likely else Fraction(0)


def second(row: Row) -> int:
    """When a row was stored."""
    moment: int = row["time"]
    return moment


def differences(found: Iterable[Any], expected: Iterable[Any]) -> list[tuple[Any, Any]]:
    """Where the two are not the same to 1e-9."""
    return [
        (a, b)
        for a, b in zip(found, expected, strict=True)
        if (a is None) != (b is None) or (a is not None and abs(float(a) - float(b)) > 1e-9)
    ]
