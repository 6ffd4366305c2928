"""Servers that are set up in unusual ways: tables that cannot be compressed, other readings of SQL."""

from collections.abc import Iterator

import pytest

from tests import servers
from tests.conftest import Database, Run
from tests.meter import FOLDER, telegram_of
from tests.servers import Server

SECOND = 1700000000


@pytest.fixture(scope="module")
def large_pages() -> Iterator[Server]:
    """A server whose pages are too large to be compressed."""
    with servers.mariadb("--innodb-page-size=32k") as server:
        if server is None:
            pytest.skip("the binaries of mariadb are not installed")
        yield server


def row_format(database: Database) -> str:
    """How the server keeps the table's rows."""
    [row] = database.execute("SHOW TABLE STATUS LIKE 'p1_readouts'")
    return str(row["Row_format"])


def works(database: Database, run: Run) -> bool:
    """Whether the first run makes its table, `setup` its views, and the next run stores."""
    stores = [run("--port", "-", input=telegram_of(SECOND + late), env=database.env) for late in (0, 60)]
    ready = run("setup", env=database.env)
    seen = database.execute("SELECT COUNT(*) AS count FROM net_usage_kWh")[0]["count"]
    return [done.stderr for done in (*stores, ready)] == ["", "", ""] and seen == 2


def test_a_table_is_compressed(mariadb: Database, run: Run) -> None:
    assert works(mariadb, run)
    assert row_format(mariadb) == "Compressed"


@pytest.mark.parametrize(
    ("unusual", "usual"),
    [
        ("innodb_file_per_table = OFF", "innodb_file_per_table = ON"),
        ("innodb_read_only_compressed = ON", "innodb_read_only_compressed = OFF"),
    ],
)
def test_a_table_that_may_not_be_compressed_is_made_without(
    unusual: str, usual: str, mariadb: Database, run: Run
) -> None:
    assert mariadb.server
    mariadb.server.must_be_mariadb()
    mariadb.server.execute(f"SET GLOBAL {unusual}")
    try:
        assert works(mariadb, run)
        assert row_format(mariadb) == "Dynamic"
    finally:
        mariadb.server.execute(f"SET GLOBAL {usual}")


def test_a_table_whose_pages_are_large_is_made_without(large_pages: Server, run: Run) -> None:
    database = Database("mariadb", large_pages.new_database(), large_pages)
    words, env = ("check", "--port", FOLDER / "dsmr-5.0.2.txt"), database.env | {"COLUMNS": "999"}
    assert (
        "no p1_readouts yet, and the server compresses none: innodb_page_size = 32768\n" in run(*words, env=env).stdout
    )
    assert works(database, run)
    assert (
        "uncompressed, at twice the room, for the server compresses none: innodb_page_size"
        in run(*words, env=env).stdout
    )
    assert row_format(database) == "Dynamic"


@pytest.mark.parametrize("mode", ["ORACLE", "ANSI_QUOTES", "ANSI", "TRADITIONAL", "MSSQL", "NO_BACKSLASH_ESCAPES", ""])
def test_setup_and_runs_work_in_any_mode(mode: str, mariadb: Database, run: Run) -> None:
    assert mariadb.server
    if mode in ("ORACLE", "MSSQL"):
        mariadb.server.must_be_mariadb()
    [(usual,)] = mariadb.server.execute("SELECT @@GLOBAL.sql_mode")
    mariadb.server.execute(f"SET GLOBAL sql_mode = '{mode}'")
    try:
        assert works(mariadb, run)
    finally:
        mariadb.server.execute(f"SET GLOBAL sql_mode = '{usual}'")
