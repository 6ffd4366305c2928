"""What is a secret shows nowhere, and what comes from outside steers neither terminal nor shell."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.checking import machine
from tests.conftest import COMMAND, UNMEASURED, Database, Run
from tests.listeners import MySql, listening
from tests.meter import FOLDER, sealed
from tests.test_command import on_a_terminal

SAVED = FOLDER / "dsmr-5.0.2.txt"
SECRET = "S3CRET2"
PARTS = {SECRET[at : at + 3] for at in range(len(SECRET) - 2)}

TWO_READINGS = [
    "mysql+pymysql://user:x@S3CRET2@127.0.0.1:1/db",
    "mysql+pymysql://user:S3C@RET2@127.0.0.1:1/db",
    "mysql+pymysql://user:x/S3CRET2@127.0.0.1:1/db",
    "mysql+pymysql://user:S3C/RET2@127.0.0.1:1/db",
    "mysql+pymysql://user:x#S3CRET2@127.0.0.1:1/db",
    "mysql+pymysql://user:x?S3CRET2@127.0.0.1:1/db",
    "mysql+pymysql://user:x?y=S3CRET2@127.0.0.1:1/db",
    "mysql+pymysql://user:x@y/S3CRET2@127.0.0.1:1/db",
    "mysql+pymysql://user:S3CRET2",
    "mysql+pymysql://user:S3CRET2/db",
    "mysql+pymysql://user:S3CRET2%40127.0.0.1:1/db",
    "mysql+pymysql://user%3AS3CRET2@127.0.0.1:1/db",
    "mysql+pymysql://user%3AS3CRET2%40127.0.0.1:1/db",
    "mysql+pymysql://user;S3CRET2@127.0.0.1:1/db",
    "mysql+pymysql://user@127.0.0.1:S3CRET2/db",
    "mysql+pymysql:///user:S3CRET2@127.0.0.1:1/db",
    "mysql+pymysql:/user:S3CRET2@127.0.0.1:1/db",
    "mysql+pymysql:user:S3CRET2@127.0.0.1/db",
    "user:S3CRET2@mysql+pymysql://127.0.0.1:1/db",
    "user:S3CRET2@127.0.0.1/db",
    "postgresql+psycopg://user:x@S3CRET2@127.0.0.1:1/db",
    "sqlite://user:S3CRET2@127.0.0.1:1/db",
    "mysql+pymysql://user@127.0.0.1:1/db?password=S3CRET2",
    "mysql+pymysql://user@127.0.0.1:1/db?p%61ssword=S3CRET2",
    "mysql+pymysql://user@127.0.0.1:1/db?PassWD=S3CRET2",
    "mysql+pymysql://user@127.0.0.1:1/db?charset=utf8mb4;password=S3CRET2",
]
ONE_READING = [
    "mysql+pymysql://user@127.0.0.1:1/db?pwd=S3CRET2",
    "mysql+pymysql://user@127.0.0.1:1/db?S3CRET2",
    "mysql+pymysql://user:S3CRET2@127.0.0.1:1/db?ssl_key_password=S3CRET2",
    "postgresql+psycopg://user@127.0.0.1:1/db?options=-c%20x=S3CRET2",
    "postgresql+psycopg://user:S3CRET2@127.0.0.1:1/db?sslpassword=S3CRET2",
    "oracle+oracledb://user:S3CRET2@127.0.0.1:1/db",
    "nonsense://user:S3CRET2@127.0.0.1:1/db",
]
STEERING = "\x1b]0;owned\x07\r\x1b[2Kok    all is well\x9b31m\u202e"


@pytest.mark.parametrize("dsn", TWO_READINGS + ONE_READING)
def test_no_part_of_a_password_in_a_dsn_shows(dsn: str, run: Run) -> None:
    for words in ((), ("-v",), ("check",), ("setup", "-v")):
        done = run(*words, "--port", SAVED, env={"P1_DSN": dsn})
        shown = done.stdout + done.stderr
        assert done.returncode in (1, 69, 75, 78)
        assert not [part for part in PARTS if part in shown], shown


@pytest.mark.parametrize("dsn", TWO_READINGS)
def test_a_dsn_with_two_readings_is_refused_before_anything_is_opened(dsn: str, run: Run, tmp_path: Path) -> None:
    done = run("--port", "/none", env={"P1_DSN": dsn})
    assert done.returncode == 78
    assert "P1_DSN_PASSWORD" in done.stderr
    assert not list(tmp_path.rglob("*.db"))


def stand_in(path: Path, script: str) -> Path:
    """A program that is this piece of shell."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_check_hands_no_secret_to_other_programs(sqlite: Database, run: Run, tmp_path: Path) -> None:
    honest = stand_in(tmp_path / "bin/honest", f"env >> {tmp_path}/seen")
    for name in ("systemctl", "crontab"):
        stand_in(tmp_path / "bin" / name, f"echo $0 >> {tmp_path}/fooled")
    before = f"for name in systemctl crontab; do mount --bind {honest} $(command -v $name); done; exec"
    path = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    prefix = ("env", f"PATH={os.environ['PATH']}", *machine(tmp_path, {}, before=f"{before} env PATH={path['PATH']}"))
    run("check", "--port", SAVED, env=sqlite.env | {"P1_DSN_PASSWORD": SECRET, "MINE": SECRET}, prefix=prefix)
    assert "PATH=/usr/sbin:/usr/bin:/sbin:/bin" in (tmp_path / "seen").read_text()
    assert SECRET not in (tmp_path / "seen").read_text()
    assert not (tmp_path / "fooled").exists()


