"""The way from this host to the database: the server's name, its socket or port, or the file."""

import os
import socket
from shlex import quote

from p1harvester.check.client import Advice, comment, dsn, in_client, is_here, service, where
from p1harvester.check.greeting import greets, who_listens
from p1harvester.check.page import Page
from p1harvester.check.spool import nearest
from p1harvester.check.tls import SOCKET
from p1harvester.database import TIMEOUT
from p1harvester.names import limited
from p1harvester.survey import Survey
from p1harvester.user import user

_POSTGRESQLS_PORT = 5432


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
            known = greets(survey, line)
    except OSError as error:
        says = f"nothing answers at {at}: {error.strerror or error}"
        page.fail("database", says, *(_at_the_socket(survey) or _unanswered(survey, error)))
        return False
    if not known:
        page.fail(
            "database",
            f"what listens at {at} is no MariaDB or MySQL, or hangs",
            "It does not greet us as they do. Until it does, readings wait in the spool.",
            *who_listens(survey),
            f"sudo journalctl -u {service(survey)} -n 20     # on {where(survey)}",
        )
    return known


def _at_the_socket(survey: Survey) -> Advice | None:
    """What it means that the server listens at its usual socket, and not at the DSN's port."""
    if survey.socket or not is_here(survey):
        return None
    folder = "/var/run/postgresql"
    path = f"{folder}/.s.PGSQL.{survey.tcp_port}" if survey.kind == "postgresql" else SOCKET
    try:
        _connected(path).close()
    except OSError:
        return None
    port = {} if survey.tcp_port == _POSTGRESQLS_PORT else {"port": str(survey.tcp_port)}
    way = {"host": folder, **port} if survey.kind == "postgresql" else {"unix_socket": path}
    return "The server runs, and listens at its unix socket alone, or at another port as well.", dsn(survey, **way)


def _unanswered(survey: Survey, error: OSError) -> Advice:
    means, look = (
        ("listens at another socket", "sudo ss -lxp     # the sockets that are listened at")
        if survey.socket
        else (
            "listens at another address or port, or a firewall is in between",
            "sudo ss -ltnp     # there: the addresses and ports that are listened at",
        )
    )
    opens: Advice = ()
    if isinstance(error, ConnectionRefusedError) and not is_here(survey):
        means = "listens to its own host alone, as one does that was just installed, or at another port"
        opens = _opens(survey)
    return (
        f"The server is not running, {means}. Until it answers, readings wait in the spool.",
        f"sudo systemctl start {service(survey)}     # on {where(survey)}",
        look,
        *opens,
    )


def _opens(survey: Survey) -> Advice:
    """The commands that let a server listen to other hosts."""
    restart = f"sudo systemctl restart {service(survey)}{comment(survey)}"
    if survey.kind == "postgresql":
        return in_client(survey, "ALTER SYSTEM SET listen_addresses = '*'", ""), restart
    file = "/etc/mysql/mariadb.conf.d/60-p1harvester-bind-address.cnf"
    hint = comment(survey, "MySQL's folder is mysql.conf.d")
    return f"printf '[mysqld]\\nbind_address = *\\n' | sudo tee {file}{hint}", restart


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


def _file_there(page: Page, survey: Survey) -> bool:
    path = survey.file
    if path is None or os.access(path, os.F_OK):
        return path is not None
    folder = nearest(path)
    if folder == path.absolute().parent and os.access(folder, os.W_OK | os.X_OK):
        page.warn(
            "database",
            f"{path} is not there yet",
            "The first run of p1harvester makes it, or `setup` does.",
            page.typed("setup"),
        )
    else:
        page.fail(
            "database",
            f"{path} is not there, and {user()} cannot make it",
            f"{path.parent} is not there." if folder != path.absolute().parent else f"{folder} is closed to {user()}.",
            f"sudo install -d -o {user()} -m 700 {quote(str(path.parent))}",
        )
    return False
