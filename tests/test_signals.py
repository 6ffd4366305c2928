"""Signals that end a run: a whole reading is in the database or the spool, at whatever moment they come."""

import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import COMMAND, Database, both_ways
from tests.meter import Meter, numbered

pytestmark = [pytest.mark.slow, both_ways]

NOON = 1700000000
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
HEARING = ("env", "--default-signal")
"""A command prefix: no signal is ignored, as some are where the tests themselves run by nohup or behind an &."""


@pytest.fixture
def spool(tmp_path: Path) -> Database:
    """Where readings wait."""
    return Database("sqlite", f"sqlite:///{tmp_path}/.local/share/p1harvester/spool.db", None)


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start a run on the telegram of a second, and go on: start(second, {...})."""

    def start(second: int, env: dict[str, str]) -> subprocess.Popen[str]:
        (tmp_path / "telegram").write_bytes(numbered(second))
        words = [*HEARING, COMMAND, "--port", str(tmp_path / "telegram")]
        return subprocess.Popen(words, env=environment | env, stderr=subprocess.PIPE, text=True)

    return start


def seconds(database: Database) -> list[int]:
    """The seconds of its rows, if it has its table."""
    with suppress(sa.exc.OperationalError):
        return [row["time"] for row in database.rows()]
    return []


@pytest.mark.parametrize("number", ENDING)
@pytest.mark.parametrize("driver", ["mysql+pymysql", "postgresql+psycopg"])
def test_a_reading_is_spooled_at_once_while_a_server_is_silent(
    driver: str, number: signal.Signals, start: Callable[..., subprocess.Popen[str]], spool: Database
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = start(NOON, {"P1_DSN": f"{driver}://user@127.0.0.1:{server.getsockname()[1]}/x"})
        client, _ = server.accept()
        with client:
            process.send_signal(number)
            said = process.communicate()[1]
    assert process.returncode == 75
    assert f"no answer before {number.name} ended the run. The reading is safe" in said
    assert said.count("\n") == 1
    assert seconds(spool) == [NOON]


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
def test_a_reading_is_spooled_at_once_while_a_table_is_locked(
    kind: str, request: pytest.FixtureRequest, start: Callable[..., subprocess.Popen[str]], spool: Database
) -> None:
    database = request.getfixturevalue(kind)
    assert start(NOON, database.env).wait() == 0
    lock, waiting = {
        "mariadb": (
            "LOCK TABLES p1_readouts WRITE",
            "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'INSERT INTO p1_readouts%%'",
        ),
        "postgresql": (
            "LOCK TABLE p1_readouts IN ACCESS EXCLUSIVE MODE",
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO p1_readouts%%'",
        ),
    }[kind]
    with database.engine.connect() as connection:
        connection.exec_driver_sql(lock)
        process = start(NOON + 60, database.env)
        while not database.server.execute(waiting):
            assert process.poll() is None
        process.terminate()
        assert "SIGTERM ended the run" in process.communicate()[1]
    assert process.returncode == 75
    assert seconds(spool) == [NOON + 60]


def test_a_reading_is_spooled_at_once_while_a_file_is_locked(
    sqlite: Database, start: Callable[..., subprocess.Popen[str]], spool: Database, tmp_path: Path
) -> None:
    assert start(NOON, sqlite.env).wait() == 0
    with sqlite.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN EXCLUSIVE")
        process = start(NOON + 60, {"P1_DSN": f"{sqlite.dsn}?timeout=600"})
        while not (f"{tmp_path}/readings.db" in opened(process.pid) and sleeps(process.pid)):
            assert process.poll() is None
        process.terminate()
        assert "SIGTERM ended the run" in process.communicate(timeout=58)[1]
    assert process.returncode == 75
    assert seconds(spool) == [NOON + 60]


def sleeps(process: int) -> bool:
    """Whether a process waits for something that is no disk."""
    return "State:\tS" in Path(f"/proc/{process}/status").read_text()


def opened(process: int) -> set[str]:
    """The files that a process has open."""
    found = set()
    for fd in Path(f"/proc/{process}/fd").iterdir():
        with suppress(OSError):
            found.add(str(fd.readlink()))
    return found


@pytest.mark.parametrize("number", ENDING)
def test_without_a_reading_the_signal_ends_the_run(
    number: signal.Signals, environment: dict[str, str], sqlite: Database
) -> None:
    with Meter([b"/no end"], interval=60) as meter:
        words = [*HEARING, COMMAND, "--port", meter.port]
        process = subprocess.Popen(words, env=environment | sqlite.env, stderr=subprocess.PIPE, text=True)
        while meter.port not in opened(process.pid):
            assert process.poll() is None
        process.send_signal(number)
        assert process.communicate()[1] == ""
    assert process.returncode == -number


def test_without_a_spool_the_reading_is_printed_and_the_signal_ends_the_run(
    start: Callable[..., subprocess.Popen[str]],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        dsn = f"mysql+pymysql://user@127.0.0.1:{server.getsockname()[1]}/x"
        process = start(NOON, {"P1_DSN": dsn, "P1_SPOOL": "off"})
        client, _ = server.accept()
        with client:
            process.terminate()
            said = process.communicate()[1]
    assert f"INSERT INTO p1_readouts (time, net_use, meter_time, use_reading, meter_id) VALUES ({NOON}, " in said
    assert process.returncode == -signal.SIGTERM


def test_a_signal_that_is_ignored_stays_ignored(sqlite: Database, environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "telegram").write_bytes(numbered(NOON))
    words = ["nohup", COMMAND, "--port", str(tmp_path / "telegram")]
    with sqlite.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN EXCLUSIVE")
        process = subprocess.Popen(words, env=environment | sqlite.env)
        while f"{tmp_path}/readings.db" not in opened(process.pid):
            assert process.poll() is None
        process.send_signal(signal.SIGHUP)
        connection.rollback()
    assert process.wait() == 0
    assert seconds(sqlite) == [NOON]


@pytest.mark.parametrize("kind", ["sqlite", "mariadb", "postgresql"])
def test_at_any_moment(
    kind: str,
    request: pytest.FixtureRequest,
    start: Callable[..., subprocess.Popen[str]],
    spool: Database,
) -> None:
    database = request.getfixturevalue(kind)
    chance = random.Random(7)
    safe, ended = [], 0
    for moment in range(50):
        if moment % 20 == 0:
            # How long a run takes changes with what else the machine does.
            began = time.monotonic()
            assert start(NOON - moment, database.env).wait() == 0
            longest = 1.5 * (time.monotonic() - began)
        # Every other run finds no database: the spool is filled, and then emptied, while signals come.
        env = {"P1_DSN": "sqlite:////none/x.db"} if moment % 2 else database.env
        process = start(NOON + 1 + moment, env)
        # SIGINT would be taken by Python itself, as long as it has not begun with us.
        number = chance.choice((signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT))
        try:
            process.wait(chance.uniform(0, longest))
        except subprocess.TimeoutExpired:
            process.send_signal(number)
        said = process.communicate()[1]
        ended += process.returncode == -number
        assert process.returncode in (0, 75, -number), said
        if process.returncode in (0, 75):
            safe.append(NOON + 1 + moment)
            assert safe[-1] in seconds(spool if process.returncode else database)
    assert ended > 5
    assert start(NOON + 1000, database.env).wait() == 0
    assert seconds(spool) == []
    found = database.rows()
    assert {*safe} <= {row["time"] for row in found}
    assert len({row["time"] for row in found}) == len(found)
    assert {tuple(row) for row in found} == {("time", "net_use", "meter_time", "use_reading", "meter_id")}
