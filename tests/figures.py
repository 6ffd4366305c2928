"""The figures that each panel of the dashboards should show of the year, worked out the long way."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

from tests.long_way import REGISTERS, Row, exact, second
from tests.long_way_costs import COSTS, Costs
from tests.long_way_costs import PRICES as NAMES
from tests.long_way_periods import Boundary, local, peaks, periods, used
from tests.tables import DAY, YEAR, at

KNOWN = ("use_kWh_1", "use_kWh_2", "injection_kWh_1", "injection_kWh_2", "gas_m3", "water_m3", "standing_day")

PRICES: list[Row] = [
    {"time": at(since)} | dict.fromkeys(NAMES) | dict(zip(KNOWN, values, strict=True))
    for since, *values in (
        ("2024-02-01 12:00", 0.24, 0.31, 0.04, 0.055, 1.273, 0.9, -0.31),
        ("2024-03-28 15:30", 0.21, 0.29, 0.03, 0.03, 1.15, 0.95, 0.42),
        ("2024-09-01", 0.19, None, -0.01, None, 1.4, None, None),
    )
]
"""Contracts: none in the first weeks, one that changes within an hour, one that knows fewer prices."""
Shown = list[tuple[Any, ...]]
"""What a panel shows: rows of numbers, the first a time."""
Figures = Callable[[int, int], Shown]
"""A range's begin and end -> what a panel shows of it."""


def stored(since: int, until: int, most: int | None = None) -> list[Row]:
    """The rows of a range, both ends included; its last `most`."""
    first, end = bisect_left(YEAR, since, key=second), bisect_right(YEAR, until, key=second)
    return YEAR[first if most is None else max(first, end - most) : end]


@cache
def all_used(unit: str) -> list[tuple[int, int, dict[str, Fraction | None]]]:
    """Every hour, day or month of the year, when it ends, and what was used in it."""
    found = []
    for begin, end in periods(YEAR, unit):
        pair = Boundary(YEAR, begin), Boundary(YEAR, end)
        found.append((begin, end, {column: used(YEAR, *pair, column) for column in REGISTERS}))
    return found


def used_in(unit: str, after: int, until: int, *columns: str) -> Shown:
    """When each period begins that does so later than `after` and not later than `until`, and what was used in it."""
    return [
        (begin, *(values[column] for column in columns))
        for begin, _, values in all_used(unit)
        if after < begin <= until
    ]


def newest(since: int, until: int, *columns: str) -> Shown:
    """The last row of a range."""
    return [(row["time"], *(exact(row[column]) for column in columns)) for row in stored(since, until, 1)]


def phases(since: int, until: int) -> Shown:
    """What each phase of the newest row draws."""
    columns = [f"{name}_l{n}" for n in (1, 2, 3) for name in ("use", "injection")]
    return [
        (moment, *(None if u is None else u - (i or 0) for u, i in zip(values[::2], values[1::2], strict=True)))
        for moment, *values in newest(since, until, *columns)
    ]


def age(_: int, until: int) -> Shown:
    """The newest row before the range's end."""
    return [(row["time"], until - row["time"]) for row in stored(0, until, 1)]


def energy(unit: str, begin: Callable[[int, int], int]) -> Figures:
    """What was drawn from the grid and injected into it."""

    def shown(since: int, until: int) -> Shown:
        found = used_in(unit, begin(since, until), until, "use_kWh", "injection_kWh")
        return [(moment, use, -back) for moment, use, back in found]

    return shown


def other(column: str, unit: str, begin: Callable[[int, int], int]) -> Figures:
    """What was used of something that not everybody has."""

    def shown(since: int, until: int) -> Shown:
        found = used_in(unit, begin(since, until), until, column)
        return [(moment, value) for moment, value in found if value is not None]

    return shown


def against_a_year_before(column: str, *others: str) -> Figures:
    """Each month's use, and that of the same month a year before; of others, negative."""

    def shown(since: int, until: int) -> Shown:
        found = used_in("month", 0, until, column, *others)
        year_before = {begin: value for (begin, *_), (_, value, *_) in zip(found[12:], found, strict=False)}
        return [
            (begin, value, year_before.get(begin), *(-(other or 0) for other in more))
            for begin, value, *more in found
            if begin > twelve_months(since, until) and value is not None
        ]

    return shown


