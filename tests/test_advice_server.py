"""A server that was started otherwise, stands elsewhere, or lost a table: what `check` says, and what mends it."""

import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import servers
from tests.conftest import Database, Run
from tests.pasting import SAVED, Person, at_its_socket
from tests.servers import Server

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that looks up names, as one does that is not told otherwise."""
    with servers.mariadb("--skip-name-resolve=0") as server:
        if server is None:
            pytest.skip("the binaries of mariadb are not installed")
        yield server


@pytest.fixture
def person(server: Server, run: Run, tmp_path: Path) -> Person:
    """Somebody whose database is well, and has a row."""
    person = Person(run, Database("mariadb", server.new_database(), server), tmp_path, at_its_socket(server))
    return with_a_row(person, run)


def with_a_row(person: Person, run: Run) -> Person:
    """The same person, once the table and a row are there."""
    if person.server.is_mysql:
        person.env["P1_DSN"] = f"{person.env['P1_DSN']}?unix_socket={person.server.folder}/socket"
    for words in (("setup", "-q"), ("-q", "--port", SAVED)):
        done = run(*words, env=person.env)
        assert (done.returncode, done.stderr) == (0, "")
    return person


def restarted(server: Server, *options: str) -> None:
    """Start it anew, this once with these options."""
    server.stop()
    server.start(*options)


def test_it_was_started_to_write_nothing(server: Server, person: Person) -> None:
    option = "innodb_read_only=ON"
    restarted(server, f"--{option}")
    try:
        shown = person.check()
    finally:
        restarted(server)
    assert f"may not store a row: {option.replace('=', ' = ')}" in shown
    assert "-> sudo grep -rn innodb_read_only /etc/mysql" in shown
    assert re.search("-> sudo systemctl restart (mariadb|mysql)", shown)
    person.is_well()


def test_it_listens_at_its_socket_alone(server: Server, person: Person) -> None:
    person.env["P1_DSN"] = person.env["P1_DSN"].partition("?")[0]
    restarted(server, "--skip-networking")
    try:
        shown = person.check()
        assert "The server runs, and listens at its unix socket alone" in shown
        assert "systemctl start" not in shown
        person.does(shown)
        person.is_well()
    finally:
        restarted(server)


def test_it_listens_to_its_own_host_alone(server: Server, person: Person) -> None:
    person.env["P1_DSN"] = person.env["P1_DSN"].partition("?")[0].replace("127.0.0.1", "127.0.0.2")
    shown = person.check()
    assert "listens to its own host alone" in shown
    assert "-> sudo systemctl restart mariadb     # on 127.0.0.2" in shown
    person.does(shown, lambda remedy: remedy.startswith("printf"))
    [file] = (person.folder / "sandbox/etc/mysql/mariadb.conf.d").iterdir()
    group, option = file.read_text().splitlines()
    assert group == "[mysqld]"
    server.stop()
    usual, server.command = server.command, [*server.command, f"--{option.replace(' ', '')}"]
    try:
        server.start()
        if not server.is_mysql:  # it would ask for the password itself
            person.is_well()
    finally:
        server.command = usual
        restarted(server)


def test_a_table_whose_file_is_gone(server: Server, person: Person, run: Run) -> None:
    name = sa.make_url(person.env["P1_DSN"]).database
    server.stop()
    (server.folder / f"data/{name}/p1_readouts.ibd").unlink()
    server.start()
    shown = person.check()
    assert "The table's files are damaged or gone" in shown
    assert "all readings in it are lost" in shown
    person.does(shown)
    assert run("setup", "-q", env=person.env).returncode == 0
    person.is_well()


def test_somebody_holds_the_table(server: Server, person: Person) -> None:
    url = sa.make_url(server.admin).set(database=sa.make_url(person.env["P1_DSN"]).database)
    with sa.create_engine(url, poolclass=sa.pool.NullPool).connect() as other:
        other.exec_driver_sql("LOCK TABLES p1_readouts WRITE")
        shown = person.check()
        assert "somebody holds the table" in shown
        person.does(shown)
    person.is_well()


def test_it_blocks_this_host(server: Server, person: Person) -> None:
    """So many connections were broken off that it takes no more from here."""
    if server.is_mysql:
        pytest.skip("it would ask for the password itself")
    # A server never blocks 127.0.0.1.
    person.env["P1_DSN"] = f"{person.env['P1_DSN']}?bind_address=127.0.0.2"
    person.is_well()
    server.execute("SET GLOBAL max_connect_errors = 1")
    try:
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", server.port), source_address=("127.0.0.2", 0)) as line:
                line.recv(4096)
                line.sendall(b"\x05\0\0\1wrong")
                with suppress(OSError):
                    line.recv(4096)
        shown = person.check()
        assert "the server blocks it until told" in shown
        person.does(shown)
        person.is_well()
    finally:
        server.execute("SET GLOBAL max_connect_errors = 100", "FLUSH HOSTS")


def test_no_database_is_named(person: Person) -> None:
    url = sa.make_url(person.env["P1_DSN"])
    person.env["P1_DSN"] = str(url.set(database=""))
    shown = person.check()
    assert "P1_DSN names no database" in shown
    person.does(shown)
    assert sa.make_url(person.env["P1_DSN"]).database == "p1harvester"


def test_it_is_the_other_kind_of_server(server: Server, postgresql: Database, run: Run, tmp_path: Path) -> None:
    assert postgresql.server
    person = Person(run, postgresql, tmp_path)
    right = person.env["P1_DSN"]
    person.env["P1_DSN"] = right.replace("postgresql+psycopg", "mysql+pymysql")
    shown = person.check()
    assert "is no MariaDB or MySQL" in shown
    assert f"-> P1_DSN={right}\n" in shown
    theirs = f"p1@127.0.0.1:{server.port}/p1"
    person.env["P1_DSN"] = f"postgresql+psycopg://{theirs}"
    shown = person.check()
    assert "is no PostgreSQL server" in shown
    assert f"-> P1_DSN=mysql+pymysql://{theirs}\n" in shown


@pytest.mark.parametrize("file", ["p1_readouts_pkey", "p1_readouts"])
def test_a_file_of_postgresqls_is_damaged(file: str, postgresql: Database, run: Run, tmp_path: Path) -> None:
    server = postgresql.server
    assert server
    person = with_a_row(Person(run, postgresql, tmp_path), run)
    name = sa.make_url(postgresql.dsn).database
    [(path,)] = server.execute(f"SELECT pg_relation_filepath('{file}')", database=name)
    server.stop()
    broken = server.folder / "data" / path
    broken.write_bytes(b"\xa5" * broken.stat().st_size)
    server.start()
    shown = person.check()
    assert "The table's files are damaged or gone" in shown
    person.does(shown, lambda remedy: ("REINDEX" in remedy) == file.endswith("pkey"))
    assert run("setup", "-q", env=person.env).returncode == 0
    person.is_well()
    assert len(postgresql.rows()) == file.endswith("pkey"), "an index holds no row"


def test_somebody_holds_the_table_of_postgresql(postgresql: Database, run: Run, tmp_path: Path) -> None:
    person = with_a_row(Person(run, postgresql, tmp_path), run)
    with postgresql.engine.begin() as other:
        other.exec_driver_sql("LOCK TABLE p1_readouts")
        shown = person.check()
        assert "somebody holds the table" in shown
        person.does(shown)
    person.is_well()


def test_postgresql_listens_at_its_socket_alone(postgresql: Database, run: Run, tmp_path: Path) -> None:
    server = postgresql.server
    assert server
    there = tuple(word.replace(".5432", f".{server.port}") for word in at_its_socket(server))
    person = with_a_row(Person(run, postgresql, tmp_path, there), run)
    server.stop()
    server.start("-c", "listen_addresses=")
    try:
        shown = person.check()
        assert "The server runs, and listens at its unix socket alone" in shown
        person.does(shown)
        assert "host=/var/run/postgresql" in person.env["P1_DSN"]
        person.is_well()
    finally:
        server.stop()
        server.start()
