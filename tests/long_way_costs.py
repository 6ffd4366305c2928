"""What it should have cost, the long way: every period cut at every change of price, in exact fractions."""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

from tests import long_way_periods
from tests.long_way import Row, second
from tests.long_way_periods import Boundary, local, periods

ELECTRICITY = {way: [f"{way}_kWh_{tariff}" for tariff in range(1, 5)] for way in ("use", "injection")}
SUPPLIES = ("gas_m3", "water_m3", "heat_GJ")
PRICES = (*ELECTRICITY["use"], *ELECTRICITY["injection"], *SUPPLIES, "standing_day")
COSTS = ("use_cost", "injection_cost", "gas_cost", "water_cost", "heat_cost", "standing_cost", "total_cost")


def some_prices(rows: Sequence[Row], chance: random.Random) -> list[Row]:
    """A table of prices made by chance, for that table of readings: contracts, or hours, or quarters of them."""
    begin, end = (rows[0]["time"], rows[-1]["time"]) if rows else (1_700_000_000, 1_700_500_000)
    times = {chance.randrange(begin - 90_000, end + 90_000) for _ in range(chance.choice([0, 1, 2, 9]))}
    if chance.random() < 0.5:
        every = chance.choice([900, 3600])
        first = (begin + (end - begin) // chance.choice([2, 3, 9])) // every * every
        times |= set(range(first, min(end, first + 60 * every) + 90_000, every))
    if chance.random() < 0.5:
        times |= {begin, end, *(since for since, _ in periods(rows, "day")[:3])}
    kinds = [name for name in PRICES if chance.random() < 0.7]
    if chance.random() < 0.4:
        kinds = [name for name in kinds if name[-2:] not in ("_2", "_3", "_4")]
    rarely = chance.choice([0.0, 0.1, 0.5])
    return [
        {"time": time, **dict.fromkeys(PRICES)}
        | {name: chance.randrange(-20_000, 90_000) / 100_000 for name in kinds if chance.random() >= rarely}
        for time in sorted(times)
    ]


def exactly(price: float | None) -> Fraction | None:
    """A price as it was meant: so many hundred-thousandths."""
    return None if price is None else Fraction(round(price * 100_000), 100_000)


def in_force(prices: Sequence[Row], moment: int) -> Row | None:
    """The price at a moment: the newest from then or before; None before the first."""
    at = bisect_right(prices, moment, key=second)
    return prices[at - 1] if at else None


def total(parts: list[Fraction | None]) -> Fraction | None:
    """The sum of what is known."""
    known = [part for part in parts if part is not None]
    return sum(known, Fraction(0)) if known else None


Used = Callable[[str], Fraction | None]
"""Column -> what was used of it."""


def electricity(way: str, price: Row, used: Used) -> Fraction | None:
    """What the electricity of one way costs: each tariff at its price, the rest of the total at price 1."""
    prices = [exactly(price[name]) for name in ELECTRICITY[way]]
    if (first := prices[0]) is None:
        return None
    whole = used(f"{way}_kWh")
    if prices[1:] == [None] * 3:
        return None if whole is None else whole * first
    # A tariff without a price of its own goes at price 1.
    tariffs = [
        (amount, first if each is None else each)
        for name, each in zip(ELECTRICITY[way], prices, strict=True)
        if (amount := used(name)) is not None
    ]
    rest = None if whole is None else (whole - sum(amount for amount, _ in tariffs)) * first
    return total([rest, *(amount * each for amount, each in tariffs)])


def times(price: Fraction | None, name: str, used: Used) -> Fraction | None:
    """What was used times its price."""
    amount = None if price is None else used(name)
    return None if price is None or amount is None else amount * price


def standing(rows: Sequence[Row], prices: Sequence[Row], since: int, until: int, unit: str) -> Fraction | None:
    """What a period costs if nothing is used."""
    if unit == "month":
        days = [each for each in periods(rows, "day") if since <= each[0] < until]
        return total([standing(rows, prices, *each, "day") for each in days])
    midnight = local(since).replace(hour=0, minute=0, second=0)
    day = int(midnight.timestamp()), int((midnight + timedelta(days=1)).timestamp())
    within = prices[bisect_left(prices, day[0], key=second) : bisect_left(prices, day[1], key=second)]
    first = in_force(prices, day[0]) or next(iter(within), None)
    if first is None or in_force(prices, until - 1) is None:
        return None
    whole = exactly(first["standing_day"])
    return None if whole is None else whole * Fraction(until - since, day[1] - day[0])


class Costs:
    """What the periods of a table of readings cost at those prices."""

    def __init__(self, rows: Sequence[Row], prices: Sequence[Row]) -> None:
        self._rows, self._prices = rows, prices
        self._used: dict[tuple[int, int, str], Fraction | None] = {}

    def of(self, since: int, until: int, unit: str) -> list[Fraction | None]:
        """What one period cost: COSTS in order."""
        cuts = [each["time"] for each in self._prices if since < each["time"] < until]
        parts = [self._part(*part) for part in pairwise([since, *cuts, until])]
        sums = [total(list(each)) for each in zip(*parts, strict=True)]
        found = [*sums, standing(self._rows, self._prices, since, until, unit)]
        return [*found, total(found)]

    def _part(self, begin: int, end: int) -> list[Fraction | None]:
        price = in_force(self._prices, begin)
        if price is None:
            return [None] * 5

        boundaries = Boundary(self._rows, begin), Boundary(self._rows, end)

        def used(name: str) -> Fraction | None:
            key = begin, end, name
            if key not in self._used:
                self._used[key] = long_way_periods.used(self._rows, *boundaries, name)
            return self._used[key]

        earned = electricity("injection", price, used)
        return [
            electricity("use", price, used),
            None if earned is None else -earned,
            *(times(exactly(price[name]), name, used) for name in SUPPLIES),
        ]
