"""The views, and the table of prices: one SQL file each, which a user can read and feed to the server by hand."""

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
    "p1_prices",
    "p1_price_periods",
    "p1_price_usage",
    "cost_per_hour",
    "cost_per_day",
    "cost_per_month",
    "p1_version",
)
"""The files, each needing only those before it. By the last a database tells which views it has."""

DIALECTS = ("mysql", "postgresql", "sqlite")
"""Their folders."""

SANE_SINCE, SANE_AHEAD = 1_104_537_600, 86_400
"""A row of before 2005, or of more than a day ahead of now, counts as absent in every view: its clock was wrong."""

_FOLDER = Path(__file__).with_name("sql")


def statements(dialect: str) -> list[str]:
    """The statements, in order, that make the views in a database of SQLAlchemy's `dialect`."""
    return [part for name in NAMES for part in _text(dialect, name).split(";\n") if part.strip()]


def version(dialect: str) -> str:
    """What `p1_version` says in a database whose views are those of this program: 16 hexadecimal digits."""
    return _text(dialect, NAMES[-1]).split("'")[1]


def _text(dialect: str, name: str) -> str:
    folder = {"mariadb": "mysql"}.get(dialect, dialect)
    return (_FOLDER / folder / f"{name}.sql").read_text(encoding="utf-8")
