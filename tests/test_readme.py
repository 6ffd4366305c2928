"""What the READMEs and the example settings promise."""

import re
import shlex
import subprocess
from pathlib import Path

from tests.conftest import COMMAND, Run
from tests.meter import telegram
from tests.readme import FRONT, PROJECT, README
from tests.test_encrypted import encrypted


def test_the_example_is_true(environment: dict[str, str], tmp_path: Path) -> None:
    [(command, output)] = re.findall(r"```console\n\$ p1harvester (.*)\n((?:.*\n)*?)```", FRONT)
    (tmp_path / "tests").symlink_to(PROJECT / "tests")
    done = subprocess.run(
        [COMMAND, *shlex.split(command)],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.stdout.decode() == output


def test_what_check_is_shown_to_say_is_what_it_says() -> None:
    [lines] = re.findall(r"```text\n((?:.*\n)*?)```", FRONT)
    assert lines in (PROJECT / "tests/golden/wrong-speed.txt").read_text()


def test_every_command_and_flag_is_in_the_readme(run: Run) -> None:
    for command in ([], ["read"], ["check"], ["setup"]):
        assert f"**`{' '.join(['p1harvester', *command])}`**" in README
        for flag in re.findall(r"--[a-z-]+", run(*command, "--help").stdout):
            assert flag in README


def test_every_example_setting_is_one(run: Run, tmp_path: Path) -> None:
    lines = (PROJECT / ".env.example").read_text().splitlines()
    (tmp_path / ".env").write_text("\n".join(line.removeprefix("#") for line in lines if line.startswith("#P1_")))
    (tmp_path / ".env").chmod(0o600)
    frame = encrypted(telegram("belgium"), key=bytes.fromhex("00112233445566778899aabbccddeeff"))
    done = run("read", "--port", "-", input=frame)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_readme_names_every_setting_status_and_column(rows: dict[str, dict[str, float]]) -> None:
    from p1harvester.errors import P1Error
    from p1harvester.settings import NAMES

    for name in NAMES:
        assert f"`{name}`" in README
    for error in P1Error.__subclasses__():
        assert re.search(rf"\b{error.status}\b", README), error
    for name in rows["belgium"]:
        assert name in README or re.sub(r"_(l?\d)$", "", name) in README, name
