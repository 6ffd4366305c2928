"""Where a telegram's bytes come from: a tty, a pyserial URL, a saved telegram.

This and `rfc2217` alone know pyserial. One deadline covers it all: waiting until another reader lets go of the port,
finding the line's speed, reading.
"""

import errno
import logging
import os
import select
import stat
import termios
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

import serial

from p1harvester.adapters import only_adapter
from p1harvester.errors import BadSettings, P1Error, PortBusy
from p1harvester.noise import Noise

BAUDS = (115200, 9600)
"""9600 is the line of DSMR 2.2 and 3.0, 115200 that of all others.

Both are read with eight data bits: a 7E1 character is as long on the line as an 8N1 one, and with its parity bit kept
`telegram` can check it, which the kernel would not.
"""

_POLL = 0.2
_CHUNK = 4096
_LATE_LOOKS = 16
"""Pieces taken after the deadline: more than the kernel keeps of a line, and an end to what never pauses."""
log = logging.getLogger(__name__)


class Port:
    """An open source of bytes. Leaving its `with` block closes it."""

    saved = False
    """Whether this is a saved telegram, which only the meter's own clock can date."""
    network = False
    """Whether the bytes come over a network, from a line whose speed is the other end's."""

    def __init__(self, name: str, deadline: float) -> None:
        self.name = name
        self._deadline = deadline

    @property
    def baud(self) -> int | None:
        """Bits per second that the line is set to now; None where it has no speed."""
        return None

    @property
    def noisy(self) -> bool:
        """Whether what came at this speed is no text."""
        return False

    def settle(self) -> None:
        """Keep this speed: a telegram with a right CRC came."""

    def call_again(self) -> bool:
        """Open a port anew that hung up; False where that cannot be."""
        return False

    def chunks(self) -> Iterator[bytes]:
        """Yield bytes as they come, until the deadline or the end of the file. Raises PortFailed."""
        late_looks = 0
        # On a busy machine the deadline may pass before the first look: what has come by then is in the kernel.
        while late_looks < _LATE_LOOKS:
            late_looks += (late := time.monotonic() >= self._deadline)
            try:
                chunk = self._read()
            except (OSError, termios.error) as error:
                from p1harvester.port_trouble import reading_failed

                raise reading_failed(self.name, error) from error
            if chunk is None or (late and not chunk):
                return
            yield chunk

    def _read(self) -> bytes | None:
        """The next bytes, b"" when there are none for now, None when there will be no more."""
        raise NotImplementedError

    def _close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()


def open_port(name: str, baud: int | None, deadline: float) -> Port:
    """Open `name` (a tty, a pyserial URL, a file, `-`, or `auto`), to be read until `deadline` of `time.monotonic()`.

    `baud` is one of BAUDS, or None to find out. Raises NoPort, PortBusy, PortFailed, Denied and BadSettings.
    """
    if name == "auto":
        name = only_adapter()
        log.info("reading %s, the only USB serial adapter", name)
    return SavedPort(name, deadline) if name == "-" or _is_file(name) else SerialPort(name, baud, deadline)


def is_network(name: str) -> bool:
    """Whether `name` is a URL of a port elsewhere: `socket://host:port`, `rfc2217://host:port`."""
    return "://" in name


def _is_file(name: str) -> bool:
    with suppress(OSError, ValueError):
        return stat.S_ISREG(mode := Path(name).stat().st_mode) or stat.S_ISFIFO(mode)
    return False


