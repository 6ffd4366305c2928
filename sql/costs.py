"""The files of what it costs: the table of prices, the periods cut where a price changes, and the views of costs."""

import re
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent

PRICES = (
    *(f"{way}_kWh_{tariff}" for way in ("use", "injection") for tariff in range(1, 5)),
    "gas_m3",
    "water_m3",
    "heat_GJ",
    "standing_day",
)
"""The columns of `p1_prices`, in one's currency per unit; `standing_day` per day."""

_PARTS = [f"{name}_cost" for name in ("use", "injection", "gas", "water", "heat", "standing")]


def sections(file: Path) -> dict[str, str]:
    """Name -> text of each part of a template, which a line `-- [name]` begins."""
    _, *parts = re.split(r"^-- \[(\w+)\]\n", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[::2], (part.strip("\n") for part in parts[1::2]), strict=True))


def files(dialect: str, usage: str, units: Iterable[str]) -> dict[str, str]:
    """Name -> text of each file that is made for that folder's SQL; `usage` is the text of `p1_usage`."""
    template = sections(FOLDER / "templates" / f"cost.{dialect}.sql")
    made = {
        "p1_prices": template["p1_prices"].format(
            price=",\n".join(template["price"].format(column=column) for column in PRICES)
        ),
        "p1_price_periods": template["p1_price_periods"],
        "p1_price_usage": _usage(usage, template["share"]),
    }
    words = {
        "use": _electricity("use"),
        "injection": _electricity("injection"),
        "total": "\n    ".join(_sum(_PARTS)),
    }
    for unit in units:
        standing = template["standing_hour" if unit == "hour" else "standing_day"]
        span = f"\n{template['span']}" if template["span"] and unit != "hour" else ""
        made[f"cost_per_{unit}"] = template["cost_per"].format(unit=unit, standing=standing, span=span, **words)
    made["cost_per_hour"] = f"{template['standing']}\n\n{made['cost_per_hour']}".lstrip()
    return {name: f"{text}\n" for name, text in made.items()}


def _usage(text: str, share: str) -> str:
    """The view `p1_usage` again, of the parts of the periods, and only what has a price.

    It is not rounded, for it is multiplied and added up.
    """
    *_, view = re.split(r"^(?=DROP VIEW|CREATE OR REPLACE VIEW)", text, maxsplit=1, flags=re.MULTILINE)
    for old, new in (
        (r"p1_usage\b", "p1_price_usage"),
        (r"FROM p1_periods AS k$", "FROM p1_price_periods AS k\nLEFT JOIN p1_prices AS q ON q.time = k.price"),
        (r"^    k\.time,\n    .* AS date_time,$", "    k.period,\n    k.time,\n    k.until,\n    k.price,"),
        (r"^    (?:round\()?(CASE\n(?:(?!    END.* AS \w+,?$).*\n)*    END)(?:, 9\))?(.* AS (\w+),?)$", _priced),
    ):
        view, count = re.subn(old, new, view, flags=re.MULTILINE)
        if not count:
            raise ValueError(f"p1_usage has no {old}")
    columns, rows, joins = view.rstrip().partition("\nFROM p1_price_periods")
    if share:
        # SQLite works out a view's columns anew wherever they are named: those of the rows' table cost nothing.
        for name, moment, row, after in (("start", "k.time", "a", "an"), ("end", "k.until", "b", "bn")):
            columns = columns.replace(f"k.{name}_share", share.format(moment=moment, row=row, next=after))
            columns = columns.replace(f"k.{name}_row", f"{row}.time").replace(f"k.{name}_next", f"{after}.time")
    head = "-- What was used in each of `p1_price_periods` of what has a price then, as `p1_usage` says it."
    return f"{head}\n{columns}{rows}{joins}"


def _priced(found: re.Match[str]) -> str:
    """The expression of a column of `p1_usage`, which is NULL where it has no price."""
    case, rest, column = found.groups()
    way = column.partition("_kWh")[0]
    unpriced = f"q.{column} IS NULL"
    if way != column:
        unpriced = f"q.{way}_kWh_1 IS NULL"
        if column != f"{way}_kWh":
            unpriced += f" OR coalesce({', '.join(f'q.{way}_kWh_{tariff}' for tariff in (2, 3, 4))}) IS NULL"
    return f"    CASE\n        WHEN {unpriced} THEN NULL{case.removeprefix('CASE')}{rest}"


def _electricity(way: str) -> str:
    """What a part's electricity comes to: the total at price 1, for each tariff of another price the difference too.

    Where the total is not known it is the sum of the tariffs, of which nothing is known unless they have prices.
    """
    first, *others = (f"q.{way}_kWh_{tariff}" for tariff in range(1, 5))
    used = [f"u.{way}_kWh_{tariff}" for tariff in range(1, 5)]
    lines = [
        f"{first} * coalesce(",
        f"    u.{way}_kWh,",
        *(f"    {line}" for line in _sum(used)),
        ")",
        *(f"+ coalesce(({price} - {first}) * {use}, 0)" for price, use in zip(others, used[1:], strict=True)),
    ]
    return "\n            ".join(lines)


def _sum(terms: list[str]) -> list[str]:
    """The lines of the sum of those terms that are not NULL; it is NULL if all are."""
    each = [f"coalesce({term}, 0)" for term in terms]
    return [
        f"CASE WHEN coalesce({', '.join(terms)}) IS NOT NULL",
        f"    THEN {' + '.join(each[:4])}",
        *(["        + " + " + ".join(each[4:])] if each[4:] else []),
        "END",
    ]
