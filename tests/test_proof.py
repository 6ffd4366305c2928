"""Telegrams without a CRC: stored when another one confirms them, or, of a saved one, when its form is whole."""

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.conftest import Database, Run
from tests.meter import FOLDER, OLD_LINES, Meter, telegram

DSMR22 = telegram("dsmr-2.2")
FOUR_TARIFFS = (
    b"/ISK5\\2MT382-1009\r\n\r\n0-0:96.1.1(4D54333832)\r\n1-0:1.8.1(00111.100*kWh)\r\n1-0:1.8.2(00222.200*kWh)\r\n"
    b"1-0:1.8.3(00333.300*kWh)\r\n1-0:1.8.4(00444.400*kWh)\r\n1-0:1.7.0(0000.42*kW)\r\n!\r\n"
)


def gone_on(frame: bytes, register: bytes) -> bytes:
    """The same telegram with another value of tariff 1."""
    return re.sub(rb"(1-0:1\.8\.1\()[\d.]+", rb"\g<1>" + register, frame)


@contextmanager
def sent(*frames: bytes, every: float = 1) -> Iterator[str]:
    """A port that sends these to each client, one every so many seconds, and then is silent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(client: socket.socket) -> None:
            with client, suppress(OSError):
                for frame in frames:
                    time.sleep(every)
                    client.sendall(frame)
                client.recv(1)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"socket://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("baud", ["auto", "9600"])
@pytest.mark.parametrize("version", OLD_LINES)
@pytest.mark.slow
def test_a_second_telegram_confirms_the_first(
    version: str, baud: str, sqlite: Database, run: Run, rows: dict[str, dict[str, float]]
) -> None:
    with Meter([telegram(version)], baud=9600, interval=0.3, skip=200) as meter:
        assert run("--port", meter.port, env=sqlite.env | {"P1_BAUD": baud}).returncode == 0
    [row] = sqlite.rows()
    del row["time"]
    assert {name: float(value) for name, value in row.items()} == rows[version]


@pytest.mark.parametrize(
    ("damaged", "stored"),
    [
        pytest.param(DSMR22.replace(b"00185.471", b"0185.471"), 185.471, id="a digit lost"),
        pytest.param(DSMR22.replace(b"1-0:1.8.1(00185.471*kWh)\r\n", b""), 185.471, id="a line lost"),
        pytest.param(DSMR22.replace(b"00185.471", b"00785.471"), 185.471, id="a digit changed"),
        pytest.param(DSMR22.replace(b"00024.123", b"00054.123"), 185.471, id="a digit of the gas changed"),
        pytest.param(DSMR22.replace(b"4D543338", b"4D543339"), 185.471, id="an identifier changed"),
        pytest.param(DSMR22.replace(b"0000.98", b"0000.8"), 185.471, id="a digit of the power lost"),
        pytest.param(DSMR22[:200] + DSMR22[150:], 185.471, id="two run together"),
    ],
)
@pytest.mark.slow
def test_a_damaged_one_confirms_nothing(damaged: bytes, stored: float, sqlite: Database, run: Run) -> None:
    with sent(DSMR22, damaged, DSMR22, every=0.2) as port:
        assert run("--port", port, env=sqlite.env).returncode == 0
    [row] = sqlite.rows()
    assert float(row["use_reading_1"]) == stored
    assert float(row["use_reading"]) == 270.373
    assert float(row["gas_meter_reading"]) == 24.123
    assert float(row["net_use"]) == 0.98


@pytest.mark.parametrize("command", [(), ("read",)])
@pytest.mark.slow
def test_a_time_too_short_for_two_is_said(command: tuple[str, ...], run: Run) -> None:
    with sent(DSMR22) as port:
        done = run(*command, "--port", port, "--timeout", "2")
        check = run("check", "--port", port, "--timeout", "2").stdout
    assert done.returncode == 76
    assert "there came 1; try a longer --timeout (P1_TIMEOUT, 35 at most)" in done.stderr
    assert "p1harvester check --timeout 35" in check, check


@pytest.mark.slow
def test_a_register_that_goes_on_by_more_than_the_power_explains_waits_for_a_third(sqlite: Database, run: Run) -> None:
    frames = [gone_on(DSMR22, register) for register in (b"00185.471", b"00185.520", b"00185.521")]
    with sent(*frames) as port:
        assert run("--port", port, "--timeout", "8", env=sqlite.env).returncode == 0
    [row] = sqlite.rows()
    assert float(row["use_reading_1"]) == 185.521


@pytest.mark.slow
def test_where_no_third_comes_what_is_in_doubt_is_not_stored(sqlite: Database, run: Run) -> None:
    frames = [gone_on(DSMR22, register) for register in (b"00185.471", b"00185.520")]
    with sent(*frames) as port:
        assert run("--port", port, "--timeout", "3", env=sqlite.env).returncode == 0
    [row] = sqlite.rows()
    assert not {"use_reading_1", "use_reading"} & row.keys()
    assert float(row["use_reading_2"]) == 84.902


@pytest.mark.slow
def test_a_register_that_goes_back_is_never_taken(sqlite: Database, run: Run) -> None:
    frames = [gone_on(DSMR22, register) for register in (b"00185.520", b"00185.471")]
    with sent(*frames) as port:
        done = run("--port", port, "--timeout", "3", env=sqlite.env)
    assert done.returncode == 76
    assert "there came 2" in done.stderr


@pytest.mark.parametrize("frame", [DSMR22, telegram("dsmr-3.0"), FOUR_TARIFFS])
def test_a_saved_telegram_is_taken_by_its_form(frame: bytes, run: Run) -> None:
    assert run("read", "--json", "--port", "-", input=frame).returncode == 0


@pytest.mark.slow
def test_a_saved_telegram_that_lost_a_byte_is_never_taken_for_another_value(run: Run, tmp_path: Path) -> None:
    whole = json.loads(run("read", "--json", "--port", FOLDER / "dsmr-2.2.txt").stdout)
    taken = 0
    for at in range(0, len(DSMR22), 7):
        (tmp_path / "saved").write_bytes(DSMR22[:at] + DSMR22[at + 1 :])
        done = run("read", "--json", "--port", "saved")
        assert done.returncode in (0, 76)
        if done.returncode == 0:
            taken += 1
            row = json.loads(done.stdout)
            registers = {name for name in row if "reading" in name}
            assert {name for name in registers if row[name] not in (whole[name], None)} == set(), at
    assert taken < 20


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(FOUR_TARIFFS.replace(b"1-0:1.8.2(00222.200*kWh)\r\n", b""), id="a gap in the tariffs"),
        pytest.param(FOUR_TARIFFS.replace(b"00333.300", b"0333.300"), id="a register less wide"),
        pytest.param(FOUR_TARIFFS.replace(b"1-0:1.7.0(", b"1-0:1.7.0"), id="a broken line"),
        pytest.param(DSMR22.replace(b"(00024.123)", b"(0024.123)"), id="gas less wide"),
        pytest.param(DSMR22.replace(b"1-0:1.8.2(00084.902*kWh)\r\n", b""), id="the last tariff of one direction gone"),
        pytest.param(DSMR22.replace(b"1-0:1.8.2", b"1-0:1.9.2"), id="a tariff's code changed"),
        pytest.param(FOUR_TARIFFS.replace(b"8.1(00", b"8.1*255(0"), id="a register less wide, with group F"),
        pytest.param(DSMR22.replace(b"(00024.123)", b"(00024.123"), id="gas without its end"),
    ],
)
def test_a_saved_telegram_whose_form_is_broken_is_refused(frame: bytes, run: Run) -> None:
    done = run("read", "--port", "-", input=frame)
    assert done.returncode == 76
    assert done.stderr.count("\n") == 1


def test_a_network_reader_that_hangs_up_behind_each_telegram_is_called_again(sqlite: Database, run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        calls = 0

        def serve() -> None:
            nonlocal calls
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    calls += 1
                    with client:
                        client.sendall(DSMR22)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        done = run("--port", f"socket://127.0.0.1:{listener.getsockname()[1]}", env=sqlite.env)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert (done.returncode, calls) == (0, 2)
    assert len(sqlite.rows()) == 1


def test_a_network_reader_that_hangs_up_behind_a_damaged_telegram_is_called_again(sqlite: Database, run: Run) -> None:
    frames = [DSMR22.replace(b"185.471*kWh", b"185.471*kW"), DSMR22, DSMR22]
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for frame in frames:
                client, _ = listener.accept()
                with client:
                    client.sendall(frame)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        done = run("--port", f"socket://127.0.0.1:{listener.getsockname()[1]}", env=sqlite.env)
        thread.join()
    assert done.returncode == 0
    assert [float(row["use_reading"]) for row in sqlite.rows()] == [270.373]
