"""Where readings are kept: `p1_readouts` in MariaDB, PostgreSQL or SQLite. The only module that knows SQLAlchemy.

The fast path is one INSERT and nothing else: the table is looked at only when it did not take the row, and then created
or brought up to date.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Integer,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    create_engine,
    insert,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateColumn, CreateTable

from p1harvester.errors import BadSettings, P1Error
from p1harvester.reading import COLUMNS, DIGITS, Reading

LIMIT = 5
"""Seconds to connect, and for each statement."""
SETUP_LIMIT = 3600
"""The same for `setup`, which a person waits for: an old server copies the table to add a column."""

# SQLite has no decimals, and only a column of type INTEGER becomes its table's own key.
_TYPES = {
    unit: Float().with_variant(Numeric(digits, places), "mysql", "mariadb", "postgresql")
    for unit, (digits, places) in DIGITS.items()
} | {
    "time": BigInteger().with_variant(Integer, "sqlite"),
    "id": Integer(),
    "count": Integer(),
    "tariff": SmallInteger(),
}

TABLE = Table(
    "p1_readouts",
    MetaData(),
    *(
        Column(column.field, _TYPES[column.unit], primary_key=column.field == "time", autoincrement=False)
        for column in COLUMNS
    ),
)


class StoreFailed(P1Error):
    """The database did not take the row; the sentence says which database, and why."""

    status = 75


class Store:
    """The table `p1_readouts` behind one DSN. Every method but the first connects, and raises StoreFailed."""

    def __init__(self, dsn: str, password: str | None = None, limit: int = LIMIT) -> None:
        """Raise BadSettings when the DSN cannot be understood or its driver is not installed.

        `limit` is in seconds: to connect, and for each statement.
        """
        try:
            url = make_url(dsn)
            self._url = url.set(password=password) if password else url
            limits = _limits(self._url.get_driver_name(), limit)
            self._engine = create_engine(
                self._url,
                poolclass=NullPool,
                connect_args={name: value for name, value in limits.items() if name not in url.query},
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

    def __str__(self) -> str:
        """The DSN, its password masked."""
        return self._url.render_as_string()

    def insert(self, reading: Reading) -> bool:
        """Store one row; False if its second is there already, which changes nothing."""
        row = {column.field: getattr(reading, column.field) for column in COLUMNS}
        with self._connection() as connection:
            try:
                connection.execute(insert(TABLE), row)
            except IntegrityError:
                connection.rollback()
                if connection.scalar(select(TABLE.c.time).where(TABLE.c.time == reading.time)) is None:
                    raise
                return False
            except DBAPIError:
                connection.rollback()
                if not self._upgrade(connection):
                    raise
                connection.execute(insert(TABLE), row)
            connection.commit()
        return True

    def set_up(self) -> list[str]:
        """Create the table, or add the columns that it lacks; return the statements that this took."""
        with self._connection() as connection:
            return self._upgrade(connection)

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except Exception as error:
            # Drivers raise more than their own errors when a server talks nonsense; none may cost a reading.
            raise StoreFailed(f"{self}: {self._reason(error)}") from error

    def _reason(self, error: Exception) -> str:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
        text = str(cause.args[-1] if cause.args else cause) or type(cause).__name__
        return text.strip().partition("\n")[0].replace(self._url.password or "\0", "***")

    def _upgrade(self, connection: Connection) -> list[str]:
        self._engine.dialect.initialize(connection)
        statements = self._lacking(connection)
        for statement in statements:
            try:
                connection.exec_driver_sql(statement)
                connection.commit()
            except DBAPIError:
                connection.rollback()
                # Another run may have done it in the meantime.
                if statement in self._lacking(connection):
                    raise
        return statements

    def _lacking(self, connection: Connection) -> list[str]:
        dialect = self._engine.dialect
        inspector = inspect(connection)
        if not inspector.has_table(TABLE.name):
            return [str(CreateTable(TABLE, if_not_exists=True).compile(dialect=dialect)).strip()]
        there = {column["name"] for column in inspector.get_columns(TABLE.name)}
        return [
            f"ALTER TABLE {TABLE.name} ADD COLUMN {CreateColumn(column).compile(dialect=dialect)}"
            for column in TABLE.columns
            if column.name not in there
        ]


def _limits(driver: str, seconds: int) -> Mapping[str, Any]:
    match driver:
        case "pymysql":
            return dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), seconds)
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
