"""How a database fails, and the runs that meet it."""

import os
import signal
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import sqlalchemy as sa

from p1harvester.harvest import harvest
from p1harvester.settings import Settings
from tests.conftest import Database, Run
from tests.meter import numbered
from tests.proxy import Proxy
from tests.servers import PASSWORD

NOON = 1700000000
Harvest = Callable[..., CompletedProcess[str]]


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """Where the readings wait."""
    return tmp_path / ".local/share/p1harvester/spool.db"


@pytest.fixture
def harvest_at(run: Run) -> Harvest:
    """Run the installed command on a telegram of a given second: harvest_at(second, database, ...)."""

    def harvest_at(second: int, database: Database, *words: str, **options: object) -> CompletedProcess[str]:
        env = database.env | options.pop("env", {})  # type: ignore[operator]
        return run("--port", "-", *words, input=numbered(second), env=env, **options)

    return harvest_at


def times(path: Path) -> list[int]:
    """The seconds of the rows in an SQLite file."""
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [second for (second,) in connection.execute("SELECT time FROM p1_readouts ORDER BY time")]


def stored(database: Database) -> list[int]:
    """The seconds of the rows in the database."""
    return [row["time"] for row in database.rows()]


def through(database: Database, port: int) -> str:
    """The database's DSN, password and all, with another TCP port."""
    return sa.make_url(database.dsn).set(port=port, password=PASSWORD).render_as_string(hide_password=False)


@contextmanager
def stopped(database: Database) -> Iterator[dict[str, str]]:
    assert database.server
    database.server.stop()
    try:
        yield {}
    finally:
        database.server.start()


@contextmanager
def killed(database: Database) -> Iterator[dict[str, str]]:
    assert database.server
    database.server.stop(signal.SIGKILL)
    try:
        yield {}
    finally:
        database.server.start()


@contextmanager
def silent(database: Database) -> Iterator[dict[str, str]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield {"P1_DSN": through(database, listener.getsockname()[1])}


@contextmanager
def nonsense(database: Database) -> Iterator[dict[str, str]]:
    """Something listens there, but no database."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    with client:
                        client.sendall(b"HTTP/1.1 400 Bad Request\r\nServer: none\r\n\r\n" * 20)

        threading.Thread(target=answer, daemon=True).start()
        yield {"P1_DSN": through(database, listener.getsockname()[1])}
        listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def stalled(database: Database) -> Iterator[dict[str, str]]:
    with Proxy(sa.make_url(database.dsn).port or 0) as proxy:
        harvest(settings_of(through(database, proxy.port), NOON + 1, Path("/nonexistent")))
        length = proxy.passed
    with Proxy(sa.make_url(database.dsn).port or 0, limit=length - 40, stall=True) as proxy:
        yield {"P1_DSN": through(database, proxy.port)}


@contextmanager
def wrong_password(_: Database) -> Iterator[dict[str, str]]:
    yield {"P1_DSN_PASSWORD": "wrong"}


@contextmanager
def unknown_database(database: Database) -> Iterator[dict[str, str]]:
    yield {"P1_DSN": database.dsn + "_gone"}


@contextmanager
def read_only(database: Database) -> Iterator[dict[str, str]]:
    assert database.server
    name = sa.make_url(database.dsn).database
    on, off = {
        "mariadb": ("SET GLOBAL read_only = 1", "SET GLOBAL read_only = 0"),
        "postgresql": (
            f"ALTER DATABASE {name} SET default_transaction_read_only = on",
            f"ALTER DATABASE {name} RESET default_transaction_read_only",
        ),
    }[database.kind]
    database.server.execute(on)
    try:
        yield {}
    finally:
        database.server.execute(off)


@contextmanager
def locked(database: Database) -> Iterator[dict[str, str]]:
    url = sa.make_url(database.dsn)
    engine = sa.create_engine(url.set(password=PASSWORD) if database.server else url)
    lock = {
        "mariadb": "LOCK TABLES p1_readouts WRITE",
        "postgresql": "LOCK TABLE p1_readouts IN ACCESS EXCLUSIVE MODE",
        "sqlite": "BEGIN EXCLUSIVE",
    }[database.kind]
    with engine.connect() as connection:
        connection.exec_driver_sql(lock)
        yield {}
    engine.dispose()


def settings_of(dsn: str, second: int, folder: Path) -> Settings:
    """Settings for a run inside this process, on a telegram of this second."""
    path = Path(os.environ["TELEGRAM"])
    path.write_bytes(numbered(second))
    return Settings(port=str(path), baud=None, dsn=dsn, password=None, timeout=5, spool=str(folder / "spool.db"))


def fill(path: Path, seconds: range) -> None:
    """A spool with a row for each of these seconds, made by the program's own code."""
    from p1harvester.parser import parse
    from p1harvester.schema import TABLE
    from p1harvester.store import Store

    Store(path).set_up()
    row = parse(numbered(0), 0)
    values = [{name: getattr(row, name) for name in row.__slots__} | {"time": second} for second in seconds]
    with sa.create_engine(f"sqlite:///{path}").begin() as connection:
        connection.execute(sa.insert(TABLE), values)
