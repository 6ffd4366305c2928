"""Each way in which an SQLite file is not written has its own sentence in `check`, and its remedy, pasted, mends it."""

import os
import shlex
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import UNPRIVILEGED, Database, Run
from tests.meter import FOLDER
from tests.pasting import remedies

SAVED = FOLDER / "dsmr-5.0.2.txt"


def damaged(file: Path) -> None:
    """Overwrite the second page, as a bad disk does."""
    whole = bytearray(file.read_bytes())
    whole[4096:8192] = b"\xa5" * 4096
    file.write_bytes(whole)


def of_another_kind(file: Path) -> None:
    """Put text in its place."""
    file.write_text("time,net_use\n" * 99)


def gone_with_its_folder(file: Path) -> None:
    """Let a folder above it go too."""
    file.unlink()
    file.parent.rmdir()
    file.parent.parent.rmdir()


STATES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "closed": ("The file is closed to", lambda file: file.chmod(0)),
    "read only": ("The file is closed to", lambda file: file.chmod(0o400)),
    "in a folder that is closed": ("its folder is closed", lambda file: file.parent.chmod(0o500)),
    "in no folder": ("is not there", gone_with_its_folder),
    "damaged": ("The file is damaged", damaged),
    "of another kind": ("was none of SQLite's", of_another_kind),
}


@pytest.mark.parametrize("case", STATES)
def test_the_remedy_is_pasted_and_all_is_well(case: str, run: Run, tmp_path: Path) -> None:
    says, breaks = STATES[case]
    file = tmp_path / "a/b/readings.db"
    file.parent.mkdir(parents=True)
    env = {"P1_DSN": f"sqlite:///{file}", "P1_SPOOL": "off", "COLUMNS": "9999"}
    for words in (("setup", "-q"), ("-q", "--port", SAVED)):
        assert run(*words, env=env).returncode == 0
    breaks(file)
    try:
        shown = run("check", "--port", SAVED, env=env, prefix=UNPRIVILEGED).stdout
        assert "FAIL " in shown, shown
        assert says in shown, shown
        assert run("-q", "--port", SAVED, env=env, prefix=UNPRIVILEGED).returncode == 73, "as a run finds"
        for remedy in remedies(shown):
            paste(remedy, tmp_path)
    finally:
        file.parent.parent.mkdir(exist_ok=True)
        file.parent.mkdir(exist_ok=True)
        file.parent.chmod(0o700)
    assert run("setup", "-q", env=env, prefix=UNPRIVILEGED).returncode == 0
    shown = run("check", "--port", SAVED, env=env, prefix=UNPRIVILEGED).stdout
    assert "FAIL" not in shown, shown
    assert "may store a row" in shown


def paste(remedy: str, folder: Path) -> None:
    """Give a remedy to a shell, in which the user that the tests' host has is whoever runs them."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    # Nobody else is called as the tests' host's user.
    install = 'for last; do :; done; exec mkdir -p -m 700 "$last"'
    for name, script in {"sudo": 'exec "$@"', "chown": ":", "install": install}.items():
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)
    path = f"{tools}:{os.environ['PATH']}:/usr/sbin"
    subprocess.run(["bash", "-c", remedy], env={"PATH": path}, capture_output=True, check=False)


@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
def test_another_program_writes(lock: str, sqlite: Database, run: Run, tmp_path: Path) -> None:
    assert run("setup", "-q", env=sqlite.env).returncode == 0
    file = tmp_path / "readings.db"
    other = sqlite3.connect(file, isolation_level=None)
    other.execute(f"BEGIN {lock}")
    shown = run("check", "--port", SAVED, env=sqlite.env | {"COLUMNS": "9999"}).stdout
    other.close()
    assert "Another program is writing to it, and does not end" in shown
    assert f"-> sudo fuser -v {shlex.quote(str(file))}\n" in shown


def test_a_disk_that_is_full(run: Run, tmp_path: Path) -> None:
    """The database's, and the spool's."""
    (tmp_path / "small").mkdir()
    env = {"P1_DSN": f"sqlite:///{tmp_path}/small/readings.db", "P1_SPOOL": f"{tmp_path}/small/spool.db"}
    rights = () if os.geteuid() == 0 else ("--map-root-user",)
    script = (
        f'mount -t tmpfs -o size=4m small {shlex.quote(str(tmp_path / "small"))}; p1harvester setup -q; "$@"'
        f"; cat /dev/zero >{shlex.quote(str(tmp_path / 'small/filler'))} || :; exec p1harvester check --port {SAVED}"
    )
    prefix = ("unshare", *rights, "--mount", "sh", "-ec", script, "sh")
    shown = run("-q", "--port", SAVED, env=env | {"COLUMNS": "9999"}, prefix=prefix).stdout
    assert "may not store a row: the disk is full" in shown
    assert f"FAIL  spool       the disk of {tmp_path}/small is full" in shown
    assert f"-> df -h {tmp_path}/small     # which disk it is" in shown
