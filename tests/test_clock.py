"""The second of a reading: the host's clock moved by libfaketime, and what the kernel says of it."""

import os
import re
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import Database, Run
from tests.meter import Meter, sealed, telegram_of
from tests.servers import ZONE
from tests.test_command import on_a_terminal

pytestmark = pytest.mark.slow

FAKETIME = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)
ANSWERS = ("synchronised", "not synchronised", "not told")


def at(text: str) -> int:
    """The UNIX second of a wall clock in the Netherlands."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).timestamp())


def shows(second: int) -> dict[str, str]:
    """The environment of a command whose host's clock begins at this UNIX second."""
    if FAKETIME is None:
        pytest.skip("libfaketime is not installed")
    moment = datetime.fromtimestamp(second, ZoneInfo(ZONE))
    return {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME": f"@{moment:%Y-%m-%d %H:%M:%S}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


@pytest.mark.parametrize("kernel", ANSWERS)
@pytest.mark.parametrize(
    ("host", "meter"),
    [
        pytest.param("2026-03-01 12:00:00", "2026-06-01 12:00:00", id="months behind"),
        pytest.param("2026-06-01 12:00:00", "2026-06-01 11:50:00", id="ten minutes ahead"),
        pytest.param("2026-06-01 12:00:00", "2026-06-01 11:56:00", id="near enough"),
        pytest.param("1970-01-01 02:00:00", "2026-06-01 12:00:00", id="1970"),
        pytest.param("2037-01-01 12:00:00", "2026-06-01 12:00:00", id="2037"),
        pytest.param("2026-03-29 03:30:00", "2026-03-29 01:30:00", id="an hour on, into summer time"),
        pytest.param("2026-10-25 03:30:00", "2026-10-25 01:30:00", id="three hours behind, out of it"),
    ],
)
def test_the_meters_second_counts_only_where_the_hosts_is_not_set(
    host: str, meter: str, kernel: str, sqlite: Database, run: Run
) -> None:
    begin = at(host)
    apart = abs(begin - at(meter)) > 300
    with Meter([telegram_of(at(meter))]) as line:
        done = run("--port", line.port, env=sqlite.env | shows(begin) | {"HOST_CLOCK": kernel})
    assert done.returncode == 0
    [row] = sqlite.rows()
    if apart and kernel == "not synchronised":
        assert row["time"] == at(meter)
        assert done.stderr.count("\n") == done.stderr.count("stored under the meter's time") == 1
    else:
        assert begin <= row["time"] < begin + 60
        assert done.stderr == "", "cron mails what is said"


@pytest.mark.parametrize("stamp", ["000101000000W", "630101000000W", "700101000000W", "991231235959W", "261301000000W"])
@pytest.mark.parametrize("kernel", ANSWERS)
def test_a_clock_that_makes_no_sense_is_never_followed(stamp: str, kernel: str, sqlite: Database, run: Run) -> None:
    begin = int(time.time())
    with Meter([sealed(f"0-0:1.0.0({stamp})", "1-0:1.7.0(00.326*kW)")]) as line:
        done = run("--port", line.port, env=sqlite.env | {"HOST_CLOCK": kernel})
    assert (done.returncode, done.stderr) == (0, "")
    [row] = sqlite.rows()
    assert begin <= row["time"] <= time.time()
    assert "meter_time" not in row


def test_who_is_wrong_is_said_to_who_asks(
    sqlite: Database, run: Run, environment: dict[str, str], tmp_path: Path
) -> None:
    with Meter([telegram_of(int(time.time()) - 4000)], interval=0.3) as line:
        words = ["--port", line.port]
        assert re.search(r"\b40\d\d s ahead", run(*words, "-v", env=sqlite.env).stderr)
        shown = on_a_terminal(words, environment | sqlite.env, tmp_path)
        assert "stored under this host's time" in shown
        said = {
            kernel: run("check", *words, env=sqlite.env | {"HOST_CLOCK": kernel, "COLUMNS": "999"}).stdout
            for kernel in ANSWERS
        }
    assert "which is the wrong one: this host's is synchronised" in said["synchronised"]
    assert "set-ntp" not in said["synchronised"]
    assert "not synchronised: readings are stored under the meter's time" in said["not synchronised"]
    assert "stored under this host's time" in said["not told"]
    with Meter([telegram_of(int(time.time()))], interval=0.3) as line:
        near = run("check", "--port", line.port, env=sqlite.env | {"HOST_CLOCK": "not synchronised"}).stdout
    assert "warn  clock" in near


@pytest.mark.parametrize(
    ("answer", "followed"),
    [("retval=5", True), ("retval=0", False), ("retval=4", False), ("error=EPERM", False), ("error=ENOSYS", False)],
)
def test_the_kernel_is_asked(answer: str, followed: bool, sqlite: Database, run: Run) -> None:
    calls = "adjtimex,clock_adjtime"
    inject = ("strace", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:{answer}")
    with Meter([telegram_of(at("2026-06-01 12:00:00"))]) as line:
        done = run("--port", line.port, env=sqlite.env | {"HOST_CLOCK": ""}, prefix=inject)
    assert done.returncode == 0
    [row] = sqlite.rows()
    assert (row["time"] == at("2026-06-01 12:00:00")) == followed


@pytest.mark.parametrize(
    ("files", "followed"), [("", False), ("timesync", True), ("timesync timesync/synchronized", False)]
)
def test_in_a_sandbox_timesyncd_is_asked(files: str, followed: bool, sqlite: Database, run: Run) -> None:
    calls = "adjtimex,clock_adjtime"
    script = f"""
        mount -t tmpfs none /run
        for name in {files}; do mkdir -p /run/systemd/$name; done
        exec strace -qq -o /dev/null -e trace={calls} -e inject={calls}:error=EPERM "$@"
    """
    rights = () if os.geteuid() == 0 else ("--map-root-user",)
    with Meter([telegram_of(at("2026-06-01 12:00:00"))]) as line:
        space = ("unshare", *rights, "--mount", "sh", "-ec", script, "sh")
        done = run("--port", line.port, env=sqlite.env | {"HOST_CLOCK": ""}, prefix=space)
    assert done.returncode == 0
    [row] = sqlite.rows()
    assert (row["time"] == at("2026-06-01 12:00:00")) == followed
