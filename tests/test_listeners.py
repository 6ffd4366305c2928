"""Who listens in the server's place gets no password; the server itself does, over a unix socket and verified TLS."""

import shutil
import signal
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Database, Run
from tests.listeners import MySql, PostgreSql, Talk, certificate, listening, tls, told
from tests.meter import FOLDER
from tests.readme import README

SAVED = FOLDER / "dsmr-5.0.2.txt"
SECRET = "S3CRET-of-the-meter"

MYSQL_ASKS = [
    pytest.param(MySql("mysql_native_password", "mysql_clear_password"), id="in clear"),
    pytest.param(MySql("mysql_native_password", "dialog"), id="by a dialog"),
    pytest.param(MySql("mysql_native_password", "mysql_old_password"), id="in the old hash"),
    pytest.param(MySql("mysql_native_password", "sha256_password"), id="under a key"),
    pytest.param(MySql("mysql_native_password", "caching_sha2_password"), id="under a key, the cache missed"),
    pytest.param(MySql("sha256_password"), id="under a key at once"),
    pytest.param(MySql("caching_sha2_password"), id="under a key at once, the cache missed"),
]
POSTGRESQL_ASKS = [pytest.param(PostgreSql(3), id="in clear"), pytest.param(PostgreSql(5), id="in MD5")]


@pytest.fixture(scope="session")
def under_tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """TLS of a listener whose certificate nobody vouches for."""
    return tls(tmp_path_factory.mktemp("tls") / "listener")


def stolen(
    run: Run, talk: Talk, dsn: str, context: ssl.SSLContext | None, *words: str, at: str | Path = "127.0.0.1"
) -> bool:
    """Let the command meet a listener; return whether that has the password now. `{}` in the DSN is the port."""
    with listening(talk, at, context) as (port, heard):
        done = run(*words, "--port", SAVED, env={"P1_DSN": dsn.format(port), "P1_DSN_PASSWORD": SECRET})
    assert heard, "nobody came"
    assert done.returncode == {"check": 1, "setup": 69}.get(" ".join(words), 75), done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
    return told(heard, SECRET) or any(b"md5" in each for each in heard)


@pytest.mark.parametrize("line", ["open", "under TLS"])
@pytest.mark.parametrize("talk", MYSQL_ASKS)
def test_in_mariadbs_place(talk: MySql, line: str, run: Run, under_tls: ssl.SSLContext) -> None:
    # To localhost TLS is not even tried.
    at, context = ("127.0.0.1", None) if line == "open" else ("127.0.0.2", under_tls)
    assert not stolen(run, talk, f"mysql+pymysql://p1@{at}:{{}}/p1", context, at=at)


@pytest.mark.parametrize("line", ["open", "under TLS"])
@pytest.mark.parametrize("talk", POSTGRESQL_ASKS)
def test_in_postgresqls_place(talk: PostgreSql, line: str, run: Run, under_tls: ssl.SSLContext) -> None:
    assert not stolen(run, talk, "postgresql+psycopg://p1@127.0.0.1:{}/p1", None if line == "open" else under_tls)


@pytest.mark.parametrize("word", ["check", "setup"])
def test_from_the_other_commands(word: str, run: Run) -> None:
    assert not stolen(
        run, MySql("sha256_password", "mysql_clear_password"), "mysql+pymysql://p1@127.0.0.1:{}/p1", None, word
    )
    assert not stolen(run, PostgreSql(3), "postgresql+psycopg://p1@127.0.0.1:{}/p1", None, word)


