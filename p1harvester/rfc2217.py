"""What pyserial leaves undone for a reader that speaks RFC 2217: one that hangs up is told from one that does not."""

from contextlib import suppress
from typing import Any

from p1harvester import network


def url(name: str) -> str:
    """The URL that pyserial is given: a reader whose line has no DTR to set, as a pty has none, answers nothing."""
    return f"{name}{'&' if '?' in name else '?'}ign_set_control"


def opened(line: Any, name: str) -> None:
    """Open pyserial's line to the reader `name`. Raises PortFailed where that hangs up, else OSError."""
    listen, hung_up = line._telnet_read_loop, False

    def listens() -> None:
        nonlocal hung_up
        # In a thread of pyserial's: what is raised there would be printed, and nobody else would hear of it.
        with suppress(OSError):
            listen()
        hung_up = line.is_open

    line._telnet_read_loop = listens
    try:
        line.open()
    except (OSError, ValueError) as error:
        if hung_up or isinstance(error, ConnectionError):
            raise network.reading_failed(name, error) from error
        raise OSError(str(error)) from error
