"""How fast a spool of a week of minutes goes into MariaDB, beside a plain executemany of the same rows by PyMySQL.

Run it from the project's folder: .venv/bin/python -m tests.bench.drain
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pymysql
import sqlalchemy as sa

from p1harvester.parser import parse
from p1harvester.schema import TABLE
from p1harvester.spool import Spool
from p1harvester.store import Store
from tests import servers
from tests.meter import telegram

ROWS = 10_080
ROUNDS = 5


def week() -> list[dict[str, object]]:
    """A row a minute, each a full DSMR 5 reading."""
    reading = parse(telegram("dsmr-5.0.2"), 0)
    values = {name: getattr(reading, name) for name in reading.__slots__}
    return [values | {"time": 1_700_000_000 + 60 * minute} for minute in range(ROWS)]


def seconds(work: Callable[[], object]) -> float:
    """Wall seconds that `work` takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def main() -> None:
    """Print rows per second of both, in turn, and the ratio of the medians."""
    rows = week()
    drains, plains = [], []
    with servers.mariadb() as server, tempfile.TemporaryDirectory() as folder:
        if server is None:
            raise SystemExit("MariaDB's binaries are not installed")
        names = list(rows[0])
        statement = f"INSERT INTO p1_readouts ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})"
        for turn in range(ROUNDS):
            database = Store(server.new_database_with_password())
            database.set_up()
            path = Path(folder, f"{turn}.db")
            Store(path).set_up()
            with sa.create_engine(f"sqlite:///{path}").begin() as connection:
                connection.execute(sa.insert(TABLE), rows)
            spool = Spool(str(path), database)
            drains.append(seconds(lambda spool=spool: spool.drain(None, time.monotonic() + 600)))  # type: ignore[misc]

            url = sa.make_url(server.new_database_with_password())
            Store(url.render_as_string(hide_password=False)).set_up()
            plain = pymysql.connect(
                host=url.host,
                port=url.port or 0,
                user=url.username,
                password=url.password or "",
                database=url.database,
                ssl_disabled=True,
            )
            values = [tuple(row.values()) for row in rows]

            def executemany(plain: "pymysql.Connection[pymysql.cursors.Cursor]" = plain) -> None:
                with plain.cursor() as cursor:
                    cursor.executemany(statement, values)  # noqa: B023
                plain.commit()

            plains.append(seconds(executemany))
            plain.close()
    drain, plain_rate = (ROWS / statistics.median(each) for each in (drains, plains))
    print(f"{ROWS} rows, median of {ROUNDS}, in turn")
    print(f"drain {drain:,.0f} rows/s, plain executemany {plain_rate:,.0f} rows/s")
    print(f"drain / plain executemany: {drain / plain_rate:.2f}")


if __name__ == "__main__":
    main()
