"""What a run is started in: no user's name, standard streams that are closed or full, databases that do not last."""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Database, Run
from tests.meter import telegram_of

NOON = 1700000000
NAMELESS = ("unshare", "--user", "--map-user=54321")
"""A command prefix: the user is a number that the host has no name for."""


@pytest.fixture
def saved(tmp_path: Path) -> str:
    """A saved telegram."""
    (tmp_path / "telegram").write_bytes(telegram_of(NOON))
    return f"{tmp_path}/telegram"


def test_a_user_without_a_name(sqlite: Database, run: Run, saved: str, tmp_path: Path) -> None:
    env = sqlite.env | {"HOST_USER": ""}
    assert run("--port", saved, env=env, prefix=NAMELESS).returncode == 0
    checked = run("check", "--port", saved, env=env, prefix=NAMELESS)
    assert "54321 may store a row" in checked.stdout
    (tmp_path / "spool").mkdir(mode=0o000)
    denied = run("--port", saved, env=env | {"P1_SPOOL": f"{tmp_path}/spool/x.db"}, prefix=NAMELESS)
    assert denied.returncode == 77
    assert f"sudo chown 54321 {tmp_path}/spool" in denied.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("closed", [">/dev/full", ">&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_reading_is_stored_whatever_becomes_of_the_output(
    closed: str, unbuffered: str, sqlite: Database, environment: dict[str, str], saved: str
) -> None:
    env = environment | sqlite.env | {"PYTHONUNBUFFERED": unbuffered}
    words = ["sh", "-c", f'exec "$@" {closed}', "sh", COMMAND, "-v", "--port", saved]
    done = subprocess.run(words, env=env, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    assert [row["time"] for row in sqlite.rows()] == [NOON]


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", [["read"], ["read", "--json"], ["read", "--raw"], ["check"], ["setup"]])
def test_output_that_nobody_can_take_is_said(
    command: list[str], unbuffered: str, sqlite: Database, environment: dict[str, str], saved: str
) -> None:
    env = environment | sqlite.env | {"PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        words = [COMMAND, *command, "--port", saved]
        done = subprocess.run(words, env=env, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.stderr == "p1harvester: standard output cannot be written: No space left on device\n"
    assert done.returncode == 74


@pytest.mark.parametrize(
    "dsn",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite+pysqlite://",
        "sqlite:///:memory:",
        "sqlite:///?timeout=3",
        "sqlite:///file::memory:?uri=true",
        "sqlite:///file:x?mode=memory&cache=shared&uri=true",
    ],
)
def test_a_database_that_does_not_last_is_refused(dsn: str, run: Run, saved: str) -> None:
    done = run("--port", saved, "--dsn", dsn)
    assert done.returncode == 78
    assert "would be gone with the run" in done.stderr


@pytest.mark.parametrize("path", [":memory:", "file::memory:", "sqlite://", "sqlite:///:memory:"])
def test_a_spool_that_does_not_last_is_refused(path: str, sqlite: Database, run: Run, saved: str) -> None:
    done = run("--port", saved, env=sqlite.env | {"P1_SPOOL": path})
    assert done.returncode == 78
    assert "must be the path of a file that lasts" in done.stderr