@pytest.mark.parametrize(
    ("talk", "dsn", "remedy"),
    [
        (
            MySql("caching_sha2_password"),
            "mysql+pymysql://p1@127.0.0.1:{}/p1",
            "-> P1_DSN='mysql+pymysql://p1@localhost/p1?unix_socket=/run/mysqld/mysqld.sock'",
        ),
        (
            MySql("mysql_native_password", "mysql_clear_password"),
            "mysql+pymysql://p1@127.0.0.2:{}/p1",
            "-> P1_DSN='mysql+pymysql://p1@127.0.0.2:{}/p1?ssl_ca=/FOLDER/ca.pem'",
        ),
        (
            PostgreSql(3),
            "postgresql+psycopg://p1@127.0.0.1:{}/p1",
            "-> P1_DSN='postgresql+psycopg://p1@/p1?host=/var/run/postgresql'",
        ),
    ],
)
def test_check_says_how_a_server_gets_it(talk: Talk, dsn: str, remedy: str, run: Run) -> None:
    at = "127.0.0.2" if "127.0.0.2" in dsn else "127.0.0.1"
    with listening(talk, at) as (port, _):
        done = run("check", "--port", SAVED, env={"P1_DSN": dsn.format(port), "P1_DSN_PASSWORD": SECRET})
    assert remedy.format(port) in done.stdout
    assert "ALTER USER" not in done.stdout
    assert "psql" not in done.stdout


def test_check_says_so_where_cryptography_is_missing_too(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cryptography.py").write_text("raise ImportError('not here')")
    with listening(MySql("caching_sha2_password")) as (port, _):
        env = {"P1_DSN": f"mysql+pymysql://p1@127.0.0.1:{port}/p1", "P1_DSN_PASSWORD": SECRET}
        done = run("check", "--port", SAVED, env=env | {"PYTHONPATH": str(tmp_path)})
    assert "?unix_socket=/run/mysqld/mysqld.sock'" in done.stdout
    assert "cryptography" not in done.stdout


def test_a_unix_socket_carries_it(run: Run, tmp_path: Path) -> None:
    for talk in (MySql("mysql_native_password", "mysql_clear_password"), MySql("sha256_password")):
        (tmp_path / "socket").unlink(missing_ok=True)
        dsn = f"mysql+pymysql://p1@localhost/p1?unix_socket={tmp_path}/socket"
        assert stolen(run, talk, dsn, None, at=tmp_path / "socket")
    dsn = f"postgresql+psycopg://p1@/p1?host={tmp_path}"
    assert stolen(run, PostgreSql(3), dsn, None, at=tmp_path / ".s.PGSQL.5432")


def test_tls_with_a_verified_certificate_carries_it(run: Run, tmp_path: Path) -> None:
    context = tls(tmp_path / "tls")
    mysql = f"mysql+pymysql://p1@127.0.0.1:{{}}/p1?ssl_ca={tmp_path}/tls/cert.pem"
    assert stolen(run, MySql("mysql_native_password", "mysql_clear_password"), mysql, context)
    postgresql = f"postgresql+psycopg://p1@127.0.0.1:{{}}/p1?sslmode=verify-full&sslrootcert={tmp_path}/tls/cert.pem"
    assert stolen(run, PostgreSql(3), postgresql, context)


@pytest.mark.parametrize("name", ["another authority's", "another host's"])
def test_tls_with_another_certificate_does_not(name: str, run: Run, tmp_path: Path) -> None:
    context = tls(tmp_path / "tls")
    if name == "another host's":
        certificate(tmp_path / "tls", "db.example.org")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "tls/cert.pem", tmp_path / "tls/key.pem")
    else:
        certificate(tmp_path / "other")
        shutil.copy(tmp_path / "other/cert.pem", tmp_path / "tls/cert.pem")
    for talk, dsn in (
        (MySql("sha256_password"), f"mysql+pymysql://p1@127.0.0.1:{{}}/p1?ssl_ca={tmp_path}/tls/cert.pem"),
        (
            PostgreSql(3),
            f"postgresql+psycopg://p1@127.0.0.1:{{}}/p1?sslmode=verify-full&sslrootcert={tmp_path}/tls/cert.pem",
        ),
    ):
        assert not stolen(run, talk, dsn, context)


def test_a_certificate_for_another_name_is_taken_from_who_says_so(run: Run, tmp_path: Path) -> None:
    certificate(tmp_path / "tls", "db.example.org")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls/cert.pem", tmp_path / "tls/key.pem")
    mysql = f"mysql+pymysql://p1@127.0.0.1:{{}}/p1?ssl_ca={tmp_path}/tls/cert.pem&ssl_check_hostname=false"
    assert stolen(run, MySql("sha256_password"), mysql, context)
    postgresql = f"postgresql+psycopg://p1@127.0.0.1:{{}}/p1?sslmode=verify-ca&sslrootcert={tmp_path}/tls/cert.pem"
    assert stolen(run, PostgreSql(3), postgresql, context)


