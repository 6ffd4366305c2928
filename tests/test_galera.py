"""A Galera cluster whose nodes die while meters write.

`.venv/bin/pytest -s tests/test_galera.py` prints what happened, with counts and times.
"""

import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from p1harvester.errors import Spooled
from p1harvester.harvest import harvest
from p1harvester.parser import parse
from p1harvester.settings import Settings
from p1harvester.store import Store
from tests import galera
from tests.conftest import COMMAND, UNMEASURED, Run
from tests.faults import fill, times
from tests.galera import Node
from tests.proxy import Proxy
from tests.readme import README
from tests.writers import BLOCKS, NOON, Writer, all_together, by_the_readme, frame

pytestmark = pytest.mark.slow

NUMBERS = count(1000)
"""Of the meters that write to the cluster, each in one test."""


def tell(what: str, begin: float) -> None:
    """Print a line on what happened since `begin`."""
    print(f"\n{time.monotonic() - begin:5.1f} s  {what}", end="")


def together(what: str, writers: Sequence[Writer], *others: Callable[[], Any]) -> list[str]:
    """Let each writer write once, and do the others in the middle of it; return what the runs said, and print how."""
    begin = time.monotonic()
    tasks: list[Callable[[], Any]] = [writer.minute for writer in writers]
    tasks[len(tasks) // 2 : len(tasks) // 2] = others
    said = [text for text in all_together(tasks) if isinstance(text, str)]
    stored = sum(writer.statuses[-1] == 0 for writer in writers)
    spooled = Counter(writer.way for writer in writers if writer.statuses[-1] == 75)
    waits = ", ".join(f"{number} of {way}" for way, number in spooled.items()) or "none"
    tell(f"{what}: {stored} stored, in the spool {waits}", begin)
    return said


def last_ends(writers: Sequence[Writer]) -> dict[str, set[int]]:
    """The way to the database -> how the last runs ended there."""
    return {way: {each.statuses[-1] for each in writers if each.way == way} for way in {each.way for each in writers}}


def nothing_lost_nothing_twice(nodes: Sequence[Node], writers: Sequence[Writer]) -> None:
    """Every node has what the runs took, each once, and no spool holds any more."""
    begin = time.monotonic()
    for node in nodes:
        assert {writer.name: writer.rows(node) for writer in writers} == {each.name: each.taken() for each in writers}
    assert [times(writer.spool) for writer in writers] == [[]] * len(writers)
    count = sum(len(writer.statuses) for writer in writers)
    tell(
        f"{count} readings taken, {count} rows on each of {len(nodes)} nodes, the same ones; the spools are empty",
        begin,
    )


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[Node]]:
    """A cluster of three nodes with the README's configuration; each test leaves it whole."""
    begin = time.monotonic()
    [commands] = (block for block in BLOCKS if "[galera]" in block)
    with galera.cluster(commands.partition("<<'END'\n")[2].partition("END")[0]) as nodes:
        if nodes is None:
            pytest.skip("the binaries of mariadb, galera or rsync are not installed")
        tell(f"a cluster of {nodes[0].status('cluster_size')} nodes", begin)
        yield nodes


@pytest.fixture
def writers(nodes: list[Node], run: Run, tmp_path: Path) -> Iterator[list[Writer]]:
    """Four meters that write to each of the nodes, and six to an address that moves from the second to the others."""
    one, two, three = (node.port for node in nodes)
    with Proxy(two, one, three) as address:
        ways = 4 * [("node 1", one), ("node 2", two), ("node 3", three)] + 6 * [("the address", address.port)]
        writers = [Writer(next(NUMBERS), way, port, tmp_path, run) for way, port in ways]
        by_the_readme(nodes[0], [writer.name for writer in writers], tmp_path)
        for writer in writers:
            writer.spool.parent.mkdir()
        for node in nodes:
            node.execute("SET SESSION wsrep_sync_wait = 1", "SELECT 1")
        spread = ", ".join(f"{number} by way of {way}" for way, number in Counter(way for way, _ in ways).items())
        print(f"\n         {len(writers)} meters, {spread}", end="")
        yield writers


def test_what_setup_makes_on_one_node_is_on_all(nodes: list[Node], writers: list[Writer], run: Run) -> None:
    begin, writer = time.monotonic(), writers[0]
    done = run("setup", "--env-file", writer.settings, "--dsn", writer.dsn(nodes[1].port))
    assert (done.returncode, done.stderr) == (0, "")
    writer.minute()
    writer.minute()
    view = "SELECT use_kWh_1 FROM net_usage_kWh JOIN p1_steps USING (time) ORDER BY time"
    for node in nodes:
        statements = ("SET SESSION wsrep_sync_wait = 1", "SHOW CREATE TABLE p1_readouts")
        assert "ROW_FORMAT=COMPRESSED" in node.execute(*statements, database=writer.name)[0][1]
        assert node.execute(statements[0], view, database=writer.name) == [(None,), (pytest.approx(0.001),)]
    tell("setup on node 2, two readings by way of node 1: all nodes have the table, its rows and the views", begin)


