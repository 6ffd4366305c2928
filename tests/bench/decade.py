"""Ten years of minutes, 5.2 million rows, in a table of each database."""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import sqlalchemy as sa
from pymysql.converters import encoders

from p1harvester.store import Store
from tests import servers

START = 1451602800
"""2016-01-01 in the Netherlands."""
MINUTES = 10 * 365 * 1440
YEAR = 365 * 86400
COLUMNS = (
    "time, net_use, net_injection, gas_meter_reading, meter_time, gas_time, tariff, use_reading, use_reading_1, "
    "use_reading_2, injection_reading, injection_reading_1, injection_reading_2, voltage_l1, voltage_l2, voltage_l3, "
    "current_l1, current_l2, current_l3, use_l1, use_l2, use_l3, injection_l1, injection_l2, injection_l3, meter_id, "
    "gas_meter_id, power_failures, long_power_failures, voltage_sags_l1, voltage_sags_l2, voltage_sags_l3, "
    "voltage_swells_l1, voltage_swells_l2, voltage_swells_l3"
)
ORIGINAL = """CREATE VIEW original AS SELECT {date_time} AS date_time, net_use * seconds / 3600 AS net_usage_kWh, time
FROM (SELECT time, net_use, time - lag(time) OVER (ORDER BY time) AS seconds FROM p1_readouts) AS steps"""

Fetch = Callable[[str], list[Any]]


