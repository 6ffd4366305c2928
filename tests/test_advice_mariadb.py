"""Each way in which MariaDB refuses us has its own sentence in `check`, and the remedy mends it when it is pasted."""

import re
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import servers
from tests.conftest import Database, Run
from tests.listeners import certificate
from tests.meter import FOLDER
from tests.pasting import Person, at_its_socket
from tests.servers import PASSWORD, Server

pytestmark = pytest.mark.server
SAVED = FOLDER / "dsmr-5.0.2.txt"
BY = f"IDENTIFIED BY '{PASSWORD.replace('%', '%%')}'"
ANYBODY = f"CREATE USER {{0}} {BY}; GRANT ALL ON {{0}}.* TO {{0}}"
LOCAL = f"CREATE USER {{0}}@localhost {BY}; GRANT ALL ON {{0}}.* TO {{0}}@localhost"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that looks up no names and offers TLS under a certificate of its own."""
    with servers.mariadb() as server:
        if server is None:
            pytest.skip("the binaries of mariadb are not installed")
        server.must_be_mariadb()
        path = certificate(server.folder / "tls")
        server.stop()
        server.start(f"--ssl-cert={path}", f"--ssl-key={path.parent}/key.pem")
        yield server


@dataclass
class State:
    """A state of the server: how it comes about, what `check` says, which remedies are pasted."""

    says: str
    broken: str = ""
    users: str = ANYBODY
    mended: str = ""
    dsn: str = ""
    """What stands behind the DSN."""
    password: str | None = PASSWORD
    socket: bool = False
    """Whether the server listens where Debian's does."""
    pastes: str = ""
    """A pattern of the remedies that are pasted."""


STATES = {
    "another password": State("either there is no such account, or its password is another", password="wrong"),
    "no account": State("either there is no such account, or its password is another", users="DO 1"),
    "no password": State("No password was sent", password=None),
    "an account for another host": State("For the server this is '{0}'@'127.0.0.1'", users=LOCAL),
    "skip_name_resolve, by the socket": State(
        "right, but for localhost alone.*skip_name_resolve", users=LOCAL, socket=True, pastes="P1_DSN="
    ),
    "skip_name_resolve, a second account": State(
        "right, but for localhost alone.*skip_name_resolve", users=LOCAL, socket=True, pastes="read|sudo|P1_DSN_PASS"
    ),
    "an account for 127.0.0.1 alone": State(
        "The password is right for 127.0.0.1",
        users=f"CREATE USER {{0}}@127.0.0.1 {BY}; GRANT ALL ON {{0}}.* TO {{0}}@127.0.0.1",
        dsn="?unix_socket=/run/mysqld/mysqld.sock",
        socket=True,
    ),
    "TLS for this account": State("over TLS only", users=f"{ANYBODY} REQUIRE SSL"),
    "TLS for all": State(
        "over TLS only", "SET GLOBAL require_secure_transport = ON", mended="SET GLOBAL require_secure_transport = OFF"
    ),
    "TLS for all, by the socket": State(
        "over TLS or its unix socket only",
        "SET GLOBAL require_secure_transport = ON",
        mended="SET GLOBAL require_secure_transport = OFF",
        socket=True,
    ),
    "a certificate that nobody signed": State(
        "Nobody whom P1_DSN trusts has signed", dsn="?ssl_ca=/etc/ssl/certs/ca-certificates.crt"
    ),
    "a certificate that is not there": State("/etc/none.pem, is not there", dsn="?ssl_ca=/etc/none.pem"),
    "locked": State("The account is locked", "ALTER USER {0} ACCOUNT LOCK"),
    "expired": State("has expired", "ALTER USER {0} PASSWORD EXPIRE"),
    "expired, and not let in": State(
        "has expired",
        "ALTER USER {0} PASSWORD EXPIRE; SET GLOBAL disconnect_on_expired_password = ON",
        mended="SET GLOBAL disconnect_on_expired_password = OFF",
    ),
    "kept by a plugin of another kind": State(
        "in a way that the driver, PyMySQL, does not know",
        "INSTALL SONAME 'auth_ed25519'; ALTER USER {0} IDENTIFIED VIA ed25519 USING PASSWORD('x')",
        mended="DROP USER {0}; UNINSTALL SONAME 'auth_ed25519'",
    ),
    "let in by name": State("either there is no such account", users="CREATE USER {0} IDENTIFIED VIA unix_socket"),
    "no such option": State("ssl_mode is no option of the driver's", dsn="?ssl_mode=required"),
    "ssl=true": State("an option ssl, which PyMySQL cannot be given so", dsn="?ssl=true"),
    "no database": State("There is no database {0} on the server", "DROP DATABASE {0}", pastes="sudo"),
    "no rights to the database": State("There is no database {0} on the server", "REVOKE ALL ON {0}.* FROM {0}"),
    "no INSERT": State("may not store a row", "REVOKE INSERT ON {0}.* FROM {0}"),
    "no CREATE": State(
        "no p1_readouts yet, and {0} may not make it", "DROP TABLE {0}.p1_readouts; REVOKE CREATE ON {0}.* FROM {0}"
    ),
    "no ALTER": State(
        "p1_readouts lacks 1 columns, tariff among them, and {0} may not add them",
        "ALTER TABLE {0}.p1_readouts DROP COLUMN tariff; REVOKE ALTER ON {0}.* FROM {0}",
    ),
    "no SELECT": State("SELECT command denied", "REVOKE SELECT ON {0}.* FROM {0}"),
    "so many connections an hour": State("max_connections_per_hour", "ALTER USER {0} WITH MAX_CONNECTIONS_PER_HOUR 1"),
    "so many statements an hour": State("max_queries_per_hour", "ALTER USER {0} WITH MAX_QUERIES_PER_HOUR 1"),
    "read-only": State(
        "If it follows another server", "SET GLOBAL read_only = ON", mended="SET GLOBAL read_only = OFF", pastes="sudo"
    ),
    "read-only transactions": State(
        "READ ONLY transaction", "SET GLOBAL tx_read_only = ON", mended="SET GLOBAL tx_read_only = OFF", pastes="sudo"
    ),
    "writes nothing compressed": State(
        "The table is compressed, and the server writes no such table",
        "SET GLOBAL innodb_read_only_compressed = ON",
        mended="SET GLOBAL innodb_read_only_compressed = OFF",
    ),
    "compresses nothing": State(
        "the server compresses none: innodb_file_per_table = OFF",
        "DROP TABLE {0}.p1_readouts; SET GLOBAL innodb_file_per_table = OFF",
        mended="SET GLOBAL innodb_file_per_table = ON",
    ),
}


