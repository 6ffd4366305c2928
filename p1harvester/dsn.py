"""A DSN, read so that it has one meaning only, and as it may be shown.

A password whose `@`, `/`, `?` or `#` is not escaped ends early: what follows it would be taken for the host's name, and
be looked up and printed. Such a DSN is refused here, before anything is opened.
"""

import re
from typing import NamedTuple

_SERVER = re.compile(
    r"(?P<driver>\w+(?:\+\w+)?)://"
    r"(?:(?P<user>[^:@/?#;,\s]*)(?::(?P<password>[^@/?#]*))?@)?"
    r"(?P<host>\[[\da-fA-F:.]+\]|[\w.-]*)(?::(?P<port>\d*))?"
    r"(?:/(?P<database>[^:@?#]*))?"
    r"(?:\?(?P<query>[^@#]*))?"
)
_FILE = re.compile(
    r"(?P<driver>sqlite(?:\+\w+)?)://"
    r"(?:/(?P<database>[^?]*))?(?:\?(?P<query>.*))?",
    re.DOTALL,
)
_SECRET = re.compile(r"(?<![a-z_])passw(or)?d\s*=")
_SHOWN = (
    *("host", "port", "unix_socket", "charset", "require_auth", "sslmode", "sslrootcert"),
    *("ssl_ca", "ssl_capath", "ssl_check_hostname", "ssl_disabled"),
)
"""Options that hold no secret; what another one holds nobody knows."""
_PLAIN = re.compile(r"[\w./:,!+-]*")


class Dsn(NamedTuple):
    """A DSN's parts, as they stand in it: escapes are kept."""

    driver: str
    database: str | None
    query: str | None
    user: str | None = None
    password: str | None = None
    host: str = ""
    port: str | None = None

    def __str__(self) -> str:
        """The DSN without its password, nor any option's value that might be one."""
        secret = "" if self.password is None else ":***"
        user = "" if self.user is None else f"{self.user}{secret}@"
        port = "" if self.port is None else f":{self.port}"
        database = "" if self.database is None else f"/{self.database}"
        query = "" if self.query is None else f"?{'&'.join(map(_masked, self.query.split('&')))}"
        return f"{self.driver}://{user}{self.host}{port}{database}{query}"


def parse(text: str) -> Dsn | None:
    """A DSN's parts; None where it is no DSN, or can be read in two ways."""
    form = _FILE if text.startswith("sqlite") else _SERVER
    if (found := form.fullmatch(text)) is None:
        return None
    dsn = Dsn(**found.groupdict())
    if ":" in _unescaped(dsn.user or "") or _SECRET.search(_unescaped(dsn.query or "").lower()):
        return None
    return dsn


def masked(text: str) -> str:
    """A DSN without any secret."""
    return str(parse(text) or "***")


def _masked(option: str) -> str:
    name, equals, value = option.partition("=")
    if not equals:
        return "***" if name else ""
    return option if name in _SHOWN and _PLAIN.fullmatch(_unescaped(value)) else f"{name}=***"


def _unescaped(text: str) -> str:
    if "%" not in text:
        return text
    from urllib.parse import unquote

    return unquote(text)