def lines() -> Iterator[str]:
    """Rows as CSV, oldest first."""
    chance = random.Random(1)
    gaps = {chance.randrange(MINUTES): chance.randrange(60, 660) for _ in range(20)}
    low = normal = back = 60_000_000
    gas, silent = 1_000_000, 0
    for minute in range(MINUTES):
        hour = minute // 60 % 24
        power = chance.randrange(50, 3000)
        sun = chance.randrange(2500) if 9 <= hour < 18 else 0
        night = hour < 7 or hour == 23
        low, normal = low + power * night, normal + power * (not night)
        back += sun
        gas += chance.randrange(40) * (minute % 5 == 0)
        silent = max(silent, minute + gaps.get(minute, 0))
        if minute < silent or chance.random() < 0.001:
            continue
        now = START + 60 * minute + chance.randrange(1, 5)
        l1, l2 = power // 3, power // 4
        volts = [f"{chance.randrange(2290, 2350) / 10:.1f}" for _ in range(3)]
        phases = [l1, l2, power - l1 - l2]
        watts = [power, sun, gas]
        registers = [(low + normal) // 60, low // 60, normal // 60, back // 60, 0, back // 60]
        fields = [
            str(now),
            *(f"{value / 1000:.3f}" for value in watts),
            *(str(value) for value in (now - 2, now - now % 300, 1 if night else 2)),
            *(f"{value / 1000:.3f}" for value in registers),
            *volts,
            *(str(value // 230) for value in phases),
            *(f"{value / 1000:.3f}" for value in (*phases, sun // 3, sun // 3, sun // 3)),
            "1234567890,987654321",
            *(str(minute // every) for every in (400_000, 900_000, 100_000, 110_000, 120_000, 10**6, 10**6, 10**7)),
        ]
        yield ",".join(fields) + "\n"


@contextmanager
def mariadb(_: Path) -> Iterator[Callable[[Path], tuple[Fetch, float]]]:
    """A loader on a MariaDB server: CSV -> how to fetch from its table, and the table's bytes a row."""
    with servers.mariadb("--innodb-buffer-pool-size=512M", "--local-infile=1") as server:
        assert server, "MariaDB's binaries are not installed"

        def load(csv: Path) -> tuple[Fetch, float]:
            url = make_views(server.new_database_with_password())
            # As text: what a client makes of dates in Python is not the server's time.
            connection = pymysql.connect(
                host=url.host,
                port=url.port or 0,
                user=url.username,
                password=url.password or "",
                database=url.database,
                ssl_disabled=True,
                local_infile=True,
                conv=encoders,  # type: ignore[arg-type]
            )
            fetch = fetcher(connection)
            fetch(f"LOAD DATA LOCAL INFILE '{csv}' INTO TABLE p1_readouts FIELDS TERMINATED BY ',' ({COLUMNS})")
            connection.commit()
            fetch("ANALYZE TABLE p1_readouts")
            fetch(ORIGINAL.format(date_time="FROM_UNIXTIME(time)"))
            size = "SELECT data_length + index_length FROM information_schema.tables WHERE table_name = 'p1_readouts'"
            return fetch, int(fetch(f"{size} AND table_schema = database()")[0][0])

        yield load


@contextmanager
def postgresql(_: Path) -> Iterator[Callable[[Path], tuple[Fetch, float]]]:
    """The same on PostgreSQL."""
    with servers.postgresql() as server:
        assert server, "PostgreSQL's binaries are not installed"

        def load(csv: Path) -> tuple[Fetch, float]:
            url = make_views(server.new_database_with_password())
            connection = psycopg.connect(
                url.set(drivername="postgresql").render_as_string(False), autocommit=True, prepare_threshold=None
            )
            with (
                csv.open("rb") as file,
                connection.cursor().copy(f"COPY p1_readouts ({COLUMNS}) FROM STDIN CSV") as copy,
            ):
                while chunk := file.read(1 << 20):
                    copy.write(chunk)
            connection.execute("VACUUM ANALYZE p1_readouts")
            connection.execute(ORIGINAL.format(date_time="to_timestamp(time)"))
            fetch = fetcher(connection)
            return fetch, fetch("SELECT pg_total_relation_size('p1_readouts')")[0][0]

        yield load


@contextmanager
def sqlite(folder: Path) -> Iterator[Callable[[Path], tuple[Fetch, float]]]:
    """The same in an SQLite file."""

    def load(csv: Path) -> tuple[Fetch, float]:
        path = folder / f"{csv.stem}.db"
        make_views(f"sqlite:///{path}")
        connection = sqlite3.connect(path)
        places = ", ".join("?" * (COLUMNS.count(",") + 1))
        with csv.open() as file, connection:
            rows = (line.rstrip().split(",") for line in file)
            connection.executemany(f"INSERT INTO p1_readouts ({COLUMNS}) VALUES ({places})", rows)
        connection.execute(ORIGINAL.format(date_time="datetime(time, 'unixepoch', 'localtime')"))
        return fetcher(connection), path.stat().st_size

    yield load


def make_views(dsn: str) -> sa.URL:
    """Set up a database, with a view `bare` that is net_usage_kWh without its look-up; return its URL."""
    store = Store(dsn)
    store.set_up()
    store.set_up_views()
    url = sa.make_url(dsn)
    text = Path("sql", url.get_backend_name(), "net_usage_kWh.sql").read_text()
    text = text.replace("VIEW net_usage_kWh", "VIEW bare").replace(
        "VIEW IF EXISTS net_usage_kWh", "VIEW IF EXISTS bare"
    )
    text = text.replace("net_use_kWh AS net_usage_kWh", "net_use").replace("p1_steps", "p1_readouts")
    with sa.create_engine(url, poolclass=sa.pool.NullPool).begin() as connection:
        for statement in text.split(";\n")[:-1]:
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    return url


def fetcher(connection: Any) -> Fetch:
    """Run a statement and fetch what it yields."""

    def fetch(statement: str) -> list[Any]:
        cursor = connection.cursor()
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []

    return fetch


def processor(engine: str, fetch: Fetch) -> Callable[[], float]:
    """How to ask for the milliseconds of processor that the engine has taken so far, however busy the machine is."""
    if engine == "sqlite":
        return lambda: time.process_time() * 1000
    [(found,)] = fetch("SELECT @@pid_file" if engine == "mariadb" else "SELECT pg_backend_pid()")
    threads = Path("/proc", Path(found).read_text().strip() if engine == "mariadb" else str(found), "task")
    return lambda: sum(int(each.read_text().split()[0]) for each in threads.glob("*/schedstat")) / 1e6
