"""The spool: it drains, refuses nothing, blocks nothing, and survives a full disk, a damaged file, a kill."""

import random
import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import COMMAND, UNMEASURED, UNPRIVILEGED, Database, Run, both_ways
from tests.faults import (
    NOON,
    Harvest,
    fill,
    stored,
    times,
)
from tests.meter import numbered, telegram_of

pytestmark = [pytest.mark.slow, both_ways]


def test_two_runs_that_drain_at_once(
    database: Database, environment: dict[str, str], harvest_at: Harvest, tmp_path: Path
) -> None:
    spool = tmp_path / "spool.db"
    waiting = range(NOON, NOON + 60 * 5000, 60)
    fill(spool, waiting)
    env = environment | database.env | {"P1_SPOOL": str(spool)}
    both = []
    for second in (NOON - 2, NOON - 1):
        (tmp_path / str(second)).write_bytes(numbered(second))
        both.append(subprocess.Popen([COMMAND, "--port", str(tmp_path / str(second))], env=env))
    assert [process.wait() for process in both] == [0, 0]
    runs = 2
    while left := times(spool):
        runs += 1
        assert harvest_at(NOON - runs, database, env={"P1_SPOOL": str(spool)}).returncode == 0
        assert len(times(spool)) < len(left)
    assert stored(database) == [*range(NOON - runs, NOON), *waiting]


def test_a_long_outage_comes_back_run_by_run(mariadb: Database, harvest_at: Harvest, tmp_path: Path) -> None:
    fill(tmp_path / "spool.db", range(NOON, NOON + 20_000))
    env = {"P1_SPOOL": str(tmp_path / "spool.db")}
    runs = 0
    while waiting := times(tmp_path / "spool.db"):
        runs += 1
        assert harvest_at(NOON - runs, mariadb, env=env).returncode == 0
        assert len(times(tmp_path / "spool.db")) < len(waiting)
    assert stored(mariadb) == [*range(NOON - runs, NOON + 20_000)]


REFUSAL = {
    "mariadb": ["ALTER TABLE p1_readouts ADD CHECK (time <> 1700000060)"],
    "postgresql": ["ALTER TABLE p1_readouts ADD CHECK (time <> 1700000060)"],
    "sqlite": [
        "CREATE TRIGGER no BEFORE INSERT ON p1_readouts WHEN new.time = 1700000060"
        " BEGIN SELECT RAISE(ABORT, 'not this one'); END"
    ],
}


def test_a_row_that_is_refused_for_itself_blocks_no_other(
    database: Database, harvest_at: Harvest, tmp_path: Path
) -> None:
    env = {"P1_SPOOL": str(tmp_path / "spool.db")}
    assert harvest_at(NOON, database, env=env).returncode == 0
    database.execute(*REFUSAL[database.kind])
    assert harvest_at(NOON + 60, database, env=env).returncode == 75
    fill(tmp_path / "spool.db", range(NOON + 30, NOON + 40))
    fill(tmp_path / "spool.db", range(NOON + 100, NOON + 110))
    for minute in (2, 3):
        done = harvest_at(NOON + 60 * minute, database, env=env)
        assert done.returncode == 0
        assert "refuses 1 of the readings" in done.stderr
        assert times(tmp_path / "spool.db") == [NOON + 60]
    expected = [NOON, *range(NOON + 30, NOON + 40), *range(NOON + 100, NOON + 110), NOON + 120, NOON + 180]
    assert stored(database) == expected


