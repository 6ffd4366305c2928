"""A database that is away, in every way there is: each reading waits, and is stored once."""

import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from p1harvester.errors import Spooled
from p1harvester.harvest import harvest
from tests.conftest import Database, both_ways
from tests.faults import (
    NOON,
    Harvest,
    killed,
    locked,
    nonsense,
    read_only,
    settings_of,
    silent,
    stalled,
    stopped,
    stored,
    through,
    times,
    unknown_database,
    wrong_password,
)
from tests.proxy import Proxy

pytestmark = [pytest.mark.slow, both_ways]


@pytest.fixture(autouse=True)
def _telegram(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM", str(tmp_path / "telegram"))


AWAY = [
    *((kind, fault) for kind in ("mariadb", "postgresql") for fault in (stopped, killed, silent, nonsense, stalled)),
    *((kind, fault) for kind in ("mariadb", "postgresql") for fault in (wrong_password, unknown_database, read_only)),
    *((kind, locked) for kind in ("mariadb", "postgresql", "sqlite")),
]


@pytest.mark.parametrize(("kind", "fault"), AWAY)
def test_a_reading_waits_while_the_database_is_away(
    kind: str,
    fault: Callable[[Database], AbstractContextManager[dict[str, str]]],
    request: pytest.FixtureRequest,
    harvest_at: Harvest,
    spool: Path,
) -> None:
    database = request.getfixturevalue(kind)
    assert harvest_at(NOON, database).returncode == 0
    with fault(database) as env:
        first = harvest_at(NOON + 60, database, env=env)
        second = harvest_at(NOON + 120, database, env=env)
    assert (first.returncode, second.returncode) == (75, 75)
    assert f"safe in {spool}, where 2 wait since 2023-11-14 23:14:20" in second.stderr
    assert second.stderr.count("\n") == 1
    assert times(spool) == [NOON + 60, NOON + 120]
    assert spool.stat().st_mode & 0o777 == 0o600
    back = harvest_at(NOON + 180, database, "-v")
    assert back.returncode == 0
    assert "2 readings came from the spool, 0 wait in it" in back.stderr
    assert {NOON, NOON + 60, NOON + 120, NOON + 180} <= set(stored(database))
    assert times(spool) == []


def test_a_dropped_table_is_created_again(database: Database, harvest_at: Harvest, spool: Path) -> None:
    assert harvest_at(NOON, database).returncode == 0
    database.execute(f"DROP TABLE p1_readouts{' CASCADE' if database.kind == 'postgresql' else ''}")
    assert harvest_at(NOON + 60, database).returncode == 0
    assert stored(database) == [NOON + 60]
    assert not spool.exists()


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
def test_a_line_cut_anywhere_loses_nothing(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    database = request.getfixturevalue(kind)
    server = sa.make_url(database.dsn).port or 0
    harvest(settings_of(through(database, server), NOON, tmp_path))
    with Proxy(server) as proxy:
        harvest(settings_of(through(database, proxy.port), NOON + 1, tmp_path))
        length = proxy.passed
    waited = 0
    waiting = Database("sqlite", f"sqlite:///{tmp_path}/spool.db", None)
    # At the end each byte counts: there the row is sent, committed and answered for.
    cuts = [*range(0, length - 300, 20), *range(length - 300, length)]
    for cut in cuts:
        second = NOON + 60 + cut
        with Proxy(server, limit=cut) as proxy:
            try:
                harvest(settings_of(through(database, proxy.port), second, tmp_path))
            except Spooled:
                waited += 1
        query = f"SELECT time FROM p1_readouts WHERE time = {second}"
        assert database.execute(query) or waiting.execute(query), cut
    assert 0.9 * len(cuts) < waited <= len(cuts)
    harvest(settings_of(through(database, server), NOON + 2, tmp_path))
    assert times(tmp_path / "spool.db") == []
    assert stored(database) == [NOON, NOON + 1, NOON + 2, *(NOON + 60 + cut for cut in cuts)]


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
@pytest.mark.parametrize("bytes_before_the_end", [300, 60, 10])
def test_a_server_killed_in_the_middle_loses_nothing(
    kind: str, bytes_before_the_end: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    database = request.getfixturevalue(kind)
    server = database.server
    dsn = through(database, server.port)
    harvest(settings_of(dsn, NOON, tmp_path))
    with Proxy(server.port) as proxy:
        harvest(settings_of(through(database, proxy.port), NOON + 1, tmp_path))
        limit = proxy.passed - bytes_before_the_end
    try:
        # The last bytes are a farewell: the reading may be stored by then.
        with Proxy(server.port, limit=limit, at_limit=lambda: server.stop(signal.SIGKILL)) as proxy, suppress(Spooled):
            harvest(settings_of(through(database, proxy.port), NOON + 2, tmp_path))
        assert server.process is None
    finally:
        server.start()
    harvest(settings_of(dsn, NOON + 3, tmp_path))
    assert stored(database) == [NOON, NOON + 1, NOON + 2, NOON + 3]
    assert times(tmp_path / "spool.db") == []


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
def test_six_hours_with_the_server_down_three_times(
    kind: str, request: pytest.FixtureRequest, harvest_at: Harvest, spool: Path
) -> None:
    database = request.getfixturevalue(kind)
    server = database.server
    dsn = through(database, server.port)
    spool.parent.mkdir(parents=True)
    down = [range(30), range(100, 150), range(250, 320)]
    for minute in range(360):
        if any(minute == stretch.start for stretch in down):
            server.stop()
        if any(minute == stretch.stop for stretch in down):
            server.start()
        away = any(minute in stretch for stretch in down)
        second = NOON + 60 * minute
        if minute % 24 == 0:
            assert harvest_at(second, database).returncode == (75 if away else 0)
        else:
            try:
                harvest(settings_of(dsn, second, spool.parent))
                assert not away
            except Spooled:
                assert away
    assert stored(database) == [NOON + 60 * minute for minute in range(360)]
    assert times(spool) == []
