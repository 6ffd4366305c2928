"""Rows that are wrong: what the views say of a home whose use is known, in every database."""

import re
import time
from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import Database, Run
from tests.long_way import Row
from tests.readme import PROJECT
from tests.servers import PASSWORD
from tests.tables import at
from tests.test_views import fill, selected

pytestmark = pytest.mark.usefixtures("_zone")

TEN = at("2024-03-06 10:00")


def home(minutes: int = 240) -> list[Row]:
    """A row a minute from ten o'clock on: 1.2 kWh, 0.6 m3 of gas and 0.3 m3 of water an hour."""
    names = ("net_use", "use_reading", "gas_meter_reading", "water_meter_reading", "meter_id", "gas_meter_id")
    return [
        {"time": TEN + 60 * n}
        | dict(zip(names, (1.0, 4000 + n / 50, 2300 + n / 100, 500 + n / 200, 1, 2), strict=True))
        for n in range(minutes + 1)
    ]


def hours(database: Database, rows: list[Row], column: str) -> list[Any]:
    """What the views say of each hour."""
    fill(database, rows)
    return [value and round(value, 2) for (value,) in selected(database, column, "usage_per_hour")][:4]


@pytest.mark.parametrize("value", [0.0, 17.0])
@pytest.mark.parametrize(("first", "last"), [(61, 62), (55, 65), (30, 200), (118, 121)])
def test_a_register_that_is_gone_for_a_while(first: int, last: int, value: float, made: Database) -> None:
    rows = home()
    for row in rows[first:last]:
        row |= {"use_reading": value, "gas_meter_reading": value}
    found = hours(made, rows, "gas_m3")
    assert sum(found) == pytest.approx(2.4, abs=0.011)
    assert sum(hours(made, rows, "use_kWh")) == pytest.approx(4.8, abs=0.021)
    for view, column, all_of_it in (("usage_per_day", "gas_m3", 2.4), ("usage_per_month", "use_kWh", 4.8)):
        [(used,)] = selected(made, column, view)
        assert used == pytest.approx(all_of_it)
    assert sum(step or 0 for (step,) in selected(made, "gas_usage_m3", "gas_usage_m3")) == pytest.approx(2.4)


def test_a_young_meter_that_is_gone_over_an_hours_end(made: Database) -> None:
    rows = home()
    for n, row in enumerate(rows):
        row["water_meter_reading"] = 0.0 if 55 <= n < 65 else 20 + n / 200
    assert sum(hours(made, rows, "water_m3")) == pytest.approx(1.2)


@pytest.mark.parametrize(("value", "used"), [(511.0, 0.9), (0.1, 1.0)])
def test_a_meter_that_is_there_later_than_the_table(value: float, used: float, made: Database) -> None:
    names = ("use_reading", "gas_meter_reading", "water_meter_reading")
    # An hour's rows, for two days and a half; the meter is there from the hour of midday on the second.
    rows = [
        {"time": TEN + 3600 * n, "meter_id": 1} | dict.fromkeys(names, 0.0 if n < 26 else value + (n - 26) / 10)
        for n in range(36)
    ]
    fill(made, rows)
    for view in ("usage_per_hour", "usage_per_day", "usage_per_month"):
        for column in ("use_kWh", "gas_m3", "water_m3"):
            found = sum(each or 0 for (each,) in selected(made, column, view))
            assert found == pytest.approx(used), (view, column)


def test_a_clock_that_was_set_back(made: Database) -> None:
    rows = home()
    for row in rows[150:170]:
        row["time"] -= 90 * 60 - 30
    rows.sort(key=lambda row: int(row["time"]))
    assert hours(made, rows, "use_kWh") == [1.2] * 4
    assert hours(made, rows, "gas_m3") == [0.6] * 4
    [(day,)] = selected(made, "gas_m3", "usage_per_day")
    assert day == pytest.approx(2.4)
    assert sum(step or 0 for (step,) in selected(made, "gas_usage_m3", "gas_usage_m3")) == pytest.approx(2.4)


def test_a_clock_that_was_set_back_and_stored_some_rows_at_a_stretch(made: Database) -> None:
    rows = home()
    # Of the table a row each five minutes; the clock stood two hours back for four minutes.
    back = [row | {"time": row["time"] - 7200 - 17} for row in rows[180:184]]
    fill(made, sorted([*rows[::5], *back], key=lambda row: int(row["time"])))
    for view, column, used in (("gas_usage_m3", "gas_usage_m3", 2.4), ("usage_per_hour", "use_kWh", 4.8)):
        # Each minute of the four may count where it stands.
        assert sum(step or 0 for (step,) in selected(made, column, view)) == pytest.approx(used, abs=0.061)