@pytest.mark.parametrize("away", [True, False])
def test_a_damaged_spool_is_put_aside(away: bool, sqlite: Database, harvest_at: Harvest, tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    path.write_bytes(b"no database at all" * 500)
    env = {"P1_SPOOL": str(path)} | ({"P1_DSN": "sqlite:////none/x.db"} if away else {})
    done = harvest_at(NOON, sqlite, env=env)
    assert done.returncode == (75 if away else 0)
    [aside] = tmp_path.glob("spool.db.damaged-*")
    assert aside.read_bytes() == b"no database at all" * 500
    assert str(aside) in done.stderr
    assert times(path) == ([NOON] if away else [])


def test_a_full_disk(sqlite: Database, harvest_at: Harvest, tmp_path: Path) -> None:
    fill(tmp_path / "readings.db", range(1000))
    env = UNMEASURED | {"P1_SPOOL": str(tmp_path / "spool.db")}
    full = harvest_at(NOON, sqlite, env=env, prefix=("prlimit", "--fsize=30000"))
    assert full.returncode == 75
    assert times(tmp_path / "spool.db") == [NOON]
    fill(tmp_path / "spool.db", range(1000, 2000))
    fuller = harvest_at(NOON + 60, sqlite, env=env, prefix=("prlimit", "--fsize=30000"))
    assert fuller.returncode == 73
    assert (
        f"INSERT INTO p1_readouts (time, net_use, meter_time, use_reading, meter_id) VALUES ({NOON + 60}, 0.326, "
        in fuller.stderr
    )
    assert harvest_at(NOON + 120, sqlite, env=env).returncode == 0
    assert stored(sqlite) == [*range(2000), NOON, NOON + 120]


def read_only_file_system(folder: Path) -> tuple[str, ...]:
    """A command prefix: `folder` is a file system of the command's own, mounted read-only."""
    script = 'mount -t tmpfs -o ro none "$1" && shift && exec "$@"'
    return ("unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(folder))


@pytest.mark.parametrize("why", ["mode", "file system"])
def test_a_read_only_folder(why: str, sqlite: Database, harvest_at: Harvest, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    env = {"P1_DSN": f"sqlite:///{tmp_path}/locked/x.db", "P1_SPOOL": str(tmp_path / "locked/spool.db")}
    prefix = UNPRIVILEGED if why == "mode" else read_only_file_system(tmp_path / "locked")
    done = harvest_at(NOON, sqlite, env=env, prefix=prefix)
    assert done.returncode == 73
    assert "INSERT INTO p1_readouts" in done.stderr


def test_a_spool_that_is_not_ours(sqlite: Database, harvest_at: Harvest, tmp_path: Path) -> None:
    fill(tmp_path / "spool.db", range(5))
    (tmp_path / "spool.db").chmod(0)
    done = harvest_at(NOON, sqlite, env={"P1_SPOOL": str(tmp_path / "spool.db")}, prefix=UNPRIVILEGED)
    assert done.returncode == 77
    assert "the reading is stored, but" in done.stderr
    assert "sudo chown" in done.stderr
    assert stored(sqlite) == [NOON]


def test_a_spool_in_a_folder_that_is_not_ours(sqlite: Database, harvest_at: Harvest, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o400)
    done = harvest_at(NOON, sqlite, env={"P1_SPOOL": str(tmp_path / "closed/spool.db")}, prefix=UNPRIVILEGED)
    assert done.returncode == 77
    assert re.search("sudo chown .*/closed`", done.stderr)
    assert stored(sqlite) == [NOON]


def test_the_spool_must_not_be_the_database(sqlite: Database, harvest_at: Harvest, tmp_path: Path) -> None:
    assert harvest_at(NOON, sqlite).returncode == 0
    done = harvest_at(NOON + 60, sqlite, env={"P1_SPOOL": f"{tmp_path}/./readings.db"})
    assert done.returncode == 78
    assert stored(sqlite) == [NOON]


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_killed_at_any_moment(
    kind: str,
    request: pytest.FixtureRequest,
    environment: dict[str, str],
    harvest_at: Harvest,
    run: Run,
    tmp_path: Path,
) -> None:
    database = request.getfixturevalue(kind)
    path = tmp_path / "spool.db"
    chance = random.Random(4)
    env = {"P1_SPOOL": str(path)}
    for moment in range(50):
        if moment % 20 == 0:
            # How long a run takes changes with what else the machine does.
            started = time.monotonic()
            assert harvest_at(NOON - moment, database, env=env).returncode == 0
            longest = 1.5 * (time.monotonic() - started)
        # Every other run finds no database, so that the spool is killed too, while it fills and while it drains.
        dsn = {"P1_DSN": "sqlite:////none/x.db"} if moment % 2 else database.env
        (tmp_path / "saved").write_bytes(numbered(NOON + 1 + moment))
        process = subprocess.Popen(
            [COMMAND, "--port", str(tmp_path / "saved")], env=environment | env | dsn, stderr=subprocess.DEVNULL
        )
        try:
            process.wait(chance.uniform(0, longest))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    (tmp_path / "saved").write_bytes(numbered(NOON + 1000))
    done = run("--port", "saved", env=database.env | env)
    assert (done.returncode, done.stderr) == (0, "")
    assert times(path) == []
    rows = [row for row in database.rows() if row["time"] > NOON]
    assert 5 < len(rows) < 50
    assert len({row["time"] for row in rows}) == len(rows)
    assert {tuple(row) for row in rows} == {("time", "net_use", "meter_time", "use_reading", "meter_id")}


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_while_all_is_well_nothing_else_is_written(
    kind: str, request: pytest.FixtureRequest, environment: dict[str, str], tmp_path: Path
) -> None:
    database = request.getfixturevalue(kind)
    env = environment | UNMEASURED | database.env
    trace = tmp_path / "trace"
    (tmp_path / "saved").write_bytes(telegram_of(NOON))
    words = [COMMAND, "--port", str(tmp_path / "saved")]
    subprocess.run(words, env=env, check=True)
    (tmp_path / "saved").write_bytes(telegram_of(NOON + 60))
    calls = "open,openat,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,truncate,symlinkat,linkat"
    subprocess.run(["strace", "-f", "-o", trace, "-e", f"trace={calls}", *words], env=env, check=True)
    written = {
        line.split('"')[1]
        for line in trace.read_text().splitlines()
        if '"' in line and ("open" not in line or any(flag in line for flag in ("O_WRONLY", "O_RDWR", "O_CREAT")))
        if " = -1 E" not in line
    }
    own = f"{tmp_path}/readings.db"
    assert written <= ({own, f"{own}-journal"} if kind == "sqlite" else set())
    assert stored(database) == [NOON, NOON + 60]
