"""Where readings are kept: `p1_readouts` in MariaDB, PostgreSQL or SQLite.

The fast path is one INSERT and nothing else: the table is looked at only when it did not take the row, and then created
or brought up to date.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import nullcontext
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Connection,
    CursorResult,
    Executable,
    RowMapping,
    Select,
    and_,
    insert,
    literal_column,
    or_,
    select,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from p1harvester.database import Database
from p1harvester.errors import StoreFailed
from p1harvester.schema import TABLE, Doing, has_prices, make_views, server_code, upgrade, views_are_current

SETUP_TIMEOUT = 3600
"""Seconds for each statement of `setup`, which a person waits for: an old server copies the table to add a column."""

BESIDE = 60
"""Seconds behind its own under which a reading is stored whose second another one has."""
_ATTEMPTS = 3
_FEW = 20
"""What is refused together is parted in two halves of at least so many rows."""
OTHER = TABLE.alias("other")
"""The row that `same_as` finds."""

Row = dict[str, Any]
"""Column -> value, for every column of `p1_readouts`."""


_RIGHTS = (
    "the table is set up, but for its views this user needs more rights: `sudo systemd/install`, in the clone, lends"
    ' them in a database that it made; else see "The database" in systemd/README.md'
)
_ADVICE = {
    **dict.fromkeys((1044, 1142, 1227, 1370, "42501"), _RIGHTS),
    1419: "the server writes a binary log, and so takes functions from its root alone until it is told, on its host:"
    " `{}`; then `p1harvester setup` again. The views are as they were",
}
"""The server's code -> what the user can do when the views were refused."""
_TRUST_MYSQL = "sudo mysql -e 'SET PERSIST log_bin_trust_function_creators = 1'"
# A MariaDB that is set while it runs has forgotten it after a restart, and at the next upgrade refuses again.
_TRUST_MARIADB = (
    "sudo mariadb -e 'SET GLOBAL log_bin_trust_function_creators = 1' && printf"
    " '[mariadbd]\\nlog_bin_trust_function_creators = 1\\n' | sudo tee /etc/mysql/mariadb.conf.d/60-p1harvester.cnf"
)

# SQLite has one code for every fault in a statement; MariaDB's and PostgreSQL's are for a table and for a column.
_NO_SUCH_TABLE_OR_COLUMN = (sqlite3.SQLITE_ERROR, 1146, 1054, "42P01", "42703")


