"""What `check` says of the adapters, the port, the line and the meter."""

import re
from pathlib import Path

import pytest

from tests.checking import (
    CABLE,
    DONGLE,
    DSMR5,
    WRONG_CRC,
    Check,
    machine,
    now_on,
    prepared,
)
from tests.conftest import UNPRIVILEGED, Database, Run
from tests.meter import Meter, noise, sealed, sealed_again, telegram

pytestmark = pytest.mark.slow


def test_no_adapter(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    check("no-adapter", prepared(sqlite, run), prefix=machine(tmp_path, {}))


def test_two_adapters(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    with Meter([b""]) as dongle, Meter([now_on("dsmr-5.0.2")], interval=0.9) as meter:
        adapters = {CABLE.replace("FTDI", "WCH"): meter.port, DONGLE: dongle.port}
        shown = check("two-adapters", sqlite, "--timeout", "3", prefix=machine(tmp_path, adapters))
    assert shown.endswith(f"P1_PORT=/dev/{CABLE.replace('FTDI', 'WCH')}\n\n1 FAIL of 13 steps\n")


def test_two_adapters_of_which_one_is_held_and_one_closed(
    sqlite: Database, run: Run, check: Check, tmp_path: Path
) -> None:
    prepared(sqlite, run)
    with Meter([b""]) as dongle, Meter([b""]) as meter:
        Path(meter.port).chmod(0o060)
        adapters = {CABLE.replace("FTDI", "WCH"): meter.port, DONGLE: dongle.port}
        hold = f"exec 9<>{dongle.port}; 9>&-"
        prefix = (*machine(tmp_path, adapters, before=hold), *UNPRIVILEGED)
        check("two-adapters-neither", sqlite, "--timeout", "3", prefix=prefix)


def test_no_permission(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    with Meter([b""]) as meter:
        Path(meter.port).chmod(0o060)
        prefix = (*machine(tmp_path, {CABLE: meter.port}), *UNPRIVILEGED)
        check("no-permission", sqlite, prefix=prefix)


def test_held_by_another_process(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    with Meter([now_on("dsmr-5.0.2")]) as meter:
        hold = f"exec 9<>{meter.port}; flock 9; exec 8>&9; 8>&- 9>&-"
        check("held", sqlite, "--timeout", "1", prefix=machine(tmp_path, {CABLE: meter.port}, before=hold))


def test_read_by_another_process_too(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    with Meter([now_on("dsmr-5.0.2")], interval=0.9) as meter:
        hold = f"exec 9<>{meter.port}; 9>&-"
        check("open-elsewhere", sqlite, prefix=machine(tmp_path, {CABLE: meter.port}, before=hold))


@pytest.mark.parametrize(
    ("golden", "frame"),
    [
        pytest.param("silence", b"", id="silence"),
        pytest.param("noise", noise(500), id="noise"),
        pytest.param("crc", WRONG_CRC, id="CRC always wrong"),
        pytest.param("cut-off", DSMR5[:600], id="cut off"),
    ],
)
def test_no_telegram(golden: str, frame: bytes, sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    with Meter([frame]) as meter:
        check(golden, sqlite, "--timeout", "3", prefix=machine(tmp_path, {CABLE: meter.port}))


def test_an_inverted_line(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    # Wherever the first look falls, a few bytes of it say little.
    log = "1-0:99.97.0(10)(0-0:96.7.19)" + "(210412060512S)(0000002401*s)" * 10
    with Meter([inverted(sealed(*[log] * 10))]) as meter:
        prefix = machine(tmp_path, {CABLE: meter.port})
        check("inverted", sqlite, "--timeout", "2", prefix=prefix, env={"P1_BAUD": "115200"})


def inverted(data: bytes) -> bytes:
    """What a UART reads on an 8N1 line whose every bit is inverted: idle is low, and a start bit is a falling edge."""
    bits = [0] * 20
    for byte in data:
        bits += [1, *(1 - (byte >> bit & 1) for bit in range(8)), 0]
    read, at = bytearray(), 1
    while at + 9 < len(bits):
        if bits[at - 1] == 1 and bits[at] == 0:
            read.append(sum(bits[at + 1 + bit] << bit for bit in range(8)))
            # Without a stop bit the next start is looked for at once, else behind it.
            at += 9
        else:
            at += 1
    return bytes(read)


def test_9600_baud_read_at_115200(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    with Meter([telegram("dsmr-2.2")], baud=9600, interval=0.4) as meter:
        prefix = machine(tmp_path, {CABLE: meter.port})
        shown = check("wrong-speed", sqlite, prefix=prefix, env={"P1_BAUD": "115200"}, also=("line", "telegram"))
    assert shown.endswith("P1_BAUD=9600\n\n1 FAIL of 15 steps\n")


@pytest.mark.parametrize(
    ("frames", "options", "said"),
    [
        pytest.param(
            [DSMR5, WRONG_CRC], {}, "warn  telegram    .*; but [12] of [34] were damaged", id="some are damaged"
        ),
        pytest.param([DSMR5], {"hang_up_after": 500}, "FAIL  line        .* failed while being read", id="unplugged"),
        pytest.param([b"$GPGGA,123519,4807.038,N*47\r\n"], {}, "FAIL  line .*no telegram begins in them", id="a GPS"),
    ],
)
def test_a_line_that_is_half_well(
    frames: list[bytes], options: dict[str, int], said: str, sqlite: Database, run: Run
) -> None:
    prepared(sqlite, run)
    with Meter(frames, interval=0.1, **options) as meter:
        words = ["check", "-q", "--port", meter.port, "--timeout", "2"]
        done = run(*words, env=sqlite.env | {"COLUMNS": "999"})
    assert re.search(said, done.stdout), done.stdout


def test_no_gas(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    frame = sealed_again(re.sub(rb"0-[12]:(24|96)[^\n]*\n", b"", now_on("dsmr-5.0.2")))
    with Meter([frame], interval=0.9) as meter:
        check("no-gas", sqlite, prefix=machine(tmp_path, {CABLE: meter.port}))


def test_a_gas_meter_without_a_reading(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    frame = sealed_again(re.sub(rb"0-[12]:24\.2[^\n]*\n", b"", now_on("dsmr-5.0.2")))
    with Meter([frame], interval=0.9) as meter:
        check("gas-without-reading", sqlite, prefix=machine(tmp_path, {CABLE: meter.port}))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["0-0:96.14.0(day)"], "warn  lines       0-0:96.14.0 says 'day', which is no number of tariff\n"),
        (["1-0:1.7.0(?)", "1-0:1.6.0(?*kW)"], "1-0:1.7.0 says '?', which is no number of kW; 1-0:1.6.0 says '?*kW'"),
        (["0-0:1.0.0(000101010000W)"], "0-0:1.0.0 says '000101010000W', which is no time from 2005 to 2049"),
        (["0-1:24.2.1(240101115500W)(00241.773*m3)"], "M-Bus channels: 1 without a type"),
        (["0-1:24.2.1(240101115500W)(00241.773*m3)"], "does not say what it is: m3 may be gas or water"),
        ([f"0-1:24.1.0({'9' * 5000})"], "M-Bus channels: none"),
    ],
)
def test_what_the_meter_sends_and_cannot_be_read_is_named(lines: list[str], said: str, run: Run) -> None:
    frame = sealed("1-0:21.7.0(00.326*kW)", *lines)
    done = run("check", "--port", "-", input=frame, env={"COLUMNS": "999"})
    assert said in done.stdout, done.stdout
    assert "cable" not in done.stdout
    told = run("read", "-v", "--port", "-", input=frame)
    assert told.returncode == 0
    assert (": left out: " in told.stderr) == ("no number" in said or "no time" in said)
    assert "left out" not in run("read", "--port", "-", input=frame).stderr


def test_a_clock_that_is_an_hour_off(sqlite: Database, run: Run, check: Check, tmp_path: Path) -> None:
    prepared(sqlite, run)
    with Meter([now_on("dsmr-5.0.2", ahead=-3600)], interval=0.9) as meter:
        check("clock", sqlite, prefix=machine(tmp_path, {CABLE: meter.port}))
