"""The short way to a row: one INSERT by the database's own driver, without SQLAlchemy, whose import is most of a run.

It knows nothing of errors: what is not plain, or fails, goes the full way, which decides. A reading that was stored
although its answer was lost is found there.
"""

import os
import re
from contextlib import closing, nullcontext
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

from p1harvester.drivers import driver_options, opening
from p1harvester.dsn import Dsn, parse
from p1harvester.signals import alarm

TIMEOUT = 3
"""Seconds, of the time that a run has for its database; what is left of it is the full way's."""

# Each character means itself, and nothing is left out that it takes to store a row.
_PLAIN = re.compile(
    r"sqlite:///[\w/.-]+|(?:(?:mysql|mariadb)\+pymysql|postgresql\+psycopg)://(?:[\w.-]+(?::[^%]*)?@)?"
    r"(?:\[[\da-f:]+\]|[\w.-]*)(?::[1-9]\d*)?/[\w.-]+(?:\?\w+=[\w/.-]+(?:&\w+=[\w/.-]+)*)?",
    re.ASCII,
)
_OPTIONS = {
    "pymysql": {"charset", "ssl_ca", "unix_socket"},
    "psycopg": {"host", "port", "sslmode", "sslrootcert"},
}


class ShortWay:
    """The short way to one database, with all that it takes imported."""

    def __init__(self, text: str, password: str | None) -> None:
        """Raises an error of some kind where the DSN is not plain, or its driver not to be had."""
        dsn = parse(text)
        if dsn is None or not _PLAIN.fullmatch(text):
            raise ValueError("not plain")
        self._dsn = dsn._replace(password=password or dsn.password)
        self._is_sqlite = dsn.driver == "sqlite"
        self._driver = import_module("sqlite3" if self._is_sqlite else dsn.driver.partition("+")[2])
        self._names_limited = nullcontext if self._is_sqlite else import_module("p1harvester.names").limited
        self.arguments = _file(self._dsn) if self._is_sqlite else _server(self._dsn)
        """What the driver's `connect` is given, by SQLAlchemy too."""
        self._opening = opening(dsn.driver.partition("+")[2], {}, TIMEOUT)

    def __str__(self) -> str:
        """The DSN without its password, in SQLAlchemy's words."""
        query = self._dsn.query and "&".join(sorted(self._dsn.query.replace("/", "%2F").split("&")))
        return str(self._dsn._replace(query=query))

    def leads_to(self, path: Path) -> bool:
        """Whether the database is this SQLite file."""
        return self._is_sqlite and Path(self.arguments["database"]).resolve() == path.resolve()

    def insert(self, row: dict[str, Any]) -> None:
        """Store a reading under its own second. Raises an error of some kind where that is not certain."""
        values, place = list(row.values()), "%s"
        if self._is_sqlite:
            # SQLite has no decimals.
            values, place = [float(value) if isinstance(value, Decimal) else value for value in values], "?"
        places = ", ".join(place for _ in row)
        statement = f"INSERT INTO p1_readouts ({', '.join(row)}) VALUES ({places})"  # noqa: S608 -- our own names
        with alarm(TIMEOUT), self._names_limited(TIMEOUT), closing(self._driver.connect(**self.arguments)) as line:
            cursor = line.cursor()
            if self._opening:
                cursor.execute(self._opening)
            cursor.execute(statement, values)
            line.commit()


def _file(dsn: Dsn) -> dict[str, Any]:
    if dsn.password:
        raise ValueError("not plain")
    path = os.path.abspath(dsn.database or "")  # noqa: PTH100 -- links stay: SQLAlchemy does no more
    arguments: dict[str, Any] = {"database": path, "check_same_thread": False}
    return arguments | driver_options("pysqlite", None, {}, None, TIMEOUT)


def _server(dsn: Dsn) -> dict[str, Any]:
    driver, options = dsn.driver.partition("+")[2], (dsn.query or "").split("&") if dsn.query else []
    query = dict(option.split("=") for option in options)
    if len(query) < len(options) or not query.keys() <= _OPTIONS[driver]:
        raise ValueError("not plain")
    host = dsn.host.strip("[]")
    port = int(dsn.port) if dsn.port else None
    database = "dbname" if driver == "psycopg" else "database"
    parts = {"host": host, "port": port, "user": dsn.user, "password": dsn.password, database: dsn.database}
    arguments: dict[str, Any] = {name: value for name, value in parts.items() if value} | query
    if driver == "pymysql":
        from pymysql.constants.CLIENT import FOUND_ROWS

        arguments["client_flag"] = FOUND_ROWS
        if "ssl_ca" in query:
            arguments["ssl"] = {"ca": arguments.pop("ssl_ca")}
    return arguments | driver_options(driver, host, query, dsn.password, TIMEOUT)