class Store(Database):
    """The table `p1_readouts`, to be written. Every method connects, and raises StoreFailed."""

    mended = False
    """Whether an insertion had to create the table, or to bring it up to date."""

    def insert(self, row: Row, spent: float = 0) -> int | None:
        """Store a reading; return the second that it is stored under, None if it is there already.

        That is its own second, or the first behind it that is free, where another reading has its own. `spent` are the
        seconds, of the time for it, that are gone.
        """
        with self._connection(spent) as connection:
            try:
                self._execute(connection, insert(TABLE), row)
            except IntegrityError:
                connection.rollback()
                return self._insert_beside(connection, row)
            connection.commit()
        return int(row["time"])

    def insert_many(self, rows: Sequence[Row]) -> dict[int, str]:
        """Store those readings that are not there yet; return index -> why for each that was refused.

        All whose seconds are free go in one transaction, the others one by one. What the database does not take
        together is parted in two, until it is little enough to go one by one too.
        """
        with self._connection() as connection:
            return self._insert_together(connection, dict(enumerate(rows)))

    def _insert_together(self, connection: Connection, rows: dict[int, Row]) -> dict[int, str]:
        # As the driver gives it: the table may be another program's, with columns of other types, or fewer.
        everything: Select[Any] = select(literal_column("*")).select_from(TABLE)
        found = connection.execute(everything.where(TABLE.c.time.in_([row["time"] for row in rows.values()])))
        there = {row["time"]: row for row in found.mappings()}
        # A run that was killed, or another beside this one, has stored these and not taken them from the spool yet.
        rows = {index: row for index, row in rows.items() if not _is(row, there.get(row["time"]))}
        free = {row["time"]: index for index, row in reversed(rows.items()) if row["time"] not in there}
        together = sorted(free.values())
        refused = dict[int, str]()
        try:
            if together:
                connection.execute(insert(TABLE), [rows[index] for index in together])
                connection.commit()
        except DBAPIError as error:
            _roll_back(connection, error)
            if (middle := len(together) // 2) >= _FEW:
                for half in (together[:middle], together[middle:]):
                    refused |= self._insert_together(connection, {index: rows[index] for index in half})
            else:
                together = []
        return refused | self._insert_singly(connection, {i: row for i, row in rows.items() if i not in together})

    def _insert_singly(self, connection: Connection, rows: dict[int, Row]) -> dict[int, str]:
        refused: dict[int, str] = {}
        for index, row in rows.items():
            try:
                self._insert_beside(connection, row)
            except StoreFailed as error:
                refused[index] = error.reason
            except DBAPIError as error:
                _roll_back(connection, error)
                refused[index] = self._reason(error)
        return refused

    def _insert_beside(self, connection: Connection, row: Row) -> int | None:
        """Store a reading under the first second from its own on that is free, unless one before that holds it."""
        own, last = row["time"], row["time"] + BESIDE
        for left in reversed(range(_ATTEMPTS)):
            taken = set(connection.scalars(select(TABLE.c.time).where(TABLE.c.time.between(own, last))))
            second = next((second for second in range(own, last + 1) if second not in taken), None)
            if second is None:
                connection.rollback()
                raise StoreFailed(str(self), f"other readings have the {BESIDE + 1} seconds from {own} on")
            try:
                connection.execute(insert(TABLE), row | {"time": second})
            except IntegrityError:
                # Another run has taken this second meanwhile; or it is something else that is wrong with the row.
                connection.rollback()
                if not left:
                    raise
                continue
            # Both are compared as the table keeps them: a column of the program before this one rounds.
            if second > own and connection.scalar(same_as(second).where(OTHER.c.time.between(own, second - 1))):
                connection.rollback()
                return None
            connection.commit()
            return second
        raise AssertionError("unreachable")

    def set_up(self, doing: Doing = nullcontext) -> list[str]:
        """Create the table, or add the columns that it lacks; return the statements that this took."""
        with self._connection() as connection:
            return upgrade(connection, doing)

    def set_up_views(self, doing: Doing = nullcontext) -> bool:
        """Create or replace the views, unless they are those of this version; return whether they were made."""
        with self._connection() as connection:
            if views_are_current(connection) and has_prices(connection) is not None:
                return False
            try:
                make_views(connection, doing)
            except DBAPIError as error:
                if advice := _ADVICE.get(server_code(error)):
                    trust = _TRUST_MARIADB if getattr(connection.dialect, "is_mariadb", False) else _TRUST_MYSQL
                    raise self._failure(error, f"; {advice.format(trust)}") from error
                raise
        return True

    def _execute(self, connection: Connection, statement: Executable, row: Row | None = None) -> CursorResult[Any]:
        """Execute a statement; when the table was missing or out of date, mend it and execute again."""
        try:
            return connection.execute(statement, row)
        except DBAPIError as error:
            if server_code(error) not in _NO_SUCH_TABLE_OR_COLUMN:
                raise
            connection.rollback()
            self._upgrade(connection)
            self.mended = True
            return connection.execute(statement, row)

    def _upgrade(self, connection: Connection) -> list[str]:
        return upgrade(connection)


def _is(reading: Row, row: RowMapping | None) -> bool:
    """Whether a row, as a driver gives it, is this reading to the last digit."""
    if row is None:
        return False
    kept = {name: row.get(name) for name in reading}
    return {n: float(value) if isinstance(value, Decimal) else value for n, value in kept.items()} == reading


def _roll_back(connection: Connection, error: DBAPIError) -> None:
    """Roll back, also behind a COMMIT that failed: to SQLAlchemy that one has ended the transaction, to SQLite not.

    Raise the error where the connection is gone: a server that hangs would be waited for again with every row.
    """
    if error.connection_invalidated:
        raise error
    connection.rollback()
    connection.connection.rollback()


def same_as(second: int) -> Select[tuple[int]]:
    """A query of the seconds under which the reading of `second` is stored as well.

    Two rows are one reading if they agree in every column that both have, and the meter's clock is among these; without
    it they must lack the same columns too.
    """
    agree, lacking = [], []
    for one, other in zip(TABLE.columns, OTHER.columns, strict=True):
        if one.name != "time":
            agree.append(or_(one == other, one.is_(None), other.is_(None)))
            lacking.append(or_(one == other, and_(one.is_(None), other.is_(None))))
    timed = TABLE.c.meter_time == OTHER.c.meter_time
    same = or_(and_(timed, *agree), and_(*lacking))
    return select(OTHER.c.time).where(TABLE.c.time == second, OTHER.c.time != second, same).limit(1)
