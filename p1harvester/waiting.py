"""The spool's file: `p1_readouts`, and beside it which database each reading waits for.

A reading keeps its own second in `p1_waiting`: in this file it may have had to take another one.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    inspect,
    or_,
    select,
    update,
)

from p1harvester.errors import StoreFailed
from p1harvester.schema import TABLE
from p1harvester.store import OTHER, Row, Store, same_as

TIMEOUT = 4
"""Seconds that another run may hold the file."""

_WAITING = Table(
    "p1_waiting",
    MetaData(),
    Column("time", Integer, primary_key=True, autoincrement=False),
    Column("second", Integer, nullable=False),
    Column("database", Text, nullable=False),
)
_JOINED = TABLE.outerjoin(_WAITING, TABLE.c.time == _WAITING.c.time)


class Waiting(NamedTuple):
    """What waits for one database: its `Database.identity`, None in an older version's file; how many, since when."""

    database: str | None
    readings: int
    since: int


class WaitingRow(NamedTuple):
    """A reading that waits: its key in the spool's file, and the row as the database is to have it."""

    key: int
    row: Row


class SpoolFile(Store):
    """The file itself. Every method connects, and raises StoreFailed."""

    def keep(self, row: Row, database: str) -> None:
        """Keep a reading that is for `database`, once."""
        with self._connection() as connection:
            self._upgrade(connection)
            own = row["time"]
            # One writer at a time: what is free stays free.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            taken = set(connection.scalars(select(TABLE.c.time).where(TABLE.c.time >= own)))
            key = next(second for second in range(own, own + len(taken) + 1) if second not in taken)
            connection.execute(insert(TABLE), row | {"time": key})
            connection.execute(insert(_WAITING), {"time": key, "second": own, "database": database})
            mine = select(_WAITING.c.time).where(_WAITING.c.second == own, _WAITING.c.database == database)
            if connection.scalar(same_as(key).where(OTHER.c.time.in_(mine))):
                connection.rollback()
            else:
                connection.commit()

    def oldest(self, limit: int, after: int, database: str, meter_id: int | None) -> list[WaitingRow]:
        """The first `limit` readings behind the key `after` that are for `database`, or of the meter `meter_id`.

        Those that an older version kept say nothing of a database: they are for any.
        """
        due = [_WAITING.c.database.is_(None), _WAITING.c.database == database]
        if meter_id is not None:
            due.append(TABLE.c.meter_id == meter_id)
        own = func.coalesce(_WAITING.c.second, TABLE.c.time).label("own")
        statement = select(TABLE, own).select_from(_JOINED).where(TABLE.c.time > after, or_(*due))
        with self._connection() as connection:
            rows = self._execute(connection, statement.order_by(TABLE.c.time).limit(limit)).mappings()
            return [
                WaitingRow(row["time"], {column.name: row[column] for column in TABLE.columns} | {"time": row["own"]})
                for row in rows
            ]

    def remove(self, keys: Sequence[int]) -> None:
        """Delete the readings of these keys."""
        with self._connection() as connection:
            for table in (TABLE, _WAITING):
                statement = delete(table).where(table.c.time == bindparam("key"))
                connection.execute(statement, [{"key": key} for key in keys])
            connection.commit()

    def waiting(self) -> list[Waiting]:
        """What waits, for each database, the longest waiting first."""
        with self._connection() as connection:
            # Nothing is made: an older version's file lacks one of the two, an empty one both.
            there = inspect(connection).get_table_names()
            if TABLE.name not in there:
                return []
            if _WAITING.name not in there:
                count, since = connection.execute(select(func.count(), func.min(TABLE.c.time))).one()
                return [Waiting(None, count, since)] if count else []
            own = func.min(func.coalesce(_WAITING.c.second, TABLE.c.time))
            grouped = select(_WAITING.c.database, func.count(), own).select_from(_JOINED)
            return [
                Waiting(*row) for row in connection.execute(grouped.group_by(_WAITING.c.database).order_by(own)).all()
            ]

    def damaged(self) -> bool:
        """Whether the file is damaged, or no SQLite database: all of it is read."""
        try:
            with self._connection() as connection:
                return connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() != "ok"
        except StoreFailed as error:
            return error.damaged

    def _upgrade(self, connection: Connection) -> list[str]:
        statements = super()._upgrade(connection)
        _WAITING.create(connection, checkfirst=True)
        connection.commit()
        return statements


def handing_over(old: str, new: str) -> str:
    """A statement for a person to type: what waits for the database `old` is to go to `new`."""
    # Of use to `check` alone: a run need not know it.
    from sqlalchemy.dialects import sqlite

    statement = update(_WAITING).where(_WAITING.c.database == old).values(database=new)
    return str(statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})).replace("\n", "")
