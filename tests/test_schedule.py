"""What systemd and cron think of the files that are for them."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.conftest import COMMAND
from tests.meter import FOLDER
from tests.readme import PAGES, PROJECT, commands

pytestmark = pytest.mark.slow

INSTALLED = "/opt/p1harvester/bin/p1harvester"
SERVICES = ("p1harvester.service", "p1harvester@.service")
UNITS = (*SERVICES, "p1harvester.timer", "p1harvester@.timer")


def directives(unit: str) -> list[str]:
    """A unit's lines, its comments and empty lines aside."""
    lines = (PROJECT / "systemd" / unit).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_has_nothing_to_say_of_a_unit(unit: str, tmp_path: Path) -> None:
    for name in UNITS:
        text = (PROJECT / "systemd" / name).read_text()
        # systemd looks whether the command is there; here it is the one under test.
        (tmp_path / name).write_text(text.replace(INSTALLED, COMMAND))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / unit], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("unit", SERVICES)
def test_a_job_is_exposed_to_1_5_at_most(unit: str) -> None:
    words = ["systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=15"]
    done = subprocess.run([*words, PROJECT / "systemd" / unit], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "Overall exposure level" in done.stdout


def test_a_second_meter_is_read_as_the_first_but_for_its_settings_and_its_folder() -> None:
    first, second = map(directives, SERVICES)
    changed = [f"{one} -> {other}" for one, other in zip(first, second, strict=True) if one != other]
    assert changed == [
        "Description=Store one reading of the smart meter -> Description=Store one reading of the smart meter %i",
        f"ExecStart={INSTALLED} -> ExecStart={INSTALLED} --env-file /etc/p1harvester/%i.env",
        "StateDirectory=p1harvester -> StateDirectory=p1harvester/%i",
    ]
    assert directives("p1harvester@.timer")[2:] == directives("p1harvester.timer")[2:]


def test_systemd_makes_the_user_who_may_open_serial_ports(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/group").write_text("dialout:x:20:\n")
    words = ["systemd-sysusers", f"--root={tmp_path}", str(PROJECT / "systemd/p1harvester.sysusers")]
    subprocess.run(words, check=True, capture_output=True)
    assert re.search(r"^p1harvester:.*:/var/lib/p1harvester:", (tmp_path / "etc/passwd").read_text(), re.MULTILINE)
    assert "dialout:x:20:p1harvester" in (tmp_path / "etc/group").read_text()


@pytest.fixture
def cron_d(tmp_path: Path) -> Path:
    """The folder of cron.d's files, after the README's own command."""
    folder = tmp_path / "etc/cron.d"
    folder.mkdir(parents=True)
    command = commands("cron instead")[0].replace("sudo ", "").replace("/etc/", f"{tmp_path}/etc/")
    subprocess.run(["bash", "-ec", command], check=True, cwd=PROJECT)
    return folder


def test_cron_takes_the_file(cron_d: Path) -> None:
    [file] = cron_d.iterdir()
    assert re.fullmatch(r"[A-Za-z0-9_-]+", file.name), "cron passes over a name with a dot"
    assert file.stat().st_mode & 0o777 == 0o644, "cron refuses a file that others can write"
    text = file.read_text()
    assert text.endswith("\n"), "cron passes over a line without an end"
    entries = [line for line in text.splitlines() if line and not line.startswith("#") and "=" not in line.split()[0]]
    assert [line.split()[:6] for line in entries] == [[*"*****", "p1harvester"]]
    # crontab knows no field for the user.
    check_syntax(text.replace("* p1harvester ", "* "))


def test_cron_takes_the_line_for_ones_own_crontab() -> None:
    line = commands("cron instead")[1]
    assert line.split()[5:] == [INSTALLED, "-q"]
    check_syntax(line + "\n")


def check_syntax(crontab: str) -> None:
    """Let cron itself look at a user's crontab."""
    done = subprocess.run(["crontab", "-n", "-"], input=crontab, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("port", "status"), [(FOLDER / "dsmr-5.0.2.txt", 0), ("/none", 66)])
def test_in_crons_bare_environment_only_a_failure_prints(
    port: str | Path, status: int, cron_d: Path, tmp_path: Path
) -> None:
    lines = (cron_d / "p1harvester").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))
    assert given.pop("MAILTO") == "root"
    assert given == {"STATE_DIRECTORY": "/var/lib/p1harvester"}
    words = shlex.split(lines[-1])[6:]
    assert words == [INSTALLED, "-q"]
    (tmp_path / ".env").write_text(f"P1_PORT={port}\n")
    bare = {name: value for name, value in os.environ.items() if name.startswith("COV")}
    done = subprocess.run(
        ["/bin/sh", "-c", shlex.join([COMMAND, *words[1:]])],
        env=bare
        | {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "STATE_DIRECTORY": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status
    assert (done.stdout + done.stderr == "") == (status == 0)
    assert (tmp_path / "p1harvester.db").exists() == (status == 0)


def test_the_readmes_installation_is_shell() -> None:
    headings = [heading for page in PAGES for heading in re.findall(r"^##+ (.*)$", page, re.MULTILINE)]
    assert "Install by hand" in headings
    for heading in headings:
        for block in commands(heading):
            subprocess.run(["bash", "-n"], input=block, text=True, check=True)
