"""Which second a reading goes under, and that no distinct reading is lost or stored twice on the way there."""

import random
import re
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from p1harvester import clock
from p1harvester.errors import Spooled, StoreFailed
from p1harvester.harvest import harvest
from p1harvester.port import SavedPort
from p1harvester.settings import Settings
from p1harvester.short_way import ShortWay
from p1harvester.store import Store
from p1harvester.waiting import SpoolFile
from tests.conftest import Database, Run
from tests.meter import FOLDER, sealed, telegram_of
from tests.test_store import ORIGINAL

NOON = 1_700_000_000
SEQUENCES = 60
"""How many are tried at once; by hand a thousand were, on each database."""


def numbered(number: int, second: int | None) -> bytes:
    """A telegram that no other is like: its register says which it is."""
    clock = [] if second is None else [f"0-0:1.0.0({_stamp(second)})"]
    return sealed(*clock, f"1-0:1.8.1({number:010.3f}*kWh)", "1-0:1.7.0(00.326*kW)")


def _stamp(second: int) -> str:
    found = re.search(rb"0-0:1\.0\.0\((\w+)\)", telegram_of(second))
    assert found
    return found[1].decode()


class Host:
    """A host whose clock shows what it is told, and a database that fails when it is told to."""

    def __init__(self, database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = NOON
        self.fails: Callable[[], str] = lambda: ""
        self._folder = folder
        self._env = database.env
        monkeypatch.setattr("p1harvester.listen.time.time", lambda: self.now)
        monkeypatch.setattr(SavedPort, "saved", False)
        monkeypatch.setattr(clock, "synchronised", lambda: True)
        for owner, name in ((ShortWay, "insert"), (Store, "insert"), (Store, "insert_many"), (SpoolFile, "remove")):
            monkeypatch.setattr(owner, name, self._failing(getattr(owner, name)))

    def _failing(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def failing(store: Store | ShortWay, *arguments: Any) -> Any:
            how = self.fails()
            if how == "before":
                raise StoreFailed(str(store), "it is away")
            result = method(store, *arguments)
            if how == "behind":
                raise StoreFailed(str(store), "its answer was lost")
            return result

        return failing

    def run(self, telegram: bytes) -> None:
        """One run, whatever becomes of it."""
        path = self._folder / "telegram"
        path.write_bytes(telegram)
        password = self._env.get("P1_DSN_PASSWORD")
        spool = str(self._folder / "spool.db")
        settings = Settings(str(path), None, self._env["P1_DSN"], password, timeout=5, spool=spool)
        with suppress(Spooled):
            harvest(settings)


@pytest.mark.slow
def test_no_sequence_of_faults_loses_a_reading_or_doubles_one(
    made: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host(made, tmp_path, monkeypatch)
    for seed in range(SEQUENCES):
        chance = random.Random(seed)
        made.execute("DELETE FROM p1_readouts")
        taken: list[bytes] = []
        for _ in range(chance.randrange(2, 14)):
            # Now and then the same telegram in the same second.
            if not taken or chance.random() < 0.8:
                # The clock stands often, and is set back or forth sometimes.
                host.now += chance.choice([0, 0, 0, 1, 60, -60, -3600, 86400])
                meter = chance.choice([None, host.now, host.now + 3600, host.now - 1])
                taken.append(numbered(len(taken), meter))
            host.fails = lambda chance=chance: chance.choice(["", "", "before", "behind"])  # type: ignore[misc]
            host.run(taken[-1])
        host.fails = lambda: ""
        host.now += 86400 * 2
        host.run(numbered(len(taken), None))
        stored = sorted(int(row["use_reading_1"]) for row in made.rows())
        assert stored == list(range(len(taken) + 1)), seed


def test_another_reading_of_the_same_second_is_stored_behind_it(database: Database, run: Run) -> None:
    database.execute(ORIGINAL)
    first = (FOLDER / "dsmr-5.0.2.txt").read_bytes()
    assert run("--port", "-", input=first, env=database.env).returncode == 0
    [row] = database.rows()
    database.execute("UPDATE p1_readouts SET meter_time = meter_time - 3600, time = time")
    said = [run("--port", "-", "-v", input=first, env=database.env).stdout for _ in range(2)]
    assert said[0].startswith("stored: 2024-01-07 17:22:40, ")
    assert said[1].startswith("there already: ")
    assert [each["time"] for each in database.rows()] == [row["time"], row["time"] + 1]


def test_a_reading_for_which_no_second_is_free_waits(database: Database, run: Run) -> None:
    assert run("setup", env=database.env).returncode == 0
    values = ", ".join(f"({NOON + n}, {n})" for n in range(61))
    database.execute(f"INSERT INTO p1_readouts (time, use_reading) VALUES {values}")
    done = run("--port", "-", input=telegram_of(NOON), env=database.env)
    assert done.returncode == 75
    assert "other readings have the 61 seconds" in done.stderr
    database.execute(f"DELETE FROM p1_readouts WHERE time = {NOON + 60}")
    assert run("--port", "-", input=telegram_of(NOON + 600), env=database.env).returncode == 0
    assert [row["time"] for row in database.rows()][-2:] == [NOON + 60, NOON + 600]


def waiting_for_another(run: Run, folder: Path) -> None:
    """Let a reading wait for the database `gone/a.db`."""
    done = run("--port", "-", input=telegram_of(NOON), env={"P1_DSN": f"sqlite:///{folder}/gone/a.db"})
    assert done.returncode == 75


def stored(folder: Path, name: str) -> list[int]:
    """The seconds of the rows in an SQLite file."""
    with sqlite3.connect(folder / name) as file:
        return [second for (second,) in file.execute("SELECT time FROM p1_readouts ORDER BY time")]


def test_a_reading_goes_to_its_own_database(run: Run, tmp_path: Path) -> None:
    waiting_for_another(run, tmp_path)
    other = {"P1_DSN": f"sqlite:///{tmp_path}/b.db"}
    assert run("--port", "-", input=telegram_of(NOON + 60), env=other).returncode == 0
    assert stored(tmp_path, "b.db") == [NOON + 60]
    (tmp_path / "gone").mkdir()
    own = {"P1_DSN": f"sqlite:///{tmp_path}/gone/a.db"}
    assert run("--port", "-", input=telegram_of(NOON + 120), env=own).returncode == 0
    assert stored(tmp_path, "gone/a.db") == [NOON, NOON + 120]


def test_a_reading_follows_its_meter_to_another_database(run: Run, tmp_path: Path) -> None:
    saved = (FOLDER / "dsmr-5.0.2.txt").read_bytes()
    assert run("--port", "-", input=saved, env={"P1_DSN": f"sqlite:///{tmp_path}/gone/a.db"}).returncode == 75
    other = {"P1_DSN": f"sqlite:///{tmp_path}/b.db"}
    assert run("--port", "-", input=(FOLDER / "belgium.txt").read_bytes(), env=other).returncode == 0
    assert len(stored(tmp_path, "b.db")) == 1
    assert run("--port", "-", input=saved, env=other).returncode == 0
    assert len(stored(tmp_path, "b.db")) == 2
    assert stored(tmp_path, ".local/share/p1harvester/spool.db") == []


@pytest.mark.slow
def test_check_says_what_waits_for_another_database_and_hands_it_over(run: Run, tmp_path: Path) -> None:
    waiting_for_another(run, tmp_path)
    env = {"P1_DSN": f"sqlite:///{tmp_path}/b.db", "COLUMNS": "999"}
    assert run("--port", "-", input=telegram_of(NOON + 60), env=env).returncode == 0
    said = run("check", "--port", FOLDER / "dsmr-5.0.2.txt", env=env).stdout
    assert f"1 readings wait in {tmp_path}/.local/share/p1harvester/spool.db" in said
    [remedy] = re.findall(r"-> (sqlite3 .*)", said)
    assert run(env=env, command=("sh", "-c", remedy)).returncode == 0
    assert run("--port", "-", input=telegram_of(NOON + 120), env=env).returncode == 0
    assert stored(tmp_path, "b.db") == [NOON, NOON + 60, NOON + 120]


def test_a_spool_of_an_older_version_is_emptied_as_ever(run: Run, tmp_path: Path) -> None:
    waiting_for_another(run, tmp_path)
    with sqlite3.connect(tmp_path / ".local/share/p1harvester/spool.db") as file:
        file.execute("DROP TABLE p1_waiting")
        file.execute("ALTER TABLE p1_readouts DROP COLUMN voltage_swells_l3")
    env = {"P1_DSN": f"sqlite:///{tmp_path}/b.db"}
    assert "1 readings wait" in run("check", "--port", FOLDER / "dsmr-5.0.2.txt", env=env).stdout
    assert run("--port", "-", input=telegram_of(NOON + 60), env=env).returncode == 0
    assert stored(tmp_path, "b.db") == [NOON, NOON + 60]


def test_check_names_rows_that_cannot_be_and_removes_them(database: Database, run: Run) -> None:
    assert run("--port", FOLDER / "dsmr-5.0.2.txt", env=database.env).returncode == 0
    database.execute("INSERT INTO p1_readouts (time) VALUES (600), (946684800), (2114380800)")
    env = database.env | {"COLUMNS": "999"}
    said = run("check", "-q", "--port", FOLDER / "dsmr-5.0.2.txt", env=env).stdout
    assert (
        "3 rows are of times that cannot be, the first of 1970-01-01 01:10:00, the last of 2037-01-01 01:00:00" in said
    )
    [statement] = re.findall(r"'(DELETE FROM p1_readouts .*)'", said)
    database.execute(statement)
    assert len(database.rows()) == 1
    assert "cannot be" not in run("check", "-q", "--port", FOLDER / "dsmr-5.0.2.txt", env=env).stdout


@pytest.mark.slow
def test_a_misdated_reading_does_not_ask_for_the_rows_between(run: Run, tmp_path: Path) -> None:
    env = {"P1_DSN": f"sqlite:///{tmp_path}/gone/a.db"}
    for second in (1_110_000_000, NOON):
        assert run("--port", "-", input=telegram_of(second), env=env).returncode == 75
    (tmp_path / "gone").mkdir()
    assert run("setup", env=env).returncode == 0
    with sqlite3.connect(tmp_path / "gone/a.db") as file:
        numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT i FROM n"
        file.execute(f"INSERT INTO p1_readouts (time) SELECT 1200000000 + i * 60 FROM ({numbers})")
    # A million times would not find room in here.
    little = ("prlimit", "--data=80000000")
    done = run("--port", "-", "-v", input=telegram_of(NOON + 1), env=env, prefix=little)
    assert done.returncode == 0
    assert "2 readings came from the spool, 0 wait in it" in done.stderr