class SavedPort(Port):
    """A file, a FIFO or (`-`) standard input that holds a telegram."""

    saved = True

    def __init__(self, name: str, deadline: float) -> None:
        super().__init__("standard input" if name == "-" else name, deadline)
        try:
            # A FIFO that nobody writes to would block the opening itself.
            self._fd = 0 if name == "-" else os.open(name, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            from p1harvester.port_trouble import opening_failed

            raise opening_failed(name, error) from error

    def _read(self) -> bytes | None:
        left = max(0.0, self._deadline - time.monotonic())
        if not select.select([self._fd], [], [], left)[0]:
            return b""
        return os.read(self._fd, 65536) or None

    def _close(self) -> None:
        os.close(self._fd)


class SerialPort(Port):
    """A tty or a pyserial URL, held for this reader alone; what had arrived before is dropped.

    With `baud` None the line begins at 115200 and changes speed whenever what arrives outside of telegrams, which may
    hold 1,024 bytes of 0xFF, is not text: a meter at 115200 loses nothing, one at 9600 the rest of one telegram.
    """

    def __init__(self, name: str, baud: int | None, deadline: float) -> None:
        super().__init__(name, deadline)
        self.network = is_network(name)
        self._finding_out = baud is None
        self._serial = self._open(baud or BAUDS[0])
        self._noise = Noise()

    def _open(self, baud: int) -> serial.Serial:
        waiting = False
        while True:
            try:
                return self._open_once(baud)
            except ValueError as error:
                raise BadSettings(f"P1_PORT {self.name} is no port that pyserial knows: {error}") from error
            except (OSError, termios.error) as error:
                if not isinstance(error, OSError) or error.errno not in (errno.EAGAIN, errno.EBUSY):
                    from p1harvester.port_trouble import opening_failed

                    raise opening_failed(self.name, error) from error
            if not waiting:
                log.info("%s is in use: waiting for my turn", self.name)
            waiting = True
            if time.monotonic() >= self._deadline:
                raise PortBusy(
                    f"{self.name} was in use by another program all the time: see `sudo fuser -v {self.name}`,"
                    " and let only one program read the meter"
                )
            time.sleep(_POLL / 4)

    def _open_once(self, baud: int) -> serial.Serial:
        if not self.network:
            return serial.serial_for_url(self.name, baud, timeout=_POLL, exclusive=True)
        from p1harvester.names import limited

        with limited(self._deadline - time.monotonic()):
            if not self.name.startswith("socket:"):
                from p1harvester import rfc2217

                return rfc2217.opened(self.name, baud, _POLL)
            line: serial.Serial = serial.serial_for_url(self.name, baud, timeout=_POLL, do_not_open=True)
            # Nothing old comes from there: what opening would drop was sent as soon as we called.
            setattr(line, "reset_input_buffer", lambda: None)  # noqa: B010 -- one object's method
            line.open()
            return line

    def _read(self) -> bytes:
        if time.monotonic() >= self._deadline and not self._serial.in_waiting:
            return b""
        chunk: bytes = self._serial.read(1)
        # A reader that hangs up is found out by the next look: what it sent before may be a whole telegram.
        with suppress(OSError, termios.error):
            # A tty tells how much more has come, a socket only that there is more.
            while chunk and len(chunk) < _CHUNK and (waiting := self._serial.in_waiting):
                chunk += self._serial.read(waiting)
        self._noise.count(chunk)
        if self._finding_out and self.noisy:
            self._change_speed()
        return chunk

    @property
    def baud(self) -> int:
        """Bits per second that the line is set to now."""
        return int(self._serial.baudrate)

    @property
    def noisy(self) -> bool:
        """Whether what came at this speed is no text."""
        return bool(self._noise)

    def settle(self) -> None:
        """Keep this speed: a telegram with a right CRC came."""
        self._finding_out = False

    def call_again(self) -> bool:
        """Open a port anew that hung up; False where the deadline passes meanwhile."""
        self._serial.close()
        while time.monotonic() < self._deadline:
            time.sleep(_POLL)
            with suppress(P1Error):
                self._serial = self._open(self.baud)
                return True
        return False

    def _change_speed(self) -> None:
        was = self._serial.baudrate
        with suppress(ValueError):  # a reader that keeps its own
            self._serial.baudrate = BAUDS[BAUDS.index(was) - 1]
        log.info("what arrives at %d baud is noise: trying %d", was, self._serial.baudrate)
        self._serial.reset_input_buffer()
        self._noise = Noise()

    def _close(self) -> None:
        self._serial.close()
