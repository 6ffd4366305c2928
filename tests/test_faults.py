"""Nothing is lost: every fault of a database, a disk or the program itself, and where the reading is afterwards."""

import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import sqlalchemy as sa

from p1harvester.errors import Spooled
from p1harvester.harvest import harvest
from p1harvester.settings import Settings
from tests.conftest import COMMAND, UNMEASURED, Database, Run, both_ways, unprivileged
from tests.meter import numbered, telegram_of
from tests.proxy import Proxy
from tests.servers import PASSWORD

pytestmark = [pytest.mark.slow, both_ways]

NOON = 1700000000
Harvest = Callable[..., CompletedProcess[str]]


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """Where the readings wait."""
    return tmp_path / ".local/share/p1harvester/spool.db"


@pytest.fixture
def harvest_at(run: Run) -> Harvest:
    """Run the installed command on a telegram of a given second: harvest_at(second, database, ...)."""

    def harvest_at(second: int, database: Database, *words: str, **options: object) -> CompletedProcess[str]:
        env = database.env | options.pop("env", {})  # type: ignore[operator]
        return run("--port", "-", *words, input=numbered(second), env=env, **options)

    return harvest_at


def times(path: Path) -> list[int]:
    """The seconds of the rows in an SQLite file."""
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [second for (second,) in connection.execute("SELECT time FROM p1_readouts ORDER BY time")]


def stored(database: Database) -> list[int]:
    """The seconds of the rows in the database."""
    return [row["time"] for row in database.rows()]


def through(database: Database, port: int) -> str:
    """The database's DSN, password and all, with another TCP port."""
    return sa.make_url(database.dsn).set(port=port, password=PASSWORD).render_as_string(hide_password=False)


@contextmanager
def stopped(database: Database) -> Iterator[dict[str, str]]:
    assert database.server
    database.server.stop()
    try:
        yield {}
    finally:
        database.server.start()


@contextmanager
def killed(database: Database) -> Iterator[dict[str, str]]:
    assert database.server
    database.server.stop(signal.SIGKILL)
    try:
        yield {}
    finally:
        database.server.start()


