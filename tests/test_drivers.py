"""A DSN whose driver is not installed is told which one is, or how it is installed."""

import sys
from pathlib import Path

import pytest

from p1harvester import missing
from tests.conftest import Run
from tests.meter import FOLDER

SAVED = FOLDER / "dsmr-5.0.2.txt"
PIP = f"-> sudo {Path(sys.prefix, 'bin/pip')} install 'psycopg[binary]'\n"


@pytest.mark.parametrize(
    ("dsn", "remedy"),
    [
        ("mysql://p1@db/p1", "-> P1_DSN=mysql+pymysql://p1@db/p1\n"),
        ("mysql://p1:secret@db/p1?charset=utf8", "-> P1_DSN='mysql+pymysql://p1@db/p1?charset=utf8'\n"),
        ("mysql+mysqlconnector://p1@db/p1", "-> P1_DSN=mysql+pymysql://p1@db/p1\n"),
        ("mariadb+mariadbconnector://p1@db/p1", "-> P1_DSN=mariadb+pymysql://p1@db/p1\n"),
        ("mysql+pymysql://p1@db/p1?ssl=true&charset=utf8", "-> P1_DSN='mysql+pymysql://p1@db/p1?charset=utf8'\n"),
        ("postgresql+psycopg2://p1@db/p1", "-> P1_DSN=postgresql+psycopg://p1@db/p1\n"),
        ("postgresql+psycopg://p1@db/p1", PIP),
        ("postgresql://p1@db/p1", PIP),
        ("oracle://p1@db/p1", "-> P1_DSN=sqlite:////FOLDER/FILE.db\n"),
    ],
)
def test_what_is_said(dsn: str, remedy: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "psycopg.py").write_text("raise ImportError('none here')")
    env = {"P1_DSN": dsn, "PYTHONPATH": str(tmp_path), "COLUMNS": "999"}
    assert remedy in run("check", "--port", SAVED, env=env).stdout
    done = run("--port", SAVED, env=env)
    assert done.returncode == 78
    said = remedy.removeprefix("-> ").strip()
    assert said in done.stderr or "an option ssl" in done.stderr


@pytest.mark.parametrize(
    ("loaded", "dsn", "remedy"),
    [
        (
            False,
            "postgresql+psycopg://p1@db/p1",
            f"sudo apt-get install -y libpq5 && sudo {sys.prefix}/bin/pip install psycopg",
        ),
        (True, "postgresql+psycopg://p1@127.0.0.1/p1", "P1_DSN='postgresql+psycopg://p1@/p1?host=/var/run/postgresql'"),
        (
            True,
            "postgresql+psycopg://p1@db:5433/p1?charset=utf8",
            "P1_DSN='postgresql+psycopg://p1@db:5433/p1?sslmode=verify-full"
            "&sslrootcert=/etc/ssl/certs/p1harvester-db.pem'",
        ),
    ],
)
def test_32_bits_have_debians_libpq(loaded: bool, dsn: str, remedy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missing, "_IS_32_BIT", True)
    monkeypatch.delitem(sys.modules, "psycopg", raising=False)
    if loaded:
        monkeypatch.setitem(sys.modules, "psycopg", pytest)
    assert missing.mends(dsn)[1] == remedy
