"""What one run costs, beside the least that it could cost and beside the same job written with dsmr_parser.

Run it from the project's folder: .venv/bin/python -m tests.bench.one_shot. All in turn, on SQLite and MariaDB over its
socket, reading one DSMR 5 telegram from a pty. Without `pip install dsmr-parser` in the same venv that one is left out.
"""

import importlib.util
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import sqlalchemy as sa

from p1harvester.store import Store
from tests import servers
from tests.conftest import COMMAND
from tests.meter import Meter, telegram

ROUNDS = 21

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

# A child's peak begins with its parent's: this one has imported nothing.
MEASURE = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def cost(words: list[str]) -> tuple[float, float]:
    """CPU seconds and MB at the peak of one run."""
    done = subprocess.run([sys.executable, "-ISc", MEASURE, *words], check=True, capture_output=True, text=True)
    seconds, size = map(float, done.stdout.split()[-2:])
    return seconds, size


def report(engine: str, contenders: dict[str, list[str]]) -> None:
    """Run all in turn; print the medians and the ratios of the first to the others."""
    rounds = [{name: cost(words) for name, words in contenders.items()} for _ in range(ROUNDS + 1)][1:]
    print(f"\n{engine}, medians of {ROUNDS}, in turn")
    ours = next(iter(contenders))
    for name in contenders:
        seconds, size = (statistics.median(each[name][figure] for each in rounds) for figure in (0, 1))
        cpu, peak = (statistics.median(each[ours][figure] / each[name][figure] for each in rounds) for figure in (0, 1))
        print(f"{name:12}{seconds:7.3f} s CPU{size:7.1f} MB   {ours} / {name}: {cpu:.2f} CPU, {peak:.2f} memory")


def main() -> None:
    """Print the figures."""
    with servers.mariadb() as server, tempfile.TemporaryDirectory() as folder, Meter([telegram("dsmr-5.0.2")]) as meter:
        assert server, "MariaDB's binaries are not installed"
        database = sa.make_url(server.new_database()).database
        over_socket = sa.make_url(server.admin).set(database=database).render_as_string(hide_password=False)
        for engine, dsn in {"SQLite": f"sqlite:///{folder}/readings.db", "MariaDB": over_socket}.items():
            Store(dsn).set_up()
            script = {"floor": FLOOR, "dsmr_parser": DSMR_PARSER}
            if importlib.util.find_spec("dsmr_parser") is None:
                del script["dsmr_parser"]
            contenders = {"p1harvester": [COMMAND, "-q", "--port", meter.port, "--dsn", dsn]}
            for name, text in script.items():
                path = Path(folder, f"job_{name}.py")
                path.write_text(text)
                contenders[name] = [sys.executable, str(path), dsn, meter.port]
            report(engine, contenders)


if __name__ == "__main__":
    main()