def test_who_insists_gets_it_so(run: Run) -> None:
    dsn = "postgresql+psycopg://p1@127.0.0.1:{}/p1?require_auth=password"
    assert stolen(run, PostgreSql(3), dsn, None)


def test_an_old_libpq_is_not_trusted_with_it(run: Run, tmp_path: Path) -> None:
    env = {"HOST_LIBPQ": "150013", "P1_DSN_PASSWORD": SECRET, "P1_DSN": "postgresql+psycopg://p1@127.0.0.1:1/p1"}
    done = run("--port", SAVED, env=env)
    assert done.returncode == 78
    assert "?host=/var/run/postgresql" in done.stderr
    for private in ("?sslmode=verify-full", f"?host={tmp_path}"):
        done = run("--port", SAVED, env=env | {"P1_DSN": f"postgresql+psycopg://p1@/p1{private}"})
        assert done.returncode == 75, done.stderr


@pytest.fixture(params=["mariadb", "postgresql"])
def server(request: pytest.FixtureRequest) -> Database:
    """An empty database of each server in turn."""
    found: Database = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def over_tls(server: Database) -> Iterator[Path]:
    """The server under TLS, its certificate this one."""
    assert server.server
    running = server.server
    path = certificate(running.folder / "tls")
    if running.user:
        for each in (path.parent, *path.parent.iterdir()):
            shutil.chown(each, running.user)
    how = signal.SIGINT if server.kind == "postgresql" else signal.SIGTERM
    running.stop(how)
    key = path.parent / "key.pem"
    try:
        if server.kind == "postgresql":
            running.start("-c", "ssl=on", "-c", f"ssl_cert_file={path}", "-c", f"ssl_key_file={key}")
        else:
            running.start(f"--ssl-cert={path}", f"--ssl-key={key}", "--require-secure-transport")
        yield path
    finally:
        running.stop(how)
        running.start()


TLS = {"mariadb": "?ssl_ca={}", "postgresql": "?sslmode=verify-full&sslrootcert={}"}


def test_the_readmes_tls_to_a_server_elsewhere(server: Database, over_tls: Path, run: Run, tmp_path: Path) -> None:
    assert f"p1harvester{TLS[server.kind].format('/etc/ssl/certs/db.pem')}`" in README
    dsn = server.dsn + TLS[server.kind]
    for words in (("setup",), ()):
        done = run(*words, "--port", SAVED, "--dsn", dsn.format(over_tls), env=server.env | {"P1_SPOOL": "off"})
        assert done.returncode == 0, done.stdout + done.stderr
    shown = run("check", "--port", SAVED, "--dsn", dsn.format(over_tls), env=server.env).stdout
    assert "may store a row" in shown
    done = run("--port", SAVED, "--dsn", dsn.format(certificate(tmp_path / "other")), env=server.env)
    assert done.returncode == 75
    assert "certificate verify failed" in done.stderr


SOCKETS = {
    "mariadb": ("@localhost/{}?unix_socket={}", "/run/mysqld/mysqld.sock", "socket"),
    "postgresql": ("@/{}?host={}", "/var/run/postgresql", "."),
}


def test_the_readmes_way_to_a_server_on_this_machine(server: Database, run: Run) -> None:
    assert server.server
    form, usual, ours = SOCKETS[server.kind]
    assert f"p1harvester{form.format('p1harvester', usual)}`" in README
    begins, _, name = server.dsn.rpartition("/")
    dsn = begins.rpartition("@")[0] + form.format(name, server.server.folder / ours)
    if server.kind == "postgresql":
        dsn += f"&port={server.server.port}"
    for words in (("setup",), ()):
        done = run(*words, "--port", SAVED, "--dsn", dsn, env=server.env | {"P1_SPOOL": "off"})
        assert done.returncode == 0, done.stdout + done.stderr
    assert "may store a row" in run("check", "--port", SAVED, "--dsn", dsn, env=server.env).stdout
