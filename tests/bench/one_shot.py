"""What one run costs, beside the least that it could cost and beside the same job written with dsmr_parser.

Run it from the project's folder: .venv/bin/python -m tests.bench.one_shot [CHECKOUT]. All in turn, on SQLite, and on
MariaDB and PostgreSQL over their sockets, reading one DSMR 5 telegram from a pty, each installed by pip in a venv of
its own as its user would do it. `import` is what smeterd, which stores nothing, takes only to be imported; `full way` a
run while a reading waits in its spool; `before` another CHECKOUT of p1harvester. The continuous reader, made of
p1harvester's own parts, stays: it imports once and keeps port and connection open. Valgrind counts instructions.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from p1harvester.parser import parse
from p1harvester.store import Store
from p1harvester.waiting import SpoolFile
from tests import servers
from tests.meter import Meter, sealed_again, telegram

ROUNDS = 21
COUNTS = 3
READINGS = 100

FOUR_PACKAGES = ("pyserial", "SQLAlchemy~=2.1.0", "PyMySQL", "python-dotenv")

READ = """
import sys
import dotenv, pymysql, serial, sqlalchemy
dsn, port = sys.argv[1:]
line = serial.serial_for_url(port, 115200, timeout=10, exclusive=True)
line.reset_input_buffer()
while b"/" not in (heard := line.readline()):
    pass
while b"!" not in heard:
    heard += line.readline()
"""
STORE = """
engine = sqlalchemy.create_engine(dsn)
with engine.begin() as connection:
    statement = "INSERT INTO p1_readouts (time, net_use) VALUES ({}, {})"
    connection.execute(sqlalchemy.text(statement.format(time, power)))
"""
FLOOR = READ + "import time as clock\ntime, power = clock.time_ns() // 1000, 0.326" + STORE
DSMR_PARSER = (
    READ
    + """
import time as clock
from dsmr_parser import telegram_specifications
from dsmr_parser.parsers import TelegramParser
telegram = TelegramParser(telegram_specifications.V5).parse(heard.decode("ascii"))
time, power = clock.time_ns() // 1000, telegram.CURRENT_ELECTRICITY_USAGE.value
"""
    + STORE
)
CONTINUOUS = """
import itertools, sys, time
from dataclasses import asdict, replace
from sqlalchemy import insert
from p1harvester.database import make_engine
from p1harvester.harvest import next_reading
from p1harvester.port import open_port
from p1harvester.schema import TABLE
dsn, port, count = sys.argv[1:]
with open_port(port, 115200, time.monotonic() + 600) as line, make_engine(dsn, None, 5).connect() as connection:
    for number in range(int(count) + 1):
        _, reading = next_reading(line, None)
        connection.execute(insert(TABLE), asdict(replace(reading, time=-number)))
        connection.commit()
        if number == 0:
            begin = time.process_time()
print((time.process_time() - begin) / number)
"""

# A child's peak begins with its parent's: this one has imported nothing.
MEASURE = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
sys.exit(os.waitstatus_to_exitcode(status))
"""


class PresentMeter(Meter):
    """A Meter whose clock shows the host's time: no telegram is like another."""

    def _forever(self) -> Iterator[bytes]:
        while True:
            for frame in self._frames:
                now = datetime.now(timezone(timedelta(hours=1))).strftime("0-0:1.0.0(%y%m%d%H%M%SW)")
                yield sealed_again(re.sub(rb"0-0:1\.0\.0\(\w+\)", now.encode(), frame))


class Jobs(NamedTuple):
    """The jobs that are compared, installed."""

    p1harvester: Path
    """The command."""
    dsmr_parser: Path
    """The Python that has dsmr_parser."""
    smeterd: Path
    """The Python that has smeterd."""
    before: Path | None
    """The command of another checkout."""
    folder: Path

    def words(self, dsn: str, port: str) -> dict[str, list[str]]:
        """Name -> command line of each that stores a row, ours first."""
        ours = self.p1harvester.with_name("python")
        return {
            "p1harvester": [str(self.p1harvester), "-q", "--port", port, "--dsn", dsn],
            "floor": [str(ours), str(self.script("floor", FLOOR)), dsn, port],
            "dsmr_parser": [str(self.dsmr_parser), str(self.script("with_dsmr_parser", DSMR_PARSER)), dsn, port],
        }

    def beside(self, dsn: str, port: str) -> dict[str, list[str]]:
        """Name -> command line of those that are measured, but do another job or an older one."""
        waiting = ["-q", "--port", port, "--dsn", dsn, "--env-file", str(self.waiting())]
        found = {
            "import": [str(self.smeterd), "-c", "import smeterd.cli"],
            "full way": [str(self.p1harvester), *waiting],
        }
        if self.before:
            found["before"] = [str(self.before), "-q", "--port", port, "--dsn", dsn]
            found["before, full"] = [str(self.before), *waiting]
        return found

    def waiting(self) -> Path:
        """Settings that lead to a spool in which a reading waits that these databases do not get."""
        path, settings = self.folder / "waiting.db", self.folder / "waiting.env"
        if not path.exists():
            reading = parse(telegram("belgium"), 1_700_000_000)
            SpoolFile(path).keep(asdict(reading), "elsewhere")
            settings.write_text(f"P1_SPOOL={path}\n")
        return settings

    def script(self, name: str, text: str) -> Path:
        """A file with this text."""
        (path := self.folder / f"{name}.py").write_text(text)
        return path


