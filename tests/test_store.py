"""The table: created, upgraded, written to, in real databases."""

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from p1harvester.errors import StoreFailed
from p1harvester.reading import COLUMNS
from p1harvester.store import Store
from tests.conftest import Database, Run
from tests.faults import NOON, stored
from tests.meter import FOLDER, sealed_again
from tests.servers import PASSWORD
from tests.tables import NOTHING

SAVED = FOLDER / "dsmr-5.0.2.txt"
ORIGINAL = """CREATE TABLE p1_readouts (
    time INTEGER NOT NULL, net_use FLOAT, net_injection FLOAT, gas_meter_reading FLOAT, PRIMARY KEY (time)
)"""
SAMPLE = [
    (1704644559, 0.326, 4911.44),
    (1704644608, 0.324, 4911.44),
    (1704644675, 0.324, 4911.44),
    (1704644696, 0.323, 4911.44),
    (1704644757, 0.324, 4911.47),
    (1704644818, 0.325, 4911.47),
    (1704644879, 0.318, 4911.47),
    (1704644940, 0.323, 4911.47),
    (1704645001, 0.324, 4911.47),
    (1704645062, 0.323, 4911.47),
]


def test_the_same_reading_again_changes_nothing(database: Database, run: Run) -> None:
    first = run("--port", SAVED, "-v", env=database.env)
    again = run("--port", SAVED, "-v", env=database.env)
    assert (first.returncode, again.returncode) == (0, 0)
    assert first.stdout.startswith("stored: 2024-01-07 17:22:39, power drawn 0.326 kW, ")
    assert again.stdout.startswith("there already: ")
    assert len(database.rows()) == 1


def test_columns(database: Database, run: Run) -> None:
    assert run("setup", env=database.env).returncode == 0
    database.execute("INSERT INTO p1_readouts (time) VALUES (9999999999)")
    [row] = database.execute("SELECT * FROM p1_readouts")
    assert list(row) == [column.field for column in COLUMNS]
    assert row["time"] == 9999999999


def test_decimals_are_exact(database: Database, run: Run, tmp_path: Path) -> None:
    text = SAVED.read_bytes().replace(b"(04911.440*m3)", b"(99999999.999*m3)")
    (tmp_path / "big").write_bytes(sealed_again(text))
    assert run("--port", "big", env=database.env).returncode == 0
    [row] = database.rows()
    gas = row["gas_meter_reading"]
    assert gas == (99999999.999 if database.kind == "sqlite" else Decimal("99999999.999"))


@pytest.mark.parametrize("command", [(), ("setup",)])
def test_the_originals_table_is_upgraded_in_place(database: Database, command: tuple[str, ...], run: Run) -> None:
    database.execute(
        ORIGINAL, *(f"INSERT INTO p1_readouts VALUES ({time}, {use}, NULL, {gas})" for time, use, gas in SAMPLE)
    )
    before = database.execute("SELECT * FROM p1_readouts ORDER BY time")
    path = SAVED.with_stem("belgium")
    assert run(*command, "--port", path, env=database.env).returncode == 0
    after = database.execute(
        "SELECT time, net_use, net_injection, gas_meter_reading FROM p1_readouts WHERE time < 1710000000 ORDER BY time"
    )
    assert after == before
    assert len(after) == 10
    [latest] = database.execute("SELECT count(*) AS n, max(use_reading) AS reading FROM p1_readouts")
    assert latest["n"] == (11 if not command else 10)
    if not command:
        assert float(latest["reading"]) == 5450.238
    columns = database.execute("SELECT * FROM p1_readouts LIMIT 1")[0]
    assert set(columns) == {column.field for column in COLUMNS}


def test_setup_is_idempotent_and_says_what_it_did(database: Database, run: Run) -> None:
    said = [run("setup", env=database.env).stdout for _ in range(2)]
    assert "was brought up to date" in said[0]
    assert "is up to date" in said[1]
    assert run("setup", "-q", env=database.env).stdout == ""