@contextmanager
def silent(database: Database) -> Iterator[dict[str, str]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield {"P1_DSN": through(database, listener.getsockname()[1])}


@contextmanager
def nonsense(database: Database) -> Iterator[dict[str, str]]:
    """Something listens there, but no database."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    with client:
                        client.sendall(b"HTTP/1.1 400 Bad Request\r\nServer: none\r\n\r\n" * 20)

        threading.Thread(target=answer, daemon=True).start()
        yield {"P1_DSN": through(database, listener.getsockname()[1])}
        listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def stalled(database: Database) -> Iterator[dict[str, str]]:
    with Proxy(sa.make_url(database.dsn).port or 0) as proxy:
        harvest(settings_of(through(database, proxy.port), NOON + 1, Path("/nonexistent")))
        length = proxy.passed
    with Proxy(sa.make_url(database.dsn).port or 0, limit=length - 40, stall=True) as proxy:
        yield {"P1_DSN": through(database, proxy.port)}


@contextmanager
def wrong_password(_: Database) -> Iterator[dict[str, str]]:
    yield {"P1_DSN_PASSWORD": "wrong"}


@contextmanager
def unknown_database(database: Database) -> Iterator[dict[str, str]]:
    yield {"P1_DSN": database.dsn + "_gone"}


@contextmanager
def read_only(database: Database) -> Iterator[dict[str, str]]:
    assert database.server
    name = sa.make_url(database.dsn).database
    on, off = {
        "mariadb": ("SET GLOBAL read_only = 1", "SET GLOBAL read_only = 0"),
        "postgresql": (
            f"ALTER DATABASE {name} SET default_transaction_read_only = on",
            f"ALTER DATABASE {name} RESET default_transaction_read_only",
        ),
    }[database.kind]
    database.server.execute(on)
    try:
        yield {}
    finally:
        database.server.execute(off)


@contextmanager
def locked(database: Database) -> Iterator[dict[str, str]]:
    url = sa.make_url(database.dsn)
    engine = sa.create_engine(url.set(password=PASSWORD) if database.server else url)
    lock = {
        "mariadb": "LOCK TABLES p1_readouts WRITE",
        "postgresql": "LOCK TABLE p1_readouts IN ACCESS EXCLUSIVE MODE",
        "sqlite": "BEGIN EXCLUSIVE",
    }[database.kind]
    with engine.connect() as connection:
        connection.exec_driver_sql(lock)
        yield {}
    engine.dispose()


def settings_of(dsn: str, second: int, folder: Path) -> Settings:
    """Settings for a run inside this process, on a telegram of this second."""
    path = Path(os.environ["TELEGRAM"])
    path.write_bytes(numbered(second))
    return Settings(port=str(path), baud=None, dsn=dsn, password=None, timeout=5, spool=str(folder / "spool.db"))


@pytest.fixture(autouse=True)
def _telegram(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM", str(tmp_path / "telegram"))


AWAY = [
    *((kind, fault) for kind in ("mariadb", "postgresql") for fault in (stopped, killed, silent, nonsense, stalled)),
    *((kind, fault) for kind in ("mariadb", "postgresql") for fault in (wrong_password, unknown_database, read_only)),
    *((kind, locked) for kind in ("mariadb", "postgresql", "sqlite")),
]


@pytest.mark.parametrize(("kind", "fault"), AWAY)
def test_a_reading_waits_while_the_database_is_away(
    kind: str,
    fault: Callable[[Database], AbstractContextManager[dict[str, str]]],
    request: pytest.FixtureRequest,
    harvest_at: Harvest,
    spool: Path,
) -> None:
    database = request.getfixturevalue(kind)
    assert harvest_at(NOON, database).returncode == 0
    with fault(database) as env:
        first = harvest_at(NOON + 60, database, env=env)
        second = harvest_at(NOON + 120, database, env=env)
    assert (first.returncode, second.returncode) == (75, 75)
    assert f"safe in {spool}, where 2 wait since 2023-11-14 23:14:20" in second.stderr
    assert second.stderr.count("\n") == 1
    assert times(spool) == [NOON + 60, NOON + 120]
    assert spool.stat().st_mode & 0o777 == 0o600
    back = harvest_at(NOON + 180, database, "-v")
    assert back.returncode == 0
    assert "2 readings came from the spool, 0 wait in it" in back.stderr
    assert {NOON, NOON + 60, NOON + 120, NOON + 180} <= set(stored(database))
    assert times(spool) == []


def test_a_dropped_table_is_created_again(database: Database, harvest_at: Harvest, spool: Path) -> None:
    assert harvest_at(NOON, database).returncode == 0
    database.execute("DROP TABLE p1_readouts")
    assert harvest_at(NOON + 60, database).returncode == 0
    assert stored(database) == [NOON + 60]
    assert not spool.exists()


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
def test_a_line_cut_at_any_byte_loses_nothing(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    database = request.getfixturevalue(kind)
    server = sa.make_url(database.dsn).port or 0
    harvest(settings_of(through(database, server), NOON, tmp_path))
    with Proxy(server) as proxy:
        harvest(settings_of(through(database, proxy.port), NOON + 1, tmp_path))
        length = proxy.passed
    waited = 0
    waiting = Database("sqlite", f"sqlite:///{tmp_path}/spool.db", None)
    for cut in range(length):
        second = NOON + 60 + cut
        with Proxy(server, limit=cut) as proxy:
            try:
                harvest(settings_of(through(database, proxy.port), second, tmp_path))
            except Spooled:
                waited += 1
        query = f"SELECT time FROM p1_readouts WHERE time = {second}"
        assert database.execute(query) or waiting.execute(query), cut
    assert 0.9 * length < waited <= length
    harvest(settings_of(through(database, server), NOON + 2, tmp_path))
    assert times(tmp_path / "spool.db") == []
    assert stored(database) == [NOON, NOON + 1, NOON + 2, *range(NOON + 60, NOON + 60 + length)]


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
@pytest.mark.parametrize("bytes_before_the_end", [300, 60, 10])
def test_a_server_killed_in_the_middle_loses_nothing(
    kind: str, bytes_before_the_end: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    database = request.getfixturevalue(kind)
    server = database.server
    dsn = through(database, server.port)
    harvest(settings_of(dsn, NOON, tmp_path))
    with Proxy(server.port) as proxy:
        harvest(settings_of(through(database, proxy.port), NOON + 1, tmp_path))
        limit = proxy.passed - bytes_before_the_end
    try:
        # The last bytes are a farewell: the reading may be stored by then.
        with Proxy(server.port, limit=limit, at_limit=lambda: server.stop(signal.SIGKILL)) as proxy, suppress(Spooled):
            harvest(settings_of(through(database, proxy.port), NOON + 2, tmp_path))
        assert server.process is None
    finally:
        server.start()
    harvest(settings_of(dsn, NOON + 3, tmp_path))
    assert stored(database) == [NOON, NOON + 1, NOON + 2, NOON + 3]
    assert times(tmp_path / "spool.db") == []


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
def test_a_day_with_the_server_down_three_times(
    kind: str, request: pytest.FixtureRequest, harvest_at: Harvest, spool: Path
) -> None:
    database = request.getfixturevalue(kind)
    server = database.server
    dsn = through(database, server.port)
    spool.parent.mkdir(parents=True)
    down = [range(30), range(400, 530), range(1000, 1200)]
    for minute in range(1440):
        if any(minute == stretch.start for stretch in down):
            server.stop()
        if any(minute == stretch.stop for stretch in down):
            server.start()
        away = any(minute in stretch for stretch in down)
        second = NOON + 60 * minute
        if minute % 24 == 0:
            assert harvest_at(second, database).returncode == (75 if away else 0)
        else:
            try:
                harvest(settings_of(dsn, second, spool.parent))
                assert not away
            except Spooled:
                assert away
    assert stored(database) == [NOON + 60 * minute for minute in range(1440)]
    assert times(spool) == []


def fill(path: Path, seconds: range) -> None:
    """A spool with a row for each of these seconds, made by the program's own code."""
    from p1harvester.parser import parse
    from p1harvester.schema import TABLE
    from p1harvester.store import Store

    Store(path).set_up()
    row = parse(numbered(0), 0)
    values = [{name: getattr(row, name) for name in row.__slots__} | {"time": second} for second in seconds]
    with sa.create_engine(f"sqlite:///{path}").begin() as connection:
        connection.execute(sa.insert(TABLE), values)


def test_two_runs_that_drain_at_once(database: Database, environment: dict[str, str], tmp_path: Path) -> None:
    fill(tmp_path / "spool.db", range(NOON, NOON + 5000))
    env = environment | database.env | {"P1_SPOOL": str(tmp_path / "spool.db")}
    both = []
    for second in (NOON - 2, NOON - 1):
        (tmp_path / str(second)).write_bytes(numbered(second))
        both.append(subprocess.Popen([COMMAND, "--port", str(tmp_path / str(second))], env=env))
    assert [process.wait() for process in both] == [0, 0]
    assert stored(database) == [NOON - 2, NOON - 1, *range(NOON, NOON + 5000)]
    assert times(tmp_path / "spool.db") == []


def test_a_long_outage_comes_back_within_a_few_runs(mariadb: Database, harvest_at: Harvest, tmp_path: Path) -> None:
    fill(tmp_path / "spool.db", range(NOON, NOON + 100_000))
    env = {"P1_SPOOL": str(tmp_path / "spool.db")}
    runs = 0
    while times(tmp_path / "spool.db"):
        runs += 1
        assert runs <= 10
        assert harvest_at(NOON - runs, mariadb, env=env).returncode == 0
    assert stored(mariadb) == [*range(NOON - runs, NOON + 100_000)]


REFUSAL = {
    "mariadb": ["ALTER TABLE p1_readouts ADD CHECK (time <> 1700000060)"],
    "postgresql": ["ALTER TABLE p1_readouts ADD CHECK (time <> 1700000060)"],
    "sqlite": [
        "CREATE TRIGGER no BEFORE INSERT ON p1_readouts WHEN new.time = 1700000060"
        " BEGIN SELECT RAISE(ABORT, 'not this one'); END"
    ],
}


def test_a_row_that_is_refused_for_itself_blocks_no_other(
    database: Database, harvest_at: Harvest, tmp_path: Path
) -> None:
    env = {"P1_SPOOL": str(tmp_path / "spool.db")}
    assert harvest_at(NOON, database, env=env).returncode == 0
    database.execute(*REFUSAL[database.kind])
    assert harvest_at(NOON + 60, database, env=env).returncode == 75
    fill(tmp_path / "spool.db", range(NOON + 30, NOON + 40))
    fill(tmp_path / "spool.db", range(NOON + 100, NOON + 110))
    for minute in (2, 3):
        done = harvest_at(NOON + 60 * minute, database, env=env)
        assert done.returncode == 0
        assert "refuses 1 of the readings" in done.stderr
        assert times(tmp_path / "spool.db") == [NOON + 60]
    expected = [NOON, *range(NOON + 30, NOON + 40), *range(NOON + 100, NOON + 110), NOON + 120, NOON + 180]
    assert stored(database) == expected


@pytest.mark.parametrize("away", [True, False])
def test_a_damaged_spool_is_put_aside(away: bool, sqlite: Database, harvest_at: Harvest, tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    path.write_bytes(b"no database at all" * 500)
    env = {"P1_SPOOL": str(path)} | ({"P1_DSN": "sqlite:////none/x.db"} if away else {})
    done = harvest_at(NOON, sqlite, env=env)
    assert done.returncode == (75 if away else 0)
    [aside] = tmp_path.glob("spool.db.damaged-*")
    assert aside.read_bytes() == b"no database at all" * 500
    assert str(aside) in done.stderr
    assert times(path) == ([NOON] if away else [])


def test_a_full_disk(sqlite: Database, harvest_at: Harvest, tmp_path: Path) -> None:
    fill(tmp_path / "readings.db", range(1000))
    env = UNMEASURED | {"P1_SPOOL": str(tmp_path / "spool.db")}
    full = harvest_at(NOON, sqlite, env=env, prefix=("prlimit", "--fsize=30000"))
    assert full.returncode == 75
    assert times(tmp_path / "spool.db") == [NOON]
    fill(tmp_path / "spool.db", range(1000, 2000))
    fuller = harvest_at(NOON + 60, sqlite, env=env, prefix=("prlimit", "--fsize=30000"))
    assert fuller.returncode == 73
    assert (
        f"INSERT INTO p1_readouts (time, net_use, meter_time, use_reading, meter_id) VALUES ({NOON + 60}, 0.326, "
        in fuller.stderr
    )
    assert harvest_at(NOON + 120, sqlite, env=env).returncode == 0
    assert stored(sqlite) == [*range(2000), NOON, NOON + 120]


def read_only_file_system(folder: Path) -> tuple[str, ...]:
    """A command prefix: `folder` is a file system of the command's own, mounted read-only."""
    script = 'mount -t tmpfs -o ro none "$1" && shift && exec "$@"'
    return ("unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(folder))


@pytest.mark.parametrize("why", ["mode", "file system"])
def test_a_read_only_folder(why: str, sqlite: Database, harvest_at: Harvest, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    env = {"P1_DSN": f"sqlite:///{tmp_path}/locked/x.db", "P1_SPOOL": str(tmp_path / "locked/spool.db")}
    prefix = unprivileged() if why == "mode" else read_only_file_system(tmp_path / "locked")
    done = harvest_at(NOON, sqlite, env=env, prefix=prefix)
    assert done.returncode == 73
    assert "INSERT INTO p1_readouts" in done.stderr


def test_a_spool_that_is_not_ours(sqlite: Database, harvest_at: Harvest, tmp_path: Path) -> None:
    fill(tmp_path / "spool.db", range(5))
    (tmp_path / "spool.db").chmod(0)
    done = harvest_at(NOON, sqlite, env={"P1_SPOOL": str(tmp_path / "spool.db")}, prefix=unprivileged())
    assert done.returncode == 77
    assert "the reading is stored, but" in done.stderr
    assert "sudo chown" in done.stderr
    assert stored(sqlite) == [NOON]


def test_a_spool_in_a_folder_that_is_not_ours(sqlite: Database, harvest_at: Harvest, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o400)
    done = harvest_at(NOON, sqlite, env={"P1_SPOOL": str(tmp_path / "closed/spool.db")}, prefix=unprivileged())
    assert done.returncode == 77
    assert re.search("sudo chown .*/closed`", done.stderr)
    assert stored(sqlite) == [NOON]


def test_the_spool_must_not_be_the_database(sqlite: Database, harvest_at: Harvest, tmp_path: Path) -> None:
    assert harvest_at(NOON, sqlite).returncode == 0
    done = harvest_at(NOON + 60, sqlite, env={"P1_SPOOL": f"{tmp_path}/./readings.db"})
    assert done.returncode == 78
    assert stored(sqlite) == [NOON]


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_killed_at_any_moment(
    kind: str,
    request: pytest.FixtureRequest,
    environment: dict[str, str],
    harvest_at: Harvest,
    run: Run,
    tmp_path: Path,
) -> None:
    database = request.getfixturevalue(kind)
    path = tmp_path / "spool.db"
    chance = random.Random(4)
    env = {"P1_SPOOL": str(path)}
    for moment in range(200):
        if moment % 20 == 0:
            # How long a run takes changes with what else the machine does.
            started = time.monotonic()
            assert harvest_at(NOON - moment, database, env=env).returncode == 0
            longest = 1.5 * (time.monotonic() - started)
        # Every other run finds no database, so that the spool is killed too, while it fills and while it drains.
        dsn = {"P1_DSN": "sqlite:////none/x.db"} if moment % 2 else database.env
        (tmp_path / "saved").write_bytes(numbered(NOON + 1 + moment))
        process = subprocess.Popen(
            [COMMAND, "--port", str(tmp_path / "saved")], env=environment | env | dsn, stderr=subprocess.DEVNULL
        )
        try:
            process.wait(chance.uniform(0, longest))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    (tmp_path / "saved").write_bytes(numbered(NOON + 1000))
    done = run("--port", "saved", env=database.env | env)
    assert (done.returncode, done.stderr) == (0, "")
    assert times(path) == []
    rows = [row for row in database.rows() if row["time"] > NOON]
    assert 20 < len(rows) < 200
    assert len({row["time"] for row in rows}) == len(rows)
    assert {tuple(row) for row in rows} == {("time", "net_use", "meter_time", "use_reading", "meter_id")}


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_while_all_is_well_nothing_else_is_written(
    kind: str, request: pytest.FixtureRequest, environment: dict[str, str], tmp_path: Path
) -> None:
    database = request.getfixturevalue(kind)
    env = environment | UNMEASURED | database.env
    trace = tmp_path / "trace"
    (tmp_path / "saved").write_bytes(telegram_of(NOON))
    words = [COMMAND, "--port", str(tmp_path / "saved")]
    subprocess.run(words, env=env, check=True)
    (tmp_path / "saved").write_bytes(telegram_of(NOON + 60))
    calls = "open,openat,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,truncate,symlinkat,linkat"
    subprocess.run(["strace", "-f", "-o", trace, "-e", f"trace={calls}", *words], env=env, check=True)
    written = {
        line.split('"')[1]
        for line in trace.read_text().splitlines()
        if '"' in line and ("open" not in line or any(flag in line for flag in ("O_WRONLY", "O_RDWR", "O_CREAT")))
        if " = -1 E" not in line
    }
    own = f"{tmp_path}/readings.db"
    assert written <= ({own, f"{own}-journal"} if kind == "sqlite" else set())
    assert stored(database) == [NOON, NOON + 60]
