"""The views: what they say, against the same sums done the long way, in every database."""

import os
import random
import re
import sqlite3
import subprocess
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from p1harvester.schema import TABLE
from p1harvester.views import NAMES
from tests import servers
from tests.conftest import Database, Run
from tests.meter import FOLDER
from tests.servers import PASSWORD, ZONE
from tests.test_store import ORIGINAL, SAMPLE

pytestmark = pytest.mark.usefixtures("_zone")

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
}
POWERS = {"use_kWh": "net_use", "injection_kWh": "net_injection"}
GAP = 120

Row = dict[str, Any]


# The long way: plain sums over all rows, exact fractions.


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


def step(before: Row, row: Row, column: str) -> Fraction | None:
    """What was used between two rows that follow each other."""
    if another_meter(before, row, column):
        return Fraction(0)
    old, new = (exact(each.get(REGISTERS[column])) for each in (before, row))
    if old is not None and new is not None:
        return max(new - old, Fraction(0))
    return power_times_time(before, row, POWERS[column]) if column in POWERS else None


def second(row: Row) -> int:
    """When a row was stored."""
    moment: int = row["time"]
    return moment


class Boundary:
    """The rows on both sides of a moment, and how far between them it lies."""

    def __init__(self, rows: Sequence[Row], moment: int) -> None:
        after = bisect_right(rows, moment, key=second)
        self.at = max(after - 1, 0)
        self.row = self.next = rows[self.at]
        self.share = Fraction(0)
        if 0 < after < len(rows) and moment - self.row["time"] > GAP:
            self.next = rows[after]
            self.share = Fraction(moment - self.row["time"], self.next["time"] - self.row["time"])

    def register(self, name: str) -> Fraction:
        """The register at this moment, of a meter that is the same on both sides."""
        old, new = exact(self.row[name]), exact(self.next[name])
        assert old is not None
        assert new is not None
        return old + self.share * (new - old)


def used(rows: Sequence[Row], start: Boundary, end: Boundary, column: str) -> Fraction | None:
    """What was used from one moment to another."""
    name = REGISTERS[column]
    chain = [exact(row.get(name)) for row in (start.row, start.next, end.row, end.next)]
    known = [value for value in chain if value is not None]
    if len(known) == 4 and known == sorted(known) and not another_meter(start.row, end.next, column):
        return end.register(name) - start.register(name)
    powers = [row.get(POWERS.get(column, "")) for row in (start.row, start.next, end.row, end.next)]
    if not known and powers == [None] * 4:
        return None
    parts = []
    for before, row in pairwise(rows[start.at : end.at + 2]):
        share = Fraction(row["time"] <= end.next["time"])
        share -= start.share if row["time"] == start.next["time"] else 0
        share -= 1 - end.share if end.row["time"] < row["time"] <= end.next["time"] else 0
        if row["time"] <= end.next["time"] and (part := step(before, row, column)) is not None:
            parts.append(part * share)
    return sum(parts, Fraction(0)) if parts else None


def local(moment: float) -> datetime:
    """Local time."""
    return datetime.fromtimestamp(moment, ZoneInfo(ZONE))


def periods(rows: Sequence[Row], unit: str) -> list[tuple[int, int]]:
    """When each hour, day or month of the table begins and ends."""
    if not rows:
        return []
    first, last = local(rows[0]["time"]), rows[-1]["time"]
    if unit == "hour":
        begin = int(first.timestamp()) - first.minute * 60 - first.second
        return [(moment, moment + 3600) for moment in range(begin, last + 1, 3600)]
    day = first.replace(hour=0, minute=0, second=0, day=first.day if unit == "day" else 1)
    found = []
    while day.timestamp() <= last:
        following = day + timedelta(days=1) if unit == "day" else (day + timedelta(days=31)).replace(day=1)
        found.append((int(day.timestamp()), int(following.timestamp())))
        day = following
    return found


def peaks(rows: Sequence[Row]) -> list[tuple[int, float, int | None, float]]:
    """Month, its highest quarter-hour and when that was, what is billed."""
    found: dict[int, tuple[float, int | None]] = {}
    for since, until in periods(rows, "month"):
        month = rows[bisect_left(rows, since, key=second) : bisect_left(rows, until, key=second)]
        within = [row for row in month if (row["meter_time"] or row["time"]) < until]
        if within and (peak := within[-1]["demand_month_peak"]) is not None:
            found[since] = (peak, within[-1]["demand_month_peak_time"])
    result = []
    for since, (peak, when) in found.items():
        number = local(since).year * 12 + local(since).month
        year = [max(p, 2.5) for s, (p, _) in found.items() if 0 <= number - local(s).year * 12 - local(s).month < 12]
        result.append((since, peak, when, sum(year) / len(year)))
    return result


