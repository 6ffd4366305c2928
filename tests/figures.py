"""The figures that each panel of the dashboards should show of the year, worked out the long way."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

from tests.long_way import REGISTERS, Boundary, Row, exact, peaks, periods, second, used
from tests.tables import DAY, YEAR

PRICES = {"price_1": "0.24", "price_2": "0.31", "paid_1": "0.04", "paid_2": "0.055", "price_gas": "1,273"}
Shown = list[tuple[Any, ...]]
"""What a panel shows: rows of numbers, the first a time."""


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


def power(since: int, until: int) -> Shown:
    """Power drawn and injected."""
    if until - since <= 2 * DAY:
        rows = stored(since, until)
        return [(row["time"], exact(row["net_use"]), -(exact(row["net_injection"]) or 0)) for row in rows]
    unit = "hour" if until - since <= 62 * DAY else "day"
    signed = ((1, "use_kWh"), (-1, "injection_kWh"))
    return [
        (begin, *(sign * (values[column] or 0) * 3600 / (end - begin) for sign, column in signed))
        for begin, end, values in all_used(unit)
        if since <= begin <= until and end <= YEAR[-1]["time"]
    ]


def voltage(since: int, until: int) -> Shown:
    """Each phase's voltage."""
    if until - since <= 2 * DAY:
        rows = stored(since, until)
    else:
        unit = "hour" if until - since <= 62 * DAY else "day"
        begins = [begin for begin, _ in periods(YEAR, unit) if since <= begin <= until]
        sides = [Boundary(YEAR, begin) for begin in begins]
        rows = [side.row for side in sides if not side.share]
    return [(row["time"], *(exact(row[f"voltage_l{n}"]) for n in (1, 2, 3))) for row in rows]


def energy(unit: str, begin: Callable[[int, int], int]) -> Callable[[int, int], Shown]:
    """What was drawn from the grid and injected into it."""

    def shown(since: int, until: int) -> Shown:
        found = used_in(unit, begin(since, until), until, "use_kWh", "injection_kWh")
        return [(moment, use, -back) for moment, use, back in found]

    return shown


def other(column: str, unit: str, begin: Callable[[int, int], int]) -> Callable[[int, int], Shown]:
    """What was used of something that not everybody has."""

    def shown(since: int, until: int) -> Shown:
        found = used_in(unit, begin(since, until), until, column)
        return [(moment, value) for moment, value in found if value is not None]

    return shown


def by_price(*values: Fraction | None) -> list[Fraction]:
    """Electricity, injection and gas in money."""
    use, use_1, use_2, back, back_1, back_2, gas = values
    price = {name: Fraction(text.replace(",", ".")) for name, text in PRICES.items()}
    return [
        use_1 * price["price_1"] + (use_2 or 0) * price["price_2"]
        if use_1 is not None
        else (use or 0) * price["price_1"],
        -(
            back_1 * price["paid_1"] + (back_2 or 0) * price["paid_2"]
            if back_1 is not None
            else (back or 0) * price["paid_1"]
        ),
        (gas or 0) * price["price_gas"],
    ]


PRICED = ("use_kWh", "use_kWh_1", "use_kWh_2", "injection_kWh", "injection_kWh_1", "injection_kWh_2", "gas_m3")


def cost(unit: str, begin: Callable[[int, int], int]) -> Callable[[int, int], Shown]:
    """What it cost."""

    def shown(since: int, until: int) -> Shown:
        found = used_in(unit, begin(since, until), until, *PRICED)
        return [(moment, *by_price(*values)) for moment, *values in found]

    return shown


def today(_: int, until: int) -> Shown:
    """The day in which the range ends."""
    found = used_in("day", until - 90000, until, *PRICED)[-1:]
    return [(moment, values[0], values[3], values[6], sum(by_price(*values))) for moment, *values in found]


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


def two_weeks(since: int, until: int) -> int:
    """Where the hours begin: a day before the end at least, two weeks at most."""
    return max(min(since, until - DAY), until - 14 * DAY)


def a_month(since: int, until: int) -> int:
    """Where the days begin."""
    return min(since, until - 31 * DAY)


def twelve_months(since: int, until: int) -> int:
    """Where the months begin."""
    return min(since, until - 365 * DAY)


PANELS: dict[str, tuple[Callable[[int, int], Shown], dict[str, str]]] = {
    "Power now": (
        lambda since, until: newest(since, until, "net_use", "net_injection"),
        {"Drawn": "suffix:kW", "Injected": "suffix:kW"},
    ),
    "Each phase": (phases, dict.fromkeys(("L1", "L2", "L3"), "suffix:kW")),
    "Tariff": (lambda since, until: newest(since, until, "tariff"), {"Tariff": "none"}),
    "Newest reading": (age, {"Newest reading": "s"}),
    "Today so far": (today, {"Used": "suffix:kWh", "Injected": "suffix:kWh", "Gas": "m3", "Cost": "currencyEUR"}),
    "Power": (power, {"Drawn": "suffix:kW", "Injected": "suffix:kW"}),
    "Electricity per hour": (energy("hour", two_weeks), {"Used": "suffix:kWh", "Injected": "suffix:kWh"}),
    "Electricity per day": (energy("day", a_month), {"Used": "suffix:kWh", "Injected": "suffix:kWh"}),
    "Electricity per month": (energy("month", twelve_months), {"Used": "suffix:kWh", "Injected": "suffix:kWh"}),
    "Highest quarter-hour per month": (peak, {"Highest": "suffix:kW", "Billed": "suffix:kW"}),
    "Gas per hour": (other("gas_m3", "hour", two_weeks), {"Gas": "m3"}),
    "Gas per day": (other("gas_m3", "day", a_month), {"Gas": "m3"}),
    "Gas per month": (other("gas_m3", "month", twelve_months), {"Gas": "m3"}),
    "Cost per day": (cost("day", a_month), dict.fromkeys(("Electricity", "Injection", "Gas"), "currencyEUR")),
    "Cost per month": (
        cost("month", twelve_months),
        dict.fromkeys(("Electricity", "Injection", "Gas"), "currencyEUR"),
    ),
    "Water per day": (other("water_m3", "day", a_month), {"Water": "m3"}),
    "Heat per day": (other("heat_GJ", "day", a_month), {"Heat": "suffix:GJ"}),
    "Voltage": (voltage, dict.fromkeys(("L1", "L2", "L3"), "volt")),
    "Minutes missing per day": (missing, {"Missing": "suffix:min"}),
    "Minutes missing": (missing, {"Missing": "suffix:min"}),
}
"""Panel -> what it should show of a range, and the unit of each of its columns."""
