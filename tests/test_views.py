"""The views: what they say, against the same sums done the long way, in every database."""

import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from p1harvester.schema import TABLE
from p1harvester.views import DIALECTS, NAMES
from tests.clients import feed
from tests.conftest import Database, Run
from tests.long_way import REGISTERS, Row, another_meter, differences, power_times_time, sane, step
from tests.long_way_periods import Boundary, peaks, periods, used
from tests.meter import FOLDER
from tests.servers import PASSWORD, ZONE
from tests.tables import some_rows, with_faults
from tests.test_store import ORIGINAL, SAMPLE

pytestmark = pytest.mark.usefixtures("_zone")


def fill(database: Database, rows: list[Row]) -> None:
    """Put the rows into the table."""
    database.execute("DELETE FROM p1_readouts" if database.kind == "sqlite" else "TRUNCATE TABLE p1_readouts")
    if rows:
        with database.engine.begin() as connection:
            connection.execute(sa.insert(TABLE), rows)


def selected(database: Database, columns: str, view: str) -> list[tuple[Any, ...]]:
    """The rows of a view, oldest first, numbers as float."""
    rows = database.execute(f"SELECT {columns} FROM {view} ORDER BY time")
    return [tuple(row.values()) for row in rows]


@pytest.mark.parametrize("faults", [False, True])
@pytest.mark.parametrize("seed", range(int(os.environ.get("VIEWS_TABLES", "10"))))
def test_as_the_long_way(seed: int, faults: bool, made: Database) -> None:
    chance = random.Random(seed)
    rows = some_rows(chance)
    if faults:
        rows = with_faults(rows, chance)
    fill(made, rows)
    rows = [row for row in rows if sane(row, int(time.time()))]
    energy = [
        Fraction(0) if another_meter(*pair, "net_use") else power_times_time(*pair, "net_use")
        for pair in pairwise(rows)
    ]
    gas = [step(rows, at, "gas_m3") for at in range(1, len(rows))]
    for view, steps in {"net_usage_kWh": energy, "gas_usage_m3": gas}.items():
        found = selected(made, f"time, {view}", view)
        assert [moment for moment, _ in found] == [row["time"] for row in rows]
        assert differences((value for _, value in found), [None, *steps][: len(rows)]) == []
    for unit in ("hour", "day", "month"):
        expected = periods(rows, unit)
        found = selected(made, f"time, {', '.join(REGISTERS)}", f"usage_per_{unit}")
        assert [row[0] for row in found] == [since for since, _ in expected]
        boundaries = [(Boundary(rows, since), Boundary(rows, until)) for since, until in expected]
        for number, column in enumerate(REGISTERS, 1):
            sums = (used(rows, *pair, column) for pair in boundaries)
            assert differences((row[number] for row in found), sums) == [], (unit, column)
    found = selected(made, "time, peak_kW, peak_time, billed_kW", "peak_per_month")
    assert [row[0] for row in found] == [peak[0] for peak in peaks(rows)]
    for row, peak in zip(found, peaks(rows), strict=True):
        assert differences(row, peak) == []


def local_time(text: str) -> datetime:
    """A `date_time` of the views: no zone, as the wall clock shows it."""
    return datetime.fromisoformat(str(text))


def test_the_originals_sample(database: Database, run: Run) -> None:
    database.execute(ORIGINAL)
    for moment, power, gas in SAMPLE:
        database.execute(f"INSERT INTO p1_readouts VALUES ({moment}, {power}, NULL, {gas})")
    assert run("setup", env=database.env).returncode == 0
    rows = database.execute("SELECT * FROM net_usage_kWh ORDER BY time LIMIT 5")
    assert [name.lower() for name in rows[0]] == ["date_time", "day", "month", "year", "net_usage_kwh", "time"]
    found = [tuple(row.values()) for row in rows]
    clock = ["17:22:39", "17:23:28", "17:24:35", "17:24:56", "17:25:57"]
    assert [local_time(row[0]) for row in found] == [datetime.fromisoformat(f"2024-01-07 {time}") for time in clock]
    assert {(str(row[1]), row[2], row[3]) for row in found} == {("2024-01-07", 1, 2024)}
    # The power is a FLOAT of MariaDB's there, good for seven digits.
    energy = [None, 0.00441, 0.00603, 0.0018841667, 0.00549]
    assert differences([row[4] and round(row[4], 10) for row in found], energy) == []
    gas_steps = selected(database, "gas_usage_m3", "gas_usage_m3")
    assert [step for (step,) in gas_steps[:6]] == [None, 0, 0, 0, 0.03, 0]


def work_for(database: Database, query: str) -> float:
    """What a query costs the engine, counted and not timed: rows looked at, or steps of SQLite's machine."""
    if database.kind == "sqlite":
        steps = 0

        def count() -> int:
            nonlocal steps
            steps += 1
            return 0

        with closing(sqlite3.connect(sa.make_url(database.dsn).database or "")) as file:
            file.set_progress_handler(count, 10)
            file.execute(query).fetchall()
        return steps
    with database.engine.connect() as connection:
        if database.kind == "postgresql":
            # Left to autovacuum, that would happen some time.
            connection.exec_driver_sql("ANALYZE p1_readouts")
            [plan] = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}").scalar_one()
            return float(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])

        def reads() -> float:
            found = connection.exec_driver_sql("SHOW SESSION STATUS LIKE 'Handler_read_%%'").fetchall()
            return sum(float(value) for _, value in found)

        before = reads()
        connection.exec_driver_sql(query).fetchall()
        return reads() - before