class Administrator:
    """Whoever pastes remedies, on a host whose `sudo mariadb` reaches the tests' server."""

    def __init__(self, folder: Path, database: Database) -> None:
        assert database.server
        client, socket = shutil.which("mariadb"), database.server.folder / "socket"
        stand_in(folder / "paste/sudo", 'exec "$@"')
        stand_in(
            folder / "paste/mariadb",
            f'echo "$@" >> {folder}/arguments\nexec {client} --no-defaults -uroot -S{socket} "$@"',
        )
        self.folder, self.socket = folder, socket
        self.arguments = folder / "arguments"

    def paste(self, remedy: str, typed: str = "") -> None:
        """Execute a remedy that `check` printed."""
        environment = os.environ | {"PATH": f"{self.folder}/paste:{os.environ['PATH']}"}
        subprocess.run(["bash", "-ec", remedy], input=typed, text=True, env=environment, cwd=self.folder, check=True)


def remedy(shown: str, begins: str) -> str:
    """The remedy that begins so."""
    found = re.search(rf"-> ({re.escape(begins)}.*)", shown)
    assert found, shown
    return found[1]


def test_the_remedy_for_a_password_keeps_it_off_the_command_line(mariadb: Database, run: Run, tmp_path: Path) -> None:
    administrator = Administrator(tmp_path, mariadb)
    assert mariadb.server
    name = mariadb.dsn.rpartition("/")[2]
    mariadb.server.execute(f"CREATE USER {name}@localhost", f"GRANT ALL ON {name}.* TO {name}@localhost")
    env = {"P1_DSN": f"mysql+pymysql://{name}@localhost/{name}?unix_socket={administrator.socket}"}
    shown = run("check", "--port", SAVED, env=env | {"P1_DSN_PASSWORD": SECRET, "COLUMNS": "999"}).stdout
    administrator.paste(remedy(shown, "read -rsp"), typed=f"{SECRET}\n")
    assert SECRET not in administrator.arguments.read_text()
    shown = run("check", "--port", SAVED, env=env | {"P1_DSN_PASSWORD": SECRET, "COLUMNS": "999"}).stdout
    assert "answers: MariaDB" in shown


def test_a_users_name_runs_nothing_in_a_remedy(mariadb: Database, run: Run, tmp_path: Path) -> None:
    administrator = Administrator(tmp_path, mariadb)
    assert mariadb.server
    name = mariadb.dsn.rpartition("/")[2]
    user = f"it's$(touch${{IFS}}{name})`id`"
    assert run("setup", env=mariadb.env).returncode == 0
    mariadb.server.execute(f"CREATE USER `{user.replace('`', '``')}`@localhost")
    mariadb.server.execute(f"GRANT SELECT, SHOW VIEW ON {name}.* TO `{user.replace('`', '``')}`@localhost")
    env = {"P1_DSN": f"mysql+pymysql://{user}@localhost/{name}?unix_socket={administrator.socket}", "COLUMNS": "999"}
    shown = run("check", "--port", SAVED, env=env).stdout
    administrator.paste(remedy(shown, "sudo mariadb"))
    assert not (tmp_path / name).exists()
    assert "may store a row (tried with none)" in run("check", "--port", SAVED, env=env).stdout


