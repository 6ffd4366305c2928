"""Two hundred meters on one server.

`.venv/bin/pytest -s tests/test_many.py` prints what happened, with counts and times.
"""

import os
import random
import time
from collections import Counter
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from dotenv import dotenv_values

from p1harvester.parser import parse
from tests import servers
from tests.conftest import UNMEASURED, Run
from tests.meter import NetworkReader
from tests.servers import Server
from tests.writers import AT_ONCE, NOON, all_together, by_the_readme, frame

pytestmark = pytest.mark.slow

METERS = 200
MINUTES = 2


def cpu_seconds(server: Server) -> float:
    """CPU time that a server's process has used."""
    assert server.process
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def seen_by(settings: Path) -> set[str]:
    """The databases that the user in a settings file can see."""
    values = dotenv_values(settings)
    url = sa.make_url(str(values["P1_DSN"])).set(password=values["P1_DSN_PASSWORD"])
    with sa.create_engine(url, poolclass=sa.pool.NullPool).connect() as connection:
        return set(connection.exec_driver_sql("SHOW DATABASES").scalars())


def test_two_hundred_meters_on_one_server(run: Run, tmp_path: Path) -> None:
    names = [f"meter{number:03}" for number in range(METERS)]
    now = int(time.time())
    sent = {name: [frame(number, now, minute) for minute in range(MINUTES)] for number, name in enumerate(names)}
    with ExitStack() as stack:
        server = stack.enter_context(servers.mariadb())
        if server is None:
            pytest.skip("the binaries of mariadb are not installed")
        by_the_readme(server, names, tmp_path)
        ports = {name: stack.enter_context(NetworkReader(frames)).port for name, frames in sent.items()}

        def harvested(name: str) -> tuple[int, str]:
            words = ("--env-file", f"{name}.env", "--port", ports[name])
            done = run(*words, env=UNMEASURED | {"HOME": str(tmp_path / name)})
            return done.returncode, done.stderr

        for minute in range(MINUTES):
            begin, before = time.monotonic(), cpu_seconds(server)
            order = random.Random(minute).sample(names, METERS)
            ends = Counter(all_together([partial(harvested, name) for name in order]))
            busy = (cpu_seconds(server) - before) / METERS
            print(
                f"\nminute {minute + 1}: {ends[0, '']} of {METERS} meters stored, {AT_ONCE} at a time, in"
                f" {time.monotonic() - begin:.0f} s; the server was busy for {1000 * busy:.1f} ms a row",
                end="",
            )
            assert ends == {(0, ""): METERS}
        [(_, most)] = server.execute("SHOW STATUS LIKE 'Max_used_connections'")
        print(f"\n{most} connections at once at the most, of 151")

        expected = [
            (name, reading.meter_id, reading.use_reading_1)
            for name, frames in sent.items()
            for reading in (parse(each, 0) for each in frames)
        ]
        assert len({number for _, number, _ in expected}) == METERS
        each = (f"SELECT '{name}' AS meter, meter_id, use_reading_1, time FROM {name}.p1_readouts" for name in names)
        rows = server.execute(f"{' UNION ALL '.join(each)} ORDER BY meter, time")
        assert [(name, number, register) for name, number, register, _ in rows] == expected
        assert seen_by(tmp_path / "meter007.env") == {"information_schema", "meter007"}


def test_a_server_with_no_connection_left(run: Run) -> None:
    with servers.mariadb("--max-connections=10") as server, ExitStack() as held:
        if server is None:
            pytest.skip("the binaries of mariadb are not installed")
        dsn = server.new_database_with_password()
        for _ in range(10):
            held.enter_context(sa.create_engine(dsn, poolclass=sa.pool.NullPool).connect())
        words = ("--dsn", dsn, "--port", "-")
        full = run(*words, input=frame(1, NOON, 0))
        assert (full.returncode, "Too many connections. The reading is safe in" in full.stderr) == (75, True)
        held.close()
        assert run(*words, input=frame(1, NOON + 60, 1)).returncode == 0
        rows = server.execute("SELECT time FROM p1_readouts ORDER BY time", database=sa.make_url(dsn).database)
        assert rows == [(NOON,), (NOON + 60,)]
