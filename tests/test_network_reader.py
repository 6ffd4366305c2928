"""What is said of a network reader that fails is of a network: nothing of cables in this host, nor of /dev."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.conftest import Run
from tests.meter import noise, telegram
from tests.servers import free_port

DSMR5 = telegram("dsmr-5.0.2")
OF_A_CABLE = re.compile(r"/dev/serial|unplugged|dmesg|USB(?!0)|fuser|(?<!own )(?<!shorter )\bcable", re.IGNORECASE)

Answer = Callable[[socket.socket], object]


@contextmanager
def reader(answer: Answer, scheme: str = "socket") -> Iterator[str]:
    """A network reader that does so with whoever calls it; yield its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    with client, suppress(OSError):
                        answer(client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def until_gone(*sends: bytes) -> Answer:
    """Send this, and wait until the client has gone."""

    def answer(client: socket.socket) -> None:
        for each in sends:
            client.sendall(each)
        while client.recv(4096):
            pass

    return answer


def silent(_: socket.socket) -> None:
    """Hang up at once."""


CASES = [
    pytest.param(silent, "socket", 74, "hung up", "ss -tnp 'sport = :{port}'", id="hangs up"),
    pytest.param(until_gone(), "socket", 76, "one client only", "ss -tnp 'sport = :{port}'", id="is silent"),
    pytest.param(until_gone(), "rfc2217", 66, "does not speak RFC 2217", "P1_PORT=socket://127.0.0.1:{port}", id="raw"),
    pytest.param(until_gone(DSMR5[:600]), "socket", 76, "one client only", "check --timeout 35", id="stops half-way"),
    pytest.param(
        until_gone(noise(600)), "socket", 76, "set to the meter's speed", "115200n81, or 9600n81", id="another speed"
    ),
    pytest.param(
        until_gone(DSMR5.replace(b"4911", b"4912")), "socket", 76, "own cable short", "give the reader a", id="CRC"
    ),
]


@pytest.mark.parametrize(("answer", "scheme", "status", "says", "remedy"), CASES)
def test_it_fails(answer: Answer, scheme: str, status: int, says: str, remedy: str, run: Run) -> None:
    with reader(answer, scheme) as url:
        port = url.rpartition(":")[2]
        told(run, url, status, says, remedy.format(port=port))


@pytest.mark.parametrize("scheme", ["socket", "rfc2217"])
def test_it_cannot_be_called(scheme: str, run: Run) -> None:
    port = free_port()
    told(run, f"{scheme}://127.0.0.1:{port}", 66, f"nothing listens at its port {port}", "ping -c 3 127.0.0.1")
    told(run, f"{scheme}://127.0.0.1:{port}", 66, "nothing listens", f"tcp,{port}\\n  connector: serialdev,")
    told(run, f"{scheme}://no-such.invalid:2000", 66, "no host is called no-such.invalid", "getent hosts no-such")


def told(run: Run, url: str, status: int, says: str, remedy: str) -> None:
    """The run ends so and says so, `check` gives this remedy, and neither speaks of a cable in this host."""
    done = run("--port", url, "--timeout", "2", "--dsn", "sqlite:///x.db")
    assert done.returncode == status, done.stderr
    assert says in done.stderr, done.stderr
    shown = run("check", "-q", "--port", url, "--timeout", "2", env={"COLUMNS": "9999"}).stdout
    steps = "".join(re.findall(r"^FAIL  (?:port|line|telegram)\b.*\n(?: {18}.*\n)+", shown, re.MULTILINE))
    assert re.search(rf"-> .*{re.escape(remedy)}", steps), shown
    assert not OF_A_CABLE.search(done.stderr), done.stderr
    assert not OF_A_CABLE.search(steps), steps
