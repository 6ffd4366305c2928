"""Network readers that send and hang up, and a deadline that passed before anybody looked: what came is used."""

import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from p1harvester.port import open_port
from tests.conftest import Database, Run
from tests.meter import telegram, telegram_of

NOON = 1700000000
WHOLE = telegram_of(NOON)


@contextmanager
def reader(sends: bytes) -> Iterator[str]:
    """A network reader that sends this to whoever connects, and hangs up at once; its P1_PORT."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                client.sendall(sends)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"socket://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize("dialect", ["dsmr-5.0.2", "belgium"])
def test_one_telegram_and_gone(dialect: str, sqlite: Database, run: Run) -> None:
    with reader(telegram(dialect)) as port:
        done = run("--port", port, env=sqlite.env)
    assert done.returncode == 0, done.stderr
    assert len(sqlite.rows()) == 1


def test_one_telegram_without_its_last_line_end_and_gone(sqlite: Database, run: Run) -> None:
    with reader(WHOLE.removesuffix(b"\r\n")) as port:
        done = run("--port", port, env=sqlite.env)
    assert done.returncode == 0, done.stderr
    assert len(sqlite.rows()) == 1


def test_half_a_telegram_and_gone(sqlite: Database, run: Run) -> None:
    with reader(WHOLE[:-20]) as port:
        done = run("--port", port, env=sqlite.env)
    assert done.returncode == 74
    assert "failed while being read" in done.stderr


def test_what_came_in_time_is_looked_at_after_the_deadline() -> None:
    master, slave = os.openpty()
    with open_port(os.ttyname(slave), None, time.monotonic()) as port:
        os.write(master, WHOLE)
        select.select([slave], [], [])
        assert b"".join(port.chunks()) == WHOLE
    os.close(slave)
    os.close(master)
