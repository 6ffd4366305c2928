"""The command itself: what it says to a person, to a program, to cron."""

import json
import os
import re
import subprocess
import sys
import time
from itertools import chain
from pathlib import Path

import pytest

from p1harvester import __version__
from p1harvester.reading import COLUMNS
from p1harvester.report import SECTIONS
from tests.conftest import COMMAND, Database, Run
from tests.meter import FOLDER, Meter, telegram_of

SAVED = FOLDER / "dsmr-5.0.2.txt"


def on_a_terminal(words: list[str], environment: dict[str, str], folder: Path) -> str:
    """What the command shows on a terminal."""
    master, slave = os.openpty()
    process = subprocess.Popen([COMMAND, *words], env=environment, cwd=folder, stdout=slave, stderr=slave)
    os.close(slave)
    process.wait()
    try:
        return os.read(master, 65536).decode()
    except OSError:
        return ""
    finally:
        os.close(master)


def test_on_a_terminal_it_says_what_it_stored(environment: dict[str, str], tmp_path: Path) -> None:
    words = ["--port", str(SAVED), "--dsn", "sqlite:///here.db"]
    assert on_a_terminal(words, environment, tmp_path) == (
        "stored: 2024-01-07 17:22:39, power drawn 0.326 kW, power injected 0.000 kW, gas 4911.440 m3,"
        " in sqlite:///here.db\r\n"
    )
    assert on_a_terminal([*words, "-q"], environment, tmp_path) == ""


def test_read_shows_every_value_with_its_name_and_unit(run: Run, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    shown, golden = run("read", "--port", SAVED).stdout, FOLDER.parent / "golden/read.txt"
    if pytestconfig.getoption("--update-golden"):
        golden.write_text(shown)
    assert shown == golden.read_text()
    assert not list(tmp_path.rglob("*.db"))


def test_every_column_has_its_place_in_what_read_shows() -> None:
    assert sorted(("time", "meter_time", *chain(*SECTIONS.values()))) == sorted(column.field for column in COLUMNS)


def test_read_compares_the_clocks(run: Run) -> None:
    second = int(time.time()) - 100
    with Meter([telegram_of(second)]) as meter:
        shown = run("read", "--port", meter.port).stdout
    assert re.search(r"^Meter's clock .*  \(10\d s behind this host's\)$", shown, re.MULTILINE)


@pytest.mark.parametrize("words", [("read",), ("read", "--json"), ("check",), ("-v",)])
def test_equipment_identifiers_are_not_shown(words: tuple[str, ...], sqlite: Database, run: Run) -> None:
    done = run(*words, "--port", SAVED, env=sqlite.env)
    identifiers = re.findall(rb"96\.1\.[01]\((\w+)\)", SAVED.read_bytes())
    assert len(identifiers) == 5
    for identifier in identifiers:
        for text in (identifier.decode(), bytes.fromhex(identifier.decode()).decode()):
            assert text not in done.stdout + done.stderr


def test_read_json_has_every_column(run: Run, rows: dict[str, dict[str, float]]) -> None:
    values = json.loads(run("read", "--json", "--port", SAVED).stdout)
    assert list(values) == [column.field for column in COLUMNS]
    assert {name: value for name, value in values.items() if value is not None} == {"time": 1704644559} | rows[
        "dsmr-5.0.2"
    ]


def test_read_raw_is_what_came(run: Run) -> None:
    assert run("read", "--raw", "--port", SAVED).stdout.encode() == SAVED.read_bytes()


def test_read_never_imports_sqlalchemy(environment: dict[str, str]) -> None:
    code = "import sys, p1harvester.cli\ntry: p1harvester.cli.main()\nfinally: assert 'sqlalchemy' not in sys.modules"
    done = subprocess.run(
        [sys.executable, "-c", code, "read", "--port", str(SAVED)], env=environment, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_port_is_opened_before_sqlalchemy_is_imported(sqlite: Database, run: Run) -> None:
    assert run("--port", "/none", env=sqlite.env | {"PYTHONPROFILEIMPORTTIME": "1"}).stderr.count("sqlalchemy") == 0
    assert run("--port", SAVED, env=sqlite.env | {"PYTHONPROFILEIMPORTTIME": "1"}).stderr.count("sqlalchemy") > 0


def test_the_main_job_never_imports_check(sqlite: Database, run: Run) -> None:
    profile = {"PYTHONPROFILEIMPORTTIME": "1"}
    assert "p1harvester.check" not in run("--port", SAVED, env=sqlite.env | profile).stderr
    assert "p1harvester.check" in run("check", "--port", SAVED, env=sqlite.env | profile).stderr


def test_a_reading_that_nothing_takes_is_printed_whole(run: Run) -> None:
    done = run("--port", SAVED, "--dsn", "sqlite:////none/x.db", env={"P1_SPOOL": "off"})
    assert done.returncode == 73
    assert "INSERT INTO p1_readouts (time, net_use, net_injection, gas_meter_reading, " in done.stderr
    assert "VALUES (1704644559, 0.326, 0.000, 4911.440, " in done.stderr


def test_the_journal_gets_levels_and_nobody_else(environment: dict[str, str], tmp_path: Path) -> None:
    stderr, other = tmp_path / "stderr", tmp_path / "other"
    (tmp_path / ".env").write_text("P1_DSN=mysql+pymysql://user@127.0.0.1:1/db\nP1_DSN_PASSWORD=x\n")
    (tmp_path / ".env").chmod(0o604)

    def said(journal: Path) -> list[str]:
        with stderr.open("w") as stream:
            of = f"{journal.stat().st_dev}:{journal.stat().st_ino}"
            words = [COMMAND, "-v", "--port", str(SAVED)]
            subprocess.run(words, env=environment | {"JOURNAL_STREAM": of}, cwd=tmp_path, stderr=stream, check=False)
        return stderr.read_text().splitlines()

    stderr.touch()
    other.touch()
    warning, notice, error = said(stderr)
    assert warning.startswith("<4>.env holds a password")
    assert notice.startswith("<5>a whole telegram")
    assert error.startswith("<3>mysql+pymysql://user:***@127.0.0.1:1/db: Can't connect")
    assert [line[:14] for line in said(other)] == ["p1harvester: .", "p1harvester: a", "p1harvester: m"]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--version"], 0, f"p1harvester {__version__}\n"),
        (["--help"], 0, "examples:"),
        (["read", "--help"], 0, "p1harvester read --json | jq .net_use"),
        (["check", "--help"], 0, "exit status: 0 if all is well, else 1"),
        (["setup", "--help"], 0, "p1harvester setup -v"),
        (["nonsense"], 2, "invalid choice"),
        (["--nonsense"], 2, "unrecognized arguments"),
        (["read", "--json", "--raw"], 2, "not allowed with"),
    ],
)
def test_words(words: list[str], status: int, said: str, run: Run) -> None:
    done = run(*words)
    assert done.returncode == status
    assert said in done.stdout + done.stderr


