"""A server whose sessions have another time zone than the host cuts days elsewhere: `check` says so, and mends it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Database, Run
from tests.meter import telegram_of
from tests.pasting import Person, remedies

NOON = 1700000000
NAMED = "SELECT COUNT(*) FROM mysql.time_zone_name"


@pytest.fixture(params=["mariadb", "postgresql"])
def elsewhere(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database of each server in turn, whose sessions are in UTC."""
    database: Database = request.getfixturevalue(request.param)
    assert database.server
    if database.kind == "mariadb":
        [(usual,)] = database.server.execute("SELECT @@GLOBAL.time_zone")
        database.server.execute("SET GLOBAL time_zone = '+00:00'")
        yield database
        database.server.execute(f"SET GLOBAL time_zone = '{usual}'")
    else:
        name = database.dsn.rpartition("/")[2]
        database.server.execute(f"ALTER DATABASE {name} SET timezone = 'UTC'")
        yield database


def test_the_remedy_lets_days_begin_as_here(elsewhere: Database, run: Run, tmp_path: Path) -> None:
    person = Person(run, elsewhere, tmp_path)
    assert run("setup", env=elsewhere.env).returncode == 0
    assert run("--port", "-", input=telegram_of(NOON), env=elsewhere.env).returncode == 0
    shown = person.check()
    assert re.search(r"warn  zone .* of this host it is .* for the server's sessions", shown), shown
    for remedy in remedies(shown):
        person.paste(remedy)
    person.is_well()
    # By Amsterdam's clock, whoever asks.
    [row] = elsewhere.execute("SELECT CAST(date_time AS CHAR(19)) AS at FROM net_usage_kWh")
    assert row["at"] == "2023-11-14 23:13:20"
    if elsewhere.server and elsewhere.server.is_mysql:
        kept_in = "performance_schema.persisted_variables WHERE VARIABLE_NAME = 'time_zone'"
        [(kept,)] = elsewhere.server.execute(f"SELECT VARIABLE_VALUE FROM {kept_in}")
        assert kept == "Europe/Amsterdam"
    elif elsewhere.kind == "mariadb":
        file = person.folder / "sandbox/etc/mysql/mariadb.conf.d/60-p1harvester-default-time-zone.cnf"
        assert file.read_text() == "[mariadbd]\ndefault_time_zone = Europe/Amsterdam\n"
        assert any("tzinfo" in remedy for remedy in remedies(shown)), "a private server knows no zones"


def test_one_that_is_the_same_in_winter_only(postgresql: Database, run: Run, tmp_path: Path) -> None:
    assert postgresql.server
    postgresql.server.execute(f"ALTER DATABASE {postgresql.dsn.rpartition('/')[2]} SET timezone = '<+01>-01'")
    assert "warn  zone" in Person(run, postgresql, tmp_path).check()
