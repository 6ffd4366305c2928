"""`check` on a machine made for a test, and what it prints, held against a file for a person to read: tests/golden.

`pytest --update-golden` writes these files anew; read what changed before it is committed.
"""

import os
import re
import textwrap
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import Database, Run
from tests.meter import FOLDER, sealed_again, telegram

GOLDEN = Path(__file__).parent / "golden"
CABLE = "serial/by-id/usb-FTDI_P1_Converter_Cable_P1AB2CD3-if00-port0"
DONGLE = "serial/by-id/usb-ITead_Sonoff_Zigbee_3.0_0a1b2c3d-if00-port0"
CRON = "* * * * * pi /opt/p1harvester/bin/p1harvester -q\n"

DSMR5 = telegram("dsmr-5.0.2")
WRONG_CRC = DSMR5.replace(b"4911", b"4912")

Check = Callable[..., str]


def now_on(dialect: str, ahead: int = 0) -> bytes:
    """The example telegram of a dialect, its clock showing the time now and `ahead` seconds."""
    clock = datetime.fromtimestamp(time.time() + ahead, ZoneInfo("Europe/Amsterdam"))
    season = b"S" if clock.dst() else b"W"
    return sealed_again(
        re.sub(rb"(0-0:1\.0\.0)\(\d+.\)", rb"\1(%b)" % (f"{clock:%y%m%d%H%M%S}".encode() + season), telegram(dialect))
    )


def machine(tmp_path: Path, adapters: dict[str, str], *, cron: str = CRON, before: str = "exec") -> tuple[str, ...]:
    """A command prefix: a machine that has these adapters (name in /dev -> tty), this line of cron, no systemd.

    Of the processes outside only those of `before` show, a piece of shell in front of the command.
    """
    script = f"""
        set -e
        mount -t tmpfs none /etc/cron.d
        printf %s "$2" > /etc/cron.d/p1harvester
        unset HOST_JOBS
        for folder in /run/systemd /etc/systemd/system /var/spool/cron /run/mysqld /run/postgresql; do
            [ ! -d $folder ] || mount -t tmpfs none $folder
        done
        [ ! -e /etc/crontab ] || mount --bind /dev/null /etc/crontab
        mount -t tmpfs none "$1"
        for node in null zero urandom; do : > "$1/$node"; mount --bind "/dev/$node" "$1/$node"; done
        mkdir -p "$1/pts" "$1/serial/by-id"
        mount --rbind /dev/pts "$1/pts"
        for adapter in $3; do ln -s "${{adapter#*=}}" "$1/${{adapter%%=*}}"; done
        mount --no-mtab --move "$1" /dev
        shift 3
        {before} "$@"
    """
    (tmp_path / "dev").mkdir()
    # The name under which the shell holds the port, in the test of that.
    (tmp_path / "meter-logger").symlink_to("/bin/sh")
    links = " ".join(f"{name}={tty}" for name, tty in adapters.items())
    rights = () if os.geteuid() == 0 else ("--map-root-user",)
    space = ("unshare", *rights, "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    return (*space, tmp_path / "meter-logger", "-c", script, "sh", tmp_path / "dev", cron, links)


def readable(text: str, tmp_path: Path) -> str:
    """What `check` printed, without what differs from run to run: folders, ports, times, versions."""
    for pattern, replacement in (
        (re.escape(str(tmp_path)), "/home/pi"),
        (r"(group|-aG) (?!dialout)\w+", r"\1 dialout"),
        (r"\br?p1_[0-9a-f]{8}", "p1harvester"),
        (r"(?<=mysql\+pymysql://p1harvester:\*\*\*@127.0.0.1):\d+", ":3306"),
        (r"(?<=mysql\+pymysql://p1harvester@127.0.0.1):\d+", ":3306"),
        (r"at 127.0.0.1:\d+", "at 127.0.0.1:3306"),
        (r"(?<=@127.0.0.1):(?!3306)\d+", ":5432"),
        (r"port \d+ failed", "port 5432 failed"),
        (r"(MariaDB|PostgreSQL|SQLite) [\d.]+", r"\1 X.Y"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "2026-11-24 12:00:00"),
        (r"\d+ s ago", "1 s ago"),
        (r"(not a single byte came from \S+ in) \d+ s", r"\1 3 s"),
        (r"(?<=, one every) [12] s(?!,)", " 1 s"),
        # The first and the last may be cut off by when the port was opened and closed.
        (r"\d+ (?=telegrams came, and not one was whole)", "5 "),
        (r"(?<=was whole: )\d+ with a wrong CRC(, [12] cut off)?", "5 with a wrong CRC"),
        (r"[1-9]\d* bytes( came)? in \d+ s", r"2462 bytes\1 in 2 s"),
        (r"this host's clock and the meter's show the same second", "this host's clock is 1 s ahead of the meter's"),
        (r"clock is (36)?\d+ s", lambda found: f"clock is {3600 if found[1] else 1} s"),
    ):
        text = re.sub(pattern, replacement, text)
    return "".join(_filled(line) + "\n" for line in text.splitlines())


def _filled(line: str) -> str:
    if setting := re.fullmatch(r" {18}(P1_\w+) +(\S+) +(.*)", line):
        return f"{'':18}{setting[1]:<16} {setting[2]:<46} {setting[3]}"
    if line.startswith(" " * 18 + "-> "):
        return line
    return textwrap.fill(
        line, 110, subsequent_indent=" " * 18, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )


def files(folder: Path) -> dict[Path, bytes]:
    """Every file below a folder, and what is in it."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}


def prepared(database: Database, run: Run) -> Database:
    """The same database with its table and views, and a row a minute in the last hour."""
    assert run("setup", env=database.env).returncode == 0
    now = int(time.time())
    values = ", ".join(f"({now - 60 * minute}, 0.326)" for minute in range(60))
    database.execute(f"INSERT INTO p1_readouts (time, net_use) VALUES {values}")
    return database


def about(shown: str, *steps: str) -> str:
    """The steps that are not ok, those of `steps`, and the sum."""
    parts = re.split(r"^(?=ok|warn|FAIL|$)", shown, flags=re.MULTILINE)
    return "".join(part for part in parts if not part.startswith("ok ") or part.split()[1] in steps)


@pytest.fixture
def check(run: Run, tmp_path: Path, pytestconfig: pytest.Config) -> Check:
    """Run `check` and compare what it prints with a golden file: check(golden, database, prefix=..., env={...}).

    The file has what is said of the fault: the steps that are not ok, and those named by `also`.
    """

    def check(
        golden: str,
        database: Database,
        *words: str,
        prefix: Sequence[str] = (),
        env: dict[str, str] | None = None,
        status: int = 1,
        also: Sequence[str] = (),
    ) -> str:
        before = files(tmp_path)
        done = run(
            "check",
            "--timeout",
            "8",
            *words,
            prefix=tuple(prefix),
            env=database.env | {"COLUMNS": "9999"} | (env or {}),
        )
        assert files(tmp_path) == before, "check stores nothing"
        assert done.stderr == ""
        shown = readable(done.stdout, tmp_path)
        if status:
            shown = about(shown, *also)
        path = GOLDEN / f"{golden}.txt"
        if pytestconfig.getoption("--update-golden"):
            path.write_text(shown)
        assert shown == path.read_text()
        assert done.returncode == status
        return shown

    return check


SAVED = FOLDER / "dsmr-5.0.2.txt"
