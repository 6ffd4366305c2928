"""The table `p1_readouts` and its views: what they are, and how a database comes by them."""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
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
    inspect,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateColumn, CreateTable

from p1harvester.reading import COLUMNS, DIGITS

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

# Readings are much alike: compressed, a row takes half the room, and the SD card is written half as much. As options of
# TABLE, `mysql_row_format` and so on, these would make SQLAlchemy import MySQL's dialect for every database.
_COMPRESSED = " ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8"
_OPTIONS = {"mysql": _COMPRESSED, "mariadb": _COMPRESSED}

_INDEX = "p1_readouts_meter"
# The key is in each index of MariaDB and SQLite. ALTER TABLE needs no right that the columns did not need.
_ADD_INDEX = {
    "mysql": f"ALTER TABLE {TABLE.name} ADD INDEX {_INDEX} (meter_id, gas_meter_id)",
    "postgresql": f"CREATE INDEX {_INDEX} ON {TABLE.name} (meter_id, coalesce(gas_meter_id, 0), time)",
    # SQLAlchemy does not name this one, for it is of an expression.
    "sqlite": f"CREATE INDEX IF NOT EXISTS {_INDEX} ON {TABLE.name} (meter_id, coalesce(gas_meter_id, 0))",
}

Doing = Callable[[str], AbstractContextManager[object]]
"""Says what is being done, within."""


def server_code(error: DBAPIError) -> Any:
    """The server's own code: SQLite's primary result code, MariaDB's error number or PostgreSQL's SQLSTATE."""
    match error.orig:
        case sqlite3.Error(sqlite_errorcode=code):
            return code & 0xFF
        case BaseException(args=(int(number), *_)):
            return number
    return getattr(error.orig, "sqlstate", None)


def upgrade(connection: Connection, doing: Doing = nullcontext) -> list[str]:
    """Create the table, or add the columns that it lacks; return the statements that this took.

    `doing` is told what is done while it lasts: some servers copy the table to add a column.
    """
    _set_mode(connection)
    connection.dialect.initialize(connection)
    taken = []
    while lacking := _lacking(connection):
        what, statements = lacking
        with doing(what):
            taken += [_mend(connection, statement) for statement in statements]
    return taken


def _mend(connection: Connection, statement: str) -> str:
    """Execute one of the statements; return it as the server took it."""
    try:
        _commit(connection, statement)
    except DBAPIError:
        # Another run may have done it in the meantime.
        lacking = _lacking(connection)
        if lacking and statement in lacking[1]:
            plain = statement.removesuffix(_OPTIONS.get(connection.dialect.name, ""))
            if plain == statement:
                raise
            # Not every server can compress a table, or may.
            _commit(connection, plain)
            return plain
    return statement


def _commit(connection: Connection, statement: str) -> None:
    try:
        connection.exec_driver_sql(statement)
        connection.commit()
    except DBAPIError:
        connection.rollback()
        raise


def _set_mode(connection: Connection) -> None:
    """Let the server read our statements as they are meant: some are set up for Oracle's SQL, or for other quotes."""
    if connection.dialect.name in _OPTIONS:
        connection.exec_driver_sql("SET SESSION sql_mode = 'STRICT_TRANS_TABLES'")


def missing_columns(connection: Connection) -> list[str] | None:
    """The columns that the table lacks; None where there is no table. Needs an initialized dialect."""
    inspector = inspect(connection)
    if not inspector.has_table(TABLE.name):
        return None
    there = {column["name"] for column in inspector.get_columns(TABLE.name)}
    return [column.name for column in TABLE.columns if column.name not in there]


def _lacking(connection: Connection) -> tuple[str, list[str]] | None:
    """What has to be done to the table, and the statements that do it; None where it lacks nothing."""
    dialect = connection.dialect
    if (missing := missing_columns(connection)) is None:
        creation = str(CreateTable(TABLE, if_not_exists=True).compile(dialect=dialect)).strip()
        return f"making {TABLE.name}", [creation + _OPTIONS.get(dialect.name, "")]
    if not missing:
        return None
    added = [f"ADD COLUMN {CreateColumn(TABLE.columns[name]).compile(dialect=dialect)}" for name in missing]
    # SQLite takes one at a time. A server that copies the table for it need do so but once.
    changes = added if dialect.name == "sqlite" else [", ".join(added)]
    return f"adding {', '.join(missing)} to {TABLE.name}", [f"ALTER TABLE {TABLE.name} {change}" for change in changes]


def views_are_current(connection: Connection) -> bool:
    """Whether the database has the views of this version of the program."""
    from p1harvester.views import version

    try:
        return connection.exec_driver_sql("SELECT views FROM p1_version").scalar() == version(connection.dialect.name)
    except DBAPIError:
        connection.rollback()
        return False


def has_prices(connection: Connection) -> bool | None:
    """Whether there is a price in `p1_prices`; None where there is no such table, or no right to read it."""
    try:
        return connection.exec_driver_sql("SELECT 1 FROM p1_prices LIMIT 1").first() is not None
    except DBAPIError:
        connection.rollback()
        return None


def _has_index(connection: Connection) -> bool:
    if connection.dialect.name == "sqlite":
        # SQLAlchemy passes over an index of expressions.
        return bool(connection.exec_driver_sql(f"PRAGMA index_info({_INDEX})").all())
    return any(index["name"] == _INDEX for index in inspect(connection).get_indexes(TABLE.name))


def _add_index(connection: Connection) -> None:
    try:
        _commit(connection, _ADD_INDEX.get(connection.dialect.name, _ADD_INDEX["mysql"]))
    except DBAPIError:
        # Of a run that was killed the server may have gone on with it.
        if not _has_index(connection):
            raise


# Each function is dropped before it is made anew, which a server with a binary log may refuse. It is asked beforehand.
_MAKES_A_FUNCTION = (
    "DROP FUNCTION IF EXISTS p1_probe",
    "CREATE FUNCTION p1_probe() RETURNS INT READS SQL DATA RETURN 1",
    "DROP FUNCTION p1_probe",
)


def make_views(connection: Connection, doing: Doing = nullcontext) -> None:
    """Create or replace the views, the index that they look a replaced meter up in, and the table of prices."""
    from p1harvester.views import statements

    _set_mode(connection)
    for statement in _MAKES_A_FUNCTION if connection.dialect.name in _OPTIONS else ():
        connection.exec_driver_sql(statement)
    connection.dialect.initialize(connection)
    if not _has_index(connection):
        with doing(f"adding an index of meters to {TABLE.name}"):
            _add_index(connection)
    for statement in statements(connection.dialect.name):
        # A `%` is a `%`: without parameters the driver must not look for their places.
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    connection.commit()
