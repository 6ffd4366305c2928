"""How long a reading takes to become a row: from the last byte of its telegram, and from the start of the run.

Run it from the project's folder: .venv/bin/python -m tests.bench.latency [CHECKOUT]. The jobs of tests.bench.one_shot,
and perhaps `before`, another CHECKOUT of p1harvester, in turn, on SQLite and MariaDB over its socket, against a meter
that sends every second and one that sends every ten; the starts are spread evenly over that time. It takes a quarter of
an hour.
"""

import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pymysql
import sqlalchemy as sa

from tests.bench.one_shot import PresentMeter, databases, install
from tests.meter import telegram

STARTS = {1: 21, 10: 5}
"""Seconds from one telegram to the next -> runs of each job."""
LIMIT = 60
"""Seconds after which a job will not store anything any more."""

State = Callable[[], object]
"""Yields something else once a row has been committed."""


class WatchedMeter(PresentMeter):
    """A meter that keeps when each telegram began and ended, by `time.monotonic()`."""

    def __init__(self, frame: bytes, interval: float) -> None:
        super().__init__([frame], interval=interval - len(frame) * 10 / 115200)
        # It is heard from its start, not from the first job's opening on.
        attributes = termios.tcgetattr(self._slave)
        attributes[4:6] = [termios.B115200] * 2
        termios.tcsetattr(self._slave, termios.TCSANOW, attributes)
        self.begun: list[float] = []
        self.ended: list[float] = []

    def _send(self, piece: bytes) -> None:
        if b"/" in piece:
            self.begun.append(time.monotonic())
        super()._send(piece)
        if b"!" in piece:
            self.ended.append(time.monotonic())

    def wait_for_beginning(self) -> None:
        """Wait until the next telegram begins."""
        number = len(self.begun)
        while len(self.begun) == number:
            time.sleep(0.001)


class Times(NamedTuple):
    """Seconds of one run: from its start to the last byte of its telegram, and from there to the committed row."""

    meter: float
    rest: float


def rows_of_sqlite(dsn: str) -> State:
    """The file's last change, as soon as its journal is gone: looking at that locks nothing."""
    path = Path(sa.make_url(dsn).database or "")
    journal = Path(f"{path}-journal")
    last = path.stat().st_mtime_ns

    def state() -> int:
        nonlocal last
        changed = path.stat().st_mtime_ns
        if not journal.exists():
            last = changed
        return last

    return state


def rows_of_mariadb(dsn: str) -> State:
    """The number of rows, asked by a connection of its own."""
    url = sa.make_url(dsn)
    socket = str(url.query["unix_socket"])
    cursor = pymysql.connect(user=url.username, database=url.database, unix_socket=socket, autocommit=True).cursor()

    def state() -> object:
        cursor.execute("SELECT COUNT(*) FROM p1_readouts")
        return cursor.fetchone()

    return state


def run(words: list[str], meter: WatchedMeter, phase: float, state: State) -> Times:
    """Start a job `phase` seconds after a telegram began, and wait for its row."""
    meter.wait_for_beginning()
    time.sleep(phase)
    before, start = state(), time.monotonic()
    job = subprocess.Popen(words)
    while state() == before:
        assert time.monotonic() < start + LIMIT, words
        time.sleep(0.0002)
    row = time.monotonic()
    assert job.wait() == 0
    last_byte = max(ended for ended in meter.ended if ended < row)
    return Times(last_byte - start, row - last_byte)


def imports(python: Path) -> float:
    """Wall seconds that the floor's imports take, the interpreter's start and end included."""
    begin = time.monotonic()
    subprocess.run([python, "-c", "import dotenv, pymysql, serial, sqlalchemy"], check=True)
    return time.monotonic() - begin


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder, databases(Path(folder)) as dsns:
        jobs = install(Path(folder), *sys.argv[1:])
        python = jobs.p1harvester.with_name("python")
        print(f"the floor's imports: {median(imports(python) for _ in range(11)):.3f} s")
        states = {"SQLite": rows_of_sqlite(dsns["SQLite"]), "MariaDB": rows_of_mariadb(dsns["MariaDB"])}
        for interval, number in STARTS.items():
            for engine, state in states.items():
                with WatchedMeter(telegram("dsmr-5.0.2"), interval) as meter:
                    words = jobs.words(dsns[engine], meter.port)
                    if jobs.before:
                        words["before"] = jobs.beside(dsns[engine], meter.port)["before"]
                    rounds = [
                        {
                            name: run(each, meter, interval * (turn + 0.5) / number, state)
                            for name, each in words.items()
                        }
                        for turn in range(number)
                    ]
                print(f"\n{engine}, a telegram every {interval} s, medians (and worst) of {number} starts")
                for name in words:
                    waits, rests = zip(*(each[name] for each in rounds), strict=True)
                    total = median(map(sum, zip(waits, rests, strict=True)))
                    print(
                        f"{name:12} start to row {total:6.3f} s; start to the telegram's last byte {median(waits):6.3f}"
                        f" ({max(waits):.3f}) s, from there to the row {1000 * median(rests):5.1f}"
                        f" ({1000 * max(rests):.1f}) ms"
                    )


if __name__ == "__main__":
    main()
