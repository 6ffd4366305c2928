"""The rows that a booted machine has stored, and whether they are all there."""

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from typing import NamedTuple

from tests.booted.machine import Machine

_ASKED = "SELECT time, net_use FROM p1_readouts ORDER BY time"


class Row(NamedTuple):
    """When a reading was stored, and the power in it, by which its meter is known."""

    time: int
    power: float


def rows(machine: Machine, database: str, meter: str = "") -> list[Row]:
    """All rows of a meter, oldest first."""
    if database == "sqlite":
        path = machine.root / "var/lib/p1harvester" / meter / "p1harvester.db"
        if not path.exists():
            return []
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as connection:
            return [Row(*row) for row in connection.execute(_ASKED)]
    name = f"p1harvester_{meter}" if meter else "p1harvester"
    client = {
        "mariadb": f"mariadb -N {name} -e '{_ASKED}'",
        "postgresql": f"runuser -u postgres -- env -C / psql -At -F ' ' {name} -c '{_ASKED}'",
    }
    return [
        Row(int(line.split()[0]), float(line.split()[1])) for line in machine(client[database]).splitlines() if line
    ]


def since(second: float, found: Sequence[Row]) -> list[Row]:
    """Those of `found` that were stored after a second."""
    return [row for row in found if row.time >= second]


def missing(found: Sequence[Row], step: int) -> list[str]:
    """The steps of `step` seconds, from the first row to the last, in which no row was stored."""
    seen = {row.time // step for row in found}
    lacking = set(range(min(seen, default=0), max(seen, default=0))) - seen
    return [time.strftime("%H:%M:%S", time.gmtime(each * step)) for each in sorted(lacking)]


def wait_until(second: float) -> None:
    """Sleep until then: the job is begun by the clock."""
    time.sleep(max(0, second - time.time()))


def next_step(step: int, count: int = 1) -> float:
    """When, after `count` steps, the run of a step has had time to store its row."""
    return (time.time() // step + count) * step + min(10, step / 2)