def install(folder: Path, before: str | None = None) -> Jobs:
    """Install p1harvester, its peers and perhaps another checkout of it, each into a venv of its own."""

    def venv(name: str, *packages: str) -> Path:
        path = folder / name
        subprocess.run([sys.executable, "-m", "venv", path], check=True)
        subprocess.run([path / "bin/pip", "install", "-q", "--disable-pip-version-check", *packages], check=True)
        return path / "bin"

    return Jobs(
        venv("ours", ".[postgresql]") / "p1harvester",
        venv("theirs", "dsmr-parser", "psycopg[binary]", *FOUR_PACKAGES) / "python",
        venv("smeterd", "smeterd") / "python",
        venv("before", f"{Path(before).resolve()}[postgresql]") / "p1harvester" if before else None,
        folder,
    )


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, str]]:
    """Name -> DSN of each database, with its table."""
    dsns = {"SQLite": f"sqlite:///{folder}/readings.db"}
    with servers.mariadb() as mariadb, servers.postgresql() as postgresql:
        for name, server in (("MariaDB", mariadb), ("PostgreSQL", postgresql)):
            assert server, f"{name}'s binaries are not installed"
            database = sa.make_url(server.new_database()).database
            over_socket = sa.make_url(server.admin).set(database=database)
            dsns[name] = over_socket.render_as_string(hide_password=False).replace("%2F", "/")
        for dsn in dsns.values():
            Store(dsn).set_up()
        yield dsns


def cost(words: list[str]) -> tuple[float, float]:
    """CPU seconds and MB at the peak of one run, in a second of its own."""
    time.sleep(1 - time.time() % 1)
    done = subprocess.run([sys.executable, "-ISc", MEASURE, *words], check=True, capture_output=True, text=True)
    seconds, size = map(float, done.stdout.split()[-2:])
    return seconds, size


def instructions(words: list[str]) -> float:
    """Millions of instructions of one run; NaN without valgrind."""
    if not shutil.which("valgrind"):
        return float("nan")
    counting = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *words]
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    counted: list[float] = []
    # So slowly a run may miss its own limits, and then do more, or fail.
    while len(counted) < COUNTS:
        done = subprocess.run(counting, check=False, capture_output=True, text=True, env=environment)
        found = re.search(r"Collected : (\d+)", done.stderr)
        assert found, done.stderr
        if done.returncode == 0:
            counted.append(int(found[1]) / 1e6)
    return min(counted)


def report(engine: str, contenders: dict[str, list[str]]) -> None:
    """Run all in turn; print the medians, and how they stand to each other."""
    rounds = [{name: cost(words) for name, words in contenders.items()} for _ in range(ROUNDS + 1)][1:]
    counts = {name: instructions(words) for name, words in contenders.items()}
    print(f"\n{engine}, medians of {ROUNDS}, in turn")
    ours = next(iter(contenders))
    for name in contenders:
        seconds, size = (statistics.median(each[name][figure] for each in rounds) for figure in (0, 1))
        line = f"{name:13}{seconds:7.3f} s CPU{size:7.1f} MB{counts[name]:7,.0f} M instructions"
        if name != ours:
            one = "full way" if name == "before, full" else ours
            cpu, peak = (
                statistics.median(each[one][figure] / each[name][figure] for each in rounds) for figure in (0, 1)
            )
            ratio = counts[one] / counts[name]
            line += f"   {one} / {name}: {cpu:.2f} CPU, {peak:.2f} memory, {ratio:.2f} instructions"
        print(line)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder, databases(Path(folder)) as dsns:
        # What waits on this host is not theirs.
        os.environ["XDG_DATA_HOME"] = folder
        jobs = install(Path(folder), *sys.argv[1:])
        for engine, dsn in dsns.items():
            with PresentMeter([telegram("dsmr-5.0.2")]) as meter:
                report(engine, jobs.words(dsn, meter.port) | jobs.beside(dsn, meter.port))
            with Meter([telegram("dsmr-5.0.2")], interval=0) as meter:
                python, script = jobs.p1harvester.with_name("python"), jobs.script("continuous", CONTINUOUS)
                words = [str(python), str(script), dsn, meter.port, str(READINGS)]
                done = subprocess.run(words, check=True, capture_output=True, text=True)
            print(f"continuous   {float(done.stdout):8.4f} s CPU a reading, over {READINGS}")


if __name__ == "__main__":
    main()
