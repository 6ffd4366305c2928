"""What the tests share: the installed command, the databases, the example telegrams' rows."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa

from tests import servers
from tests.meter import FOLDER
from tests.servers import PASSWORD, ZONE, Server

pytest_plugins = ("tests.checking", "tests.faults", "tests.scheduling")
"""What tests of one subject share: their fixtures, and assertions that tell what failed; and who runs which test."""

COMMAND = str(Path(sys.executable).with_name("p1harvester"))

UNMEASURED = {"COVERAGE_PROCESS_CONFIG": ""}
"""The environment of a command that must write nothing for coverage."""

HOST = {
    "PYTHONPATH": str(Path(__file__).with_name("host")),
    "HOST_CLOCK": "synchronised",
    "HOST_SETTINGS": "/etc/none/p1harvester.env",
    "HOST_USER": "pi",
    "HOST_JOBS": "none",
}
"""The environment of a command whose host has its clock synchronised, no settings, no job, and a user of that name."""

Run = Callable[..., subprocess.CompletedProcess[str]]


UNPRIVILEGED = (
    "sh",
    "-c",
    'lost=-dac_override,-dac_read_search; [ "$(id -u)" = 0 ] || exec "$@"'
    '; exec setpriv --inh-caps $lost --bounding-set $lost "$@"',
    "sh",
)
"""A command prefix: even root obeys file modes, a namespace's root too."""


@pytest.fixture(scope="session")
def rows() -> dict[str, dict[str, float]]:
    """Dialect -> the row that its example telegram makes, without `time`, without the columns that are NULL."""
    found: dict[str, dict[str, float]] = json.loads((FOLDER / "rows.json").read_text())
    return found


@pytest.fixture
def _zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The meters' time zone in this process, whose local time is SQLite's."""
    monkeypatch.setenv("TZ", ZONE)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(params=["short", "full"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAY", request.param)
    if request.param == "full":
        monkeypatch.setattr("p1harvester.ways.short_way", lambda _: None)


both_ways = pytest.mark.usefixtures("_way")
"""A test that is run twice: with the short way to the database, where that is to be had, and without."""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A clean environment with a home of its own; what coverage needs is passed on."""
    passed_on = {name: value for name, value in os.environ.items() if name.startswith("COV") or name == "WAY"}
    path = f"{Path(COMMAND).parent}:{os.environ['PATH']}"
    return passed_on | {"HOME": str(tmp_path), "PATH": path, "TZ": "Europe/Amsterdam"} | HOST


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Run:
    """Run the installed command in an empty folder: run(*words, input=..., env={...}, prefix=[...])."""

    def run(
        *words: str | Path,
        input: bytes | None = None,  # noqa: A002
        env: dict[str, str] | None = None,
        prefix: tuple[str, ...] = (),
        command: tuple[str, ...] = (COMMAND,),
    ) -> subprocess.CompletedProcess[str]:
        merged = environment | (env or {})
        # What a test puts in the way of a module stands before the host, not in its place.
        merged["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([merged["PYTHONPATH"], HOST["PYTHONPATH"]]))
        done = subprocess.run(
            [*prefix, *command, *map(str, words)],
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            env=merged,
            cwd=tmp_path,
            timeout=58,
        )
        result = subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace")
        )
        assert "Traceback" not in result.stderr, result.stderr
        assert PASSWORD not in result.stdout + result.stderr
        return result

    return run


class Running:
    """The test servers, each started when it is first asked for."""

    _STARTS: ClassVar = {"mariadb": servers.mariadb, "postgresql": servers.postgresql}

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._started: dict[str, Server | None] = {}

    def __getitem__(self, kind: str) -> Server | None:
        if kind not in self._started:
            self._started[kind] = self._stack.enter_context(self._STARTS[kind]())
        return self._started[kind]


@pytest.fixture(scope="session")
def _running() -> Iterator[Running]:
    with ExitStack() as stack:
        yield Running(stack)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-golden` writes tests/golden anew."""
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a server, by the fixtures that it asks for; skip what only root can."""
    for item in items:
        if item.get_closest_marker("root") and os.geteuid():
            item.add_marker(pytest.mark.skip("only root can"))
        asked = {
            *getattr(item, "fixturenames", ()),
            *map(str, getattr(getattr(item, "callspec", None), "params", {}).values()),
        }
        if asked & {"mariadb", "postgresql"}:
            item.add_marker(pytest.mark.server)


class Database:
    """An empty database of one kind."""

    def __init__(self, kind: str, dsn: str, server: Server | None) -> None:
        self.kind, self.dsn, self.server = kind, dsn, server
        url = sa.make_url(dsn)
        self.engine = sa.create_engine(url.set(password=PASSWORD) if server else url, poolclass=sa.pool.NullPool)

    @property
    def env(self) -> dict[str, str]:
        """The settings that lead to it."""
        return {"P1_DSN": self.dsn, "P1_DSN_PASSWORD": PASSWORD} if self.server else {"P1_DSN": self.dsn}

    def execute(self, *statements: str) -> list[Any]:
        """Run statements; return the last one's rows."""
        with self.engine.begin() as connection:
            for statement in statements:
                result = connection.exec_driver_sql(statement)
            return list(result.mappings()) if result.returns_rows else []

    def rows(self) -> list[dict[str, Any]]:
        """All rows, oldest first, without the columns that are NULL."""
        return [
            {name: value for name, value in row.items() if value is not None}
            for row in self.execute("SELECT * FROM p1_readouts ORDER BY time")
        ]


def _database(kind: str, running: Running | None, tmp_path: Path) -> Database:
    if running is None or kind == "sqlite":
        return Database("sqlite", f"sqlite:///{tmp_path}/readings.db", None)
    server = running[kind]
    if server is None:
        pytest.skip(f"the binaries of {kind} are not installed")
    return Database(kind, server.new_database(), server)


@pytest.fixture(params=["sqlite", "mariadb", "postgresql"])
def database(request: pytest.FixtureRequest, _running: Running, tmp_path: Path) -> Database:
    """An empty database of each kind in turn."""
    return _database(request.param, _running, tmp_path)


@pytest.fixture
def mariadb(_running: Running, tmp_path: Path) -> Database:
    """An empty MariaDB database."""
    return _database("mariadb", _running, tmp_path)


@pytest.fixture
def postgresql(_running: Running, tmp_path: Path) -> Database:
    """An empty PostgreSQL database."""
    return _database("postgresql", _running, tmp_path)


@pytest.fixture
def sqlite(tmp_path: Path) -> Database:
    """An SQLite file that is not there yet."""
    return _database("sqlite", None, tmp_path)


@pytest.fixture(scope="session")
def _made() -> dict[str, Database]:
    return {}


@pytest.fixture(params=["sqlite", "mariadb", "postgresql"])
def made(
    request: pytest.FixtureRequest,
    _made: dict[str, Database],
    _running: Running,
    tmp_path_factory: pytest.TempPathFactory,
) -> Database:
    """A database of each kind in turn, with its table and views made, whose rows an earlier test may have left."""
    if request.param not in _made:
        database = _database(request.param, _running, tmp_path_factory.mktemp("made"))
        words = [COMMAND, "--env-file", os.devnull, "setup", "-q"]
        subprocess.run(words, env=os.environ | database.env, check=True)
        _made[request.param] = database
    return _made[request.param]
