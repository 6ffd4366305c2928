"""What mends a DSN that leads to no database: its driver is not installed, or does not take it so."""

import re
import sys
from pathlib import Path
from shlex import quote

from p1harvester.drivers import THIS_HOST
from p1harvester.user import meter

_IS_32_BIT = sys.maxsize < 1 << 32


def mends(dsn: str) -> tuple[str, str]:
    """What is wrong with the beginning of `dsn`, which is shown without its password, and what is right."""
    dialect, _, rest = dsn.replace(":***@", "@").partition("://")
    name, _, driver = dialect.partition("+")
    if name == "postgresql" and driver in ("", "psycopg"):
        if _IS_32_BIT and "psycopg" in sys.modules:
            return "Debian's libpq is too old for that line", f"P1_DSN={quote(f'{dialect}://{_by_a_safe_line(rest)}')}"
        return "PostgreSQL's driver is an extra, and not installed", _installs_psycopg()
    if name in ("mysql", "mariadb"):
        rest = re.sub(r"\bssl=[^&]*&?", "", rest).rstrip("?&")
        return "the driver that is installed is PyMySQL", f"P1_DSN={quote(f'{name}+pymysql://{rest}')}"
    if name == "postgresql":
        return "PostgreSQL's driver is psycopg", f"P1_DSN={quote(f'postgresql+psycopg://{rest}')}"
    return "MariaDB, MySQL, PostgreSQL and SQLite are known", "P1_DSN=sqlite:////FOLDER/FILE.db"


def _installs_psycopg() -> str:
    if meter() is not None:
        return "sudo systemd/install     # in the clone"
    pip = quote(str(Path(sys.prefix, "bin/pip")))
    # For 32 bits nobody builds the wheel that brings its own libpq.
    if _IS_32_BIT:
        return f"sudo apt-get install -y libpq5 && sudo {pip} install psycopg"
    return f"sudo {pip} install 'psycopg[binary]'"


def _by_a_safe_line(rest: str) -> str:
    """A DSN behind its `://`, by the unix socket or under a certificate that is verified."""
    place, _, name = rest.partition("?")[0].partition("/")
    user, _, host = place.rpartition("@")
    if host.partition(":")[0] in THIS_HOST:
        return f"{user}@/{name}?host=/var/run/postgresql"
    return f"{place}/{name}?sslmode=verify-full&sslrootcert=/etc/ssl/certs/p1harvester-db.pem"
