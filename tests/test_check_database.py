"""What `check` says of the database, its table and its rows, and the spool."""

import re
import socket
import time
from pathlib import Path

import pytest

from tests.checking import (
    CABLE,
    DSMR5,
    SAVED,
    Check,
    machine,
    now_on,
    prepared,
)
from tests.conftest import Database, Run
from tests.meter import Meter, sealed_again
from tests.servers import free_port
from tests.test_store import ORIGINAL

pytestmark = pytest.mark.slow


def test_a_server_that_never_answers(mariadb: Database, run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        dsn = re.sub(r":\d+/", f":{listener.getsockname()[1]}/", mariadb.dsn)
        done = run("check", "-q", "--port", SAVED, "--dsn", dsn)
    assert "is no MariaDB or MySQL, or hangs" in done.stdout
    assert "-> sudo journalctl -u mariadb -n 20     # on this host" in done.stdout
    assert done.returncode == 1


def test_server_down(mariadb: Database, check: Check, tmp_path: Path) -> None:
    down = re.sub(r":\d+/", f":{free_port()}/", mariadb.dsn)
    with Meter([now_on("dsmr-5.0.2")], interval=0.9) as meter:
        check("server-down", mariadb, "--dsn", down, prefix=machine(tmp_path, {CABLE: meter.port}))


@pytest.fixture(params=["mariadb", "postgresql"])
def server(request: pytest.FixtureRequest) -> Database:
    """An empty database of each server in turn."""
    found: Database = request.getfixturevalue(request.param)
    assert found.server
    found.server.must_be_mariadb()
    return found


def test_wrong_password(server: Database, check: Check, tmp_path: Path) -> None:
    with Meter([now_on("dsmr-5.0.2")], interval=0.9) as meter:
        prefix = machine(tmp_path, {CABLE: meter.port})
        check(f"wrong-password-{server.kind}", server, prefix=prefix, env={"P1_DSN_PASSWORD": "wrong"})


def test_unknown_database(server: Database, check: Check, tmp_path: Path) -> None:
    with Meter([now_on("dsmr-5.0.2")], interval=0.9) as meter:
        prefix = machine(tmp_path, {CABLE: meter.port})
        check(f"unknown-database-{server.kind}", server, "--dsn", f"{server.dsn}_gone", prefix=prefix)


def test_a_user_without_insert(server: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(server, run)
    assert server.server
    name = server.dsn.rpartition("/")[2]
    if server.kind == "mariadb":
        server.server.execute(
            f"CREATE USER r{name} IDENTIFIED BY 'reader'", f"GRANT SELECT, SHOW VIEW ON {name}.* TO r{name}"
        )
    else:
        server.server.execute(
            f"CREATE USER r{name} PASSWORD 'reader'", f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO r{name}",
            database=name,
        )  # fmt: skip
    dsn = re.sub(r"://\w+@", f"://r{name}@", server.dsn)
    with Meter([now_on("dsmr-5.0.2")], interval=0.9) as meter:
        prefix = machine(tmp_path, {CABLE: meter.port})
        check(f"no-insert-{server.kind}", server, "--dsn", dsn, prefix=prefix, env={"P1_DSN_PASSWORD": "reader"})
    assert len(server.rows()) == 60


def test_the_originals_table(mariadb: Database, check: Check, tmp_path: Path) -> None:
    mariadb.execute(ORIGINAL, f"INSERT INTO p1_readouts VALUES ({int(time.time())}, 0.3, 0, 1)")
    with Meter([now_on("dsmr-5.0.2")], interval=0.9) as meter:
        check("old-table", mariadb, prefix=machine(tmp_path, {CABLE: meter.port}))
    assert len(mariadb.execute("SHOW COLUMNS FROM p1_readouts")) == 4


def test_views_missing(mariadb: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(mariadb, run)
    mariadb.execute("DROP VIEW p1_version", "DROP VIEW net_usage_kWh")
    with Meter([now_on("dsmr-5.0.2")], interval=0.9) as meter:
        check("views-missing", mariadb, prefix=machine(tmp_path, {CABLE: meter.port}))


def test_rows_in_the_spool(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    away = tmp_path / "away.db"
    Path(tmp_path / "readings.db").rename(away)
    (tmp_path / "readings.db").mkdir()
    for second in (1, 2):
        frame = sealed_again(DSMR5.replace(b"2239W", b"223%dW" % second))
        assert run("--port", "-", input=frame, env=sqlite.env).returncode == 75
    (tmp_path / "readings.db").rmdir()
    away.rename(tmp_path / "readings.db")
    with Meter([now_on("dsmr-5.0.2")], interval=0.9) as meter:
        check("spool", sqlite, prefix=machine(tmp_path, {CABLE: meter.port}))


def test_nothing_is_set_up_yet(sqlite: Database, check: Check, tmp_path: Path) -> None:
    with Meter([now_on("belgium")], interval=0.9) as meter:
        check("new", sqlite, prefix=machine(tmp_path, {CABLE: meter.port}, cron=""))


@pytest.mark.parametrize(
    ("delete", "said"),
    [
        ("time > {now} - 600", "warn  rows        the newest is of .*, 10 minutes ago"),
        ("time BETWEEN {now} - 3000 AND {now} - 1000", "one every 60 s, and 3[34] missing between them"),
        ("time > 0", "ok    rows        there is none yet"),
    ],
)
def test_rows_that_are_missing(delete: str, said: str, sqlite: Database, run: Run, tmp_path: Path) -> None:
    prepared(sqlite, run)
    sqlite.execute(f"DELETE FROM p1_readouts WHERE {delete.format(now=int(time.time()))}")
    done = run("check", "--port", SAVED, env=sqlite.env, prefix=machine(tmp_path, {}))
    assert re.search(said, done.stdout)
    assert done.returncode == said.startswith(("warn", "one"))
    if done.returncode:
        (tmp_path / "dev").rmdir()
        (tmp_path / "meter-logger").unlink()
        by_hand = run("check", "--port", SAVED, env=sqlite.env, prefix=machine(tmp_path, {}, cron="# p1harvester\n"))
        assert by_hand.returncode == 0, "who runs it by hand is not told when to"