def some_rows(chance: random.Random) -> list[Row]:
    """A small table with everything that can go wrong in one."""
    moment = int(datetime(2024, *chance.choice([(3, 29), (10, 25), (12, 30)]), 21, tzinfo=ZoneInfo(ZONE)).timestamp())
    pace = chance.choice([10, 60, 60, 300, 900, 7200])
    count = chance.choice([0, 1, 2, 40, 400, 400])
    old_until = chance.choice([0, 0, count // 2, count])
    has = {name: chance.random() < 0.8 for name in [*REGISTERS.values(), *POWERS.values(), "meter_id", "gas_meter_id"]}
    meter, gas_meter = 1, 10
    register = {name: chance.randrange(10_000_000) for name in REGISTERS.values()}
    rows = []
    for number in range(count):
        moment += pace + chance.randrange(3)
        if chance.random() < 0.02:
            moment += chance.choice([200, 7200, 100_000])
        if chance.random() < 0.01:
            meter += 1
            register |= {name: chance.randrange(10_000_000) for name in register if "gas" not in name}
        if chance.random() < 0.01:
            gas_meter += 1
            register["gas_meter_reading"] = chance.randrange(10_000_000)
        for name in register:
            register[name] += chance.choice([0, 0, chance.randrange(300)])
        values = {name: value / 1000 for name, value in register.items()}
        values |= {name: chance.randrange(5000) / 1000 for name in POWERS.values()}
        values |= {"meter_id": meter, "gas_meter_id": gas_meter}
        row = {name: value if has[name] and chance.random() < 0.99 else None for name, value in values.items()}
        if number < old_until:
            row |= dict.fromkeys(row.keys() - {"net_use", "net_injection", "gas_meter_reading"})
        peak = chance.randrange(1000, 6000) / 1000 if chance.random() < 0.9 else None
        row |= {"time": moment, "meter_time": chance.choice([None, moment - 2, moment + 90])}
        rows.append(row | {"demand_month_peak": peak, "demand_month_peak_time": moment - 900})
    return rows


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


def differences(found: Iterable[Any], expected: Iterable[Any]) -> list[tuple[Any, Any]]:
    """Where the two are not the same to 1e-9."""
    return [
        (a, b)
        for a, b in zip(found, expected, strict=True)
        if (a is None) != (b is None) or (a is not None and abs(float(a) - float(b)) > 1e-9)
    ]


@pytest.mark.parametrize("seed", range(40))
def test_as_the_long_way(seed: int, made: Database) -> None:
    rows = some_rows(random.Random(seed))
    fill(made, rows)
    energy = [
        Fraction(0) if another_meter(*pair, "net_use") else power_times_time(*pair, "net_use")
        for pair in pairwise(rows)
    ]
    gas = [step(*pair, "gas_m3") for pair in pairwise(rows)]
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


def test_the_meters_month_ends_by_its_own_clock(made: Database) -> None:
    end = int(datetime(2024, 12, 1, tzinfo=ZoneInfo(ZONE)).timestamp())
    peaks = [(end - 600, end - 600, 4.2), (end - 60, end - 58, 5.5), (end - 1, end + 1, 0.0), (end + 60, end + 61, 1.0)]
    names = ("time", "meter_time", "demand_month_peak")
    fill(made, [dict(zip(names, values, strict=True)) for values in peaks])
    assert selected(made, "peak_kW, billed_kW", "peak_per_month") == [(5.5, 5.5), (1.0, 4.0)]


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
    few = {"mariadb": 8, "postgresql": 14, "sqlite": 160}[made.kind]
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


def test_the_files_can_be_fed_by_hand(database: Database, run: Run) -> None:
    assert run("setup", env=database.env).returncode == 0
    assert run("--port", FOLDER / "belgium.txt", env=database.env).returncode == 0
    url = sa.make_url(database.dsn)
    login = ["-h", "127.0.0.1", "-u", "p1harvester", f"-p{PASSWORD}", "-P", str(url.port)]
    client = {
        "sqlite": ["sqlite3", "-bail", str(url.database)],
        "mariadb": ["mariadb", "--no-defaults", *login, str(url.database)],
        "postgresql": [
            "psql",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            url.set(drivername="postgresql", password=PASSWORD).render_as_string(False),
        ],
    }[database.kind]
    before = {name: database.execute(f"SELECT * FROM {name}") for name in NAMES}
    for name in reversed(NAMES):
        database.execute(f"DROP VIEW {name}")
    for name in NAMES:
        with Path("sql", url.get_backend_name(), f"{name}.sql").open() as file:
            subprocess.run(
                client,
                stdin=file,
                check=True,
                env={"PATH": os.environ["PATH"], "PGOPTIONS": "-c client_min_messages=warning"},
            )
    assert {name: database.execute(f"SELECT * FROM {name}") for name in NAMES} == before


def test_the_rights_that_the_readme_gives(mariadb: Database, run: Run) -> None:
    assert mariadb.server
    name = sa.make_url(mariadb.dsn).database
    mariadb.server.execute(
        f"CREATE USER harvester_{name} IDENTIFIED BY '{PASSWORD.replace('%', '%%')}'",
        f"CREATE USER grafana_{name} IDENTIFIED BY '{PASSWORD.replace('%', '%%')}'",
        f"GRANT CREATE, ALTER, INSERT, SELECT ON {name}.* TO harvester_{name}",
    )
    env = mariadb.env | {"P1_DSN": mariadb.dsn.replace("p1harvester@", f"harvester_{name}@")}
    refused = run("setup", env=env)
    assert refused.returncode == 75
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


def test_a_server_with_a_binary_log_wants_its_root_user(run: Run) -> None:
    with servers.mariadb("--log-bin", "--server-id=1") as server:
        if server is None:
            pytest.skip("the binaries of mariadb are not installed")
        env = {"P1_DSN": server.new_database(), "P1_DSN_PASSWORD": PASSWORD}
        refused = run("setup", env=env)
        assert refused.returncode == 75
        [advice] = re.findall(r"`(SET GLOBAL .*?)`", refused.stderr)
        server.execute(advice)
        assert run("setup", env=env).returncode == 0