@cache
def all_costs(unit: str) -> dict[int, dict[str, Fraction | None]]:
    """What every day or month of the year cost."""
    costs = Costs(YEAR, PRICES)
    return {begin: dict(zip(COSTS, costs.of(begin, end, unit), strict=True)) for begin, end in periods(YEAR, unit)}


def cost(unit: str, begin: Callable[[int, int], int]) -> Figures:
    """What it cost, by its parts."""

    def shown(since: int, until: int) -> Shown:
        parts = []
        for moment, each in all_costs(unit).items():
            if begin(since, until) < moment <= until and each["total_cost"] is not None:
                water, heat = each["water_cost"], each["heat_cost"]
                both = None if water is None and heat is None else (water or 0) + (heat or 0)
                named = (each["use_cost"], each["injection_cost"], each["gas_cost"])
                parts.append((moment, *named, both, each["standing_cost"]))
        return parts

    return shown


def begin_of(unit: str, moment: int) -> int:
    """When the local day, or month, of that moment began."""
    day = local(moment).replace(hour=0, minute=0, second=0)
    return int((day if unit == "day" else day.replace(day=1)).timestamp())


def spent(unit: str) -> Figures:
    """What the day, or month, in which the range ends has cost, and the one before."""

    def shown(_: int, until: int) -> Shown:
        begin = begin_of(unit, until)
        found = all_costs(unit)
        both = (found.get(each, {}).get("total_cost") for each in (begin, begin_of(unit, begin - 1)))
        return [(begin, *both)]

    return shown


def today(_: int, until: int) -> Shown:
    """The day in which the range ends."""
    begin = begin_of("day", until)
    return used_in("day", begin - 1, begin, "use_kWh", "injection_kWh", "gas_m3")


@cache
def all_peaks() -> Shown:
    """Belgium's capacity tariff in every month."""
    return [(begin, highest, billed) for begin, highest, _, billed in peaks(YEAR)]


def peak(since: int, until: int) -> Shown:
    """Belgium's capacity tariff."""
    return [each for each in all_peaks() if twelve_months(since, until) < each[0] <= until]


def missing(_: int, until: int) -> Shown:
    """Minutes without a row."""
    minutes = sorted({row["time"] // 60 for row in stored(until - 32 * DAY, until)})
    shown = []
    for begin, end in periods(YEAR, "day"):
        first, over = max(begin, YEAR[0]["time"]) // 60, min(end, until) // 60
        if until - 31 * DAY < begin and first < over:
            shown.append((begin, over - first - bisect_left(minutes, over) + bisect_left(minutes, first)))
    return shown


def missing_in_all(since: int, until: int) -> Shown:
    """Minutes of the range without a row."""
    begin = max(since, until - 366 * DAY) // 60
    first, done = max(begin, YEAR[0]["time"] // 60), until // 60
    minutes = {row["time"] // 60 for row in stored(begin * 60, done * 60 - 1)}
    return [(first * 60, done - first - len(minutes))] if first < done else []


def counted(row: Row) -> list[int | None]:
    """What the meter's counters say, all phases together."""
    sags, swells = (
        None if row[f"voltage_{name}_l1"] is None else sum(row[f"voltage_{name}_l{n}"] or 0 for n in (1, 2, 3))
        for name in ("sags", "swells")
    )
    return [row["power_failures"], row["long_power_failures"], sags, swells]


def counters(since: int, until: int) -> Shown:
    """The counters of the range's last row."""
    return [(row["time"], *counted(row)) for row in stored(since, until, 1)]


def disturbances(since: int, until: int) -> Shown:
    """What was counted between the range's first row and its last, of one meter."""
    rows = stored(since, until)
    if not rows or rows[0]["meter_id"] != rows[-1]["meter_id"]:
        return []
    pairs = zip(counted(rows[0]), counted(rows[-1]), strict=True)
    return [(rows[-1]["time"], *(None if a is None or b is None else b - a for a, b in pairs))]


def two_weeks(since: int, until: int) -> int:
    """Where the hours begin: a day before the end at least, two weeks at most."""
    return max(min(since, until - DAY), until - 14 * DAY)


def a_month(since: int, until: int) -> int:
    """Where the days begin: two years before the end at most."""
    return max(min(since, until - 31 * DAY), until - 732 * DAY)


def twelve_months(since: int, until: int) -> int:
    """Where the months begin."""
    return min(since, until - 365 * DAY)