def test_a_node_dies_while_meters_write(nodes: list[Node], writers: list[Writer]) -> None:
    one, two, three = nodes
    together("all nodes are there", writers)
    together("all nodes are there", writers)
    assert set().union(*last_ends(writers).values()) == {0}

    *others, cut_off = writers
    with Proxy(two.port) as proxy:
        cut_off.minute(proxy.port)
        length = proxy.passed
    # The last that goes by is the answer to COMMIT, 11 bytes, and a farewell of 5: the commit is done, its answer lost.
    with Proxy(two.port, limit=length - 10, at_limit=two.kill) as proxy:
        together("node 2 is killed in the middle", others, lambda: cut_off.minute(proxy.port))
    assert (cut_off.statuses[-1], times(cut_off.spool)) == (75, [cut_off.taken()[-1][0]])
    assert cut_off.rows(one) == cut_off.taken()
    print("\n         a run whose COMMIT it had not answered: its row is on the others, and in the spool", end="")

    for node in (one, three):
        node.wait_for("cluster_size", "2")
    for _ in range(2):
        together("node 2 is away", writers)
        assert last_ends(writers) == {"node 1": {0}, "node 2": {75}, "node 3": {0}, "the address": {0}}

    begin = time.monotonic()
    two.start_again()
    tell("node 2 is back", begin)
    together("all nodes are there again", writers)
    assert set().union(*last_ends(writers).values()) == {0}
    nothing_lost_nothing_twice(nodes, writers)


def test_a_majority_dies_while_meters_write(nodes: list[Node], writers: list[Writer]) -> None:
    one, two, three = nodes
    together("all nodes are there", writers)
    together("nodes 2 and 3 are killed in the middle", writers, two.kill, three.kill)
    one.wait_for("cluster_status", "non-Primary")
    said = together("node 1 is left alone", writers)
    assert set().union(*last_ends(writers).values()) == {75}
    assert (
        sum("WSREP has not yet prepared node for application use. The reading is safe" in text for text in said) == 10
    )
    checked = writers[0].run("check", "--env-file", writers[0].settings, "--dsn", writers[0].dsn(one.port))
    assert "does not see most of the others" in " ".join(checked.stdout.split())

    begin = time.monotonic()
    newer = bool(one.ask("SHOW VARIABLES LIKE 'wsrep_provider_pc_bootstrap'"))
    one.ask(re.findall(r"""sudo mariadb -e (["'])(SET GLOBAL wsrep.*?)\1`""", README)[newer][1])
    for node in (two, three):
        node.start_again()
    tell("node 1 was told to go on, nodes 2 and 3 are back", begin)
    together("all nodes are there again", writers)
    assert set().union(*last_ends(writers).values()) == {0}
    nothing_lost_nothing_twice(nodes, writers)


@contextmanager
def forestalled(writer: Writer, node: Node, second: int, commit: int) -> Iterator[None]:
    """Just before that commit of this process, the first or the second, another run stores the row of `second`."""
    commits = count(1)

    def forestall(_: sa.Connection) -> None:
        if next(commits) == commit:
            Store(writer.dsn(node.port), writer.password).insert(asdict(parse(frame(writer.number, second, 0), second)))

    sa.event.listen(sa.Engine, "commit", forestall)
    yield
    sa.event.remove(sa.Engine, "commit", forestall)


def test_a_commit_that_the_cluster_turns_down(
    nodes: list[Node], writers: list[Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = time.monotonic()
    writer, (one, two, _) = writers[0], nodes
    writer.minute()
    saved = writer.folder / "telegram"
    settings = Settings(str(saved), None, writer.dsn(one.port), writer.password, 5, str(writer.spool))

    # It is SQLAlchemy's commit that is forestalled.
    monkeypatch.setattr("p1harvester.ways.short_way", lambda _: None)
    saved.write_bytes(frame(writer.number, NOON + 60, 0))
    with forestalled(writer, two, NOON + 60, commit=1), pytest.raises(Spooled, match="Deadlock found"):
        harvest(settings)
    assert times(writer.spool) == [NOON + 60]

    fill(writer.spool, range(NOON + 100, NOON + 120))
    saved.write_bytes(frame(writer.number, NOON + 180, 0))
    with forestalled(writer, two, NOON + 110, commit=2):
        harvest(settings)
    assert times(writer.spool) == []
    expected = [NOON, NOON + 60, *range(NOON + 100, NOON + 120), NOON + 180]
    assert [second for second, _ in writer.rows(two)] == expected
    tell("a commit that was turned down with error 1213 went to the spool, a batch came in one by one", begin)


def test_two_runs_that_drain_into_two_nodes_at_once(
    nodes: list[Node], writers: list[Writer], environment: dict[str, str]
) -> None:
    begin = time.monotonic()
    writer = writers[0]
    # By one node: two that make functions at once may wait for each other for ever.
    assert writer.run("setup", "--env-file", writer.settings, "--dsn", writer.dsn(nodes[0].port)).returncode == 0
    fill(writer.spool, range(NOON, NOON + 3000))
    both = []
    for second, node in zip((NOON - 2, NOON - 1), nodes, strict=False):
        saved = f"{writer.folder}/{second}"
        Path(saved).write_bytes(frame(writer.number, second, 0))
        words = ["--env-file", writer.settings, "--dsn", writer.dsn(node.port), "--port", saved]
        both.append(subprocess.Popen([COMMAND, *words], env=environment | UNMEASURED | {"P1_SPOOL": str(writer.spool)}))
    ended = [process.wait() for process in both]
    tell(f"two runs of one meter drained 3000 readings into two nodes at once, and ended with {ended}", begin)
    for node in nodes:
        assert [second for second, _ in writer.rows(node)] == [*range(NOON - 2, NOON + 3000)]
    assert times(writer.spool) == []
