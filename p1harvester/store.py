"""Where readings are kept: `p1_readouts` in MariaDB, PostgreSQL or SQLite.

The fast path is one INSERT and nothing else: the table is looked at only when it did not take the row, and then created
or brought up to date.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable, bindparam, delete, func, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from p1harvester.engine import alarm, make_engine
from p1harvester.errors import P1Error
from p1harvester.schema import TABLE, code_of, make_views, upgrade, views_are_current
from p1harvester.settings import masked

LIMIT = 5
"""Seconds to connect, and for each statement."""
SETUP_LIMIT = 3600
"""The same for `setup`, which a person waits for: an old server copies the table to add a column."""

Row = dict[str, Any]
"""Column -> value, for every column of `p1_readouts`."""


_RIGHTS = 'the table is set up, but for its views this user needs more rights: see "The database" in the README'
_ADVICE = {
    **dict.fromkeys((1044, 1142, 1227, 1370, "42501"), _RIGHTS),
    1419: "the server writes a binary log: as its root user run"
    " `SET GLOBAL log_bin_trust_function_creators = 1`, then `p1harvester setup` again",
}
"""The server's code -> what the user can do when the views were refused."""

# SQLite has one code for every fault in a statement; MariaDB's and PostgreSQL's are for a table and for a column.
_NO_SUCH_TABLE_OR_COLUMN = (sqlite3.SQLITE_ERROR, 1146, 1054, "42P01", "42703")


class StoreFailed(P1Error):
    """The database did not take the row; the sentence says which database, and why."""

    status = 75

    def __init__(self, sentence: str, cause: Exception) -> None:
        super().__init__(sentence)
        self.damaged = isinstance(cause, DBAPIError) and code_of(cause) in (
            sqlite3.SQLITE_CORRUPT,
            sqlite3.SQLITE_NOTADB,
        )
        """Whether this is an SQLite file that is damaged, or none at all."""


class Store:
    """The table `p1_readouts` behind one DSN. Every method but the first connects, and raises StoreFailed."""

    def __init__(self, dsn: str | Path, password: str | None = None, limit: int = LIMIT) -> None:
        """A DSN, or the path of an SQLite file. Connects to nothing; raises BadSettings.

        `limit` is in seconds: to connect, and for each statement.
        """
        self._limit = limit
        self._engine = make_engine(dsn, password, limit)

    def __str__(self) -> str:
        """The DSN without its password."""
        return masked(self._engine.url.render_as_string())

    @property
    def file(self) -> Path | None:
        """The SQLite file, if it is one."""
        name = self._engine.url.database
        return Path(name) if name and self._engine.dialect.name == "sqlite" else None

    def insert(self, row: Row) -> bool:
        """Store one row; False if its second is there already, which changes nothing."""
        with self._connection() as connection:
            try:
                self._execute(connection, insert(TABLE), row)
            except IntegrityError:
                connection.rollback()
                if not self._there(connection, [row]):
                    raise
                return False
            connection.commit()
        return True

    def insert_many(self, rows: Sequence[Row]) -> dict[int, str]:
        """Store those rows, ordered by time, that are not there yet; return time -> why for each that was refused.

        All go in one transaction; one by one only when the database did not take them together.
        """
        refused: dict[int, str] = {}
        with self._connection() as connection:
            there = self._there(connection, rows)
            if missing := [row for row in rows if row["time"] not in there]:
                try:
                    connection.execute(insert(TABLE), missing)
                    connection.commit()
                except DBAPIError:
                    connection.rollback()
                    refused = self._insert_singly(connection, missing)
        return refused

    def _insert_singly(self, connection: Connection, rows: Sequence[Row]) -> dict[int, str]:
        refused: dict[int, str] = {}
        for row in rows:
            try:
                connection.execute(insert(TABLE), row)
                connection.commit()
            except DBAPIError as error:
                connection.rollback()
                if not self._there(connection, [row]):
                    refused[row["time"]] = self._reason(error)
        return refused

    def oldest(self, limit: int, after: int) -> list[Row]:
        """The first `limit` rows whose time is later than `after`, oldest first."""
        statement = select(TABLE).where(TABLE.c.time > after).order_by(TABLE.c.time).limit(limit)
        with self._connection() as connection:
            return [dict(row) for row in self._execute(connection, statement).mappings()]

    def waiting(self) -> tuple[int, int]:
        """How many rows there are, and the oldest one's time (0 when there is none)."""
        with self._connection() as connection:
            found: Any = self._execute(connection, select(func.count(), func.min(TABLE.c.time))).one()
            return found[0], found[1] or 0

    def remove(self, times: Sequence[int]) -> None:
        """Delete the rows of these seconds."""
        with self._connection() as connection:
            connection.execute(delete(TABLE).where(TABLE.c.time == bindparam("second")), [{"second": t} for t in times])
            connection.commit()

    def set_up(self) -> list[str]:
        """Create the table, or add the columns that it lacks; return the statements that this took."""
        with self._connection() as connection:
            return upgrade(connection)

    def set_up_views(self) -> bool:
        """Create or replace the views if they are out of date; return whether they were."""
        with self._connection() as connection:
            if views_are_current(connection):
                return False
            try:
                make_views(connection)
            except DBAPIError as error:
                if advice := _ADVICE.get(code_of(error)):
                    raise StoreFailed(f"{self}: {self._reason(error)}; {advice}", error) from error
                raise
        return True

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        try:
            with alarm(2 * self._limit), self._engine.connect() as connection:
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
            raise StoreFailed(f"{self}: {self._reason(error)}", error) from error

    def _execute(self, connection: Connection, statement: Executable, row: Row | None = None) -> CursorResult[Any]:
        """Execute a statement; when the table was missing or out of date, mend it and execute again."""
        try:
            return connection.execute(statement, row)
        except DBAPIError as error:
            if code_of(error) not in _NO_SUCH_TABLE_OR_COLUMN:
                raise
            connection.rollback()
            upgrade(connection)
            return connection.execute(statement, row)

    def _there(self, connection: Connection, rows: Sequence[Row]) -> set[int]:
        between = TABLE.c.time.between(rows[0]["time"], rows[-1]["time"])
        return set(connection.scalars(select(TABLE.c.time).where(between)))

    def _reason(self, error: Exception) -> str:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
        text = str(cause.args[-1] if cause.args else cause) or type(cause).__name__
        return text.strip().partition("\n")[0].replace(self._engine.url.password or "\0", "***")
