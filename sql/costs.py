"""The files of what it costs: the table of prices, the periods cut where a price changes, and the views of costs."""

import re
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent
UNITS = ("hour", "day", "month")

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


def files(dialect: str, usage: str) -> dict[str, str]:
    """Name -> text of each file that is made for that folder's SQL; `usage` is the text of `p1_usage`."""
    template = sections(FOLDER / "templates" / f"cost.{dialect}.sql")
    prices = ",\n".join(template["price"].format(column=column) for column in PRICES)
    made = {
        "p1_prices": template["p1_prices"].format(price=prices),
        "p1_price_periods": template["p1_price_periods"],
        "p1_price_usage": _usage(usage),
    }
    words: Mapping[str, str] = {
        **{way: _electricity(way) for way in ("use", "injection")},
        **{name: f"CASE WHEN q.{name} IS NOT NULL THEN q.{name} * u.{name} END" for name in PRICES[8:11]},
        "total": "\n    ".join(_sum(_PARTS)),
    }
    for unit in UNITS:
        standing = template["standing_hour" if unit == "hour" else "standing_day"]
        made[f"cost_per_{unit}"] = template["cost_per"].format(unit=unit, standing=standing, **words)
    made["cost_per_hour"] = "\n\n".join(filter(None, (template["standing"], made["cost_per_hour"])))
    return {name: f"{text}\n" for name, text in made.items()}


def _usage(text: str) -> str:
    """The view `p1_usage` again, of the parts of the periods; not rounded, for it is multiplied and added up."""
    *_, view = re.split(r"^(?=DROP VIEW|CREATE OR REPLACE VIEW)", text, maxsplit=1, flags=re.MULTILINE)
    for old, new in (
        (r"p1_usage\b", "p1_price_usage"),
        (r"FROM p1_periods\b", "FROM p1_price_periods"),
        (r"^    k\.time,\n    .* AS date_time,$", "    k.period,\n    k.time,\n    k.until,\n    k.price,"),
    ):
        view, count = re.subn(old, new, view, flags=re.MULTILINE)
        if not count:
            raise ValueError(f"p1_usage has no {old}")
    view = re.sub(r"^    round\(CASE", "    CASE", view, flags=re.MULTILINE)
    view = re.sub(r"^    END, 9\) AS", "    END AS", view, flags=re.MULTILINE)
    return f"-- What was used in each of `p1_price_periods`, as `p1_usage` says of whole periods.\n{view}".rstrip("\n")


def _electricity(way: str) -> str:
    """What a part's electricity comes to: the total at price 1, for each tariff of another price the difference too.

    Where the total is not known it is the sum of the tariffs.
    """
    first, *others = (f"q.{way}_kWh_{tariff}" for tariff in range(1, 5))
    used = [f"u.{way}_kWh_{tariff}" for tariff in range(1, 5)]
    lines = [
        "CASE",
        f"    WHEN {first} IS NULL THEN NULL",
        f"    WHEN coalesce({', '.join(others)}) IS NULL THEN {first} * u.{way}_kWh",
        f"    ELSE {first} * coalesce(",
        f"        u.{way}_kWh,",
        *(f"        {line}" for line in _sum(used)),
        "    )",
        *(
            f"    + CASE WHEN {price} IS NULL THEN 0 ELSE coalesce(({price} - {first}) * {use}, 0) END"
            for price, use in zip(others, used[1:], strict=True)
        ),
        "END",
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