@pytest.mark.parametrize(
    ("query", "rows", "periods_a_day"),
    [
        ("SELECT * FROM net_usage_kWh WHERE time >= {day} AND time < {next_day}", 96, 0),
        ("SELECT * FROM gas_usage_m3 WHERE time >= {day} AND time < {next_day}", 96, 0),
        ("SELECT * FROM net_usage_kWh LIMIT 5", 5, 0),
        ("SELECT * FROM usage_per_day WHERE time >= {day} AND time < {month}", 30, 1),
        ("SELECT * FROM usage_per_hour WHERE time >= {day} AND time < {next_day}", 24, 24),
    ],
)
def test_the_cost_is_that_of_the_range(query: str, rows: int, periods_a_day: int, made: Database) -> None:
    begin = int(datetime(2024, 1, 1, tzinfo=ZoneInfo(ZONE)).timestamp())
    asked = query.format(day=begin + 86400, next_day=begin + 2 * 86400, month=begin + 31 * 86400)
    costs = []
    for days in (40, 400):
        names = ("time", "net_use", "use_reading", "gas_meter_reading", "meter_id")
        values = ((begin + 900 * n, 0.3, n / 10, n / 20, 7) for n in range(96 * days))
        fill(made, [dict(zip(names, value, strict=True)) for value in values])
        assert len(made.execute(asked)) == rows
        costs.append(work_for(made, asked))
    few = {"mariadb": 10, "postgresql": 14, "sqlite": 160}[made.kind]
    assert costs[0] < few * (rows + 40 * periods_a_day), costs
    # What grows with the table is counting its days or hours, not looking at its rows.
    assert costs[1] < 1.05 * costs[0] + 3 * 360 * periods_a_day, costs


def test_setup_knows_views_that_are_out_of_date(database: Database, run: Run) -> None:
    assert "its views were made" in run("setup", env=database.env).stdout
    assert "its views are up to date" in run("setup", env=database.env).stdout
    database.execute("DROP VIEW p1_version")
    assert "its views were made" in run("setup", env=database.env).stdout
    assert run("--port", FOLDER / "dsmr-5.0.2.txt", env=database.env).returncode == 0
    assert selected(database, "use_kWh", "usage_per_month") == [(0,)]


def test_the_files_are_those_of_the_registers(tmp_path: Path) -> None:
    made = shutil.copytree("sql", tmp_path / "sql")
    subprocess.run([sys.executable, made / "views.py"], check=True)
    for dialect in DIALECTS:
        for name in NAMES:
            file = Path(dialect, f"{name}.sql")
            assert Path("sql", file).read_text() == (made / file).read_text(), "run sql/views.py"


@pytest.mark.slow
def test_the_files_can_be_fed_by_hand(database: Database, run: Run) -> None:
    assert run("setup", env=database.env).returncode == 0
    assert run("--port", FOLDER / "belgium.txt", env=database.env).returncode == 0
    folder = Path("sql", sa.make_url(database.dsn).get_backend_name())
    before = {name: database.execute(f"SELECT * FROM {name}") for name in NAMES}
    assert "ok    views " in run("check", "--port", FOLDER / "belgium.txt", env=database.env).stdout
    for name in reversed(NAMES):
        kind = "TABLE" if name == "p1_prices" else "VIEW"
        database.execute(f"DROP {kind} IF EXISTS {name}{'' if database.kind == 'sqlite' else ' CASCADE'}")
    for name in NAMES:
        feed(database, (folder / f"{name}.sql").read_text(), folder)
    assert {name: database.execute(f"SELECT * FROM {name}") for name in NAMES} == before
    checked = run("check", "--port", FOLDER / "belgium.txt", env=database.env).stdout
    assert re.search(r"^ok +views +they are up to date$", checked, re.MULTILINE), checked


def test_the_rights_that_the_readme_gives(mariadb: Database, run: Run) -> None:
    assert mariadb.server
    mariadb.server.must_be_mariadb()
    name = sa.make_url(mariadb.dsn).database
    mariadb.server.execute(
        f"CREATE USER harvester_{name} IDENTIFIED BY '{PASSWORD.replace('%', '%%')}'",
        f"CREATE USER grafana_{name} IDENTIFIED BY '{PASSWORD.replace('%', '%%')}'",
        f"GRANT CREATE, ALTER, INSERT, SELECT ON {name}.* TO harvester_{name}",
    )
    env = mariadb.env | {"P1_DSN": mariadb.dsn.replace("p1harvester@", f"harvester_{name}@")}
    refused = run("setup", env=env)
    assert refused.returncode == 69
    assert "needs more rights" in refused.stderr
    assert refused.stderr.count("\n") == 1
    mariadb.server.execute(
        f"GRANT DROP, CREATE VIEW, CREATE ROUTINE, ALTER ROUTINE, EXECUTE ON {name}.* TO harvester_{name}"
    )
    assert run("setup", env=env).returncode == 0
    mariadb.server.execute(
        f"REVOKE CREATE, ALTER, DROP, CREATE VIEW, CREATE ROUTINE, ALTER ROUTINE ON {name}.* FROM harvester_{name}",
        f"GRANT SELECT ON {name}.usage_per_day TO grafana_{name}",
    )
    assert run("--port", FOLDER / "dsmr-5.0.2.txt", env=env).returncode == 0
    grafana = sa.make_url(mariadb.dsn).set(username=f"grafana_{name}", password=PASSWORD)
    with sa.create_engine(grafana, poolclass=sa.pool.NullPool).connect() as connection:
        assert connection.exec_driver_sql("SELECT use_kWh, gas_m3 FROM usage_per_day").fetchall() == [(0, 0)]
