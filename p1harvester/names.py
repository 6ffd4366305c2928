"""Names of hosts, looked up within a limit: the C library itself goes on for half a minute, whatever signal comes."""

import marshal
import os
import select
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from p1harvester.signals import ENDING

_GRACE = 1
"""Seconds that a child may outlive its limit, so that it is its parent who says what happened."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Within, whatever connects by way of `socket` waits so long at most for the address of a host, then fails."""
    ask, until = socket.getaddrinfo, time.monotonic() + seconds

    def look_up(host: Any, *words: Any, **options: Any) -> Any:
        if _needs_no_server(host):
            return ask(host, *words, **options)
        return _ask_in_a_child(lambda: ask(host, *words, **options), host, until)

    # Drivers and pyserial offer no other way in: each of them calls it when it connects.
    setattr(socket, "getaddrinfo", look_up)  # noqa: B010 -- a module's function
    try:
        yield
    finally:
        setattr(socket, "getaddrinfo", ask)  # noqa: B010


def _needs_no_server(host: Any) -> bool:
    if host in (None, "", "localhost"):
        return True
    for family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError, TypeError):
            socket.inet_pton(family, host)
            return True
    return False


def _ask_in_a_child(ask: Any, host: Any, until: float) -> Any:
    reading, writing = os.pipe()
    if not (child := os.fork()):
        _answer(ask, writing, until)
    os.close(writing)
    try:
        answer = b""
        while True:
            if not select.select([reading], [], [], max(0.0, until - time.monotonic()))[0]:
                raise socket.gaierror(socket.EAI_AGAIN, f"no name server told the address of {host} in time")
            if not (part := os.read(reading, 65536)):
                break
            answer += part
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if not answer:
        raise socket.gaierror(socket.EAI_SYSTEM, f"the look-up of {host} broke off")
    error, found = marshal.loads(answer)  # noqa: S302 -- our own child's
    if error:
        raise socket.gaierror(*error)
    return [(socket.AddressFamily(family), socket.SocketKind(kind), *rest) for family, kind, *rest in found]


def _answer(ask: Any, writing: int, until: float) -> None:
    """The child's whole life, which ends in time, whatever becomes of its parent and of those who read its output."""
    try:
        os.dup2(writing, 0)
        os.closerange(1, writing + 1)
        # What a signal means for the run is not for a child to do.
        for number in (*ENDING, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, max(0.0, until - time.monotonic()) + _GRACE)
        try:
            answer: tuple[Any, Any] = None, [(int(family), int(kind), *rest) for family, kind, *rest in ask()]
        except OSError as error:
            answer = error.args, None
        os.write(0, marshal.dumps(answer))
    finally:
        os._exit(0)
