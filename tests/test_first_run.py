"""The run that makes the table: who installed the program and read no further has the views too."""

import re
from pathlib import Path

import pytest

from tests.conftest import Database, Run
from tests.meter import telegram_of

NOON = 1700000000


@pytest.fixture
def saved(tmp_path: Path) -> str:
    """A saved telegram."""
    (tmp_path / "telegram").write_bytes(telegram_of(NOON))
    return f"{tmp_path}/telegram"


@pytest.mark.slow
def test_the_run_that_makes_the_table_makes_the_views(database: Database, run: Run, saved: str) -> None:
    done = run("--port", saved, env=database.env)
    assert (done.returncode, done.stderr) == (0, "")
    assert [row["time"] for row in database.execute("SELECT time FROM usage_per_day")]
    assert run("setup", env=database.env).stdout.endswith("its views are up to date\n")


@pytest.mark.slow
def test_so_does_the_run_that_finds_an_older_table(database: Database, run: Run, saved: str) -> None:
    database.execute("CREATE TABLE p1_readouts (time INTEGER PRIMARY KEY, net_use FLOAT)")
    assert run("--port", saved, env=database.env).returncode == 0
    assert database.execute("SELECT net_use FROM p1_readouts") == [{"net_use": 0.326}]
    database.execute("SELECT * FROM usage_per_day")


def test_rights_that_are_refused_cost_nothing(mariadb: Database, run: Run, saved: str) -> None:
    name = mariadb.dsn.rpartition("/")[2]
    assert mariadb.server
    mariadb.server.execute(
        f"CREATE USER j{name} IDENTIFIED BY 'job'", f"GRANT SELECT, INSERT, CREATE ON {name}.* TO j{name}"
    )
    # MySQL asks for a new user's password itself, which it gets there.
    dsn = re.sub(r"://\w+@", f"://j{name}@", mariadb.dsn) + f"?unix_socket={mariadb.server.folder}/socket"
    env = {"P1_DSN": dsn, "P1_DSN_PASSWORD": "job"}
    done = run("--port", saved, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert [row["time"] for row in mariadb.rows()] == [NOON]
    again = run("-v", "--port", saved, env=env)
    assert again.stdout.startswith("there already: ")


def test_the_spool_has_no_views(sqlite: Database, run: Run, saved: str, tmp_path: Path) -> None:
    (tmp_path / "no database").write_text("no database, but a text that is long enough to be looked into" * 99)
    (tmp_path / "no database").chmod(0o400)
    done = run(
        "--port", saved, env={"P1_DSN": f"sqlite:///{tmp_path}/no database", "P1_SPOOL": f"{tmp_path}/readings.db"}
    )
    assert done.returncode == 75
    assert sqlite.execute("SELECT name FROM sqlite_master WHERE type = 'view'") == []
