"""A network reader's failures: what they mean for a run, and what `check` says mends them."""

import re
from shlex import quote

from p1harvester.errors import NoPort, PortFailed

ONE_CLIENT = "most readers serve one client only"
SHORTER = "give the reader a shorter cable, and a better link"


def parts(name: str) -> tuple[str, str, str]:
    """The scheme, host and port of a reader's URL, which the settings were checked to have."""
    scheme, _, rest = name.partition("://")
    host, _, port = rest.partition("/")[0].partition("?")[0].rpartition(":")
    return scheme, host.strip("[]"), port


def opening_failed(name: str, error: Exception) -> NoPort:
    """What it means that a reader could not be called."""
    return NoPort(f"{name} cannot be read: {_means(*parts(name), str(error))} ({_reason(error)})")


def reading_failed(name: str, error: Exception) -> PortFailed:
    """What it means that a reader hung up."""
    return PortFailed(f"{name} failed while being read: the reader hung up; {ONE_CLIENT} ({_reason(error)})")


def _reason(error: Exception) -> str:
    return str(error).rpartition(": [Errno ")[2].rpartition("] ")[2]


def _means(scheme: str, host: str, port: str, words: str) -> str:
    if "refused" in words:
        return f"{host} is there, but nothing listens at its port {port}: is that the reader's, and does it run?"
    if re.search("not known|no name server|No address|look-up", words):
        return f"no host is called {host}: `getent hosts {quote(host)}`, or give its address"
    if scheme == "rfc2217" and "Could not open" not in words:
        return (
            f"what listens there does not speak RFC 2217 with us; most readers send bytes alone: socket://{host}:{port}"
        )
    return f"{host} does not answer: `ping -c 3 {quote(host)}`"


def remedies(name: str, words: str = "") -> list[str]:
    """Commands that find out, or mend, what is wrong with a reader; `words` are those of the failure."""
    scheme, host, port = parts(name)
    if "no host is called" in words:
        return [f"getent hosts {quote(host)}     # silent: the name is not known", f"P1_PORT={scheme}://ADDRESS:{port}"]
    if "does not speak RFC 2217" in words:
        return [f"P1_PORT=socket://{host}:{port}"]
    ping = f"ping -c 3 {quote(host)}     # silent: it is off, or elsewhere"
    if "does not answer" in words:
        return [ping]
    if "hung up" in words:
        return hung_up(name)
    accepts = "tcp" if scheme == "socket" else "telnet(rfc2217),tcp"
    line = f"connection: &p1\\n  accepter: {accepts},{port}\\n  connector: serialdev,/dev/ttyUSB0,115200n81,local\\n"
    return [
        ping,
        f"printf {quote(line)} | sudo tee -a /etc/ser2net.yaml; sudo systemctl restart ser2net"
        f"     # on {host}, if it is ser2net; 9600n81 for DSMR 2.2 and 3.0",
    ]


def hung_up(name: str) -> list[str]:
    """The commands that show why a reader hung up."""
    _, host, _ = parts(name)
    return [
        shows_clients(name),
        f"journalctl -u ser2net -n 20     # on {host}, if it is ser2net: whether it finds its own port",
    ]


def shows_clients(name: str) -> str:
    """The command that shows who else is connected to a reader."""
    _, host, port = parts(name)
    return f"sudo ss -tnp 'sport = :{port}'     # on {host}: {ONE_CLIENT}"