def executed(server: Server, statements: str, name: str) -> None:
    """Run statements with all rights."""
    for statement in filter(None, statements.format(name).split("; ")):
        server.execute(statement)


@pytest.mark.parametrize("case", STATES)
def test_the_remedy_is_pasted_and_all_is_well(case: str, server: Server, run: Run, tmp_path: Path) -> None:
    state, name = STATES[case], f"p1{secrets.token_hex(4)}"
    executed(server, f"CREATE DATABASE {{0}}; {state.users}", name)
    set_up = f"mysql+pymysql://root@localhost/{name}?unix_socket={server.folder}/socket"
    for words in (("setup", "-q"), ("-q", "--port", SAVED)):
        assert run(*words, "--dsn", set_up).returncode == 0
    executed(server, state.broken, name)
    database = Database("mariadb", f"mysql+pymysql://{name}@127.0.0.1:{server.port}/{name}{state.dsn}", server)
    person = Person(run, database, tmp_path, at_its_socket(server) if state.socket else ())
    if state.password != PASSWORD:
        person.env["P1_DSN_PASSWORD"] = state.password or ""
    try:
        shown = person.check()
        assert re.search(state.says.format(name), shown), shown
        assert "FAIL  database" in shown or "rights" in shown or "table" in shown
        person.does(shown, lambda remedy: re.match(state.pastes, remedy) is not None)
        person.sets_up_what_is_left()
        person.is_well()
    finally:
        executed(server, state.mended, name)


def test_no_account_may_come_from_here(server: Server, run: Run, tmp_path: Path) -> None:
    for user, host in server.execute("SELECT User, Host FROM mysql.user WHERE Host IN ('%%', '127.0.0.1')"):
        server.execute(f"DROP USER '{user}'@'{host.replace('%', '%%')}'")
    # MariaDB keeps in mind that somebody might have come from anywhere.
    server.execute("FLUSH PRIVILEGES", "CREATE DATABASE p1alone")
    database = Database("mariadb", f"mysql+pymysql://p1alone@127.0.0.1:{server.port}/p1alone", server)
    person = Person(run, database, tmp_path)
    shown = person.check()
    assert "The server has no account at all that may come from here; for 'p1alone'@'127.0.0.1' it is made so" in shown
    person.does(shown)
    assert run("setup", "-q", env=person.env).returncode == 0
    person.is_well()


def test_who_has_all_the_connections(server: Server, run: Run, tmp_path: Path) -> None:
    database = Database("mariadb", server.new_database(), server)
    assert run("setup", "-q", env=database.env).returncode == 0
    person = Person(run, database, tmp_path)
    server.execute("SET GLOBAL max_connections = 10")
    with ExitStack() as held:
        with suppress(sa.exc.OperationalError):
            for _ in range(12):
                held.enter_context(database.engine.connect())
        shown = person.check()
        assert "has all the connections that it may have" in shown
        person.does(shown)
    server.execute("SET GLOBAL max_connections = 151")
    person.is_well()
