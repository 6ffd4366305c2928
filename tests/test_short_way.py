"""The short way to a database leads where the full one does, and costs no SQLAlchemy."""

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from p1harvester import ways
from p1harvester.errors import P1Error
from p1harvester.harvest import harvest
from p1harvester.settings import Settings
from p1harvester.short_way import ShortWay
from tests.conftest import Database, Run
from tests.meter import telegram_of
from tests.test_store import ORIGINAL

NOON = 1_700_000_000


def imports_sqlalchemy(run: Run, second: int, env: dict[str, str]) -> bool:
    """Let a run store a reading; return whether it imported SQLAlchemy."""
    done = run("--port", "-", input=telegram_of(second), env=env | {"PYTHONPROFILEIMPORTTIME": "1"})
    assert done.returncode == 0, done.stderr
    return "sqlalchemy" in done.stderr


def test_while_all_is_well_sqlalchemy_is_not_imported(database: Database, run: Run, tmp_path: Path) -> None:
    assert [imports_sqlalchemy(run, NOON + late, database.env) for late in (0, 60, 120)] == [True, False, False]
    away = {"P1_DSN": f"sqlite:///{tmp_path}/none/x.db"}
    assert run("--port", "-", input=telegram_of(NOON + 180), env=away).returncode == 75
    # A spool that was needed once stays, empty or not.
    (tmp_path / "none").mkdir()
    assert imports_sqlalchemy(run, NOON + 240, away)
    assert not imports_sqlalchemy(run, NOON + 300, database.env)
    assert [row["time"] for row in database.rows()] == [NOON, NOON + 60, NOON + 120, NOON + 300]


def test_a_reading_whose_answer_was_lost_is_stored_once(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host(database, tmp_path)
    host.run(telegram_of(NOON))
    insert = ShortWay.insert

    def loses_the_answer(way: ShortWay, row: dict[str, Any]) -> None:
        insert(way, row)
        raise OSError

    monkeypatch.setattr(ShortWay, "insert", loses_the_answer)
    status, said = host.run(telegram_of(NOON + 60))
    assert (status, said[:14]) == (0, "there already:")
    assert [row["time"] for row in database.rows()] == [NOON, NOON + 60]


class Host(logging.Handler):
    """One host's settings, and what it was told."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(logging.WARNING)
        self.database, self.folder, self.said = database, folder, list[str]()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what is said."""
        self.said.append(record.getMessage())

    def run(
        self, telegram: bytes, dsn: str = "", password: str = "", spool: str | None = "spool.db"
    ) -> tuple[int, str]:
        """One run; its exit status and its words."""
        (self.folder / "telegram").write_bytes(telegram)
        env = self.database.env
        chosen = Settings(
            str(self.folder / "telegram"),
            None,
            dsn or env["P1_DSN"],
            password or env.get("P1_DSN_PASSWORD"),
            timeout=5,
            spool=spool and str(self.folder / spool),
        )
        try:
            return 0, harvest(chosen)
        except P1Error as error:
            return error.status, str(error)


def dropped(_: int) -> list[str]:
    return ["DROP TABLE IF EXISTS p1_readouts CASCADE"]


def older(second: int) -> list[str]:
    return [*dropped(second), ORIGINAL]


def taken(second: int, to: int = 0) -> list[str]:
    values = ", ".join(f"({each}, 7)" for each in range(second, second + to + 1))
    return [*older(second), f"INSERT INTO p1_readouts (time, net_use) VALUES {values}"]


STATES: dict[str, Callable[[int], list[str]]] = {
    "well": lambda _: [],
    "no table": dropped,
    "the original's table": older,
    "the second is another's": taken,
    "all seconds are others'": lambda second: taken(second, 60),
}
"""What has become of the table before a run: its name -> statements."""
AWAY: dict[str, list[dict[str, str]]] = {
    "sqlite": [{}, {"dsn": "sqlite:////none/x.db"}],
    "mariadb": [{}, {"password": "wrong"}, {"dsn": "mysql+pymysql://p1@127.0.0.1:1/p1"}],
    "postgresql": [{}, {"password": "wrong"}, {"dsn": "postgresql+psycopg://p1@127.0.0.1:1/p1"}],
}
values = st.decimals(0, 99, places=3).map("{:06.3f}".format)
lines = st.lists(
    st.sampled_from([
        "1-0:2.7.0(02.500*kW)", "1-0:32.7.0(230.1*V)", "1-0:31.7.0(002.25*A)", "0-0:96.14.0(0002)", "1-0:1.8.1(9*kWh)",
        "0-0:96.7.21(00004)", "0-0:96.1.1(4530303033303030303030)", "1-0:1.6.0(231114221500W)(03.211*kW)",
    ]), max_size=5, unique=True,
)  # fmt: skip


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.slow
def test_both_ways_lead_to_the_same(
    data: st.DataObject, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = st.tuples(
        st.sampled_from([*STATES]),
        st.sampled_from(AWAY[database.kind]),
        st.sampled_from(["spool.db", "spool.db", None]),
        st.sampled_from([NOON, NOON, NOON + 1, NOON + 60]),
        values,
        lines,
    )
    steps = data.draw(st.lists(step, min_size=1, max_size=5))
    left, spool_file = [], Database("sqlite", f"sqlite:///{tmp_path}/spool.db", None)
    for full in (False, True):
        host = Host(database, tmp_path)
        logging.getLogger("p1harvester").addHandler(host)
        (tmp_path / "spool.db").unlink(missing_ok=True)
        database.execute(dropped(0)[0].removesuffix(" CASCADE" if database.kind == "sqlite" else ""))
        with monkeypatch.context() as patched:
            if full:
                patched.setattr(ways, "short_way", lambda _: None)
            outcomes = []
            for state, away, spool, second, power, more in steps:
                statements = STATES[state](second) or ["SELECT 1"]
                # Only PostgreSQL minds the views, and SQLite does not know the word.
                if database.kind == "sqlite":
                    statements = [each.removesuffix(" CASCADE") for each in statements]
                database.execute(*statements)
                outcomes.append(host.run(telegram_of(second, power, *more), spool=spool, **away))
        logging.getLogger("p1harvester").removeHandler(host)
        left.append((outcomes, host.said, contents(database), contents(spool_file)))
    assert left[0] == left[1]


def contents(database: Database) -> list[Any]:
    """All rows of both tables, of those that are there."""
    found = []
    for table in ("p1_readouts", "p1_waiting"):
        with suppress(sa.exc.DBAPIError):
            found.append(database.execute(f"SELECT * FROM {table} ORDER BY time"))
    return found
