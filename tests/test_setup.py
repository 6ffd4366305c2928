"""`setup` on a terminal, over a table that takes a while: what it says, and that it may be ended and run again."""

import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from tests.conftest import COMMAND, Database, Run
from tests.test_store import ORIGINAL

MANY = 100_000
ADDING, INDEXING = b"adding power_failures", b"adding an index of meters"


def read(terminal: int) -> bytes:
    """What comes next; nothing when all have hung up."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


@contextmanager
def setup(database: Database, environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The command on a terminal of its own."""
    master, slave = pty.openpty()
    with (
        closing(os.fdopen(master, "rb", buffering=0)),
        subprocess.Popen(
            [COMMAND, "setup"], env=environment | database.env, stdout=slave, stderr=slave, start_new_session=True
        ) as process,
    ):
        os.close(slave)
        try:
            yield process, master
        finally:
            process.kill()


def said(database: Database, environment: dict[str, str]) -> str:
    """All that it says; it must end with 0."""
    with setup(database, environment) as (process, terminal):
        text = b"".join(iter(lambda: read(terminal), b""))
        assert process.wait() == 0, text
    return text.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("moment", [ADDING, INDEXING])
def test_ended_in_the_middle_and_run_again(
    moment: bytes, number: int, database: Database, environment: dict[str, str]
) -> None:
    numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
    some = f"n AS a CROSS JOIN n AS b WHERE a.i <= {MANY // 1000}"
    assert "making p1_readouts" in said(database, environment)
    database.execute(
        f"INSERT INTO p1_readouts (time, use_reading, meter_id) {numbers}"
        f" SELECT 1700000000 + 60000 * a.i + 60 * b.i, a.i, 5 FROM {some}",
        "DROP VIEW p1_version",
        f"DROP INDEX p1_readouts_meter{' ON p1_readouts' if database.kind == 'mariadb' else ''}",
        f"ALTER TABLE p1_readouts DROP COLUMN power_failures{' CASCADE' if database.kind == 'postgresql' else ''}",
    )
    heard = b""
    with setup(database, environment) as (process, terminal):
        while moment not in heard:
            new = read(terminal)
            assert new, heard
            heard += new
        process.send_signal(number)
        process.wait()
    assert b"Traceback" not in heard
    text = said(database, environment)
    assert "its views were made" in text or "its views are up to date" in text
    [row] = database.execute("SELECT count(*) AS readings, count(power_failures) AS failures FROM p1_readouts")
    assert tuple(row.values()) == (MANY, 0)
    assert len(database.execute("SELECT * FROM usage_per_month")) > 0
    again = said(database, environment)
    assert "adding" not in again
    assert "up to date" in again


def test_the_server_goes_on_with_the_index_of_a_run_that_was_killed(
    mariadb: Database, environment: dict[str, str]
) -> None:
    said(mariadb, environment)
    mariadb.execute("DROP VIEW p1_version", "DROP INDEX p1_readouts_meter ON p1_readouts")

    def wait_for(count: int) -> None:
        """Wait until so many of this database's statements wait for the table."""
        waiting = "db = database() AND state LIKE 'Waiting for table metadata lock%%'"
        query = f"SELECT count(*) AS waiting FROM information_schema.processlist WHERE {waiting}"
        while mariadb.execute(query) != [{"waiting": count}]:
            pass

    with mariadb.engine.connect() as reader, ThreadPoolExecutor() as pool:
        reader.exec_driver_sql("SELECT time FROM p1_readouts")
        index = "ALTER TABLE p1_readouts ADD INDEX p1_readouts_meter (meter_id, gas_meter_id)"
        killed = pool.submit(mariadb.execute, index)
        wait_for(1)
        with setup(mariadb, environment) as (process, terminal):
            wait_for(2)
            reader.rollback()
            text = b"".join(iter(lambda: read(terminal), b""))
            assert process.wait() == 0, text
        killed.result()


def test_what_is_said_to_no_terminal(sqlite: Database, run: Run) -> None:
    sqlite.execute(ORIGINAL)
    done = run("setup", env=sqlite.env)
    first, *_ = done.stdout.splitlines()
    assert first.startswith("adding ")
    assert first.endswith(" to p1_readouts ...")
    assert run("setup", "-q", env=sqlite.env).stdout == ""