def test_check_follows_a_unix_socket_to_where_nobody_is(run: Run, tmp_path: Path) -> None:
    for dsn, path in (
        (f"mysql+pymysql://p1@localhost/p1?unix_socket={tmp_path}/none", f"{tmp_path}/none"),
        (f"postgresql+psycopg://p1@/p1?host={tmp_path}", f"{tmp_path}/.s.PGSQL.5432"),
    ):
        shown = run("check", "--port", SAVED, "--dsn", dsn, env={"COLUMNS": "999"}).stdout
        assert f"nothing answers at {path}: No such file or directory" in shown
        assert "# on this host" in shown


def steered(shown: str) -> list[str]:
    """What in it would steer a terminal; colours and the clearing of a line of our own aside."""
    ours = re.sub(r"\r\x1b\[K|\x1b\[(3[123])?m|\x1b\[0m|\r?\n", "", shown)
    return [each for each in ours if not each.isprintable()]


@pytest.mark.parametrize("words", [["check"], ["-v"], ["setup"], ["read"], ["read", "--raw"]])
@pytest.mark.parametrize(
    "env",
    [
        {"P1_DSN": "mysql+pymysql://p1@127.0.0.1:{}/p1"},
        {"P1_PORT": f"/none/{STEERING}"},
        {"P1_BAUD": STEERING},
        {f"P1_{STEERING}": "x"},
        {"P1_SPOOL": f"/none/{STEERING}/spool.db", "P1_DSN": "mysql+pymysql://p1@127.0.0.1:1/p1"},
        {"P1_DSN": f"sqlite:////none/{STEERING}.db"},
        {"P1_PORT": "telegram"},
        {"P1_PORT": f"cut{STEERING}"},
    ],
    ids=["server", "port", "baud", "name", "spool", "database", "meter", "remedy"],
)
def test_nothing_from_outside_steers_the_terminal(
    env: dict[str, str], words: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "telegram").write_bytes(sealed(f"1-0:1.7.0(1*kW)\r\n0-0:96.13.0({STEERING})"))
    (tmp_path / f"cut{STEERING}").write_bytes(b"/x\r\n\r\n1-0:1.7.0(")
    with listening(MySql("mysql_native_password", says=STEERING)) as (port, _):
        given = {name: value.replace("{}", str(port)) for name, value in env.items()}
        shown = on_a_terminal(words, environment | {"P1_PORT": str(SAVED)} | given, tmp_path)
    assert shown
    assert not steered(shown)


def test_a_word_that_is_no_flag_does_not_either(environment: dict[str, str], tmp_path: Path) -> None:
    shown = on_a_terminal(["check", f"telegram{STEERING}"], environment, tmp_path)
    assert "telegram" in shown
    assert not steered(shown)


def test_no_line_of_the_journal_is_forged(run: Run, tmp_path: Path) -> None:
    with (tmp_path / "journal").open("wb") as journal:
        status = os.fstat(journal.fileno())
        name = f"{status.st_dev}:{status.st_ino}"
    forging = "/none/\n<0>kernel: panic"
    script = 'exec "$@" 2>>journal'
    run("--port", forging, env={"JOURNAL_STREAM": name}, prefix=("sh", "-c", script, "sh"))
    [line] = (tmp_path / "journal").read_text().splitlines()
    assert line.startswith("<3>/none/\\n<0>kernel")


def test_a_servers_megabytes_are_cut(run: Run) -> None:
    with listening(MySql("mysql_native_password", says="no " * 300_000)) as (port, _):
        env = {"P1_DSN": f"mysql+pymysql://p1@127.0.0.1:{port}/p1"}
        for words in ((), ("check",), ("setup",)):
            done = run(*words, "--port", SAVED, env=env)
            assert "no no no" in done.stdout + done.stderr
            assert len(done.stdout + done.stderr) < 5000


def peak(environment: dict[str, str], *words: str | Path) -> tuple[int, str]:
    """The memory that the command took at its peak, in kB, and what it said."""
    process = subprocess.Popen([COMMAND, *words], env=environment | UNMEASURED, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    said = process.stderr.read()
    return os.wait4(process.pid, 0)[2].ru_maxrss, said


def test_a_meter_of_distinct_nonsense_fills_neither_log_nor_memory(environment: dict[str, str], tmp_path: Path) -> None:
    one, many = tmp_path / "one", tmp_path / "many"
    nonsense = [f"/x\r\n\r\n1-0:1.7.0({'x' * 30}{number}*kW)\r\n!\r\n" for number in range(200_000)]
    one.write_text(nonsense[0])
    many.write_text("".join(nonsense))
    little, _ = peak(environment, "--port", one)
    much, said = peak(environment, "--port", many)
    assert "which is no number of kW" in said
    assert len(said) < 1000
    assert much - little < 4096
