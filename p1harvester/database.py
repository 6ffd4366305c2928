"""One database behind a DSN: the engine, a connection that always ends in time, errors as sentences.

`Store` writes through it, `Survey` only asks.
"""

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from p1harvester.drivers import ASKED, REFUSED, asked_for_the_password, driver_options, opening
from p1harvester.dsn import masked
from p1harvester.errors import BadSettings, StoreFailed
from p1harvester.schema import server_code

TIMEOUT = 5
"""Seconds to connect, and for each statement."""

_LONGEST_REASON = 400
"""Characters of what a server says: it may say megabytes, each minute."""
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Database:
    """What a DSN leads to. Nothing connects before a method is called; those that do raise StoreFailed."""

    def __init__(self, dsn: str | Path, password: str | None = None, timeout: int = TIMEOUT) -> None:
        """A DSN, or the path of an SQLite file. Raises BadSettings.

        `timeout` is in seconds: to connect, and for each statement.
        """
        self._timeout = timeout
        self._engine = make_engine(dsn, password, timeout)

    def __str__(self) -> str:
        """The DSN without its password."""
        return masked(self._engine.url.render_as_string())

    @property
    def identity(self) -> str:
        """Which database this is: the DSN without password and options, an SQLite file by its whole path."""
        if self.file:
            return f"sqlite:///{self.file.absolute()}"
        return self._engine.url.set(password=None, query={}).render_as_string()

    @property
    def file(self) -> Path | None:
        """The SQLite file, if it is one."""
        name = self._engine.url.database
        return Path(name) if name and self._engine.dialect.name == "sqlite" else None

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        try:
            with alarm(2 * self._timeout), self._names_limited(), self._engine.connect() as connection:
                try:
                    yield connection
                except BaseException:
                    # No polite goodbye to a server that may not answer: closing the line rolls back.
                    connection.invalidate()
                    raise
        except StoreFailed:
            raise
        except Exception as error:
            # Drivers raise more than their own errors when a server talks nonsense; none may cost a reading.
            raise self._failure(error) from error

    def _names_limited(self) -> AbstractContextManager[None]:
        if self._engine.dialect.name == "sqlite":
            return nullcontext()
        from p1harvester.names import limited

        return limited(self._timeout)

    def _failure(self, error: Exception, advice: str = "") -> StoreFailed:
        if asked_for_the_password(error):
            return StoreFailed(str(self), ASKED, REFUSED)
        code = server_code(error) if isinstance(error, DBAPIError) else None
        return StoreFailed(str(self), self._reason(error) + advice, code, damaged=code in _DAMAGED)

    def _reason(self, error: Exception) -> str:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
        text = str(cause.args[-1] if cause.args else cause) or type(cause).__name__
        first = text.strip().partition("\n")[0].replace(self._engine.url.password or "\0", "***")
        return first if len(first) <= _LONGEST_REASON else f"{first[:_LONGEST_REASON]}..."


def make_engine(dsn: str | Path, password: str | None, timeout: int) -> Engine:
    """An engine for a DSN or for the path of an SQLite file; `timeout` seconds to connect and for each statement.

    Raises BadSettings when the DSN cannot be understood or its driver is not installed; connects to nothing.
    """
    try:
        url = URL.create("sqlite", database=str(dsn)) if isinstance(dsn, Path) else make_url(dsn)
        if password:
            url = url.set(password=password)
        engine = create_engine(
            url,
            poolclass=NullPool,
            # A connection that is about to be closed needs no ROLLBACK first.
            pool_reset_on_return=None,
            connect_args=driver_options(url.get_driver_name(), url.host, url.query, url.password, timeout),
            # What SQLAlchemy would ask the server at every first connection is needed for DDL only.
            _initialize=False,
        )
        if statement := opening(url.get_driver_name(), url.query, timeout):
            event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(statement))
        return engine
    except NoSuchModuleError as error:
        raise BadSettings(f"P1_DSN names a database that SQLAlchemy does not know: {error}") from error
    except ImportError as error:
        from p1harvester.missing import mends

        what, right = mends(masked(url.render_as_string()))
        raise BadSettings(f"P1_DSN leads to no database: {what} ({error}): `{right}`") from error
    except (ArgumentError, ValueError) as error:
        # The reason may quote a part of the DSN that is a password.
        raise BadSettings(
            "P1_DSN is no database URL: it is written dialect+driver://user@host/database,"
            " and a password with special characters goes into P1_DSN_PASSWORD"
        ) from error


@contextmanager
def alarm(seconds: int) -> Iterator[None]:
    """Raise TimeoutError after so many seconds: a driver may wait for ever for a server that has stopped talking."""

    def ring(*_: object) -> None:
        raise TimeoutError(f"no answer within {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
