"""SQLite's connections: what is committed survives a power cut, and a signal is heard while a lock is waited for."""

import sqlite3
import time
from collections.abc import Callable
from typing import Any, TypeVar

_SLICE = 0.1
"""Seconds for which SQLite waits for a lock by itself, deaf to signals."""

_Result = TypeVar("_Result")


class DurableConnection(sqlite3.Connection):
    """The `factory` of `sqlite3.connect`. `timeout`: for how many seconds a statement may wait for a lock."""

    def __init__(self, database: str, timeout: float, **options: Any) -> None:
        super().__init__(database, timeout=_SLICE, **options)
        self._timeout = timeout
        # A commit unlinks its journal. By FULL, the default, a power cut may bring that back, which undoes the commit.
        self.execute("PRAGMA synchronous = EXTRA").close()

    def cursor(self, factory: Any = None) -> Any:
        """A cursor that waits as its connection does."""
        return super().cursor(factory or _Cursor)

    def execute(self, *words: Any) -> sqlite3.Cursor:
        """Execute a statement on a cursor of its own."""
        cursor: sqlite3.Cursor = self.cursor().execute(*words)
        return cursor

    def commit(self) -> None:
        """Commit, which waits for whoever reads the file."""
        self.patiently(super().commit)

    def patiently(self, action: Callable[..., _Result], *words: Any) -> _Result:
        """Do it as soon as the file is not locked any more, which must be in time."""
        until = time.monotonic() + self._timeout
        while True:
            try:
                return action(*words)
            except sqlite3.OperationalError as error:
                busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() >= until:
                    raise
            # Where two wait for each other SQLite itself does not wait.
            time.sleep(_SLICE / 10)


class _Cursor(sqlite3.Cursor):
    connection: DurableConnection

    def execute(self, *words: Any) -> "_Cursor":
        return self.connection.patiently(super().execute, *words)

    def executemany(self, *words: Any) -> "_Cursor":
        return self.connection.patiently(super().executemany, *words)
