"""The command that a person types, installed on a host that is this one but for /etc, /opt and /var/lib."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Database, Run
from tests.meter import telegram_of
from tests.readme import PROJECT

WRAPPER = str(PROJECT / "systemd/p1harvester")
SCRIPTS = sorted(PROJECT / "systemd" / name for name in ("install", "motd", "p1harvester"))
STAND_IN = """#!/bin/sh
id -un
env | grep -E 'STATE|P1|CRED|HOME' | sort
echo "$@"
[ ! "$CREDENTIALS_DIRECTORY" ] || { ls -l $CREDENTIALS_DIRECTORY | cut -c 1-10; cat $CREDENTIALS_DIRECTORY/*; }
"""

Type = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_has_nothing_to_say(script: Path) -> None:
    done = subprocess.run(["shellcheck", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.fixture
def type_it(tmp_path: Path) -> Type:
    """Type a command where the program is installed: type_it(*words, password=..., by=user)."""

    def type_it(
        *words: str, drop_in: str = "", by: str = "root", program: str = STAND_IN, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        script = """
            mkdir -p "$0/upper" "$0/work"
            mount -t tmpfs none "$0/work"; mkdir "$0/work/u" "$0/work/w"
            mount -t overlay -o lowerdir=/etc,upperdir="$0/work/u",workdir="$0/work/w" none /etc
            mount -t tmpfs none /opt; mount -t tmpfs none /var/lib; mount -t tmpfs none /run
            echo p1harvester:x:64999:64999::/var/lib/p1harvester:/usr/sbin/nologin >>/etc/passwd
            echo p1harvester:x:64999: >>/etc/group
            rm -rf /etc/p1harvester* /etc/systemd/system/p1harvester*
            mkdir -p /opt/p1harvester/bin /etc/p1harvester /etc/systemd/system/p1harvester{,@}.service.d
            touch /etc/p1harvester.env /etc/p1harvester/garage.env
            install -d -o p1harvester -g p1harvester /var/lib/p1harvester
            printf '%s' "$PROGRAM" >/opt/p1harvester/bin/p1harvester; chmod 755 /opt/p1harvester/bin/p1harvester
            install -m 600 /dev/stdin /etc/p1harvester.password <<<secret
            install -m 600 /dev/stdin /etc/p1harvester/garage.password <<<other
            [ -z "$DROP_IN" ] || for unit in p1harvester p1harvester@; do
                printf '[Service]\n%s\n' "$DROP_IN" >/etc/systemd/system/$unit.service.d/x.conf
            done
            exec setpriv --reuid="$BY" --clear-groups env -u PROGRAM -u DROP_IN -u BY "$@"
        """
        given = {"PROGRAM": program, "DROP_IN": drop_in, "BY": by, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        return subprocess.run(
            ["unshare", "--mount", "bash", "-ec", script, str(tmp_path), WRAPPER, *words],
            env=given | (env or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return type_it


@pytest.mark.root
@pytest.mark.slow
@pytest.mark.parametrize("by", ["root", "p1harvester"])
@pytest.mark.parametrize(
    ("words", "meter", "rest"),
    [
        (["check", "-q"], "", "check -q"),
        (["--meter", "garage", "read", "--json"], "garage", "read --json"),
        (["setup", "--meter=garage"], "garage", "setup"),
        (["--port", "-", "--timeout", "3"], "", "--port - --timeout 3"),
    ],
)
def test_the_command_is_the_jobs(words: list[str], meter: str, rest: str, by: str, type_it: Type) -> None:
    done = type_it(*words, by=by, env={"STATE_DIRECTORY": "/root", "P1_DSN": "sqlite:////x.db"})
    passed_over = "p1harvester: P1_DSN of this shell is passed over: the settings are those in"
    below = f"/{meter}" if meter else ""
    assert done.stdout.splitlines() == [
        "p1harvester",
        "HOME=/var/lib/p1harvester",
        f"P1HARVESTER_METER={meter}",
        f"STATE_DIRECTORY=/var/lib/p1harvester{below}",
        f"--env-file /etc/p1harvester{below}.env {rest}",
    ]
    assert (done.returncode, done.stderr) == (0, f"{passed_over} /etc/p1harvester{below}.env\n")


@pytest.mark.root
@pytest.mark.slow
@pytest.mark.parametrize(("words", "password"), [([], "secret"), (["--meter", "garage"], "other")])
def test_a_password_that_is_roots_alone_reaches_the_program(words: list[str], password: str, type_it: Type) -> None:
    path = "/etc/p1harvester.password" if password == "secret" else "/etc/p1harvester/%i.password"
    credential = f"LoadCredential=p1_dsn_password:{path}"
    done = type_it(*words, drop_in=credential)
    assert done.stdout.splitlines()[0] == "p1harvester"
    assert done.stdout.splitlines()[-2:] == ["-rw-r-----", password]
    refused = type_it(*words, drop_in=credential, by="p1harvester")
    assert refused.returncode == 77
    assert "the password is root's alone: sudo p1harvester" in refused.stderr
    assert password not in refused.stderr


@pytest.mark.root
@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--meter"], "--meter takes a meter's name"),
        (["--meter", "../x"], "--meter takes a meter's name"),
        (["--meter", ""], "--meter takes a meter's name"),
        (["--meter", "shed"], "there is no meter shed: /etc/p1harvester/shed.env is not there"),
        (["check", "--env-file", "/etc/p1harvester/garage.env"], "--env-file is the meter's own here"),
        (["--env=x"], "--env-file is the meter's own here"),
    ],
)
def test_what_would_be_another_place_is_refused(words: list[str], said: str, type_it: Type) -> None:
    done = type_it(*words)
    assert (done.returncode in (2, 78), done.stdout) == (True, "")
    assert said in done.stderr


@pytest.mark.root
@pytest.mark.slow
def test_from_ones_own_shell_it_asks_for_roots_rights(type_it: Type) -> None:
    done = type_it("check", by="nobody", env={"P1_PORT": "/dev/ttyUSB1"})
    assert "P1_PORT of this shell is passed over: the settings are those in /etc/p1harvester.env" in done.stderr
    assert done.returncode != 0
    assert "sudo" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("meter", "typed"), [("", "p1harvester"), ("garage", "p1harvester --meter garage")])
def test_what_check_says_to_type_is_that_meters_command(
    meter: str, typed: str, sqlite: Database, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "telegram").write_bytes(telegram_of(1700000000))
    (tmp_path / "settings").touch()
    env = sqlite.env | {"P1HARVESTER_METER": meter}
    done = run("--env-file", "settings", "check", "--port", "telegram", env=env)
    assert f"-> {typed} setup\n" in done.stdout


@pytest.mark.slow
def test_what_check_says_to_type_works_when_it_is_not_on_the_path(
    sqlite: Database, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "telegram").write_bytes(telegram_of(1700000000))
    (tmp_path / "my settings").write_text(f"P1_PORT=telegram\nP1_DSN={sqlite.dsn}\n")
    given = environment | {"PATH": "/usr/bin:/bin"}
    for words in (["--env-file", "my settings"], ["--dsn", f"sqlite:///{tmp_path}/other.db", "--port", "telegram"]):
        done = subprocess.run(
            [COMMAND, "check", *words], env=given, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        [remedy] = [line.partition("-> ")[2] for line in done.stdout.splitlines() if line.endswith(" setup")]
        subprocess.run(["sh", "-ec", remedy], env=given, cwd=tmp_path, check=True, capture_output=True)
    assert sqlite.rows() == []
    assert (tmp_path / "other.db").exists()
