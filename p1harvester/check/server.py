"""The way from this host to the database: the server's name, its socket or port, or the file."""

import os
import socket
from contextlib import suppress
from shlex import quote

from p1harvester.check.client import service, where
from p1harvester.check.page import Page
from p1harvester.check.spool import nearest
from p1harvester.database import TIMEOUT
from p1harvester.names import limited
from p1harvester.survey import Survey
from p1harvester.user import user

SETUP = "p1harvester setup"
_GREETING = b"\x0a"
"""What MariaDB and MySQL begin with, behind four bytes; their version follows."""


def there(page: Page, survey: Survey) -> bool:
    """Say so if nothing answers where the DSN points to; return whether something does."""
    if survey.kind == "sqlite":
        return _file_there(page, survey)
    if survey.socket:
        return _answers(page, survey, str(survey.socket), str(survey.socket))
    if survey.host is None:
        return True
    try:
        with limited(TIMEOUT):
            socket.getaddrinfo(survey.host, survey.tcp_port, type=socket.SOCK_STREAM)
    except OSError as error:
        page.fail(
            "database",
            f"no host is called {survey.host}",
            f"The name server says: {error}. A name wants mending in P1_DSN, or a line in /etc/hosts.",
            f"getent hosts {quote(survey.host)}",
        )
        return False
    return _answers(page, survey, (survey.host, survey.tcp_port), f"{survey.host}:{survey.tcp_port}")


def _answers(page: Page, survey: Survey, address: str | tuple[str, int], at: str) -> bool:
    try:
        with _connected(address) as line:
            _greet(survey, line)
    except OSError as error:
        means, look = (
            ("listens at another socket", "sudo ss -lxp     # the sockets that are listened at")
            if isinstance(address, str)
            else (
                "listens at another address or port, or a firewall is in between",
                "sudo ss -ltnp     # there: the addresses and ports that are listened at",
            )
        )
        page.fail(
            "database",
            f"nothing answers at {at}: {error.strerror or error}",
            f"The server is not running, {means}. Until it answers, readings wait in the spool.",
            f"sudo systemctl start {service(survey)}     # on {where(survey)}",
            look,
        )
        return False
    return True


def _connected(address: str | tuple[str, int]) -> socket.socket:
    if not isinstance(address, str):
        return socket.create_connection(address, TIMEOUT)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(TIMEOUT)
    try:
        line.connect(address)
    except OSError:
        line.close()
        raise
    return line


def _greet(survey: Survey, line: socket.socket) -> None:
    """Find out whether this is MySQL or MariaDB, whose clients and services have other names."""
    if survey.kind == "postgresql":
        return
    with suppress(OSError):
        begins = line.recv(64)[4:]
        if begins.startswith(_GREETING) and b"mariadb" not in begins.lower():
            survey.program = "mysql"


def _file_there(page: Page, survey: Survey) -> bool:
    path = survey.file
    if path is None or os.access(path, os.F_OK):
        return path is not None
    folder = nearest(path)
    if os.access(folder, os.W_OK | os.X_OK):
        page.warn(
            "database", f"{path} is not there yet", f"The first run of p1harvester makes it, or {SETUP} does.", SETUP
        )
    else:
        page.fail(
            "database",
            f"{path} is not there, and {user()} cannot make it",
            f"{folder} is not writable for {user()}.",
            f"sudo install -d -o {user()} -m 700 {quote(str(path.parent))}",
        )
    return False
