"""What pyserial leaves undone for a reader that speaks RFC 2217: one that hangs up is told from one that does not."""

from contextlib import suppress
from typing import Any

import serial

from p1harvester import network


def opened(name: str, baud: int, timeout: float) -> serial.Serial:
    """pyserial's open line to the reader `name`. Raises PortFailed where that hangs up, else OSError."""
    # A reader whose line has no DTR to set, as a pty has none, does not answer when it is told to.
    url = f"{name}{'&' if '?' in name else '?'}ign_set_control"
    line: serial.Serial = serial.serial_for_url(url, baud, timeout=timeout, do_not_open=True)
    inside: Any = line
    listen, hung_up = inside._telnet_read_loop, False

    def listens() -> None:
        nonlocal hung_up
        # In a thread of pyserial's: what is raised there would be printed, and nobody else would hear of it.
        with suppress(OSError):
            listen()
        hung_up = line.is_open

    inside._telnet_read_loop = listens
    try:
        line.open()
    except (OSError, ValueError) as error:
        if hung_up or isinstance(error, ConnectionError):
            raise network.reading_failed(name, error) from error
        raise OSError(str(error)) from error
    return line
