"""A server that writes a binary log takes functions only from whom it trusts: what `setup` says, and needs, there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import servers
from tests.conftest import Database, Run
from tests.meter import telegram_of
from tests.pasting import Person
from tests.readme import README
from tests.servers import Server

pytestmark = pytest.mark.server
NEEDS = "ALTER, ALTER ROUTINE, CREATE, CREATE ROUTINE, CREATE VIEW, DROP, EXECUTE, INSERT, SELECT"


@pytest.fixture
def server() -> Iterator[Server]:
    """A server with a binary log, as it comes."""
    with servers.mariadb("--log-bin=binary", "--server-id=1", "--log-bin-trust-function-creators=OFF") as server:
        if server is None:
            pytest.skip("the binaries of mariadb are not installed")
        yield server


@pytest.fixture
def least(server: Server) -> Database:
    """A database whose user has the rights that the README says `setup` needs, and no other."""
    assert " ".join(NEEDS.split()) in " ".join(README.split())
    database = Database("mariadb", server.new_database(), server)
    name = sa.make_url(database.dsn).database
    server.execute(f"REVOKE ALL ON {name}.* FROM p1harvester", f"GRANT {NEEDS} ON {name}.* TO p1harvester")
    return database


def test_what_the_server_must_be_told_is_said_and_lasts(
    server: Server, least: Database, run: Run, tmp_path: Path
) -> None:
    assert run("--port", "-", input=telegram_of(1700000000), env=least.env).returncode == 0
    refused = run("setup", env=least.env)
    assert refused.returncode == 69
    [command] = re.findall(r"on its host: `(.*?)`;", refused.stderr)
    Person(run, least, tmp_path).paste(command)
    assert run("setup", env=least.env).stderr == ""
    server.stop()
    kept = tmp_path / "sandbox/etc/mysql/mariadb.conf.d/60-p1harvester.cnf"
    server.command = [word for word in server.command if "trust-function" not in word]
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.touch()  # With --no-defaults MySQL forgets what it was told to persist.
    server.command[1] = f"--defaults-file={kept}"
    server.start()
    assert server.execute("SELECT @@log_bin, @@log_bin_trust_function_creators") == [(1, 1)]


def test_current_views_need_no_right(server: Server, least: Database, run: Run) -> None:
    server.execute("SET GLOBAL log_bin_trust_function_creators = 1")
    assert run("setup", env=least.env).returncode == 0
    server.execute("SET GLOBAL log_bin_trust_function_creators = 0")
    name = sa.make_url(least.dsn).database
    server.execute(f"REVOKE ALL ON {name}.* FROM p1harvester", f"GRANT EXECUTE, SELECT ON {name}.* TO p1harvester")
    made = "SELECT created, last_altered FROM information_schema.routines ORDER BY routine_name"
    before = server.execute(made)
    done = run("setup", env=least.env)
    assert (done.returncode, done.stderr) == (0, "")
    assert "its views are up to date" in done.stdout
    assert server.execute(made) == before


def test_refused_views_stay_as_they_were(server: Server, least: Database, run: Run) -> None:
    server.execute("SET GLOBAL log_bin_trust_function_creators = 1")
    assert run("setup", env=least.env).returncode == 0
    for moment in (1700000000, 1700000060):
        assert run("--port", "-", input=telegram_of(moment), env=least.env).returncode == 0
    before = least.execute("SELECT * FROM usage_per_day")
    least.execute("CREATE OR REPLACE VIEW p1_version AS SELECT 'older' AS views")
    server.execute("SET GLOBAL log_bin_trust_function_creators = 0")
    assert run("setup", env=least.env).returncode == 69
    assert least.execute("SELECT * FROM usage_per_day") == before
