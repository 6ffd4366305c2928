"""The spool's file: whose it is, and what becomes of one that is damaged, linked or another program's."""

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Database, Run
from tests.meter import telegram_of

NOON = 1_700_000_000
AWAY = {"P1_DSN": "sqlite:////none/x.db"}


def times(path: Path) -> list[int]:
    """The seconds of the readings in an SQLite file."""
    with closing(sqlite3.connect(path)) as file:
        return [second for (second,) in file.execute("SELECT time FROM p1_readouts ORDER BY time")]


def damaged(path: Path, how: str) -> None:
    """A spool's file that is damaged."""
    if how == "zeros":
        path.write_bytes(bytes(8192))
        return
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE p1_readouts (time INTEGER PRIMARY KEY)")
        file.commit()
    content = bytearray(path.read_bytes())
    content[100:4096] = bytes(3996)
    path.write_bytes(content)


@pytest.mark.parametrize("how", ["zeros", "a page"])
@pytest.mark.slow
def test_runs_at_once_put_a_damaged_spool_aside_once(how: str, environment: dict[str, str], tmp_path: Path) -> None:
    damaged(tmp_path / "spool.db", how)
    env = environment | AWAY | {"P1_SPOOL": str(tmp_path / "spool.db")}
    runs = []
    # The slower a run is, the longer it believes that the spool is still the damaged one.
    for number, slow in enumerate((0, 2, 2)):
        (tmp_path / str(number)).write_bytes(telegram_of(NOON + 60 * number))
        delay = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=flock", "-e", f"inject=flock:delay_enter={slow}s"]
        words = [*(delay if slow else ()), COMMAND, "-q", "--port", str(number)]
        runs.append(subprocess.Popen(words, cwd=tmp_path, env=env))
    assert [run.wait() for run in runs] == [75] * 3
    assert times(tmp_path / "spool.db") == [NOON + 60 * number for number in range(3)]
    assert len(list(tmp_path.glob("spool.db.damaged-*"))) == 1


def test_the_same_reading_waits_once(run: Run) -> None:
    for _ in range(2):
        assert "where 1 wait" in run("--port", "-", input=telegram_of(NOON), env=AWAY).stderr
    assert "where 2 wait" in run("--port", "-", input=telegram_of(NOON, "00.327"), env=AWAY).stderr
    other = {"P1_DSN": "sqlite:////none/y.db"}
    assert "where 3 wait" in run("--port", "-", input=telegram_of(NOON), env=other).stderr


def test_a_file_of_another_program_is_left_as_it_is(run: Run, tmp_path: Path) -> None:
    (tmp_path / "shadow").write_text("root:*:19000:0:99999:7:::\n" * 50)
    done = run("--port", "-", input=telegram_of(NOON), env=AWAY | {"P1_SPOOL": str(tmp_path / "shadow")})
    assert done.returncode == 73
    assert "INSERT INTO p1_readouts" in done.stderr
    assert "this is no spool of ours" in done.stderr
    assert [path.name for path in tmp_path.iterdir() if "shadow" in path.name] == ["shadow"]
    assert (tmp_path / "shadow").read_text() == "root:*:19000:0:99999:7:::\n" * 50


@pytest.mark.parametrize("kind", ["link", "folder", "fifo"])
def test_only_a_file_itself_is_a_spool(kind: str, sqlite: Database, run: Run, tmp_path: Path) -> None:
    assert (
        run("--port", "-", input=telegram_of(NOON), env=AWAY | {"P1_SPOOL": str(tmp_path / "real.db")}).returncode == 75
    )
    path = tmp_path / "spool.db"
    subprocess.run(
        {"link": ["ln", "-s", "real.db"], "folder": ["mkdir"], "fifo": ["mkfifo"]}[kind] + [path], check=True
    )
    stored = run("--port", "-", input=telegram_of(NOON + 60), env=sqlite.env | {"P1_SPOOL": str(path)})
    kept = run("--port", "-", input=telegram_of(NOON + 120), env=AWAY | {"P1_SPOOL": str(path)})
    assert (stored.returncode, kept.returncode) == (77, 73)
    assert "the reading is stored, but" in stored.stderr
    assert "name the file itself with P1_SPOOL" in kept.stderr
    assert [row["time"] for row in sqlite.rows()] == [NOON + 60]
    assert times(tmp_path / "real.db") == [NOON]


@pytest.mark.root
def test_a_spool_that_another_user_made_is_not_emptied(sqlite: Database, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    assert run("--port", "-", input=telegram_of(NOON), env=AWAY | {"P1_SPOOL": str(path)}).returncode == 75
    shutil.chown(path, 65534)
    path.chmod(0o666)
    done = run("--port", "-", input=telegram_of(NOON + 60), env=sqlite.env | {"P1_SPOOL": str(path)})
    assert done.returncode == 77
    assert "sudo chown" in done.stderr
    assert [row["time"] for row in sqlite.rows()] == [NOON + 60]
