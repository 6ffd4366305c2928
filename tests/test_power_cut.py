"""The power goes at any moment: what was said to be safe is there when it comes back.

A run's writes and syncs are recorded by strace and carried out again on a model of two file systems. After each of them
the power is cut: of each file system either all is on its disk, or only what was synced.
"""

import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from itertools import product
from pathlib import Path

import pytest

from tests.conftest import COMMAND, UNMEASURED, both_ways
from tests.meter import numbered, telegram_of

pytestmark = [pytest.mark.slow, both_ways]

NOON = 1700000000
CALLS = "openat,pwrite64,write,ftruncate,unlink,fsync,fdatasync"
_CALL = re.compile(r"(?:\d+ +)?(\w+)\((.*)\) += (?:0|[1-9]\d*)\b")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


class Disk:
    """One folder's files: as the kernel shows them, and as they are on the disk if the power goes now."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shown = {path.name: bytearray(path.read_bytes()) for path in folder.iterdir()}
        # A file is its bytes; a name leads to the same file in both.
        self._files = {id(file): file for file in self.shown.values()}
        self._synced = {key: bytes(file) for key, file in self._files.items()}
        self._names = {name: id(file) for name, file in self.shown.items()}

    @property
    def flushed(self) -> dict[str, bytes]:
        """Name -> content if all is on the disk."""
        return {name: bytes(file) for name, file in self.shown.items()}

    @property
    def lasting(self) -> dict[str, bytes]:
        """Name -> content of what was synced: names by their folder, contents by their file."""
        return {name: self._synced.get(key, b"") for name, key in self._names.items()}

    def carry_out(self, call: str, words: str) -> None:
        """Do what a system call did, if it was about this folder or a file in it."""
        texts = [bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(words)]
        path = Path(texts[0].decode() if call in ("openat", "unlink") else words.partition("<")[2].partition(">")[0])
        if path == self.folder and call in ("fsync", "fdatasync"):
            self._names = {name: id(file) for name, file in self.shown.items()}
        if path.parent == self.folder:
            self._change(path.name, call, words, texts)

    def _change(self, name: str, call: str, words: str, texts: list[bytes]) -> None:
        if call == "openat" and "O_CREAT" in words and name not in self.shown:
            self.shown[name] = file = bytearray()
            self._files[id(file)] = file
        elif call == "unlink":
            del self.shown[name]
        elif call == "pwrite64":
            start = int(words.rpartition(", ")[2])
            file = self.shown[name]
            file.extend(bytes(max(0, start - len(file))))
            file[start : start + len(texts[0])] = texts[0]
        elif call == "ftruncate":
            del self.shown[name][int(words.rpartition(", ")[2]) :]
        elif call in ("fsync", "fdatasync"):
            self._synced[id(self.shown[name])] = bytes(self.shown[name])
        assert call != "write"


def record(words: list[str], env: dict[str, str], folder: Path, status: int) -> list[tuple[str, str]]:
    """Run the command, which exits with `status`; return its calls that change files, with their words."""
    trace = folder / "trace"
    strace = ["strace", "-f", "-y", "-xx", "-s", "1000000", "-e", f"trace={CALLS}", "-o", str(trace)]
    assert subprocess.run([*strace, COMMAND, *words], env=env | UNMEASURED, check=False).returncode == status
    # strace writes in hexadecimal what we need to read: names of files, too.
    found = [_CALL.match(line) for line in trace.read_text().splitlines()]
    return [(call[1], _plain_names(call[2])) for call in found if call]


def _plain_names(words: str) -> str:
    return re.sub(
        r"<((?:\\x[0-9a-f]{2})+)>",
        lambda name: f"<{bytes.fromhex(name[1].replace(chr(92) + 'x', '')).decode()}>",
        words,
    )


def cuts(disks: list[Disk], calls: list[tuple[str, str]]) -> Iterator[list[dict[str, bytes]]]:
    """What is on each of the disks, in every way that they can be after each call."""
    for call, words in calls:
        for disk in disks:
            disk.carry_out(call, words)
        yield from map(list, product(*((disk.flushed, disk.lasting) for disk in disks)))


def rows(content: dict[str, bytes], name: str, folder: Path) -> set[int]:
    """The seconds in the table when SQLite opens what is on a disk."""
    for old in folder.iterdir():
        old.unlink()
    for each, text in content.items():
        (folder / each).write_bytes(text)
    with closing(sqlite3.connect(folder / name)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'p1_readouts'").fetchall():
            return set()
        return {second for (second,) in connection.execute("SELECT time FROM p1_readouts")}


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    """The database's, the spool's, and one to look at what is left."""
    found = tmp_path / "database", tmp_path / "spool", tmp_path / "left"
    for folder in found:
        folder.mkdir()
    return found


@pytest.fixture
def env(environment: dict[str, str], folders: tuple[Path, Path, Path]) -> dict[str, str]:
    """Settings that lead to two folders."""
    database, spool, _ = folders
    return environment | {"P1_DSN": f"sqlite:///{database}/x.db", "P1_SPOOL": f"{spool}/x.db"}


@pytest.mark.parametrize("where", ["database", "spool"])
@pytest.mark.parametrize("before", [0, 1])
def test_what_was_said_to_be_safe_is_there(
    where: str, before: int, env: dict[str, str], folders: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    folder, status = (folders[0], 0) if where == "database" else (folders[1], 75)
    away = {} if where == "database" else {"P1_DSN": "sqlite:////none/x.db"}
    telegram = tmp_path / "telegram"
    for second in range(NOON, NOON + before):
        telegram.write_bytes(telegram_of(second))
        assert subprocess.run([COMMAND, "--port", telegram], env=env | away, check=False).returncode == status
    telegram.write_bytes(telegram_of(NOON + 60))
    disk = Disk(folder)
    calls = record(["--port", str(telegram)], env | away, tmp_path, status)
    left = [rows(content, "x.db", folders[2]) for [content] in cuts([disk], calls)]
    assert set(range(NOON, NOON + before)) <= set.intersection(*left)
    assert left[-2] == left[-1] == {*range(NOON, NOON + before), NOON + 60}


def test_a_reading_on_its_way_from_the_spool_is_always_in_one(
    env: dict[str, str], folders: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    database, spool, left = folders
    telegram = tmp_path / "telegram"
    for second in (NOON, NOON + 60):
        telegram.write_bytes(numbered(second))
        away = {"P1_DSN": "sqlite:////none/x.db"}
        assert subprocess.run([COMMAND, "--port", telegram], env=env | away, check=False).returncode == 75
    telegram.write_bytes(numbered(NOON + 120))
    disks = [Disk(database), Disk(spool)]
    calls = record(["--port", str(telegram)], env, tmp_path, 0)
    seen = set()
    for stored, waiting in cuts(disks, calls):
        where = rows(stored, "x.db", left), rows(waiting, "x.db", left)
        assert {NOON, NOON + 60} <= where[0] | where[1]
        seen.add(tuple(map(len, where)))
    assert {(0, 2), (1, 2), (3, 2), (3, 0)} <= seen