def test_rows_far_in_the_past_and_the_future(made: Database) -> None:
    rows = home()
    away = [
        rows[0] | {"time": moment}
        for moment in (0, 60, 946_684_800, int(time.time()) + 2 * 86400, at("2037-01-01 00:00"))
    ]
    fill(made, sorted([*rows, *away], key=lambda row: int(row["time"])))
    assert len(selected(made, "time", "usage_per_hour")) == 5
    assert selected(made, "time", "usage_per_month") == [(at("2024-03-01 00:00"),)]
    assert len(selected(made, "time", "net_usage_kWh")) == len(rows)
    [(used,)] = selected(made, "use_kWh", "usage_per_day")
    assert used == pytest.approx(4.8)
    assert sum(step or 0 for (step,) in selected(made, "net_usage_kWh", "net_usage_kWh")) == pytest.approx(4)


@pytest.mark.parametrize("start", [0.0, 3.0, 9000.0])
def test_a_meter_that_is_replaced(start: float, made: Database) -> None:
    rows = home()
    for n, row in enumerate(rows[80:]):
        row |= {"use_reading": start + n / 50, "water_meter_reading": start + n / 200, "meter_id": 3}
        row |= {"gas_meter_reading": start + n / 100, "gas_meter_id": 4}
    fill(made, rows)
    for column, each in (("use_kWh", 50), ("gas_m3", 100), ("water_m3", 200)):
        [(used,)] = selected(made, column, "usage_per_day")
        assert used == pytest.approx((79 + 160) / each), column


def test_a_meter_that_is_replaced_and_put_back(made: Database) -> None:
    rows = home()
    for n, row in enumerate(rows[80:140]):
        row |= {"use_reading": 17 + n / 50, "water_meter_reading": 3 + n / 200, "meter_id": 3}
        row |= {"gas_meter_reading": 9000 + n / 100, "gas_meter_id": 4}
    for n, row in enumerate(rows[140:]):
        row |= {"use_reading": 4000 + (79 + n) / 50, "water_meter_reading": 500 + (79 + n) / 200}
        row |= {"gas_meter_reading": 2300 + (79 + n) / 100}
    fill(made, rows)
    for view in ("usage_per_day", "usage_per_month"):
        for column, each in (("use_kWh", 50), ("gas_m3", 100), ("water_m3", 200)):
            [(used,)] = selected(made, column, view)
            assert used == pytest.approx((79 + 59 + 100) / each), (view, column)


@pytest.mark.parametrize("pattern", ["ab", "aab", "abb", "aaaaab"])
def test_two_gas_meters_that_take_turns(pattern: str, made: Database) -> None:
    rows = home()
    for n, row in enumerate(rows):
        if pattern[n % len(pattern)] == "b":
            row |= {"gas_meter_reading": 70 + n / 200, "gas_meter_id": 9, "water_meter_reading": 9000 + n / 100}
    fill(made, rows)
    for view in ("usage_per_hour", "usage_per_day"):
        gas, water = (sum(used for (used,) in selected(made, name, view)) for name in ("gas_m3", "water_m3"))
        assert gas == pytest.approx(2.4 + 1.2, abs=0.1), view
        # Water meters have no number: of two that look like one the lower counts.
        assert pattern != "ab" or water == pytest.approx(1.2, abs=0.1), view


@pytest.mark.parametrize(("column", "register"), [("gas_m3", "gas_meter_reading"), ("water_m3", "water_meter_reading")])
@pytest.mark.parametrize("value", [None, 0.0])
def test_an_hour_at_whose_ends_a_meters_link_is_away(
    column: str, register: str, value: float | None, made: Database
) -> None:
    rows = home()
    hour = round(rows[60][register] - rows[0][register], 3)
    for row in (*rows[45:75], *rows[110:130], *rows[170:190]):
        row[register] = value
    assert hours(made, rows, column) == [hour] * 4


def test_gas_counts_for_the_hour_in_which_the_gas_meter_read_it(made: Database) -> None:
    rows = home(300)
    for n, row in enumerate(rows):
        hour = max(n - 2, 0) // 60
        # The reading of each hour comes two minutes late, and stays for an hour.
        row |= {"gas_time": TEN + 3600 * hour, "gas_meter_reading": 2300 + [0, 0.1, 0.3, 0.7, 1.5, 3.1][hour]}
    assert hours(made, rows, "gas_m3") == [0.1, 0.2, 0.4, 0.8]


