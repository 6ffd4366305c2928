"""The port: which one it is, and what becomes of a run if it is none, busy, or gives out."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import COMMAND, UNPRIVILEGED, Database, Run
from tests.meter import Meter
from tests.test_harvest import DSMR5, plugged_in

pytestmark = pytest.mark.slow


def test_unplugged(run: Run) -> None:
    with Meter([DSMR5], hang_up_after=500) as meter:
        done = run("read", "--port", meter.port)
    assert done.returncode == 74
    assert "unplugged" in done.stderr


def test_held_by_another_program(run: Run) -> None:
    with Meter([DSMR5]) as meter:
        holder = subprocess.Popen(["flock", "--exclusive", meter.port, "sleep", "60"])
        try:
            while not _locked(meter.port):
                time.sleep(0.01)
            done = run("read", "--port", meter.port, "--timeout", "1")
        finally:
            subprocess.run(["pkill", "-P", str(holder.pid)], check=False)
            holder.kill()
            holder.wait()
    assert done.returncode == 69
    assert "in use" in done.stderr


def _locked(path: str) -> bool:
    return subprocess.run(["flock", "--exclusive", "--nonblock", path, "true"], check=False).returncode != 0


def test_two_at_once_both_succeed(database: Database, environment: dict[str, str]) -> None:
    with Meter([DSMR5]) as meter:
        both = [subprocess.Popen([COMMAND, "--port", meter.port], env=environment | database.env) for _ in range(2)]
        assert [process.wait() for process in both] == [0, 0]
    assert 1 <= len(database.rows()) <= 2


@pytest.mark.parametrize(
    ("port", "status", "said"),
    [
        pytest.param("/dev/serial/by-id/none", 66, "No such file", id="no such port"),
        pytest.param("/", 66, "cannot be read", id="a directory"),
        pytest.param("/dev/null", 66, "cannot be read", id="no tty"),
        pytest.param("socket://127.0.0.1:1", 66, "Connection refused", id="nobody listens"),
        pytest.param("denied", 77, "usermod -aG dialout", id="no permission"),
        pytest.param("socket://nowhere", 78, "socket://host:port", id="half a URL"),
        pytest.param("gopher://x", 78, "P1_PORT", id="no such URL"),
        pytest.param("empty", 76, "not a single byte", id="an empty file"),
    ],
)
@pytest.mark.parametrize("command", [(), ("read",)])
def test_a_port_that_is_none(
    port: str, status: int, said: str, command: tuple[str, ...], tmp_path: Path, run: Run
) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "denied").touch(mode=0)
    done = run(*command, "--port", port, prefix=UNPRIVILEGED)
    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_port_that_a_sandbox_keeps_away(run: Run) -> None:
    with Meter([DSMR5]) as meter:
        refuse = ("strace", "-qq", "-o", "/dev/null", "-P", meter.port, "-e", "inject=openat:error=EPERM")
        done = run("--port", meter.port, prefix=refuse)
    assert done.returncode == 77
    assert "DeviceAllow=" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("adapters", "said"),
    [
        ((), "no USB serial adapter is plugged in"),
        (("ttyUSB0=/dev/pts/0", "serial/by-id/usb-P1=/dev/pts/1"), "/dev/serial/by-id/usb-P1 /dev/ttyUSB0"),
    ],
)
def test_auto_port_wants_exactly_one(adapters: tuple[str, ...], said: str, tmp_path: Path, run: Run) -> None:
    done = run(prefix=plugged_in(tmp_path, *adapters))
    assert done.returncode == 66
    assert said in done.stderr


def test_an_endless_file(tmp_path: Path, run: Run) -> None:
    (tmp_path / "endless").write_bytes(b"/" + b"x" * 100_000)
    done = run("read", "--port", "endless")
    assert done.returncode == 76
    assert "without an end" in done.stderr


def test_a_fifo_that_nobody_fills_is_given_up_at_the_deadline(tmp_path: Path, run: Run) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert run("read", "--port", "fifo", "--timeout", "1").returncode == 76


def test_standard_input_that_never_ends_is_given_up_at_the_deadline(environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        [COMMAND, "read", "--port", "-", "--timeout", "1"],
        env=environment,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.wait(timeout=10) == 76
    process.communicate()
