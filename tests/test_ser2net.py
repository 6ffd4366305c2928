"""A meter behind a real ser2net is read, raw and by RFC 2217, as its configuration stands in check's own advice."""

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import serial
from serial.rfc2217 import PortManager

from p1harvester import rfc2217
from tests.conftest import Run
from tests.meter import Meter, noise, telegram
from tests.servers import binary, free_port
from tests.test_network_reader import reader, told

USE = {"dsmr-5.0.2": 0.326, "dsmr-2.2": 0.98}
"""Dialect -> the power that its example telegram says."""


@contextmanager
def ser2net(advised: str, device: str, folder: Path) -> Iterator[None]:
    """Run ser2net as a person does who pastes this piece of advice, with this device for /dev/ttyUSB0."""
    program = binary("ser2net")
    if program is None:
        pytest.skip("ser2net is not installed")
    file = folder / "ser2net.yaml"
    file.write_text("%YAML 1.1\n---\n")
    pasted = advised.replace("/etc/ser2net.yaml", str(file)).replace("/dev/ttyUSB0", device).partition("; sudo ")[0]
    subprocess.run(["bash", "-c", pasted.replace("sudo ", "")], check=True, stdout=subprocess.DEVNULL)
    [port] = re.findall(r"tcp,(\d+)", file.read_text())
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "-n", "-d", "-c", file], stdout=log, stderr=log)
    try:
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", int(port))):
                break
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
        # It lets go of the device a moment after that look.
        yield
    finally:
        process.terminate()
        process.wait()


@contextmanager
def behind(scheme: str, run: Run, folder: Path, meter: Meter | None) -> Iterator[str]:
    """That meter behind ser2net, or none; yield the reader's URL."""
    url = f"{scheme}://127.0.0.1:{free_port()}"
    shown = run("check", "-q", "--port", url, "--timeout", "2", env={"COLUMNS": "9999"}).stdout
    [advised] = re.findall(r"^ {18}-> (printf .*ser2net.*)", shown, re.MULTILINE)
    with ser2net(advised, meter.port if meter else "/dev/ttyUSB99", folder):
        yield url


@pytest.mark.parametrize(
    ("scheme", "dialect"), [("socket", "dsmr-5.0.2"), ("rfc2217", "dsmr-5.0.2"), ("rfc2217", "dsmr-2.2")]
)
def test_a_meter_is_read(scheme: str, dialect: str, run: Run, tmp_path: Path) -> None:
    baud = 9600 if dialect == "dsmr-2.2" else 115200
    with Meter([telegram(dialect)], baud=baud) as meter, behind(scheme, run, tmp_path, meter) as url:
        for _ in range(2):
            done = run("read", "--json", "--port", url, "--timeout", "20")
            assert (done.returncode, done.stderr) == (0, "")
            assert f'"net_use": {USE[dialect]}' in done.stdout
        shown = run("check", "--port", url, "--timeout", "20").stdout
        assert re.search(r"^ok +port .*\nok +line .*\nok +telegram ", shown, re.MULTILINE), shown


@pytest.mark.parametrize("scheme", ["socket", "rfc2217"])
@pytest.mark.parametrize("held", [True, False], ids=["another client has it", "its own port is gone"])
def test_it_hangs_up(scheme: str, held: bool, run: Run, tmp_path: Path) -> None:
    with ExitStack() as stack:
        meter = stack.enter_context(Meter([telegram("dsmr-5.0.2")])) if held else None
        url = stack.enter_context(behind(scheme, run, tmp_path, meter))
        port = url.rpartition(":")[2]
        if held:
            # To ser2net a client of RFC 2217 is one when it has answered.
            opened = rfc2217.opened(url, 115200, 30) if scheme == "rfc2217" else serial.serial_for_url(url, timeout=30)
            other = stack.enter_context(opened)
            assert other.read(1)
        told(run, url, 74, "the reader hung up", f"ss -tnp 'sport = :{port}'")
        told(run, url, 74, "one client only", "journalctl -u ser2net")


class _OwnSpeed:
    """A line whose speed nobody can change."""

    bytesize, parity, stopbits = 8, "N", 1
    cts = dsr = ri = cd = False

    def reset_input_buffer(self) -> None:
        """It has none."""

    reset_output_buffer = reset_input_buffer

    @property
    def baudrate(self) -> int:
        return 115200

    @baudrate.setter
    def baudrate(self, _: int) -> None:
        pass


def keeps_its_speed(client: socket.socket) -> None:
    """Speak RFC 2217, turn down each other speed, and send what a meter of another speed makes."""
    line: Any = _OwnSpeed()
    answers: Any = SimpleNamespace(write=client.sendall)
    manager = PortManager(line, answers)
    client.settimeout(0.2)
    while True:
        try:
            if not (asked := client.recv(4096)):
                return
            list(manager.filter(asked))
        except TimeoutError:
            client.sendall(b"".join(manager.escape(noise(200))))


def test_it_keeps_its_own_speed(run: Run) -> None:
    with reader(keeps_its_speed, "rfc2217") as url:
        told(run, url, 76, "set to the meter's speed", "115200n81, or 9600n81")
        done = run("read", "--port", url.replace("127.0.0.1", "localhost"), "--timeout", "2", env={"P1_BAUD": "9600"})
        assert done.returncode == 66
        assert "remote rejected value for option 'baudrate'" in done.stderr