def test_module_and_command_are_the_same(environment: dict[str, str]) -> None:
    words = [sys.executable, "-m", "p1harvester", "--version"]
    assert subprocess.check_output(words, env=environment, text=True) == f"p1harvester {__version__}\n"


def test_a_reader_that_has_seen_enough_is_no_error(environment: dict[str, str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    words = [COMMAND, "read", "--port", str(SAVED)]
    done = subprocess.run(words, env=environment, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_fault_of_the_program_is_one_sentence(environment: dict[str, str]) -> None:
    code = "import p1harvester.settings\ndel p1harvester.settings.ENV_FILES\nfrom p1harvester.cli import main\nmain()"
    done = [
        subprocess.run([sys.executable, "-c", code, *words], env=environment, capture_output=True, text=True)
        for words in ([], ["-v"], ["check"])
    ]
    assert [each.returncode for each in done] == [70, 70, 70]
    assert ["Traceback" in each.stderr for each in done] == [False, True, False]
    assert done[0].stderr.count("\n") == 1
    assert re.search(rf"NameError: .*p1harvester {__version__}, Python 3\.\d+\.\d+, SQLAlchemy 2\.", done[0].stderr)


def test_setup_without_a_server_says_nothing_of_a_reading(run: Run) -> None:
    done = run("setup", "--dsn", "mysql+pymysql://user@127.0.0.1:1/db")
    assert (done.returncode, done.stderr.count("\n")) == (69, 1)
    assert "spool" not in done.stderr
