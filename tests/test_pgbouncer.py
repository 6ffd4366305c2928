"""Every command works through pgbouncer, whichever way it lends its sessions, and no statement outlasts its limit."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import Database, Run
from tests.meter import numbered
from tests.pooler import pgbouncer

SECOND = 1700000000


@pytest.fixture(params=["session", "transaction"])
def env(request: pytest.FixtureRequest, postgresql: Database) -> Iterator[dict[str, str]]:
    """The settings that lead to the database by way of pgbouncer."""
    with pgbouncer(postgresql, request.param) as port:
        yield postgresql.env | {"P1_DSN": re.sub(r":\d+/", f":{port}/", postgresql.dsn)}


def test_setup_runs_spool_and_check_go_through(
    env: dict[str, str], postgresql: Database, run: Run, tmp_path: Path
) -> None:
    spooling = env | {"P1_SPOOL": str(tmp_path / "spool.db")}
    away = spooling | {"P1_DSN": "postgresql+psycopg://p1@127.0.0.1:1/p1"}
    # More than the driver executes before it would keep the statement in the server.
    for late in range(8):
        assert run("-q", "--port", "-", input=numbered(SECOND + 60 * late), env=away).returncode == 75
    for words in (("setup",), ("setup",)):
        assert_done(run, spooling, *words)
    for _ in range(2):
        assert_done(run, spooling, "--port", "-", frame=numbered(SECOND + 6000))
    assert len(postgresql.rows()) == 9, "what waited came back, and nothing was stored twice"
    shown = run("check", "--port", "-", input=numbered(SECOND + 6000), env=spooling | {"COLUMNS": "999"}).stdout
    for line in ("may store a row", "views       they are up to date", "nothing waits"):
        assert line in shown, shown


def assert_done(run: Run, env: dict[str, str], *words: str, frame: bytes | None = None) -> None:
    """The command ends well and has nothing to warn of."""
    done = run(*words, input=frame, env=env)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr


def test_a_statement_that_takes_too_long_ends(env: dict[str, str], postgresql: Database, run: Run) -> None:
    assert_done(run, env, "setup")
    with postgresql.engine.begin() as other:
        other.execute(sa.text("LOCK TABLE p1_readouts"))
        done = run("--port", "-", input=numbered(SECOND), env=env)
        assert done.returncode == 75
        assert "statement timeout" in done.stderr
    # What was set for that transaction holds for no other one.
    with sa.create_engine(sa.make_url(env["P1_DSN"]).set(password=env["P1_DSN_PASSWORD"])).connect() as through:
        assert through.scalar(sa.text("SHOW statement_timeout")) == "0"
