"""`check` as a whole: all is well, what it shows and hides, and that each fault names its remedy."""

import re
import shutil
from pathlib import Path

import pytest

from tests.checking import (
    CABLE,
    SAVED,
    Check,
    machine,
    now_on,
    prepared,
)
from tests.conftest import UNPRIVILEGED, Database, Run
from tests.meter import Meter, sealed
from tests.test_command import on_a_terminal

pytestmark = pytest.mark.slow


def test_all_is_well(database: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(database, run)
    with Meter([now_on("dsmr-5.0.2")], interval=0.9) as meter:
        check(f"all-well-{database.kind}", database, prefix=machine(tmp_path, {CABLE: meter.port}), status=0)


def test_a_bad_setting_leaves_the_last_step(run: Run) -> None:
    done = run("check", env={"P1_BAUD": "9601"})
    assert done.returncode == 1
    assert done.stdout.startswith(
        "FAIL  settings    P1_BAUD=9601 (from the environment) must be 115200, 9600 or auto\n"
    )
    assert "timer" in done.stdout


def test_passwords_are_masked_wherever_they_stand(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("P1_DSN=mysql+pymysql://user:se%40cr%23et@127.0.0.1:1/db?ssl_password=s3cret\n")
    (tmp_path / ".env").chmod(0o644)
    done = run("check", "--port", SAVED)
    assert "mysql+pymysql://user:***@127.0.0.1:1/db?ssl_password=*** " in done.stdout
    assert "-> chmod o= .env" in done.stdout
    assert not re.search("se.40|cr.23et|cr#et|s3cret", done.stdout + done.stderr)


def test_colour_and_progress_on_a_terminal_only(environment: dict[str, str], run: Run, tmp_path: Path) -> None:
    words = ["check", "--port", str(SAVED), "--dsn", f"sqlite:///{tmp_path}/none.db"]
    coloured = on_a_terminal(words, environment, tmp_path)
    assert "\x1b[32mok\x1b[0m    settings" in coloured
    assert "\x1b[33mwarn\x1b[0m  database" in coloured
    assert "listening to" in coloured
    assert "listening to" not in on_a_terminal([*words, "-q"], environment, tmp_path)
    plain = on_a_terminal(words, environment | {"NO_COLOR": "1"}, tmp_path)
    assert "\x1b[3" not in plain
    assert "listening to" in plain
    assert "\x1b" not in run(*words).stdout
    assert "listening" not in run(*words).stdout


def test_quiet_leaves_out_what_is_well(sqlite: Database, run: Run) -> None:
    done = run("check", "-q", "--port", SAVED, env=sqlite.env)
    assert [line[:18] for line in done.stdout.splitlines() if line[:1].strip()] == [
        "warn  database    ",
        "1 warn of 10 steps",
    ]
    prepared(sqlite, run)
    done = run("check", "-q", "--port", SAVED, env=sqlite.env)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"P1_PORT": "/dev/none"}, f"-> P1_PORT=/dev/{CABLE}"),
        ({"P1_PORT": "{0}/closed/port"}, "Not even its folder can be looked into"),
        ({"P1_PORT": "/dev/\udcff"}, "-> P1_PORT=/dev/"),
        ({"P1_DSN": "sqlite:///{0}/read-only.db"}, "attempt to write a readonly database"),
        ({"P1_PORT": "socket://127.0.0.1:1"}, "-> systemctl status ser2net"),
        ({"P1_PORT": "{0}/empty.db"}, "empty.db is empty"),
        ({"P1_PORT": "{0}/denied"}, "-> sudo chmod g+rw "),
        ({"P1_PORT": "{0}/unknown"}, "no line of the telegram is known"),
        ({"P1_SPOOL": "{0}/readings.db"}, "P1_SPOOL is the database itself"),
        ({"P1_SPOOL": "{0}/closed/spool.db"}, "-> sudo install -d -o"),
        ({"P1_SPOOL": "{0}/text"}, "it cannot be read"),
        ({"P1_DSN": "sqlite:///{0}/closed/x.db"}, "-> sudo install -d -o"),
        ({"P1_DSN": "sqlite:///{0}/text"}, "file is not a database"),
        ({"P1_DSN": "sqlite:///{0}/empty.db"}, "there is no p1_readouts yet"),
        ({"P1_DSN": "oracle://x/y"}, "P1_DSN leads to no database"),
        ({"P1_DSN": "mysql+pymysql://u@no-such-host.invalid/x"}, "no host is called no-such-host.invalid"),
    ],
)
def test_each_names_its_remedy(env: dict[str, str], said: str, sqlite: Database, run: Run, tmp_path: Path) -> None:
    prepared(sqlite, run)
    (tmp_path / "text").write_text("no database, but a text that is long enough to be looked into" * 99)
    (tmp_path / "empty.db").touch()
    (tmp_path / "denied").touch(mode=0)
    shutil.copy(tmp_path / "readings.db", tmp_path / "read-only.db")
    (tmp_path / "read-only.db").chmod(0o400)
    (tmp_path / "unknown").write_bytes(sealed("1-0:99.9.9(1)"))
    (tmp_path / "closed").mkdir(mode=0o400)
    here = {name: value.replace("{0}", str(tmp_path)) for name, value in ({"P1_PORT": str(SAVED)} | env).items()}
    prefix = (*machine(tmp_path, {CABLE: "/dev/pts/0"}), *UNPRIVILEGED)
    done = run("check", env=sqlite.env | here | {"COLUMNS": "999"}, prefix=prefix)
    assert done.returncode == 1
    assert said in done.stdout
    assert re.findall("^ {18}-> .+", done.stdout, re.MULTILINE)
    assert re.search("^1 (FAIL|warn) of", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.parametrize(
    ("state", "line", "status"),
    [
        ("active", "ok    timer       systemd's p1harvester.timer is active", 0),
        ("inactive", "warn  timer       systemd's p1harvester.timer is not active", 1),
    ],
)
def test_the_timer_of_systemd(state: str, line: str, status: int, sqlite: Database, run: Run, tmp_path: Path) -> None:
    prepared(sqlite, run)
    (tmp_path / "bin").mkdir()
    stand_in = tmp_path / "bin/systemctl"
    stand_in.write_text(f"#!/bin/sh\n[ $1 = is-active ] && echo {state} || echo p1harvester.timer enabled enabled\n")
    stand_in.chmod(0o755)
    before = f"mount --bind {stand_in} $(command -v systemctl); exec"
    done = run("check", "--port", SAVED, env=sqlite.env, prefix=machine(tmp_path, {}, cron="", before=before))
    assert line in done.stdout
    assert ("-> sudo systemctl enable --now p1harvester.timer" in done.stdout) == bool(status)
    assert done.returncode == status
