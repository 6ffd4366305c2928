"""Where the settings come from, and what is said of bad ones."""

from pathlib import Path

import pytest

from tests.conftest import UNPRIVILEGED, Run
from tests.meter import FOLDER

SAVED = str(FOLDER / "dsmr-5.0.2.txt")


def test_flag_before_environment_before_file_before_default(run: Run, tmp_path: Path) -> None:
    def port_of(*words: str, **env: str) -> str:
        return run(*words, "read", env=env).stderr.partition(" cannot be read")[0].removeprefix("p1harvester: ")

    (tmp_path / ".env").write_text("P1_PORT=/none/file\nOTHER=1\n# P1_NOTHING=2\n")
    (tmp_path / "other.env").write_text('P1_PORT="/none/${other}"')
    assert port_of("--port", "/none/flag", P1_PORT="/none/env") == "/none/flag"
    assert port_of(P1_PORT="/none/env") == "/none/env"
    assert port_of() == "/none/file"
    assert port_of("--env-file", "other.env") == "/none/${other}"
    assert port_of(P1_PORT="") == "/none/file"


@pytest.mark.parametrize(
    ("words", "file", "env", "said"),
    [
        ((), "P1_PROT=x", {}, "P1_PROT (from .env) is no setting"),
        ((), "", {"P1_Port": "x"}, "P1_Port (from the environment) is no setting"),
        ((), "P1_BAUD=9601", {}, "P1_BAUD=9601 (from .env) must be 115200, 9600 or auto"),
        ((), "P1_TIMEOUT=0", {}, "P1_TIMEOUT=0 (from .env) must be"),
        ((), "P1_TIMEOUT=nan", {}, "P1_TIMEOUT=nan (from .env) must be"),
        (("--timeout", "soon"), "", {}, "P1_TIMEOUT=soon (from --timeout) must be"),
        (("--timeout", "60"), "", {}, "35 at most"),
        ((), "P1_PORT=x\nthis is\nno setting", {}, "line 2 of .env is not of the form NAME=value"),
        (("--env-file", "none"), "", {}, "the settings file none cannot be read: No such file"),
        (("--env-file", "/"), "", {}, "the settings file / cannot be read: Is a directory"),
        ((), "P1_PORT=\udcff", {}, "it is no UTF-8 text"),
    ],
)
def test_bad_settings(
    words: tuple[str, ...], file: str, env: dict[str, str], said: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(file, errors="surrogateescape")
    done = run("--port", SAVED, *words, env=env)
    assert done.returncode == 78
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "mode", "warned"),
    [
        ("P1_DSN_PASSWORD=x", 0o644, True),
        ("P1_DSN_PASSWORD=x", 0o640, False),
        ("P1_DSN=mysql+pymysql://user:secret@host/db", 0o604, True),
        ("P1_DSN=mysql+pymysql://user@host/db", 0o644, False),
    ],
)
def test_a_password_that_others_can_read_is_warned_of(
    text: str, mode: int, warned: bool, run: Run, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(text)
    (tmp_path / ".env").chmod(mode)
    done = run("read", "--port", SAVED)
    assert done.returncode == 0
    assert ("chmod o= .env" in done.stderr) == warned
    assert "secret" not in done.stderr


def test_a_current_folder_that_may_not_be_entered_holds_no_settings(run: Run) -> None:
    leave = ("sh", "-c", 'chmod 600 . && exec "$@"', "sh")
    done = run("read", "--port", SAVED, prefix=(*UNPRIVILEGED, *leave))
    assert (done.returncode, done.stderr) == (0, "")


def test_credential_of_systemd(run: Run, tmp_path: Path) -> None:
    (tmp_path / "p1_dsn_password").write_text("s3cret\n")
    done = run(
        "--port", SAVED, "--dsn", "mysql+pymysql://user@127.0.0.1:1/db", env={"CREDENTIALS_DIRECTORY": str(tmp_path)}
    )
    assert "mysql+pymysql://user:***@127.0.0.1:1/db" in done.stderr
    (tmp_path / "p1_dsn_password").write_bytes(b"\xff")
    assert run("read", "--port", SAVED, env={"CREDENTIALS_DIRECTORY": str(tmp_path)}).returncode == 78
