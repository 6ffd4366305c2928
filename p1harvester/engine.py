"""From a DSN to a SQLAlchemy engine, and how long its driver may take. Only this and `store` know SQLAlchemy."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from p1harvester.errors import BadSettings


def make_engine(dsn: str | Path, password: str | None, limit: int) -> Engine:
    """An engine for a DSN or for the path of an SQLite file; `limit` seconds to connect and for each statement.

    Raises BadSettings when the DSN cannot be understood or its driver is not installed; connects to nothing.
    """
    try:
        url = URL.create("sqlite", database=str(dsn)) if isinstance(dsn, Path) else make_url(dsn)
        options = _driver_options(url, limit)
        return create_engine(
            url.set(password=password) if password else url,
            poolclass=NullPool,
            # A connection that is about to be closed needs no ROLLBACK first.
            pool_reset_on_return=None,
            connect_args={name: value for name, value in options.items() if name not in url.query},
            # What SQLAlchemy would ask the server at every first connection is needed for DDL only.
            _initialize=False,
        )
    except NoSuchModuleError as error:
        raise BadSettings(f"P1_DSN names a database that SQLAlchemy does not know: {error}") from error
    except ImportError as error:
        raise BadSettings(_missing_driver(url.drivername, error)) from error
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


def _driver_options(url: URL, seconds: int) -> Mapping[str, Any]:
    match url.get_driver_name():
        case "pymysql":
            options: dict[str, Any] = dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), seconds)
            if url.host in (None, "localhost", "127.0.0.1", "::1") and not any(name[:3] == "ssl" for name in url.query):
                # Within one machine TLS protects nothing, and reading all its authorities costs more than the INSERT.
                options["ssl_disabled"] = True
            return options
        case "psycopg":
            return {
                "connect_timeout": seconds,
                "options": f"-c statement_timeout={seconds}s",
                "tcp_user_timeout": seconds * 1000,
            }
        case "pysqlite":
            return {"timeout": seconds}
    return {}


def _missing_driver(drivername: str, error: ImportError) -> str:
    if drivername.startswith("postgresql"):
        return f"PostgreSQL's driver is an extra: `pip install 'p1harvester[postgresql]'`, in the same venv ({error})"
    if drivername in ("mysql", "mariadb"):
        return f"P1_DSN must begin with {drivername}+pymysql://, the driver that is installed ({error})"
    return f"P1_DSN begins with {drivername}://, whose driver is not installed ({error})"
