"""What a database's driver is told beyond the DSN: how long it may take, and how a password may travel.

While a server is down any local user can listen in its place, and ask for the password. So it goes in full only over a
unix socket, or over TLS with a verified certificate. Elsewhere a server gets an answer to its challenge, or nothing:
not the password in clear, not under a key that the server itself sends, not as PostgreSQL's MD5.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

from p1harvester.errors import BadSettings

Query = Mapping[str, str | tuple[str, ...]]
"""A DSN's options, unescaped: name -> value, or values."""

THIS_HOST = (None, "", "localhost", "127.0.0.1", "::1")

REFUSED = 2061
"""MariaDB's number (CR_AUTH_PLUGIN_ERR) for a server that was refused the password, with the words ASKED."""
ASKED = (
    "the server asks for the password itself, which is given only over a unix socket"
    " (?unix_socket=/run/mysqld/mysqld.sock) or TLS whose certificate is verified (?ssl_ca=FILE)"
)
_LIBPQ_WITH_REQUIRE_AUTH = 160000


def driver_options(driver: str, host: str | None, query: Query, password: str | None, seconds: int) -> dict[str, Any]:
    """The arguments for the driver's `connect`; those that the DSN's `query` names are left to it.

    `seconds` are given to connect, and to each statement. Raises BadSettings where the line is open and the driver
    cannot keep a password to itself, and ImportError where it is not installed.
    """
    match driver:
        case "pymysql":
            options = _pymysql(host, query, seconds)
        case "psycopg":
            options = _psycopg(host, query, seconds)
        case "pysqlite":
            from p1harvester.sqlite import DurableConnection

            options = {"timeout": seconds, "factory": DurableConnection}
        case _:
            options = {}
    options = {name: value for name, value in options.items() if name not in query}
    if driver == "pymysql" and password:
        # PyMySQL would take an `é` for Latin 1, where the server was told it in UTF-8.
        secret = password.encode()
        options["password"] = secret if _is_private_to_pymysql(query) else _Kept(secret)
    return options


class _Kept(bytes):
    """A password that answers challenges only.

    Wherever PyMySQL sends one in full, in clear or under the server's key, it puts a NUL behind it first. The map of
    its plugins would not do: a server whose first word is sha256_password gets the password before any is asked.
    """

    def __add__(self, _: object, /) -> NoReturn:
        from pymysql.err import OperationalError

        raise OperationalError(REFUSED, ASKED)


def _pymysql(host: str | None, query: Query, seconds: int) -> dict[str, Any]:
    options: dict[str, Any] = dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), seconds)
    if host in THIS_HOST and not any(name.startswith("ssl") for name in query):
        # Within one machine TLS protects nothing, and reading all its authorities costs more than the INSERT.
        options["ssl_disabled"] = True
    return options


def _is_private_to_pymysql(query: Query) -> bool:
    # ssl_verify_cert and ssl_verify_identity make PyMySQL forget the ssl_ca that SQLAlchemy gives it, and with it the
    # name that the certificate is for.
    loosened = {"ssl_disabled", "ssl_verify_cert", "ssl_verify_identity"} & query.keys()
    return "unix_socket" in query or (bool({"ssl_ca", "ssl_capath"} & query.keys()) and not loosened)


def _psycopg(host: str | None, query: Query, seconds: int) -> dict[str, Any]:
    options: dict[str, Any] = {
        "connect_timeout": seconds,
        "tcp_user_timeout": seconds * 1000,
        # A pooler may give each transaction another of the server's sessions, which knows no statement of ours.
        "prepare_threshold": None,
    }
    if not _is_private_to_libpq(host, query) and "require_auth" not in query:
        from psycopg import pq

        if pq.version() < _LIBPQ_WITH_REQUIRE_AUTH:
            raise BadSettings(
                f"libpq {pq.version() // 10000} cannot keep the password from whoever listens in the server's place:"
                " let P1_DSN name the server's unix socket (?host=/var/run/postgresql), or verify its certificate"
                " (?sslmode=verify-full&sslrootcert=FILE), or `pip install 'psycopg[binary]'`, which brings a newer one"
            )
        options["require_auth"] = "!password,!md5"
    return options


def opening(driver: str, query: Query, seconds: int) -> str | None:
    """The statement that each transaction must begin with, so that no other takes longer; None where there is none.

    For PostgreSQL. A pooler such as pgbouncer takes no `options` when it is connected to, and what is set for a session
    may reach somebody else's.
    """
    if driver != "psycopg" or "options" in query:
        return None
    return f"SET LOCAL statement_timeout = '{seconds}s'"


def _is_private_to_libpq(host: str | None, query: Query) -> bool:
    if query.get("sslmode") in ("verify-full", "verify-ca"):
        return True
    named = query.get("host", ())
    hosts = [host or "", *((named,) if isinstance(named, str) else named)]
    folders = [each for one in hosts for each in one.split(",") if each]
    return bool(folders) and all(each.startswith("/") for each in folders) and "hostaddr" not in query


def asked_for_the_password(error: Exception) -> bool:
    """Whether PyMySQL ended at that request for want of a library, before it looked at the password."""
    return isinstance(error, RuntimeError) and "'cryptography' package" in str(error)
