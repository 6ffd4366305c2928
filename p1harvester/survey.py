"""What a database can tell about itself and its rows, asked without storing or mending anything.

Each question costs a look-up by key or a scan of the last day's keys, however many rows there are.
"""

import sqlite3
from pathlib import Path

from sqlalchemy import false, func, insert, or_, select

from p1harvester.database import Database
from p1harvester.schema import TABLE, has_prices, missing_columns, views_are_current


class Survey(Database):
    """A database that is only asked. Every method connects, and raises StoreFailed; an SQLite file must be there."""

    @property
    def kind(self) -> str:
        """SQLAlchemy's name for the database: mysql, mariadb, postgresql or sqlite."""
        return self._engine.dialect.name

    @property
    def host(self) -> str | None:
        """The server's name or address; None where the DSN names none."""
        return self._engine.url.host

    @property
    def tcp_port(self) -> int:
        """The server's TCP port."""
        return self._engine.url.port or (5432 if self.kind == "postgresql" else 3306)

    @property
    def socket(self) -> Path | None:
        """The server's unix socket; None where the DSN names none."""
        query = self._engine.url.query
        if self.kind == "postgresql":
            folder = query.get("host")
            named = isinstance(folder, str) and folder.startswith("/")
            return Path(str(folder), f".s.PGSQL.{query.get('port', self.tcp_port)}") if named else None
        path = query.get("unix_socket")
        return Path(path) if isinstance(path, str) else None

    @property
    def user(self) -> str:
        """The user in the DSN."""
        return self._engine.url.username or ""

    @property
    def name(self) -> str:
        """The database in the DSN."""
        return self._engine.url.database or ""

    def product(self) -> str:
        """The server's name and version, such as `MariaDB 10.11.14`."""
        with self._connection() as connection:
            dialect = connection.dialect
            if self.kind == "sqlite":
                # The first page is read, so that a damaged file shows.
                connection.exec_driver_sql("PRAGMA schema_version")
                return f"SQLite {sqlite3.sqlite_version}"
            dialect.initialize(connection)
            names = {"postgresql": "PostgreSQL"}
            name = names.get(self.kind, "MariaDB" if getattr(dialect, "is_mariadb", False) else "MySQL")
            return f"{name} {'.'.join(str(part) for part in dialect.server_version_info or ())}"

    def account(self) -> str:
        """The account that the server took us for: MariaDB's `'user'@'host'`, or the user's name."""
        if self.kind not in ("mysql", "mariadb"):
            return self.user
        with self._connection() as connection:
            user, _, host = str(connection.exec_driver_sql("SELECT CURRENT_USER()").scalar_one()).rpartition("@")
            # Whoever answered may have said anything, and a person will paste it where all rights are.
            user, host = (part.replace("\\", "\\\\").replace("'", "''") for part in (user, host))
            return f"'{user}'@'{host}'"

    def missing_columns(self) -> list[str] | None:
        """The columns that the table lacks; None where there is no table."""
        with self._connection() as connection:
            connection.dialect.initialize(connection)
            return missing_columns(connection)

    def try_insert(self) -> None:
        """Execute an INSERT of no row at all: the server checks the rights to write, and there is nothing to store."""
        with self._connection() as connection:
            connection.execute(insert(TABLE).from_select(["time"], select(TABLE.c.time).where(false())))
            connection.rollback()

    def views_are_current(self) -> bool:
        """Whether the views are those of this version of the program."""
        with self._connection() as connection:
            return views_are_current(connection)

    def has_prices(self) -> bool | None:
        """Whether there is a price; None where that cannot be read, to which the job needs no right."""
        with self._connection() as connection:
            return has_prices(connection)

    def bounds(self, since: int, until: int) -> tuple[int, int] | None:
        """The time of the first row and of the last between two UNIX seconds; None where there is no row."""
        with self._connection() as connection:
            first, last = (
                connection.scalar(
                    select(TABLE.c.time).where(TABLE.c.time.between(since, until)).order_by(order).limit(1)
                )
                for order in (TABLE.c.time, TABLE.c.time.desc())
            )
            return None if first is None or last is None else (first, last)

    def outside(self, since: int, until: int) -> tuple[int, int, int]:
        """How many rows lie before or behind these two UNIX seconds, and the first and last of them (0 if none)."""
        outside = or_(TABLE.c.time < since, TABLE.c.time > until)
        with self._connection() as connection:
            count, first, last = connection.execute(
                select(func.count(), func.min(TABLE.c.time), func.max(TABLE.c.time)).where(outside)
            ).one()
            return count, first or 0, last or 0

    def times(self, since: int, until: int) -> list[int]:
        """The rows' times between two UNIX seconds, in order."""
        with self._connection() as connection:
            return list(
                connection.scalars(
                    select(TABLE.c.time).where(TABLE.c.time.between(since, until)).order_by(TABLE.c.time)
                )
            )
