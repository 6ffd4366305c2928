"""Who listens in the server's place gets no password; the server itself does, over a unix socket and verified TLS."""

import shutil
import ssl
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.listeners import MySql, PostgreSql, Talk, certificate, listening, tls, told
from tests.meter import FOLDER

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


def test_who_insists_gets_it_so(run: Run) -> None:
    dsn = "postgresql+psycopg://p1@127.0.0.1:{}/p1?require_auth=password"
    assert stolen(run, PostgreSql(3), dsn, None)


def test_an_old_libpq_is_not_trusted_with_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("from psycopg import pq\npq.version = lambda: 150013\n")
    env = {"PYTHONPATH": str(tmp_path), "P1_DSN_PASSWORD": SECRET, "P1_DSN": "postgresql+psycopg://p1@127.0.0.1:1/p1"}
    done = run("--port", SAVED, env=env)
    assert done.returncode == 78
    assert "?host=/var/run/postgresql" in done.stderr
    for private in ("?sslmode=verify-full", f"?host={tmp_path}"):
        done = run("--port", SAVED, env=env | {"P1_DSN": f"postgresql+psycopg://p1@/p1{private}"})
        assert done.returncode == 75, done.stderr
