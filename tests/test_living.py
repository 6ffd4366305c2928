"""What systemd/README.md says of backups and of old readings, tried with its own commands."""

import os
import shlex
import sqlite3
import subprocess
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import Database, Run
from tests.meter import telegram
from tests.readme import commands
from tests.servers import Server, binary
from tests.tables import at

pytestmark = pytest.mark.usefixtures("_zone")

Shell = Callable[[str, Database], None]
SAVED = telegram("dsmr-5.0.2")
"""A reading of 2024-01-07 17:22:39, the first after the old ones: 7254.118 and 8103.906 kWh, 4911.440 m3 of gas."""
KINDS = ("mariadb", "postgresql", "sqlite")
TARIFFS = (7247.0, 8097.0)
GAS = 4908.0


def clients(server: Server | None) -> dict[str, list[str]]:
    """The programs that the README's commands call, as root's on the tests' own server."""
    found = {}
    if server and server.kind == "mariadb":
        for name in ("mariadb", "mariadb-dump"):
            found[name] = [str(binary(name)), "--no-defaults", "--user=root", f"--socket={server.folder}/socket"]
    elif server:
        for name in ("psql", "pg_dump", "pg_restore"):
            there = ["--username=admin", f"--host={server.folder}", f"--port={server.port}"]
            found[name] = [str(binary(name)), *there, *(["--no-psqlrc"] if name == "psql" else [])]
    return found


