"""A settings file in the current folder counts only where nobody else can have written it."""

import os
from io import StringIO
from pathlib import Path

import pytest
from dotenv.parser import parse_stream
from hypothesis import given
from hypothesis import strategies as st

from p1harvester.env_file import bindings
from p1harvester.errors import BadSettings
from tests.conftest import Run
from tests.meter import FOLDER

SAVED = FOLDER / "dsmr-5.0.2.txt"
NOBODY = 65534


def give_away(path: Path) -> None:
    """Let another user write it: to its owner where we may, else to its group."""
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
    else:
        path.chmod(path.stat().st_mode | 0o020)


@pytest.mark.parametrize("words", [(), ("-q",), ("check", "-q"), ("setup", "-q"), ("read",)])
@pytest.mark.parametrize("whose", ["the file", "the folder", "the file by its group", "the folder by everybody"])
def test_one_that_another_user_may_have_written_is_passed_over(
    whose: str, words: tuple[str, ...], run: Run, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / ".env").write_text(f"P1_PORT={SAVED}\nP1_DSN=sqlite:///stolen.db\nP1_SPOOL={victim}\n")
    path = tmp_path / ".env" if whose.startswith("the file") else tmp_path
    if whose.endswith("by its group"):
        path.chmod(0o660)
    elif whose.endswith("by everybody"):
        path.chmod(0o777)
    else:
        give_away(path)
    done = run(*words, "--port", SAVED, "--dsn", f"sqlite:///{tmp_path}/own.db")
    assert f"{tmp_path}/.env is passed over" in " ".join((done.stdout + done.stderr).split())
    assert "--env-file" in done.stdout + done.stderr
    assert victim.read_text() == "precious"
    assert not (tmp_path / "stolen.db").exists()


def test_one_of_ones_own_counts(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"P1_PORT={SAVED}\nP1_DSN=sqlite:///own.db\n")
    done = run("-q")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "own.db").exists()


def test_one_that_is_named_is_trusted(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"P1_PORT={SAVED}\nP1_DSN=sqlite:///own.db\n")
    give_away(tmp_path / ".env")
    assert run("--env-file", tmp_path / ".env").stderr == ""


@pytest.mark.parametrize("scheme", ["spy", "alt", "hwgrep", "loop", "cp2110", "SOCKETS", "file"])
def test_a_port_is_of_no_scheme_that_does_more_than_read(scheme: str, run: Run, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    done = run("read", "--port", f"{scheme}://localhost:1?file={victim}")
    assert done.returncode == 78
    assert "socket://host:port or rfc2217://host:port" in done.stderr
    assert victim.read_text() == "precious"


pieces = st.one_of(
    st.sampled_from(
        ["P1_DSN=", "P1_PORT", "=", "'", '"', "#", "\\", "\n", "\r\n", " ", "export ", "${HOME}", "$", "%"]
    ),
    st.sampled_from(["P1_DSN=sqlite:///x.db\n", "P1_DSN_PASSWORD='p@ss w#rd'\n", "# P1_PORT=auto\n", "\n"]),
    st.text(max_size=3),
)


@given(st.lists(pieces, max_size=8).map("".join))
def test_each_line_means_what_it_means_to_dotenv(text: str) -> None:
    found = list(parse_stream(StringIO(text)))
    if any(each.error for each in found):
        with pytest.raises(BadSettings):
            list(bindings(text, "settings"))
    else:
        assert dict(bindings(text, "settings")) == {each.key: each.value for each in found if each.key and each.value}


def test_a_plain_file_is_read_without_dotenv(run: Run, tmp_path: Path) -> None:
    (tmp_path / "env").write_text(f"# mine\nP1_PORT={SAVED}\n\nP1_DSN=sqlite:///own.db\nP1_DSN_PASSWORD=''\n")
    done = run("-q", "--env-file", "env", env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert "p1harvester.settings" in done.stderr
    assert "dotenv" not in done.stderr
    assert (tmp_path / "own.db").exists()
