"""A smart meter on a pty: it sends telegrams at its own speed and interval, whether or not somebody listens."""

import os
import random
import socket
import termios
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import TracebackType
from typing import Self

from p1harvester.telegram import crc16

FOLDER = Path(__file__).parent / "telegrams"
DIALECTS = sorted(path.stem for path in FOLDER.glob("*.txt"))
OLD_LINES = ("dsmr-2.2", "dsmr-3.0")
PIECE = 61
"""Bytes that a USB adapter hands over at a time."""
_BITS_PER_BYTE = 10
_SPEEDS = {9600: termios.B9600, 115200: termios.B115200}


def telegram(dialect: str) -> bytes:
    """The example telegram of a dialect."""
    return (FOLDER / f"{dialect}.txt").read_bytes()


def sealed(*lines: str) -> bytes:
    """A telegram of these lines, with a right CRC."""
    body = "\r\n".join(["/XMX5TEST", "", *lines, "!"]).encode()
    return body + b"%04X\r\n" % crc16(body)


def sealed_again(frame: bytes) -> bytes:
    """A sealed telegram that was changed, with a right CRC."""
    body = frame[: frame.rindex(b"!") + 1]
    return body + b"%04X\r\n" % crc16(body)


def telegram_of(second: int, power: str = "00.326", *more: str) -> bytes:
    """A telegram whose meter's clock shows this UNIX second, with `more` lines."""
    clock = datetime.fromtimestamp(second, timezone(timedelta(hours=1))).strftime("%y%m%d%H%M%SW")
    return sealed(f"0-0:1.0.0({clock})", f"1-0:1.7.0({power}*kW)", "1-0:1.8.0(007254.118*kWh)", *more)


def noise(count: int, seed: int = 1) -> bytes:
    """What a UART makes of a line at another speed: mostly breaks, read as NUL, and bytes with high bits set."""
    return bytes(random.Random(seed).choices((0x00, 0x80, 0xC0, 0xE0, 0xF0, 0xF8, 0xFE, 0xFF), k=count))


def pieces(data: bytes) -> list[bytes]:
    """The bytes as a USB adapter hands them over."""
    return [data[start : start + PIECE] for start in range(0, len(data), PIECE)]


class Meter:
    """Sends `frames` in turn, one every `interval` seconds, until its `with` block ends.

    At another speed than `baud` the client gets noise. `skip` bytes of the first frame went by before anybody looked.
    After `hang_up_after` bytes that the client could hear the adapter is pulled out.
    """

    def __init__(
        self,
        frames: Sequence[bytes],
        *,
        interval: float = 0.3,
        baud: int = 115200,
        skip: int = 0,
        hang_up_after: int | None = None,
    ) -> None:
        self._frames, self._interval, self._baud, self._skip = frames, interval, baud, skip
        self._hang_up_after = hang_up_after
        self._master, self._slave = os.openpty()
        self.port = os.ttyname(self._slave)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        os.set_blocking(self._master, False)
        # A new pty echoes and waits for whole lines until a client configures it.
        attributes = termios.tcgetattr(self._slave)
        attributes[3] = 0
        termios.tcsetattr(self._slave, termios.TCSANOW, attributes)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._hang_up()

    def speed(self) -> int:
        """The baud that the client has set, as the termios constant."""
        speed: int = termios.tcgetattr(self._master)[4]
        return speed

    def _run(self) -> None:
        skip, heard = self._skip, 0
        for frame in self._forever():
            for piece in pieces(frame[skip:]):
                if self._stop.wait(len(piece) * _BITS_PER_BYTE / self._baud):
                    return
                understood = self.speed() == _SPEEDS[self._baud]
                heard += len(piece) * understood
                if self._hang_up_after is not None and heard > self._hang_up_after:
                    self._hang_up()
                    return
                self._send(piece if understood else noise(len(piece)))
            skip = 0
            if self._stop.wait(self._interval):
                return

    def _forever(self) -> Iterator[bytes]:
        while True:
            yield from self._frames

    def _send(self, piece: bytes) -> None:
        # Where nobody reads, a real line loses the bytes.
        with suppress(BlockingIOError):
            os.write(self._master, piece)

    def _hang_up(self) -> None:
        for fd in (self._slave, self._master):
            if fd >= 0:
                os.close(fd)
        self._slave = self._master = -1


class NetworkReader:
    """A meter behind a network reader: whoever connects gets the next of `frames`, again and again.

    It ends with its `with` block.
    """

    def __init__(self, frames: Sequence[bytes]) -> None:
        self._frames = frames
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        with suppress(OSError):
            for frame in self._frames:
                client, _ = self._listener.accept()
                with client, suppress(OSError):
                    self._repeat(frame, client)

    def _repeat(self, frame: bytes, client: socket.socket) -> None:
        client.settimeout(0.2)
        hung_up = False
        while not hung_up:
            client.sendall(frame)
            with suppress(TimeoutError):
                hung_up = client.recv(1) == b""
