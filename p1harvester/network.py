"""A network reader's failures: what they mean for a run, and what `check` says mends them."""

import re
from shlex import quote

from p1harvester.errors import BadSettings, NoPort, P1Error, PortFailed

ONE_CLIENT = "most readers serve one client only"
SHORTER = "give the reader a shorter cable, and a better link"


def parts(name: str) -> tuple[str, str, str] | None:
    """The scheme, host and port of a reader's URL; None where it lacks one of them."""
    found = re.match(r"(\w+)://(?:[^/?#@]*@)?(\[[^\]]*\]|[^:/?#]+):(\d{1,5})(?:[/?#]|$)", name)
    return (found[1], found[2].strip("[]"), found[3]) if found and 0 < int(found[3]) < 1 << 16 else None


def opening_failed(name: str, error: Exception) -> P1Error:
    """What it means that a reader could not be called."""
    if (found := parts(name)) is None:
        return BadSettings(f"P1_PORT {name} wants a host and a port from 1 to 65535, as in socket://192.168.1.5:2000")
    return NoPort(f"{name} cannot be read: {_means(*found, str(error))} ({_reason(error)})")


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
    if scheme == "rfc2217" and "RFC2217" in words:
        return f"what listens there does not speak RFC 2217; most readers send the bytes alone: socket://{host}:{port}"
    return f"{host} does not answer: `ping -c 3 {quote(host)}`"


def remedies(name: str, words: str = "") -> list[str]:
    """Commands that find out, or mend, what is wrong with a reader; `words` are those of the failure."""
    if (found := parts(name)) is None:
        return ["P1_PORT=socket://HOST:PORT"]
    scheme, host, port = found
    if "no host is called" in words:
        return [f"getent hosts {quote(host)}     # silent: the name is not known", f"P1_PORT={scheme}://ADDRESS:{port}"]
    if "does not speak RFC 2217" in words:
        return [f"P1_PORT=socket://{host}:{port}"]
    ping = f"ping -c 3 {quote(host)}     # silent: it is off, or elsewhere"
    if "does not answer" in words:
        return [ping]
    accepts = "tcp" if scheme == "socket" else "telnet(rfc2217),tcp"
    line = f"connection: &p1\\n  accepter: {accepts},{port}\\n  connector: serialdev,/dev/ttyUSB0,115200n81,local\\n"
    return [
        ping,
        f"printf {quote(line)} | sudo tee -a /etc/ser2net.yaml; sudo systemctl restart ser2net"
        f"     # on {host}, if it is ser2net; 9600n81 for DSMR 2.2 and 3.0",
    ]


def shows_clients(name: str) -> str:
    """The command that shows who else is connected to a reader."""
    _, host, port = parts(name) or ("", "HOST", "PORT")
    return f"sudo ss -tnp 'sport = :{port}'     # on {host}: {ONE_CLIENT}"