def test_when_all_is_well_the_server_sees_one_insert(mariadb: Database, run: Run) -> None:
    assert mariadb.server is not None
    assert run("setup", env=mariadb.env).returncode == 0
    mariadb.server.execute(
        "SET GLOBAL log_output = 'TABLE'", "TRUNCATE mysql.general_log", "SET GLOBAL general_log = 1"
    )
    try:
        assert run("--port", SAVED, env=mariadb.env).returncode == 0
    finally:
        mariadb.server.execute("SET GLOBAL general_log = 0")
    log = mariadb.server.execute(
        "SELECT CONVERT(argument USING utf8) FROM mysql.general_log"
        " WHERE user_host LIKE 'p1harvester%%' AND command_type = 'Query' ORDER BY event_time"
    )
    verbs = [argument.split()[0] for (argument,) in log]
    assert [verb for verb in verbs if verb not in ("SET", "COMMIT", "ROLLBACK")] == ["INSERT"]


def test_sqlite_files_are_private_and_have_no_wal(run: Run, tmp_path: Path) -> None:
    assert run("--port", SAVED, env={"XDG_DATA_HOME": str(tmp_path / "data")}).returncode == 0
    folder = tmp_path / "data" / "p1harvester"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [(path.name, path.stat().st_mode & 0o777) for path in folder.iterdir()] == [("p1harvester.db", 0o600)]
    with sqlite3.connect(folder / "p1harvester.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_under_systemd_the_data_is_in_the_state_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    assert run("--port", SAVED, env={"STATE_DIRECTORY": f"{tmp_path}/state:/other"}).returncode == 0
    assert (tmp_path / "state" / "p1harvester.db").exists()


@pytest.mark.parametrize(
    ("dsn", "said"),
    [
        ("readings.db", "P1_DSN (from --dsn) is no database URL"),
        ("nonsense://host/db", "nonsense"),
        ("mysql://user@host/db", "mysql+pymysql://"),
        ("mysql+pymysql://user:pa%2Fss@nowhere.invalid/db", "Can't connect"),
        ("mysql+pymysql://user:pa/ss@nowhere.invalid/db", "can be read in two ways"),
        ("mysql+pymysql://user@host:port/db", "is no database URL"),
        ("oracle://host/db", "MariaDB, MySQL, PostgreSQL and SQLite are known"),
    ],
)
def test_a_dsn_that_is_none(dsn: str, said: str, run: Run) -> None:
    done = run("--port", SAVED, "--dsn", dsn)
    assert done.returncode == (75 if said == "Can't connect" else 78)
    assert said in done.stderr
    assert "pa/ss" not in done.stderr


def test_the_extra_is_named_when_its_driver_is_missing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "psycopg.py").write_text("raise ImportError('not here')")
    done = run("--port", SAVED, "--dsn", "postgresql+psycopg://host/db", env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 78
    assert "bin/pip install 'psycopg[binary]'`" in done.stderr


def test_mariadb_keeps_the_table_compressed(mariadb: Database, run: Run) -> None:
    assert run("setup", env=mariadb.env).returncode == 0
    [table] = mariadb.execute("SHOW TABLE STATUS LIKE 'p1_readouts'")
    assert table["Row_format"] == "Compressed"
    assert table["Create_options"].upper() == "ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8", "MySQL writes it large"


@pytest.mark.slow
def test_a_reader_of_the_database_does_not_let_it_commit(tmp_path: Path) -> None:
    store, path = Store(tmp_path / "readings.db", timeout=1), tmp_path / "readings.db"
    store.set_up()
    rows = [NOTHING | {"time": NOON + 60 * minute} for minute in range(100)]
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN").execute("SELECT count(*) FROM p1_readouts").fetchall()
        # It is done when the first COMMIT has failed.
        sa.event.listen(sa.Engine, "handle_error", lambda _: reader.rollback(), once=True)
        assert store.insert_many(rows) == {}
        assert reader.execute("SELECT time FROM p1_readouts").fetchall() == [(row["time"],) for row in rows]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "lock"),
    [("mariadb", "LOCK TABLES p1_readouts READ"), ("postgresql", "LOCK TABLE p1_readouts IN SHARE MODE")],
)
def test_a_server_that_hangs_is_not_waited_for_with_every_row(
    kind: str, lock: str, request: pytest.FixtureRequest
) -> None:
    database: Database = request.getfixturevalue(kind)
    store = Store(database.dsn, PASSWORD, timeout=1)
    store.set_up()
    rows = [NOTHING | {"time": NOON + 60 * minute} for minute in range(60)]
    with database.engine.connect() as other:
        other.exec_driver_sql(lock)
        with pytest.raises(StoreFailed):
            store.insert_many(rows)
    assert store.insert_many(rows) == {}
    assert stored(database) == [row["time"] for row in rows]
