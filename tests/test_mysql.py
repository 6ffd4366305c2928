"""MySQL, where it is installed in MariaDB's place: it asks for a password itself until it has had it by a safe way."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import Database, Run
from tests.meter import telegram_of
from tests.pasting import SAVED, Person, at_its_socket
from tests.servers import PASSWORD

SECOND = 1700000000
BY = f"IDENTIFIED BY '{PASSWORD.replace('%', '%%')}'"
WITHOUT_CRYPTOGRAPHY = "raise ModuleNotFoundError(\"No module named 'cryptography'\")"


@pytest.fixture
def forgetful(mariadb: Database) -> Database:
    """A database whose server has forgotten who was let in, as after each restart."""
    assert mariadb.server
    if not mariadb.server.is_mysql:
        pytest.skip("MySQL is not installed")
    mariadb.server.execute("FLUSH PRIVILEGES")
    return mariadb


@pytest.mark.parametrize("installed", [True, False])
def test_the_socket_is_the_remedy(installed: bool, forgetful: Database, run: Run, tmp_path: Path) -> None:
    assert forgetful.server
    env = forgetful.env
    if not installed:
        (tmp_path / "none/cryptography").mkdir(parents=True)
        (tmp_path / "none/cryptography/__init__.py").write_text(WITHOUT_CRYPTOGRAPHY)
        env |= {"PYTHONPATH": str(tmp_path / "none")}
    away = run("--port", "-", input=telegram_of(SECOND), env=env)
    assert away.returncode == 75
    assert "asks for the password itself, which is given only over a unix socket" in away.stderr
    person = Person(run, forgetful, tmp_path, at_its_socket(forgetful.server))
    person.env |= env
    shown = person.check()
    assert "FAIL  database" in shown
    assert "ALTER USER" not in shown
    person.does(shown)
    stored = run("--port", "-", input=telegram_of(SECOND), env=person.env, prefix=person.prefix)
    assert (stored.returncode, stored.stderr) == (0, "")


def test_its_own_certificate_is_enough(forgetful: Database, run: Run) -> None:
    assert forgetful.server
    encrypted = f"{forgetful.dsn}?ssl_ca={forgetful.server.folder}/data/ca.pem&ssl_check_hostname=false"
    env = forgetful.env | {"P1_DSN": encrypted}
    stored = run("--port", "-", input=telegram_of(SECOND), env=env)
    assert (stored.returncode, stored.stderr) == (0, "")
    [row] = forgetful.rows()
    assert row["time"] == SECOND


def test_its_name_and_version(mariadb: Database, run: Run) -> None:
    assert mariadb.server
    [(version,)] = mariadb.server.execute("SELECT VERSION()")
    product, digits = "MySQL" if mariadb.server.is_mysql else "MariaDB", str(version).partition("-")[0]
    shown = run("check", "--port", SAVED, env=mariadb.env | {"COLUMNS": "999"}).stdout
    assert f" answers: {product} {digits}\n" in shown


STATES = {
    "another password": "",
    "TLS for this account": "ALTER USER p1harvester REQUIRE SSL",
    "locked": "ALTER USER p1harvester ACCOUNT LOCK",
    "expired": "ALTER USER p1harvester PASSWORD EXPIRE",
    "no INSERT": "REVOKE INSERT ON {0}.* FROM p1harvester",
    "no rights to the database": "REVOKE ALL ON {0}.* FROM p1harvester",
    "no database": "DROP DATABASE {0}",
    "read-only": "SET GLOBAL read_only = ON",
    "read-only for root too": "SET GLOBAL super_read_only = ON",
    "offline": "SET GLOBAL offline_mode = ON",
    "so many statements an hour": "ALTER USER p1harvester WITH MAX_QUERIES_PER_HOUR 1",
    "kept by a plugin that is gone": (
        "UPDATE mysql.user SET plugin = 'mysql_native_password', authentication_string = '*AB'"
        " WHERE User = 'p1harvester'; FLUSH PRIVILEGES"
    ),
}
"""How a server comes to refuse us: the statements with which its administrator does it."""


@pytest.mark.parametrize("state", STATES)
def test_what_check_says_mends_it(state: str, forgetful: Database, run: Run, tmp_path: Path) -> None:
    assert forgetful.server
    person = Person(run, forgetful, tmp_path, at_its_socket(forgetful.server))
    person.does(person.check())  # by the socket from now on
    for words in (("setup",), ("-q", "--port", SAVED)):
        assert run(*words, env=person.env, prefix=person.prefix).returncode == 0
    person.is_well()
    name = sa.make_url(forgetful.dsn).database
    try:
        if STATES[state]:
            forgetful.server.execute(*STATES[state].format(name).split("; "))
        else:
            person.env["P1_DSN_PASSWORD"] = "another"
        shown = person.check()
        assert "FAIL" in shown
        person.does(shown, lambda remedy: not remedy.startswith("P1_DSN=") or "PRIMARY" not in remedy)
        if state == "no database":
            assert run("setup", env=person.env, prefix=person.prefix).returncode == 0
        person.is_well()
    finally:
        forgetful.server.execute(
            "SET GLOBAL read_only = OFF",
            "SET GLOBAL offline_mode = OFF",
            "DROP USER IF EXISTS p1harvester@localhost",
            f"ALTER USER p1harvester {BY} REQUIRE NONE WITH MAX_QUERIES_PER_HOUR 0 ACCOUNT UNLOCK",
        )