def test_gas_of_an_hourly_meter_when_the_table_was_thinned(made: Database) -> None:
    rows = home(300)
    for n, row in enumerate(rows):
        hour = max(n - 2, 0) // 60
        row |= {"gas_time": TEN + 3600 * hour, "gas_meter_reading": 2300 + [0, 0.1, 0.3, 0.7, 1.5, 3.1][hour]}
    # Of each hour the last row stays, which holds the gas of an hour ago.
    assert hours(made, [rows[0], *rows[59::60]], "gas_m3")[1:] == [0.2, 0.4, 0.8]


@pytest.mark.parametrize("swapped", [25, 59, 61, 85, 119, 121])
def test_an_hourly_gas_meter_that_is_replaced(swapped: int, made: Database) -> None:
    rows, burnt = home(300), [0, 0.1, 0.3, 0.7, 1.5, 3.1]
    for n, row in enumerate(rows):
        reading = burnt[max(n - 2, 0) // 60]
        row |= {"gas_time": TEN + 3600 * (max(n - 2, 0) // 60), "gas_meter_reading": 2300 + reading}
        if n >= swapped:
            row |= {"gas_meter_id": 8, "gas_meter_reading": 40 + reading - burnt[(swapped - 2) // 60]}
    assert hours(made, rows, "gas_m3") == [0.1, 0.2, 0.4, 0.8]


def test_a_reader_whose_search_path_lacks_the_schema(postgresql: Database, run: Run) -> None:
    name = sa.make_url(postgresql.dsn).username
    postgresql.execute("CREATE SCHEMA meters")
    postgresql.execute(f"ALTER ROLE {name} SET search_path = meters")
    assert run("setup", env=postgresql.env).returncode == 0
    rows = home()
    rows[100] |= {"use_reading": 0.0}
    rows[60] |= {"use_reading": 0.0}
    with postgresql.engine.begin() as connection:
        for row in rows:
            connection.exec_driver_sql(
                f"INSERT INTO meters.p1_readouts ({', '.join(row)}) VALUES ({', '.join(map(str, row.values()))})"
            )
    assert postgresql.server
    postgresql.server.execute(f"CREATE USER reader_{name} PASSWORD '{PASSWORD.replace('%', '%%')}'")
    postgresql.execute(f"GRANT USAGE ON SCHEMA meters TO reader_{name}")
    postgresql.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA meters TO reader_{name}")
    reader = sa.make_url(postgresql.dsn).set(username=f"reader_{name}", password=PASSWORD)

    def used() -> float:
        with sa.create_engine(reader, poolclass=sa.pool.NullPool).connect() as connection:
            value: float = connection.exec_driver_sql("SELECT sum(use_kWh) FROM meters.usage_per_hour").scalar_one()
            return value

    assert used() == pytest.approx(4.8, abs=0.021)
    # Views that are made anew keep the rights that were given on them.
    postgresql.execute("DROP VIEW meters.p1_version")
    assert "its views were made" in run("setup", env=postgresql.env).stdout
    assert used() == pytest.approx(4.8, abs=0.021)


def test_the_readmes_statements(made: Database) -> None:
    texts = re.findall(r"^```(sql|text)\n(.+?)```$", (PROJECT / "sql/README.md").read_text(), re.MULTILINE | re.DOTALL)
    queries = [text for kind, text in texts if kind == "sql"][["mariadb", "postgresql", "sqlite"].index(made.kind)]
    corrections, thinning = (text for kind, text in texts if kind == "text")
    rows = home()
    for row in rows[80:]:
        row |= {"meter_id": 3}
    for row in rows[120:]:
        row |= {"gas_meter_id": 9}
    now = int(time.time())
    recent = [rows[-1] | {"time": now - ago} for ago in (600, 60, -3 * 86400)]
    fill(made, [*rows, *recent])
    found = [made.execute(query) for query in queries.strip().split("\n")]
    assert [len(each) for each in (found[0], found[2], found[3], found[4])] == [10, 2, 1, 1]
    assert [round(float(value), 2) for value in list(found[2][0].values())[1:3]] == [4001.58, 4001.6]
    for correction in corrections.strip().split("\n"):
        made.execute(correction)
    fill(made, home())
    asked = f"SELECT * FROM usage_per_hour WHERE time > {TEN}"
    before = made.execute(asked)
    made.execute(thinning.replace("1704067200", str(TEN + 4 * 3600)))
    assert len(made.execute("SELECT time FROM p1_readouts")) == 6
    assert made.execute(asked) == before
