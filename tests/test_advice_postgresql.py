"""Each way in which PostgreSQL refuses us has its own sentence in `check`, and its remedy, pasted, mends it."""

import getpass
import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import servers
from tests.conftest import Database, Run
from tests.listeners import certificate
from tests.pasting import SAVED, Person
from tests.servers import PASSWORD, Server, binary, free_port

pytestmark = pytest.mark.server
ROLE = f"CREATE ROLE {{0}} LOGIN PASSWORD '{PASSWORD.replace('%', '%%')}'"
OWNED = f"{ROLE}; CREATE DATABASE {{0}} OWNER {{0}}"
SHARED = f"{ROLE}; CREATE DATABASE {{0}}"
HBA = "local replication all trust\nlocal all admin trust\nhost all all all scram-sha-256\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that offers TLS under a certificate of its own."""
    with servers.postgresql() as server:
        if server is None:
            pytest.skip("the binaries of postgresql are not installed")
        path = certificate(server.folder / "tls")
        if server.user:
            for each in (path.parent, *path.parent.iterdir()):
                shutil.chown(each, server.user)
        path.parent.chmod(0o755)
        server.folder.chmod(0o755)
        server.execute(
            "ALTER SYSTEM SET ssl = on",
            f"ALTER SYSTEM SET ssl_cert_file = '{path}'",
            f"ALTER SYSTEM SET ssl_key_file = '{path.parent}/key.pem'",
            "ALTER SYSTEM SET max_connections = 12",
        )
        yield restarted(server)


def restarted(server: Server) -> Server:
    """The same server, started anew."""
    server.stop(signal.SIGINT)
    server.start()
    return server


@dataclass
class State:
    """A state of the server: how it comes about, what `check` says, which remedies are pasted."""

    says: str
    broken: str = ""
    within: str = ""
    """Statements in the database itself."""
    made: str = OWNED
    dsn: str = ""
    """What stands behind the DSN."""
    password: str = PASSWORD
    hba: str = HBA
    pastes: str = ""
    """A pattern of the remedies that are pasted."""
    ready: bool = True
    """Whether `setup` was run before."""


STATES = {
    "another password": State("Either there is no role {0}, or its password", password="wrong"),
    "no role": State("Either there is no role {0}, or its password", made="CREATE DATABASE {0}", ready=False),
    "no role, to one that is trusted": State(
        "The server has no role {0}", made="CREATE DATABASE {0}", hba="local all admin trust\nhost all all all trust\n",
        ready=False, pastes="sudo -u postgres createuser",
    ),
    "no password": State("No password was sent", password=""),
    "a role that may not log in": State("is a group, or was locked out", "ALTER ROLE {0} NOLOGIN"),
    "no database": State("There is no database {0}", made=ROLE, ready=False),
    "a password that has expired": State("has expired", "ALTER ROLE {0} VALID UNTIL '2020-01-01'"),
    "a role of no connection": State("role {0} has all the connections", "ALTER ROLE {0} CONNECTION LIMIT 0"),
    "a database of no connection": State("database {0} has all", "ALTER DATABASE {0} CONNECTION LIMIT 0"),
    "a database that is closed": State("{0} was closed to all", "ALTER DATABASE {0} ALLOW_CONNECTIONS false"),
    "Kerberos": State("know us by Kerberos", hba="local all admin trust\nhost all all all gss\n"),
    "no CONNECT": State("may not connect to the database", "REVOKE CONNECT ON DATABASE {0} FROM public, {0}"),
    "no rights on the schema": State("may not make it", made=SHARED, ready=False),
    "a search_path that leads nowhere": State(
        "may not make it", "ALTER ROLE {0} SET search_path = nowhere", made=SHARED, ready=False
    ),
    "no SELECT": State("permission denied for table", within="REVOKE SELECT ON p1_readouts FROM {0}"),
    "no INSERT": State("may not store a row", within="REVOKE INSERT ON p1_readouts FROM {0}"),
    "another's table": State(
        "lacks 1 columns, tariff among them, and {0} may not add them",
        within="ALTER TABLE p1_readouts DROP COLUMN tariff CASCADE; ALTER TABLE p1_readouts OWNER TO admin",
    ),
    "read-only transactions": State("It is set up so", "ALTER ROLE {0} SET default_transaction_read_only = on"),
    "no line for this host": State(
        "lets this user in from no such place", hba="local all admin trust\n", pastes="sudo sed"
    ),
    "a line that rejects": State(
        "lets this user in from no such place", hba="local all admin trust\nhost all all all reject\n"
    ),
    "let in by name": State(
        "whoever is called {0}", hba="local all admin trust\nhost all all all ident\n", pastes="sudo sed|P1_DSN="
    ),
    "TLS alone": State(
        "over TLS only", hba="local all admin trust\nhostssl all all all scram-sha-256\n", dsn="?sslmode=disable"
    ),
    "a certificate that nobody signed": State(
        "Nobody whom P1_DSN trusts has signed",
        dsn="?sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt",
    ),
    "a certificate that is not there": State("is not there", dsn="?sslmode=verify-full&sslrootcert=/etc/none.pem"),
    "no such option": State("ssl is no option of the driver's", dsn="?ssl=true"),
}  # fmt: skip


def speaks(server: Server, hba: str) -> None:
    """Let the server go by this pg_hba.conf."""
    (server.folder / "data/pg_hba.conf").write_text(hba)
    restarted(server)


