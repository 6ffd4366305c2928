"""What `check` says of the host, pasted into a shell: each remedy is a command, with the words that it takes."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.checking import CABLE, GOLDEN, machine
from tests.conftest import UNPRIVILEGED, Database, Run
from tests.meter import Meter, telegram

pytestmark = pytest.mark.slow

STAND_INS = ("apt-get", "fuser", "modprobe", "systemctl", "tee", "udevadm", "usermod")
PORT = "/dev/ttyUSB0"
RULE = '''SUBSYSTEM=="tty", KERNEL=="ttyUSB*", GROUP="dialout", MODE="0660"'''
BY_UDEV = ["tee /etc/udev/rules.d/70-p1harvester.rules", RULE, "udevadm control --reload", "udevadm trigger -s tty"]


def remedies(shown: str) -> list[str]:
    """The commands that `check` printed, without settings and what is looked at by eye."""
    found = re.findall(r"^ {18}-> (.*)$", shown, re.MULTILINE)
    return [remedy for remedy in found if not re.match(r"P1_\w+=|\w+: ", remedy)]


def pasted(commands: list[str], folder: Path) -> list[str]:
    """Paste them where each program notes how it was called, and what it was fed; return the notes."""
    notes, programs = folder / "notes", folder / "programs"
    programs.mkdir()
    (programs / "sudo").write_text('#!/bin/sh\nexec "$@"\n')
    for name in STAND_INS:
        feed = f"cat >>{notes}" if name == "tee" else ":"
        (programs / name).write_text(f'#!/bin/sh\necho "{name} $*" >>{notes}\n{feed}\n')
    for program in programs.iterdir():
        program.chmod(0o755)
    for command in commands:
        subprocess.run(["bash", "-ec", command], env={"PATH": f"{programs}:/usr/bin:/bin"}, check=True)
    return notes.read_text().splitlines()


@pytest.mark.parametrize("golden", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.stem)
def test_every_remedy_is_shell_and_asks_for_no_lists_of_packages(golden: Path) -> None:
    for remedy in remedies(golden.read_text()):
        subprocess.run(["bash", "-n"], input=remedy, text=True, check=True)
        assert shlex.split(remedy, comments=True)
        assert "apt-get install" not in remedy or "apt-get update" in remedy


@pytest.mark.root
@pytest.mark.parametrize(
    ("group", "mode", "notes"),
    [
        ("dialout", 0o060, ["usermod -aG dialout pi"]),
        ("uucp", 0o060, ["usermod -aG uucp pi"]),
        ("dialout", 0o020, BY_UDEV),
        ("root", 0o060, BY_UDEV),
        ("54321", 0o060, BY_UDEV),
        ("tty", 0o020, ["systemctl disable --now serial-getty@ttyUSB0.service", *BY_UDEV]),
    ],
)
def test_a_port_that_is_closed_is_opened_by_what_is_said(
    group: str, mode: int, notes: list[str], sqlite: Database, run: Run, tmp_path: Path
) -> None:
    with Meter([b""]) as meter:
        bound = f"touch {PORT}; mount --bind {meter.port} {PORT}; chown 1:{group} {PORT}; chmod {mode:o} {PORT}; exec"
        prefix = (*machine(tmp_path, {}, before=bound), *UNPRIVILEGED, "setpriv", "--clear-groups", "--regid=nogroup")
        done = run("check", "--port", PORT, "--timeout", "2", env=sqlite.env, prefix=prefix)
    assert f"FAIL  port        pi may not open {PORT}" in done.stdout
    about_the_port = done.stdout.partition("FAIL  port")[2].partition("\nwarn")[0]
    assert pasted(remedies(about_the_port), tmp_path) == notes


@pytest.mark.parametrize(
    ("before", "said", "notes"),
    [
        ("", "adapter is plugged in (1a86:7523)", ["modprobe ch341"]),
        ("touch /usr/lib/udev/rules.d/85-brltty.rules;", "brltty takes such adapters", ["apt-get remove -y brltty"]),
    ],
)
def test_an_adapter_that_has_no_port(
    before: str, said: str, notes: list[str], sqlite: Database, run: Run, tmp_path: Path
) -> None:
    device = "/sys/bus/usb/devices/1-1"
    plugged = f"""
        mkdir -p {tmp_path}/rules
        mount --bind {tmp_path}/rules /usr/lib/udev/rules.d
        mount -t tmpfs none /sys/bus; mkdir -p {device}
        echo 1a86 >{device}/idVendor; echo 7523 >{device}/idProduct
        {before} exec"""
    done = run("check", env=sqlite.env | {"COLUMNS": "999"}, prefix=machine(tmp_path, {}, before=plugged))
    assert said in done.stdout
    about_it = done.stdout.partition("FAIL  adapters")[2].partition("\nwarn")[0]
    assert pasted(remedies(about_it), tmp_path) == notes


def test_a_port_that_modem_manager_holds(sqlite: Database, run: Run, tmp_path: Path) -> None:
    with Meter([telegram("dsmr-5.0.2")]) as meter:
        held = f"""
            cp /bin/sleep {tmp_path}/ModemManager
            {tmp_path}/ModemManager 60 9<>{meter.port} &
            until grep -q ModemManager /proc/$!/comm; do :; done
            exec"""
        prefix = machine(tmp_path, {CABLE: meter.port}, before=held)
        done = run("check", "--timeout", "3", env=sqlite.env | {"COLUMNS": "999"}, prefix=prefix)
    assert "ModemManager (process" in done.stdout
    assert pasted([each for each in remedies(done.stdout) if "ModemManager" in each], tmp_path) == [
        "systemctl disable --now ModemManager"
    ]


@pytest.mark.parametrize(
    ("cron", "active", "meter", "said", "notes"),
    [
        ("", "", "", "p1harvester.timer is not active", ["systemctl enable --now p1harvester.timer"]),
        ("", "", "garage", "p1harvester@garage.timer is not", ["systemctl enable --now p1harvester@garage.timer"]),
        (
            "root p1harvester -q",
            "p1harvester.timer",
            "",
            "cron runs it too",
            ["systemctl disable --now p1harvester.timer"],
        ),
        (
            "root p1harvester --meter garage -q",
            "p1harvester@garage.timer",
            "garage",
            "cron runs it too",
            ["systemctl disable --now p1harvester@garage.timer"],
        ),
        ("root p1harvester --meter garage -q", "p1harvester.timer", "", "p1harvester.timer is active", []),
        ("root p1harvester check -q", "p1harvester.timer", "", "p1harvester.timer is active", []),
        (
            "root p1harvester -q",
            "p1harvester-check.timer",
            "",
            "cron runs it, by a line in /etc/cron.d/p1harvester",
            [],
        ),
    ],
)
def test_what_runs_the_job(
    cron: str, active: str, meter: str, said: str, notes: list[str], sqlite: Database, run: Run, tmp_path: Path
) -> None:
    listing = f"list-units) [ -z '{active}' ] || echo {active} loaded active waiting x ;;"
    timers = "p1harvester.timer p1harvester@.timer p1harvester-check.timer"
    files = f"list-unit-files) printf '%s enabled enabled\\n' {timers} ;;"
    (tmp_path / "systemctl").write_text(f"#!/bin/sh\ncase $1 in\n{listing}\n{files}\nesac\n")
    (tmp_path / "systemctl").chmod(0o755)
    before = f"mount --bind {tmp_path}/systemctl $(command -v systemctl); exec"
    line = f"* * * * * {cron}\n" if cron else ""
    (tmp_path / "telegram").write_bytes(telegram("dsmr-5.0.2"))
    prefix = machine(tmp_path, {}, cron=line, before=before)
    env = sqlite.env | {"P1HARVESTER_METER": meter, "COLUMNS": "999"}
    done = run("check", "--port", "telegram", env=env, prefix=prefix)
    assert said in done.stdout
    found = [remedy for remedy in remedies(done.stdout) if "systemctl" in remedy]
    assert (pasted(found, tmp_path) if found else []) == notes


def test_who_asks_beside_the_job_is_told(sqlite: Database, run: Run, tmp_path: Path) -> None:
    (tmp_path / "telegram").write_bytes(telegram("dsmr-5.0.2"))
    prefix = machine(tmp_path, {}, cron="* * * * * root /usr/local/bin/p1harvester -q\n")
    done = run("check", "--port", "telegram", env=sqlite.env, prefix=prefix)
    assert "asks, and the job is run by p1harvester" in done.stdout
    assert "-> sudo p1harvester check\n" in done.stdout


def test_no_row_and_nothing_that_stores_one(sqlite: Database, run: Run, tmp_path: Path) -> None:
    (tmp_path / "telegram").write_bytes(telegram("dsmr-5.0.2"))
    assert run("setup", env=sqlite.env).returncode == 0
    done = run("check", "--port", "telegram", env=sqlite.env, prefix=machine(tmp_path, {}, cron=""))
    assert "warn  rows        there is none yet" in done.stdout
    assert "-> sudo systemd/install     # in the clone\n" in done.stdout
