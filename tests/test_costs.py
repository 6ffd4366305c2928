"""The views of costs: what they say, against the same sums done the long way, in every database."""

import os
import random
import time
from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import Database
from tests.long_way import Row, differences, sane
from tests.long_way_costs import COSTS, PRICES, Costs, some_prices
from tests.long_way_periods import periods
from tests.tables import NOTHING, at, some_rows, with_faults
from tests.test_views import fill, selected, work_for

pytestmark = pytest.mark.usefixtures("_zone")

# In PostgreSQL, too, a user writes these names without quotes.
P1_PRICES = sa.table("p1_prices", *(sa.column(sa.quoted_name(name, False)) for name in ("time", *PRICES)))


def fill_prices(database: Database, prices: list[Row]) -> None:
    """Put the prices into their table."""
    with database.engine.begin() as connection:
        connection.execute(sa.delete(P1_PRICES))
        if prices:
            connection.execute(sa.insert(P1_PRICES), prices)


def costs_of(database: Database, unit: str) -> list[tuple[Any, ...]]:
    """`time` and COSTS of each period, oldest first."""
    return selected(database, f"time, {', '.join(COSTS)}", f"cost_per_{unit}")


@pytest.mark.parametrize("faults", [False, True])
@pytest.mark.parametrize("seed", range(int(os.environ.get("COST_TABLES", "10"))))
def test_as_the_long_way(seed: int, faults: bool, made: Database) -> None:
    chance = random.Random(seed)
    rows = some_rows(chance)
    if faults:
        rows = with_faults(rows, chance)
    fill(made, rows)
    rows = [row for row in rows if sane(row, int(time.time()))]
    prices = some_prices(rows, chance)
    fill_prices(made, prices)
    costs = Costs(rows, prices)
    for unit in ("hour", "day", "month"):
        expected = periods(rows, unit)
        found = costs_of(made, unit)
        assert [row[0] for row in found] == [since for since, _ in expected]
        for row, period in zip(found, expected, strict=True):
            assert differences(row[1:], costs.of(*period, unit)) == [], (unit, period)


def price(moment: int, use: float, standing: float) -> Row:
    """A price from that moment on."""
    return dict.fromkeys(PRICES) | {"time": moment, "use_kWh_1": use, "standing_day": standing}


@pytest.mark.parametrize(("day", "hours"), [("2024-03-31", 23), ("2024-06-01", 24), ("2024-10-27", 25)])
@pytest.mark.parametrize("known_since", [-30, 0, 10])
def test_what_a_day_costs_whatever_is_used(day: str, hours: int, known_since: int, made: Database) -> None:
    midnight = at(f"{day} 00:00")
    times = [midnight + 3600 * n for n in range(hours)]
    fill(made, [NOTHING | {"time": each, "use_reading": 7.0} for each in times])
    changes = midnight + 3600 * 15
    fill_prices(made, [price(midnight + 3600 * known_since, 0.25, hours / 10), price(changes, 0.5, 99)])
    expected = [0.1 if hour >= known_since else None for hour in range(hours)]
    found = selected(made, "time, standing_cost", "cost_per_hour")
    assert [moment for moment, _ in found] == times
    assert differences((cost for _, cost in found), expected) == []
    for unit in ("day", "month"):
        [(_, cost)] = selected(made, "time, standing_cost", f"cost_per_{unit}")
        assert differences([cost], [hours / 10]) == [], unit


def test_a_price_that_changes_within_an_hour(made: Database) -> None:
    begin = at("2024-06-01 12:00")
    registers = {0: 10.0, 1800: 11.0, 3600: 14.0}
    fill(made, [NOTHING | {"time": begin + after, "use_reading": register} for after, register in registers.items()])
    fill_prices(made, [price(begin - 60, 0.25, 0), price(begin + 1800, 0.5, 0)])
    for unit in ("hour", "day", "month"):
        (_, cost), *_ = selected(made, "time, use_cost", f"cost_per_{unit}")
        assert differences([cost], [1 * 0.25 + 3 * 0.5]) == [], unit


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT * FROM cost_per_hour WHERE time >= {day} AND time < {next_day}", 24),
        ("SELECT * FROM cost_per_day WHERE time >= {day} AND time < {month}", 30),
    ],
)
def test_the_work_is_that_of_the_range(query: str, rows: int, made: Database) -> None:
    begin = at("2024-01-01 00:00")
    asked = query.format(day=begin + 86400, next_day=begin + 2 * 86400, month=begin + 31 * 86400)
    names = ("time", "use_reading", "injection_reading", "meter_id")
    work = []
    for days in (40, 400):
        values = ((begin + 900 * n, n / 10, n / 20, 7) for n in range(96 * days))
        fill(made, [dict(zip(names, value, strict=True)) for value in values])
        prices = [{"time": begin + 3600 * n, "use_kWh_1": n % 7 / 10} for n in range(24 * days)]
        fill_prices(made, [dict.fromkeys(PRICES) | price for price in prices])
        assert len(made.execute(asked)) == rows
        work.append(work_for(made, asked))
    # What grows with the tables is counting their hours or days, not looking at readings or prices.
    assert work[1] < 1.1 * work[0] + 5 * 360 * 24, work
