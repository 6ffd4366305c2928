"""The way from this host into the database: the server, its socket or port, the user that it lets in."""

import os
import re
import socket
from shlex import quote
from urllib.parse import quote as escaped

from p1harvester.check.client import quoted
from p1harvester.check.page import Page
from p1harvester.check.spool import nearest
from p1harvester.database import TIMEOUT
from p1harvester.drivers import REFUSED, THIS_HOST
from p1harvester.errors import StoreFailed
from p1harvester.names import limited
from p1harvester.survey import Survey
from p1harvester.user import user

_REFUSED_USER = (1045, 1698, 1130)
_REFUSED_DATABASE = (1044, 1049)
_CUT_OFF = 1047


def there(page: Page, survey: Survey) -> bool:
    """Say so if nothing answers where the DSN points to; return whether something does."""
    if survey.kind == "sqlite":
        return _file_there(page, survey)
    if survey.socket:
        return _answers(page, survey, socket.AF_UNIX, str(survey.socket), str(survey.socket))
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
    return _answers(page, survey, socket.AF_INET, (survey.host, survey.tcp_port), f"{survey.host}:{survey.tcp_port}")


def _answers(page: Page, survey: Survey, family: int, address: str | tuple[str, int], where: str) -> bool:
    try:
        if isinstance(address, str):
            with socket.socket(family) as line:
                line.settimeout(TIMEOUT)
                line.connect(address)
        else:
            socket.create_connection(address, TIMEOUT).close()
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
            f"nothing answers at {where}: {error.strerror or error}",
            f"The server is not running, {means}. Until it answers, readings wait in the spool.",
            f"sudo systemctl start {_service(survey)}     # on {_where(survey)}",
            look,
        )
        return False
    return True


def _file_there(page: Page, survey: Survey) -> bool:
    path = survey.file
    if path is None or os.access(path, os.F_OK):
        return path is not None
    folder = nearest(path)
    if os.access(folder, os.W_OK | os.X_OK):
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
            f"{folder} is not writable for {user()}.",
            f"sudo install -d -o {user()} -m 700 {quote(str(path.parent))}",
        )
    return False


def refusal(survey: Survey, failure: StoreFailed) -> tuple[str, ...]:
    """What the server's refusal means, and the commands that mend it."""
    who, name, text = survey.user, survey.name, str(failure)
    postgresql = survey.kind == "postgresql"
    if survey.kind == "sqlite":
        return (
            "The file is no SQLite database, is damaged, or is closed to this user.",
            f"ls -l {quote(str(survey.file))}",
        )
    if failure.server_code == REFUSED or "authentication method requirement" in text:
        return _asked_for_the_password(survey)
    # PostgreSQL gives no code before somebody is logged in, only words.
    if failure.server_code in _REFUSED_DATABASE or re.search(r"database .* does not exist", text):
        means = f"There is no database {name} on the server, or {who} may not use it."
        if postgresql:
            return means, f"sudo -u postgres createdb --owner {quote(who)} {quote(name)}"
        statement = f"CREATE DATABASE IF NOT EXISTS {name}; GRANT ALL ON {name}.* TO {_account(survey)}"
        return means, f"sudo mariadb -e {quoted(statement)}"
    if failure.server_code in _REFUSED_USER or re.search(r"password|authentication|role .* does not exist", text):
        means = f"The server knows no user {who} with this password, from this host. The password is set so:"
        setting = "P1_DSN_PASSWORD='...'     # the same here, in the env file"
        if postgresql:
            command = rf"\password {who}"
            return means, f"sudo -u postgres psql -c {quote(command)}     # asks for it", setting
        statement = quote(f"ALTER USER {_account(survey)} IDENTIFIED BY ")
        # What stands on a command line is in everybody's `ps`.
        asks = f"read -rsp 'New password: ' new; sudo mariadb <<< {statement}\"'$new'\"     # one without ' and \\"
        return means, asks, setting
    if failure.server_code == _CUT_OFF:
        means = (
            "This node of a Galera cluster does not see most of the others, and takes nothing until it does again."
            " Readings wait in the spool."
        )
        return means, f"sudo mariadb -e \"SHOW STATUS LIKE 'wsrep_cluster_s%'\"     # on {_where(survey)}"
    means = "What answers there did not let us in; the words above are its own, or its driver's."
    return means, f"sudo journalctl -u {_service(survey)} -n 20     # on {_where(survey)}"


def _asked_for_the_password(survey: Survey) -> tuple[str, ...]:
    means = (
        "Whoever listens there may be another than the server. Over its unix socket, or over TLS with a certificate"
        " that is verified, it gets what it asks for:"
    )
    here, postgresql = _where(survey) == "this host", survey.kind == "postgresql"
    if postgresql:
        option = "host=/var/run/postgresql" if here else "sslmode=verify-full&sslrootcert=/FOLDER/ca.pem"
    else:
        option = "unix_socket=/run/mysqld/mysqld.sock" if here else "ssl_ca=/FOLDER/ca.pem"
    driver = "postgresql+psycopg" if postgresql else f"{survey.kind}+pymysql"
    host = ("" if postgresql else "localhost") if here else f"{survey.host}:{survey.tcp_port}"
    dsn = f"{driver}://{escaped(survey.user, safe='')}@{host}/{survey.name}?{option}"
    hint = "" if here else f"     # ca.pem: whoever signed the certificate of {survey.host}"
    return means, f"P1_DSN={quote(dsn)}{hint}"


def _service(survey: Survey) -> str:
    return "postgresql" if survey.kind == "postgresql" else "mariadb"


def _where(survey: Survey) -> str:
    return "this host" if survey.socket or survey.host in THIS_HOST else str(survey.host)


def _account(survey: Survey) -> str:
    """MariaDB's account for this user: the host is the one that it connects from."""
    return f"{survey.user}@{'localhost' if _where(survey) == 'this host' else repr('%')}"