@pytest.fixture
def shell(tmp_path: Path, environment: dict[str, str]) -> Shell:
    """Run a piece of the README's shell on a database: shell(script, database)."""
    if not binary("sqlite3"):
        pytest.skip("sqlite3 is not installed")
    (tmp_path / "bin").mkdir()

    def write(name: str, script: str) -> None:
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / name).chmod(0o700)

    write("sudo", '[ "$1" != -u ] || shift 2\nexec "$@"')

    def shell(script: str, database: Database) -> None:
        for name, words in clients(database.server).items():
            write(name, f'exec {shlex.join(words)} "$@"')
        ours = str(sa.make_url(database.dsn).database)
        names = {"/var/lib/p1harvester/p1harvester.db": ours, "/var/backups": str(tmp_path), "dsmrreader": ours}
        for usual, here in (names if database.server is None else names | {" p1harvester": f" {ours}"}).items():
            script = script.replace(usual, here)
        script = script.replace("dbname=p1harvester", f"dbname={ours}")
        path = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
        words = ["bash", "-euo", "pipefail", "-c", script]
        done = subprocess.run(words, cwd=tmp_path, env=environment | path, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")

    return shell


def block(heading: str, *words: str) -> str:
    """The one piece of shell under a heading that has all these words."""
    [found] = (each for each in commands(heading) if all(word in each for word in words))
    return found


LOAD = {
    "mariadb": ("sudo mariadb --local-infile",),
    "postgresql": ("psql p1harvester", "ON CONFLICT"),
    "sqlite": ("--schema temp",),
}


def load(shell: Shell, database: Database) -> None:
    """Take in `old.csv`."""
    shell(block("Bring in old readings", *LOAD[database.kind]), database)


def used(database: Database, view: str, column: str) -> list[float]:
    """A column of a view, oldest first, without what is NULL."""
    rows = database.execute(f"SELECT {column} AS used FROM {view} WHERE {column} IS NOT NULL ORDER BY time")
    return [round(float(row["used"]), 3) for row in rows]


def harvest(run: Run, database: Database) -> None:
    """Store the first reading of our own; with it come the table and its views."""
    assert run("setup", env=database.env).returncode == 0
    done = run("--port", "-", input=SAVED, env=database.env)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("kind", KINDS)
def test_backed_up_and_restored(kind: str, request: pytest.FixtureRequest, run: Run, shell: Shell) -> None:
    database: Database = request.getfixturevalue(kind)
    harvest(run, database)
    rows = database.rows()
    words = {"mariadb": "p1harvester.sql.gz", "postgresql": "p1harvester.dump", "sqlite": "/var/backups"}
    back_up, restore = block("Back up and restore", words[kind]).split("\n\n")
    shell(back_up, database)
    database.execute("DELETE FROM p1_readouts")
    shell(restore, database)
    assert database.rows() == rows
    database.execute("DROP TABLE p1_readouts" + (" CASCADE" if kind == "postgresql" else ""))
    shell(restore, database)
    assert database.rows() == rows
    assert run("setup", env=database.env).returncode == 0
    assert database.execute("SELECT * FROM usage_per_day")


def days(count: int) -> Sequence[tuple[int, float, float, float]]:
    """So many days until the first reading of our own: 2 kWh on each tariff and 1 m3 a day, at midnight."""
    first = at("2024-01-07 00:00") - (count - 1) * 86400
    return [(first + 86400 * n, TARIFFS[0] + 2 * n, TARIFFS[1] + 2 * n, GAS + n) for n in range(count)]


def nothing_is_lost(database: Database) -> None:
    """The views count the old days, and what was used from the last of them to the first reading of our own."""
    assert used(database, "usage_per_day", "use_kWh")[:3] == [4.0] * 3
    assert used(database, "usage_per_day", "gas_m3")[:3] == [1.0] * 3
    assert used(database, "usage_per_hour", "use_kWh")[0] == pytest.approx(4 / 24, abs=0.001)
    [reading] = (row for row in database.rows() if "meter_id" in row)
    whole = float(reading["use_reading"]) - sum(TARIFFS)
    assert sum(used(database, "usage_per_day", "use_kWh")) == pytest.approx(whole, abs=0.005)


@pytest.mark.parametrize("kind", KINDS)
def test_from_dsmr_reader(
    kind: str, postgresql: Database, request: pytest.FixtureRequest, run: Run, shell: Shell
) -> None:
    """Its table by its models, the columns that it adds for itself included; a home with one phase."""
    optional = [
        *(f"phase_currently_{way}_l{n} numeric(9,3)" for way in ("delivered", "returned") for n in (1, 2, 3)),
        *(f"phase_voltage_l{n} numeric(4,1)" for n in (1, 2, 3)),
        *(f"phase_power_current_l{n} integer" for n in (1, 2, 3)),
    ]
    registers = [f"electricity_{way}_{n} numeric(9,3) NOT NULL" for way in ("delivered", "returned") for n in (1, 2)]
    powers = [f"electricity_currently_{way} numeric(9,3) NOT NULL" for way in ("delivered", "returned")]
    postgresql.execute(
        "CREATE TABLE dsmr_datalogger_dsmrreading (id serial PRIMARY KEY, processed boolean NOT NULL,"
        f" timestamp timestamptz NOT NULL, {', '.join([*registers, *powers, *optional])},"
        " extra_device_timestamp timestamptz, extra_device_delivered numeric(9,3))"
    )
    for time, low, normal, gas in days(4):
        postgresql.execute(
            "INSERT INTO dsmr_datalogger_dsmrreading (processed, timestamp, electricity_delivered_1,"
            " electricity_delivered_2, electricity_returned_1, electricity_returned_2, electricity_currently_delivered,"
            " electricity_currently_returned, phase_voltage_l1, phase_power_current_l1, extra_device_timestamp,"
            f" extra_device_delivered) VALUES (true, to_timestamp({time}), {low}, {normal}, 731, 1820, 0.166, 0, 230.1,"
            f" 1, to_timestamp({time - 300}), {gas})"
        )
    database: Database = request.getfixturevalue(kind)
    harvest(run, database)
    shell(block("Bring in old readings", "dsmr_datalogger_dsmrreading"), postgresql)
    load(shell, database)
    nothing_is_lost(database)
    time, low, normal, gas = days(4)[0]
    whole = {"time": time, "use_reading": low + normal, "use_reading_1": low, "use_reading_2": normal}
    injected = {"injection_reading": 2551, "injection_reading_1": 731, "injection_reading_2": 1820}
    now = {"net_use": 0.166, "net_injection": 0, "voltage_l1": 230.1, "current_l1": 1}
    row = {name: float(value) for name, value in database.rows()[0].items()}
    assert row == pytest.approx(whole | injected | now | {"gas_meter_reading": gas, "gas_time": time - 300})
    before = database.rows()
    load(shell, database)
    assert database.rows() == before, "taken in again, they are there once"


@pytest.mark.parametrize("kind", KINDS)
def test_from_home_assistant(kind: str, request: pytest.FixtureRequest, run: Run, shell: Shell, tmp_path: Path) -> None:
    """Its two tables of statistics; a row says the state at the end of the hour that begins at its start."""
    names = [f"electricity_meter_energy_{way}_tarif_{n}" for way in ("consumption", "production") for n in (1, 2)]
    with closing(sqlite3.connect(tmp_path / "home-assistant_v2.db")) as connection:
        connection.execute("CREATE TABLE statistics_meta (id INTEGER PRIMARY KEY, statistic_id VARCHAR(255))")
        connection.execute("CREATE TABLE statistics (metadata_id INTEGER, start_ts FLOAT, state FLOAT, sum FLOAT)")
        sensors = [f"sensor.{name}" for name in [*names, "gas_meter_gas_consumption", "outside_temperature"]]
        connection.executemany("INSERT INTO statistics_meta VALUES (?, ?)", enumerate(sensors))
        for time, low, normal, gas in days(4):
            states = enumerate([low, normal, 731.0, 1820.0, gas, 7.5])
            rows = [(number, time - 3600.0, state, 0) for number, state in states]
            connection.executemany("INSERT INTO statistics VALUES (?, ?, ?, ?)", rows)
        connection.execute("INSERT INTO statistics VALUES (5, 1700000000, 7.5, 0)")
        connection.commit()
    database: Database = request.getfixturevalue(kind)
    harvest(run, database)
    shell(block("Bring in old readings", "home-assistant_v2.db"), database)
    load(shell, database)
    assert [row["time"] for row in database.rows()][:-1] == [time for time, *_ in days(4)]
    nothing_is_lost(database)


@pytest.mark.parametrize("kind", KINDS)
def test_from_a_list_of_days(kind: str, request: pytest.FixtureRequest, run: Run, shell: Shell, tmp_path: Path) -> None:
    lines = [f"2024-01-0{7 - 3 + n},{low},{normal},{gas}" for n, (_, low, normal, gas) in enumerate(days(4))]
    (tmp_path / "daily.csv").write_text("\n".join(["date,low,normal,gas", *lines, ""]))
    database: Database = request.getfixturevalue(kind)
    harvest(run, database)
    shell(block("Bring in old readings", "daily.csv"), database)
    load(shell, database)
    assert [row["time"] for row in database.rows()][:-1] == [time for time, *_ in days(4)]
    nothing_is_lost(database)
