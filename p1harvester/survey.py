"""What a database can tell about itself and its rows, asked without storing or mending anything.

Each question costs a look-up by key or a scan of the last day's keys, however many rows there are.
"""

import re
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import false, func, insert, or_, select

from p1harvester.database import Database
from p1harvester.errors import StoreFailed
from p1harvester.schema import TABLE, has_prices, missing_columns, views_are_current
from p1harvester.user import user

_MAY = (1050, 1060, "42P07", "42701")
"""What a server that would create or alter the table says of our trial: it is there, or a column is there twice."""


class Survey(Database):
    """A database that is only asked. Every method connects, and raises StoreFailed; an SQLite file must be there."""

    program = "mariadb"
    """The name of MariaDB's client and service; MySQL's is mysql."""

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
        """The user in the DSN; where it names none, a server's driver comes as the operating system's."""
        return self._engine.url.username or ("" if self.kind == "sqlite" else user())

    @property
    def name(self) -> str:
        """The database in the DSN."""
        return self._engine.url.database or ""

    @property
    def query(self) -> dict[str, str]:
        """The DSN's options."""
        return {name: value if isinstance(value, str) else value[-1] for name, value in self._engine.url.query.items()}

    @property
    def has_password(self) -> bool:
        """Whether there is a password, in the DSN or beside it."""
        return bool(self._engine.url.password)

    def by(self, host: str | None, query: dict[str, str], name: str | None = None) -> "Survey":
        """The same user's way to a database by another host, other options, or another name."""
        url = self._engine.url.set(host=host, query=query, database=self.name if name is None else name)
        other = Survey(url.render_as_string(hide_password=False), timeout=self._timeout)
        other.program = self.program
        return other

    def refusal(self) -> StoreFailed | None:
        """Why the server does not let us in; None where it does."""
        try:
            self.ask("SELECT 1")
        except StoreFailed as failure:
            return failure
        return None

    def ask(self, question: str) -> tuple[Any, ...]:
        """The first row of what the server answers; empty where there is none."""
        with self._connection() as connection:
            answer = connection.exec_driver_sql(question, execution_options={"no_parameters": True})
            return tuple(answer.first() or ())

    def product(self) -> str:
        """The server's name and version, such as `MariaDB 10.11.14`."""
        if self.kind == "sqlite":
            # The first page is read, so that a damaged file shows.
            self.ask("PRAGMA schema_version")
            return f"SQLite {sqlite3.sqlite_version}"
        if self.kind == "postgresql":
            [version] = self.ask("SHOW server_version")
            return f"PostgreSQL {_number(version)}"
        [version] = self.ask("SELECT VERSION()")
        is_mariadb = "mariadb" in str(version).lower()
        self.program = "mariadb" if is_mariadb else "mysql"
        return f"{'MariaDB' if is_mariadb else 'MySQL'} {_number(version)}"

    def account(self) -> str:
        """The account that the server took us for: MariaDB's `'user'@'host'`, or the user's name."""
        if self.kind not in ("mysql", "mariadb"):
            return self.user
        [account] = self.ask("SELECT CURRENT_USER()")
        user, _, host = str(account).rpartition("@")
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

    def try_create(self) -> None:
        """Let the server check the rights to create the table, and create none."""
        twice = "" if self.kind == "postgresql" else ", time BIGINT"
        self._try(f"CREATE TABLE {TABLE.name} (time BIGINT{twice})")

    def try_alter(self) -> None:
        """Let the server check the rights to add columns to the table, and add none."""
        self._try(f"ALTER TABLE {TABLE.name} ADD COLUMN time BIGINT")

    def _try(self, statement: str) -> None:
        try:
            with self._connection() as connection:
                connection.exec_driver_sql(statement)
                connection.rollback()
        except StoreFailed as failure:
            if failure.server_code not in _MAY:
                raise

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


def _number(version: object) -> str:
    """A version's digits, without what a distribution puts behind them."""
    found = re.search(r"[\d.]*\d", str(version))
    return found[0] if found else "of no version"