@pytest.mark.parametrize("case", STATES)
def test_the_remedy_is_pasted_and_all_is_well(case: str, server: Server, run: Run, tmp_path: Path) -> None:
    state, name = STATES[case], f"p1_{secrets.token_hex(4)}"
    for statement in state.made.format(name).split("; "):
        server.execute(statement)
    database = Database("postgresql", f"postgresql+psycopg://{name}@127.0.0.1:{server.port}/{name}", server)
    for words in (("setup", "-q"), ("-q", "--port", SAVED)) if state.ready else ():
        assert run(*words, env=database.env).returncode == 0
    for statements, where in ((state.broken, None), (state.within, name)):
        for statement in filter(None, statements.format(name).split("; ")):
            server.execute(statement, database=where)
    database.dsn += state.dsn
    if state.hba != HBA:
        speaks(server, state.hba)
    person = Person(run, database, tmp_path)
    person.env["P1_DSN_PASSWORD"] = state.password
    try:
        shown = person.check()
        assert re.search(state.says.format(name), shown), shown
        person.does(shown, lambda remedy: re.match(state.pastes, remedy) is not None)
        if "FAIL  table" in (again := person.check()):
            person.does(again)
        person.sets_up_what_is_left()
        person.is_well()
    finally:
        if state.hba != HBA:
            speaks(server, HBA)


@pytest.mark.parametrize(("method", "says"), [("scram-sha-256", "in the old way, MD5"), ("md5", "as MD5, which")])
def test_a_password_that_is_kept_as_md5(method: str, says: str, server: Server, run: Run, tmp_path: Path) -> None:
    """A server that came from an old one keeps it so, and would keep a new one so too."""
    server.execute("ALTER SYSTEM SET password_encryption = 'md5'")
    speaks(server, f"local all admin trust\nhost all all all {method}\n")
    try:
        database = Database("postgresql", server.new_database(), server)
        person = Person(run, database, tmp_path)
        shown = person.check()
        assert says in shown
        person.does(shown)
        assert run("setup", "-q", env=person.env).returncode == 0
        person.is_well()
    finally:
        server.execute("ALTER SYSTEM RESET password_encryption")
        speaks(server, HBA)


def test_a_standby_is_told_from_missing_rights(server: Server, run: Run, tmp_path: Path) -> None:
    database = Database("postgresql", server.new_database(), server)
    assert run("setup", "-q", env=database.env).returncode == 0
    folders = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    with servers.private_folder(server.user) as folder:
        command = [
            binary("pg_basebackup", *folders) or "",
            "-h",
            str(server.folder),
            "-p",
            str(server.port),
            "-U",
            "admin",
        ]
        subprocess.run(
            [*command, "-D", str(folder / "data"), "--checkpoint=fast", "--write-recovery-conf"],
            check=True, user=server.user, cwd="/",
        )  # fmt: skip
        port = free_port()
        other = {
            f"{server.folder}/data": f"{folder}/data",
            str(server.folder): str(folder),
            str(server.port): str(port),
        }
        words = [other.get(word, word) for word in server.command]
        admin = f"postgresql+psycopg://admin@/postgres?host={folder}&port={port}"
        standby = Server("postgresql", folder, port, words, server.user, admin)
        try:
            standby.start()
            person = Person(run, database, tmp_path)
            person.env["P1_DSN"] = re.sub(r":\d+/", f":{port}/", database.dsn)
            shown = person.check()
            assert "It is a standby, which only follows another server" in shown
            assert "GRANT" not in shown
            person.does(shown, lambda remedy: remedy.startswith("P1_DSN="))
            assert "@PRIMARY:" in person.env["P1_DSN"]
            person.env["P1_DSN"] = re.sub(r"@PRIMARY:\d+", f"@127.0.0.1:{server.port}", person.env["P1_DSN"])
            person.is_well()
        finally:
            standby.stop(signal.SIGINT)


def test_a_role_of_the_same_name_is_let_in_by_the_socket(server: Server, run: Run, tmp_path: Path) -> None:
    """What the README says of PostgreSQL on this machine works, and by whom it must be run is said."""
    me = getpass.getuser()
    speaks(server, "local all admin trust\nlocal all all peer\nhost all all all scram-sha-256\n")
    try:
        database = Database(
            "postgresql", f"postgresql+psycopg://{me}@/p1_of_mine?host={server.folder}&port={server.port}", server
        )
        person = Person(run, database, tmp_path)
        for line in (f"sudo -u postgres createuser {me}", f"sudo -u postgres createdb --owner {me} p1_of_mine"):
            person.paste(line)
        person.env["P1_DSN_PASSWORD"] = ""
        for words in (("setup",), ()):
            assert (
                run(
                    "-q",
                    *words,
                    "--port",
                    "-",
                    input=(Path(__file__).parent / "telegrams/dsmr-5.0.2.txt").read_bytes(),
                    env=person.env,
                ).returncode
                == 0
            )
        person.is_well()
        person.env["P1_DSN"] = database.dsn.replace(f"//{me}@", "//p1_other@")
        shown = person.check()
        assert "whoever is called p1_other at the operating system" in shown
        assert "-> sudo -u p1_other p1harvester check" in shown
        assert "-> P1_DSN=postgresql+psycopg://p1_other@127.0.0.1:" in shown
    finally:
        speaks(server, HBA)
