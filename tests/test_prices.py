"""Filling the table of prices: the lines of sql/prices.md as they stand there, fed to each database's own client."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.clients import feed
from tests.conftest import Database, Run
from tests.long_way import differences
from tests.long_way_costs import COSTS
from tests.meter import FOLDER as TELEGRAMS
from tests.servers import PASSWORD
from tests.tables import NOTHING, at
from tests.test_views import fill

pytestmark = [pytest.mark.usefixtures("_zone"), pytest.mark.server]

NAMES = {"mariadb": "MariaDB and MySQL", "postgresql": "PostgreSQL", "sqlite": "SQLite"}


def lines(part: str, kind: str) -> str:
    """The lines of a part of sql/prices.md for that database."""
    text = Path("sql/prices.md").read_text().split(f"## {part}\n")[1].split("\n## ")[0]
    [found] = re.findall(rf"^{NAMES[kind]}(?: \(.+\))?:\n\n```sql\n((?:.*\n)+?)```", text, re.MULTILINE)
    return str(found)


def feed_prices(database: Database, text: str, folder: Path) -> None:
    """Type the lines into the database's client, which runs in that folder, as sql/prices.md says."""
    if database.server and database.server.is_mysql:
        [told] = re.findall(r"`sudo mysql -e '(.*?)'`", Path("sql/prices.md").read_text())
        database.server.execute(told)
    feed(database, text, folder)


def readings(registers: Sequence[tuple[str, float, float, float, float]]) -> list[dict[str, object]]:
    """A row for each: time, low, normal, injected, gas."""
    return [
        NOTHING
        | {
            "time": at(moment),
            "use_reading": low + normal,
            "use_reading_1": low,
            "use_reading_2": normal,
            "injection_reading": back,
            "gas_meter_reading": gas,
        }
        for moment, low, normal, back, gas in registers
    ]


def costs_of(database: Database, unit: str, moment: str) -> list[float | None]:
    """COSTS of the period that begins at that local time."""
    [row] = database.execute(f"SELECT {', '.join(COSTS)} FROM cost_per_{unit} WHERE time = {at(moment)}")
    return list(row.values())


@pytest.mark.parametrize("year", [2024, 2025])
def test_a_fixed_contract(year: int, database: Database, run: Run, tmp_path: Path) -> None:
    assert run("setup", env=database.env).returncode == 0
    day, next_day = f"{year}-06-01 00:00", f"{year}-06-02 00:00"
    fill(database, readings([(day, 10, 20, 5, 100), (next_day, 12, 23, 6, 101)]))
    assert costs_of(database, "day", day) == [None] * 7
    feed_prices(database, lines("A fixed contract", database.kind), tmp_path)
    known = [2 * 0.2413 + 3 * 0.2628, -0.07, 1.1987, None, None, -0.4198]
    expected = [*known, sum(filter(None, known))] if year == 2024 else [None] * 7
    assert differences(costs_of(database, "day", day), expected) == []
    database.execute("DROP VIEW p1_version")
    assert "its views were made" in run("setup", env=database.env).stdout
    assert differences(costs_of(database, "day", day), expected) == [], "setup leaves the prices as they are"


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_file_of_dynamic_prices(ending: str, database: Database, run: Run, tmp_path: Path) -> None:
    assert run("setup", env=database.env).returncode == 0
    hours = ["2024-03-31 00:00", "2024-03-31 01:00", "2024-03-31 03:00", "2024-03-31 04:00"]
    registers = [(hour, 10 + n, 20 + 2 * n, 5 + n, 100 + n) for n, hour in enumerate(hours)]
    fill(database, readings(registers))
    file = tmp_path / "prices.csv"
    for first in ("0.99999", "0.06214"):
        prices = ["time,price", f"2024-03-30 23:00,{first}", "2024-03-31 00:00,-0.00120", "2024-03-31 01:00,", ""]
        file.write_text(ending.join(prices))
        feed_prices(database, lines("Dynamic prices, from a file", database.kind), tmp_path)
    assert database.execute("SELECT count(*) AS count FROM p1_prices") == [{"count": 3}]
    for hour, price in zip(hours, (0.06214, -0.0012, None), strict=False):
        # The day's first price stands for all its hours.
        known: list[float | None] = [None, None, None, None, None, -0.4198 / 23]
        if price is not None:
            known[:3] = [3 * 1.21 * (price + 0.1336), 0.01 - price, 1.1987]
        assert differences(costs_of(database, "hour", hour), [*known, sum(filter(None, known))]) == [], hour


def test_the_table_is_made_again(database: Database, run: Run) -> None:
    assert run("setup", env=database.env).returncode == 0
    database.execute(f"DROP TABLE p1_prices{' CASCADE' if database.kind == 'postgresql' else ''}")
    assert run("setup", env=database.env).returncode == 0
    assert database.execute("SELECT * FROM cost_per_month") == []


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
def test_who_reads_costs(kind: str, request: pytest.FixtureRequest, run: Run) -> None:
    database: Database = request.getfixturevalue(kind)
    assert run("setup", env=database.env).returncode == 0
    fill(database, readings([("2024-06-01 00:00", 10, 20, 5, 100), ("2024-06-02 00:00", 12, 23, 6, 101)]))
    database.execute(f"INSERT INTO p1_prices (time, use_kWh_1, standing_day) VALUES ({at('2024-06-01 00:00')}, 0.5, 1)")
    url = sa.make_url(database.dsn)
    reader, server = f"reader_{url.database}", database.server
    assert server
    password = PASSWORD.replace("%", "%%")
    rights = {
        "mariadb": [
            f"CREATE USER {reader} IDENTIFIED BY '{password}'",
            *(f"GRANT SELECT ON {url.database}.cost_per_{unit} TO {reader}" for unit in ("hour", "day", "month")),
        ],
        "postgresql": [
            f"CREATE USER {reader} PASSWORD '{password}'",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reader}",
        ],
    }[kind]
    server.execute(*rights, database=url.database)
    login = url.set(username=reader, password=PASSWORD)
    with sa.create_engine(login, poolclass=sa.pool.NullPool).connect() as connection:
        for unit, days in {"hour": 25 / 24, "day": 2, "month": 2}.items():
            query = f"SELECT sum(use_cost), sum(standing_cost), sum(total_cost) FROM cost_per_{unit}"
            assert differences(connection.exec_driver_sql(query).one(), [2.5, days, 2.5 + days]) == [], unit


def test_check_says_that_there_are_none(database: Database, run: Run) -> None:
    words = ["check", "--port", TELEGRAMS / "dsmr-5.0.2.txt"]
    assert run("setup", env=database.env).returncode == 0
    before = run(*words, env=database.env)
    assert "no prices yet: costs are empty\n" in before.stdout
    database.execute("INSERT INTO p1_prices (time, use_kWh_1) VALUES (0, 0.5)")
    after = run(*words, env=database.env)
    assert "no prices" not in after.stdout
    assert before.returncode == after.returncode
