"""The views: one SQL file each, which a user can read and feed to the server by hand; `store` runs them."""

import hashlib
from pathlib import Path

NAMES = (
    "p1_steps",
    "p1_periods",
    "p1_usage",
    "net_usage_kWh",
    "gas_usage_m3",
    "usage_per_hour",
    "usage_per_day",
    "usage_per_month",
    "peak_per_month",
)
"""The files, each needing only those before it."""

_FOLDER = Path(__file__).with_name("sql")
_FOLDERS = {"mariadb": "mysql"}


def statements(dialect: str) -> list[str]:
    """The statements, in order, that make the views in a database of SQLAlchemy's `dialect`.

    The last makes `p1_version`, by which a database tells which views it has.
    """
    return [
        *(part for name in NAMES for part in _text(dialect, name).split(";\n") if part.strip()),
        "DROP VIEW IF EXISTS p1_version",
        f"CREATE VIEW p1_version AS SELECT '{version(dialect)}' AS views",
    ]


def version(dialect: str) -> str:
    """What `p1_version` says in a database whose views are those of this program: 16 hexadecimal digits."""
    return hashlib.sha256("".join(_text(dialect, name) for name in NAMES).encode()).hexdigest()[:16]


def _text(dialect: str, name: str) -> str:
    return (_FOLDER / _FOLDERS.get(dialect, dialect) / f"{name}.sql").read_text(encoding="utf-8")
