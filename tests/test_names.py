"""Names of hosts: whatever name servers do, a run ends in time, and its reading is kept."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from p1harvester.names import limited
from tests.conftest import COMMAND, Database, Run
from tests.meter import telegram_of

pytestmark = pytest.mark.slow

NOON = 1700000000


SWALLOW = """
import os, socket, sys
for host in ("127.0.0.2", "127.0.0.3", "127.0.0.4"):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((host, 53))
    os.set_inheritable(server.detach(), True)
os.execvp(sys.argv[1], sys.argv[1:])
"""
"""Binds sockets that nobody reads from, and becomes the command that its words are."""


def silent_name_servers(folder: Path) -> tuple[str, ...]:
    """A command prefix: the command's own network, in which three name servers swallow what they are asked."""
    path = folder / "resolv.conf"
    path.write_text("".join(f"nameserver 127.0.0.{last}\n" for last in (2, 3, 4)))
    script = f'ip link set lo up && mount --bind "$1" /etc/resolv.conf && shift && exec {sys.executable} -c "$@"'
    return ("unshare", "--map-root-user", "--net", "--mount", "sh", "-c", script, "sh", str(path), SWALLOW)


@pytest.mark.parametrize("driver", ["mysql+pymysql", "postgresql+psycopg"])
def test_silent_name_servers_leave_a_reading_in_the_spool(driver: str, run: Run, tmp_path: Path) -> None:
    env = {"P1_DSN": f"{driver}://user@database.example/x", "P1_SPOOL": f"{tmp_path}/spool.db"}
    began = time.monotonic()
    done = run("--port", "-", input=telegram_of(NOON), env=env, prefix=silent_name_servers(tmp_path))
    print(f"{driver}: {time.monotonic() - began:.1f} s")
    assert done.returncode == 75
    assert "no name server told the address of database.example in time" in done.stderr
    assert done.stderr.count("\n") == 1
    waiting = Database("sqlite", f"sqlite:///{tmp_path}/spool.db", None)
    assert [row["time"] for row in waiting.rows()] == [NOON]


@pytest.mark.parametrize("scheme", ["socket", "rfc2217"])
def test_silent_name_servers_keep_a_port_away_until_the_deadline(scheme: str, run: Run, tmp_path: Path) -> None:
    done = run("--port", f"{scheme}://meter.example:23", "--timeout", "1", prefix=silent_name_servers(tmp_path))
    assert done.returncode == 66
    assert "no name server told the address of meter.example in time" in done.stderr
    assert done.stderr.count("\n") == 1


def test_silent_name_servers_are_a_line_of_the_check(run: Run, tmp_path: Path) -> None:
    (tmp_path / "telegram").write_bytes(telegram_of(NOON))
    words = ["check", "--port", f"{tmp_path}/telegram", "--dsn", "mysql+pymysql://user@database.example/x"]
    done = run(*words, prefix=silent_name_servers(tmp_path))
    assert "no name server told the address of database.example" in " ".join(done.stdout.split())


def test_a_signal_ends_a_look_up(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "telegram").write_bytes(telegram_of(NOON))
    env = environment | {"P1_DSN": "mysql+pymysql://user@database.example/x", "P1_SPOOL": f"{tmp_path}/spool.db"}
    words = [*silent_name_servers(tmp_path), COMMAND, "--port", f"{tmp_path}/telegram"]
    process = subprocess.Popen(words, env=env, stderr=subprocess.PIPE, text=True)
    while not looks_up(process.pid):
        assert process.poll() is None
    process.terminate()
    assert "SIGTERM ended the run" in process.communicate()[1]
    assert process.returncode == 75


def looks_up(process: int) -> bool:
    """Whether this is a run by now, and has a child: nothing else needs one."""
    words = Path(f"/proc/{process}/cmdline").read_text().split("\0")
    return words[1:2] == [COMMAND] and Path(f"/proc/{process}/task/{process}/children").read_text() != ""


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_what_needs_no_name_server_needs_no_child(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    with limited(1):
        assert socket.getaddrinfo(host, 1)


def children() -> list[str]:
    """The processes that this one has started and not yet seen end."""
    return sorted(path.read_text() for path in Path("/proc/self/task").glob("*/children"))


def test_a_name_is_looked_up_as_ever() -> None:
    name, before = socket.gethostname(), children()
    expected = socket.getaddrinfo(name, 3306, 0, socket.SOCK_STREAM)
    with limited(5):
        assert socket.getaddrinfo(name, 3306, 0, socket.SOCK_STREAM) == expected
        with pytest.raises(socket.gaierror, match=r"not known|No address|failure"):
            socket.getaddrinfo("nobody.invalid", 1)
    assert children() == before
