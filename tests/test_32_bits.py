"""Where the C library has 32 bits for a time, one past 2038 ends no command, and what is stored is right."""

import struct
import sys
from pathlib import Path

import pytest

from tests.conftest import Database, Run
from tests.meter import sealed

LATE = 2335219199
"""2043-12-31 23:59:59 UTC."""
FRAMES = {
    "with its season": ["0-0:1.0.0(440101005959W)", "0-1:24.1.0(003)", "0-1:24.2.1(440101005959W)(00012.000*m3)"],
    "a peak's": ["0-0:1.0.0(240101005959W)", "1-0:1.6.0(440101005959W)(02.000*kW)"],
    "without a season": ["0-0:1.0.0(440101005959)"],
}


@pytest.fixture
def env(sqlite: Database, tmp_path: Path) -> dict[str, str]:
    """A host whose C library counts seconds in 32 bits."""
    return sqlite.env | {"HOST_TIME_T": "32", "P1_SPOOL": str(tmp_path / "spool.db")}


def test_the_stand_in_has_32_bits(run: Run, env: dict[str, str]) -> None:
    script = "import time\ntry: time.localtime(2**31)\nexcept OverflowError: print('none')"
    assert run("-c", script, env=env, command=(sys.executable,)).stdout == "none\n" or struct.calcsize("P") == 4


@pytest.mark.parametrize("case", FRAMES)
@pytest.mark.parametrize("words", [(), ("read",), ("read", "--json"), ("check",)])
def test_a_date_past_2038(case: str, words: tuple[str, ...], env: dict[str, str], sqlite: Database, run: Run) -> None:
    frame = sealed(*FRAMES[case], "1-0:1.7.0(00.326*kW)")
    done = run(*words, "-v", "--port", "-", input=frame, env=env)
    assert done.returncode == (words == ("check",)), done.stderr
    assert "OverflowError" not in done.stdout + done.stderr
    if case == "with its season" and words == ():
        assert done.stdout.startswith(f"stored: UNIX time {LATE}, power drawn 0.326 kW, gas 12.000 m3, ")
        [row] = sqlite.rows()
        assert (row["time"], row["meter_time"], row["gas_time"]) == (LATE, LATE, LATE)


def test_such_rows_in_the_table_and_in_the_spool(env: dict[str, str], sqlite: Database, run: Run) -> None:
    frame = sealed(*FRAMES["with its season"], "1-0:1.7.0(00.326*kW)")
    done = run("--port", "-", input=frame, env=env | {"P1_DSN": "mysql+pymysql://p1@127.0.0.1:1/p1"})
    assert done.returncode == 75
    assert f"1 wait since UNIX time {LATE}" in done.stderr
    assert run("setup", env=env).returncode == 0
    sqlite.execute(f"INSERT INTO p1_readouts (time) VALUES ({LATE}), (9223372036854775807)")
    shown = run("check", "--port", "-", input=frame, env=env | {"COLUMNS": "999"}).stdout
    assert f"2 rows are of times that cannot be, the first of UNIX time {LATE}" in shown
    assert f"1 readings wait in {env['P1_SPOOL']} since UNIX time {LATE}" in shown
