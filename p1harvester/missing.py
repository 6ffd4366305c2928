"""What mends a DSN whose driver is not installed."""

import sys
from pathlib import Path
from shlex import quote

_IS_32_BIT = sys.maxsize < 1 << 32


def mends(dsn: str) -> tuple[str, str]:
    """What is wrong with the beginning of `dsn`, which is shown without its password, and what is right."""
    dialect, _, rest = dsn.replace(":***@", "@").partition("://")
    name, _, driver = dialect.partition("+")
    if name == "postgresql" and driver in ("", "psycopg"):
        return "PostgreSQL's driver is an extra, and not installed", _installs_psycopg()
    if name in ("mysql", "mariadb"):
        return "the driver that is installed is PyMySQL", f"P1_DSN={quote(f'{name}+pymysql://{rest}')}"
    if name == "postgresql":
        return "PostgreSQL's driver is psycopg", f"P1_DSN={quote(f'postgresql+psycopg://{rest}')}"
    return "MariaDB, MySQL, PostgreSQL and SQLite are known", "P1_DSN=sqlite:////FOLDER/FILE.db"


def _installs_psycopg() -> str:
    pip = quote(str(Path(sys.prefix, "bin/pip")))
    # For 32 bits nobody builds the wheel that brings its own libpq.
    if _IS_32_BIT:
        return f"sudo apt-get install -y libpq5 && sudo {pip} install psycopg"
    return f"sudo {pip} install 'psycopg[binary]'"
