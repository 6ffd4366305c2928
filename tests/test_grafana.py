"""The dashboards: what each panel shows, against the same figures worked out the long way, in every database."""

import json
import re
import shutil
import subprocess
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime
from fractions import Fraction
from functools import cache
from numbers import Number
from pathlib import Path
from typing import Any, overload
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from p1harvester.schema import TABLE
from tests import grafana
from tests.conftest import Database
from tests.servers import PASSWORD, ZONE
from tests.test_readme import README
from tests.test_views import REGISTERS, Boundary, Row, differences, exact, fill, peaks, periods, second, used

pytestmark = pytest.mark.usefixtures("_zone")

DAY = 86400
PRICES = {"price_1": "0.24", "price_2": "0.31", "paid_1": "0.04", "paid_2": "0.055", "price_gas": "1,273"}


def at(text: str) -> int:
    """A moment of local time, as UNIX seconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).timestamp())


NOTHING: Row = dict.fromkeys(column.name for column in TABLE.columns)


class Year(Sequence[Row]):
    """A year of a meter's minutes, each worked out when it is looked at.

    The first 20 days were stored before registers were kept; some minutes and some hours are missing, a Sunday night
    when clocks change among them; the meter is replaced in June, and a heat meter comes in July.
    """

    START = at("2024-01-10 08:30")
    OLD_UNTIL, REPLACED, HEAT_SINCE = 20 * 1440, 150 * 1440 + 77, 180 * 1440
    GAPS = ((1000, 1003), (70_000, 71_500), (110_000, 110_001), (418_000, 418_300), (500_000, 503_000))

    def __init__(self) -> None:
        gone = {minute for first, last in self.GAPS for minute in range(first, last)}
        self._minutes = [minute for minute in range(525_600) if minute not in gone and minute % 997]

    def __len__(self) -> int:
        return len(self._minutes)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return [self._row(minute) for minute in self._minutes[index]]
        return self._row(self._minutes[index])

    def _row(self, minute: int) -> Row:
        moment = self.START + 60 * minute + minute * 13 % 50
        watts, sun = 50 + minute * 7919 % 3000, minute * 31 % 2000 * (minute // 360 % 2)
        row = NOTHING | {
            "time": moment,
            "net_use": watts / 1000,
            "net_injection": sun / 1000,
            "gas_meter_reading": (4_911_440 + minute // 5 * 11) / 1000,
        }
        if minute < self.OLD_UNTIL:
            return row
        since = minute if minute < self.REPLACED else minute - self.REPLACED
        low, normal, back = since * 17, since * 11 + since // 7, since // 2 * 9
        return row | {
            "meter_time": moment - 2,
            "tariff": minute // 720 % 2 + 1,
            "use_reading": (low + normal) / 1000,
            "use_reading_1": low / 1000,
            "use_reading_2": normal / 1000,
            "injection_reading": (back + since) / 1000,
            "injection_reading_1": back / 1000,
            "injection_reading_2": since / 1000,
            "voltage_l1": (2280 + minute % 97) / 10,
            "voltage_l2": (2250 + minute % 89) / 10,
            "voltage_l3": None,
            "use_l1": watts // 2 / 1000,
            "use_l2": watts // 4 / 1000,
            "injection_l1": sun / 1000,
            "demand_month_peak": (1500 + minute % 3333) / 1000,
            "water_meter_reading": (77_000 + minute // 9) / 1000,
            "heat_meter_reading": (minute // 50) / 1000 if minute >= self.HEAT_SINCE else None,
            "meter_id": 1 if minute < self.REPLACED else 2,
            "gas_meter_id": 10,
        }


YEAR = Year()
Shown = list[tuple[Any, ...]]
"""What a panel shows: rows of numbers, the first a time."""


# What each panel should show, the long way.


def stored(since: int, until: int, most: int | None = None) -> list[Row]:
    """The rows of a range, both ends included; its last `most`."""
    first, end = bisect_left(YEAR, since, key=second), bisect_right(YEAR, until, key=second)
    return YEAR[first if most is None else max(first, end - most) : end]


@cache
def all_used(unit: str) -> list[tuple[int, int, dict[str, Fraction | None]]]:
    """Every hour, day or month of the year, when it ends, and what was used in it."""
    found = []
    for begin, end in periods(YEAR, unit):
        pair = Boundary(YEAR, begin), Boundary(YEAR, end)
        found.append((begin, end, {column: used(YEAR, *pair, column) for column in REGISTERS}))
    return found


def used_in(unit: str, after: int, until: int, *columns: str) -> Shown:
    """When each period begins that does so later than `after` and not later than `until`, and what was used in it."""
    return [
        (begin, *(values[column] for column in columns))
        for begin, _, values in all_used(unit)
        if after < begin <= until
    ]


def newest(since: int, until: int, *columns: str) -> Shown:
    """The last row of a range."""
    return [(row["time"], *(exact(row[column]) for column in columns)) for row in stored(since, until, 1)]


def phases(since: int, until: int) -> Shown:
    """What each phase of the newest row draws."""
    columns = [f"{name}_l{n}" for n in (1, 2, 3) for name in ("use", "injection")]
    return [
        (moment, *(None if u is None else u - (i or 0) for u, i in zip(values[::2], values[1::2], strict=True)))
        for moment, *values in newest(since, until, *columns)
    ]


def age(_: int, until: int) -> Shown:
    """The newest row before the range's end."""
    return [(row["time"], until - row["time"]) for row in stored(0, until, 1)]


def power(since: int, until: int) -> Shown:
    """Power drawn and injected."""
    if until - since <= 2 * DAY:
        rows = stored(since, until)
        return [(row["time"], exact(row["net_use"]), -(exact(row["net_injection"]) or 0)) for row in rows]
    unit = "hour" if until - since <= 62 * DAY else "day"
    signed = ((1, "use_kWh"), (-1, "injection_kWh"))
    return [
        (begin, *(sign * (values[column] or 0) * 3600 / (end - begin) for sign, column in signed))
        for begin, end, values in all_used(unit)
        if since <= begin <= until and end <= YEAR[-1]["time"]
    ]


def voltage(since: int, until: int) -> Shown:
    """Each phase's voltage."""
    if until - since <= 2 * DAY:
        rows = stored(since, until)
    else:
        unit = "hour" if until - since <= 62 * DAY else "day"
        begins = [begin for begin, _ in periods(YEAR, unit) if since <= begin <= until]
        sides = [Boundary(YEAR, begin) for begin in begins]
        rows = [side.row for side in sides if side.row is side.next]
    return [(row["time"], *(exact(row[f"voltage_l{n}"]) for n in (1, 2, 3))) for row in rows]


def energy(unit: str, begin: Callable[[int, int], int]) -> Callable[[int, int], Shown]:
    """What was drawn from the grid and injected into it."""

    def shown(since: int, until: int) -> Shown:
        found = used_in(unit, begin(since, until), until, "use_kWh", "injection_kWh")
        return [(moment, use, -back) for moment, use, back in found]

    return shown


def other(column: str, unit: str, begin: Callable[[int, int], int]) -> Callable[[int, int], Shown]:
    """What was used of something that not everybody has."""

    def shown(since: int, until: int) -> Shown:
        found = used_in(unit, begin(since, until), until, column)
        return [(moment, value) for moment, value in found if value is not None]

    return shown


def by_price(*values: Fraction | None) -> list[Fraction]:
    """Electricity, injection and gas in money."""
    use, use_1, use_2, back, back_1, back_2, gas = values
    price = {name: Fraction(text.replace(",", ".")) for name, text in PRICES.items()}
    return [
        use_1 * price["price_1"] + (use_2 or 0) * price["price_2"]
        if use_1 is not None
        else (use or 0) * price["price_1"],
        -(
            back_1 * price["paid_1"] + (back_2 or 0) * price["paid_2"]
            if back_1 is not None
            else (back or 0) * price["paid_1"]
        ),
        (gas or 0) * price["price_gas"],
    ]


PRICED = ("use_kWh", "use_kWh_1", "use_kWh_2", "injection_kWh", "injection_kWh_1", "injection_kWh_2", "gas_m3")


def cost(unit: str, begin: Callable[[int, int], int]) -> Callable[[int, int], Shown]:
    """What it cost."""

    def shown(since: int, until: int) -> Shown:
        found = used_in(unit, begin(since, until), until, *PRICED)
        return [(moment, *by_price(*values)) for moment, *values in found]

    return shown


def today(_: int, until: int) -> Shown:
    """The day in which the range ends."""
    found = used_in("day", until - 90000, until, *PRICED)[-1:]
    return [(moment, values[0], values[3], values[6], sum(by_price(*values))) for moment, *values in found]


@cache
def all_peaks() -> Shown:
    """Belgium's capacity tariff in every month."""
    return [(begin, highest, billed) for begin, highest, _, billed in peaks(YEAR)]


def peak(since: int, until: int) -> Shown:
    """Belgium's capacity tariff."""
    return [each for each in all_peaks() if twelve_months(since, until) < each[0] <= until]


def missing(_: int, until: int) -> Shown:
    """Minutes without a row."""
    minutes = sorted({row["time"] // 60 for row in stored(until - 32 * DAY, until)})
    shown = []
    for begin, end in periods(YEAR, "day"):
        first, over = max(begin, YEAR[0]["time"]) // 60, min(end, until) // 60
        if until - 31 * DAY < begin and first < over:
            shown.append((begin, over - first - bisect_left(minutes, over) + bisect_left(minutes, first)))
    return shown


def two_weeks(since: int, until: int) -> int:
    """Where the hours begin: a day before the end at least, two weeks at most."""
    return max(min(since, until - DAY), until - 14 * DAY)


def a_month(since: int, until: int) -> int:
    """Where the days begin."""
    return min(since, until - 31 * DAY)


def twelve_months(since: int, until: int) -> int:
    """Where the months begin."""
    return min(since, until - 365 * DAY)


PANELS: dict[str, tuple[Callable[[int, int], Shown], dict[str, str]]] = {
    "Power now": (
        lambda since, until: newest(since, until, "net_use", "net_injection"),
        {"Drawn": "suffix:kW", "Injected": "suffix:kW"},
    ),
    "Each phase": (phases, dict.fromkeys(("L1", "L2", "L3"), "suffix:kW")),
    "Tariff": (lambda since, until: newest(since, until, "tariff"), {"Tariff": "none"}),
    "Newest reading": (age, {"Newest reading": "s"}),
    "Today so far": (today, {"Used": "suffix:kWh", "Injected": "suffix:kWh", "Gas": "m3", "Cost": "currencyEUR"}),
    "Power": (power, {"Drawn": "suffix:kW", "Injected": "suffix:kW"}),
    "Electricity per hour": (energy("hour", two_weeks), {"Used": "suffix:kWh", "Injected": "suffix:kWh"}),
    "Electricity per day": (energy("day", a_month), {"Used": "suffix:kWh", "Injected": "suffix:kWh"}),
    "Electricity per month": (energy("month", twelve_months), {"Used": "suffix:kWh", "Injected": "suffix:kWh"}),
    "Highest quarter-hour per month": (peak, {"Highest": "suffix:kW", "Billed": "suffix:kW"}),
    "Gas per hour": (other("gas_m3", "hour", two_weeks), {"Gas": "m3"}),
    "Gas per day": (other("gas_m3", "day", a_month), {"Gas": "m3"}),
    "Gas per month": (other("gas_m3", "month", twelve_months), {"Gas": "m3"}),
    "Cost per day": (cost("day", a_month), dict.fromkeys(("Electricity", "Injection", "Gas"), "currencyEUR")),
    "Cost per month": (
        cost("month", twelve_months),
        dict.fromkeys(("Electricity", "Injection", "Gas"), "currencyEUR"),
    ),
    "Water per day": (other("water_m3", "day", a_month), {"Water": "m3"}),
    "Heat per day": (other("heat_GJ", "day", a_month), {"Heat": "suffix:GJ"}),
    "Voltage": (voltage, dict.fromkeys(("L1", "L2", "L3"), "volt")),
    "Minutes missing per day": (missing, {"Missing": "suffix:min"}),
    "Minutes missing": (missing, {"Missing": "suffix:min"}),
}
"""Panel -> what it should show of a range, and the unit of each of its columns."""

RANGES = {
    "the first days": (at("2024-01-05"), at("2024-01-12 20:00")),
    "the day when summer time ends": (at("2024-10-26 12:00"), at("2024-10-27 12:00")),
    "a week with a gap and the day when it begins": (at("2024-03-25"), at("2024-04-01")),
    "the old rows' end": (at("2024-01-20 15:07"), at("2024-02-19")),
    "the new meter and half a year": (at("2024-02-25"), at("2024-08-20 06:30:30")),
    "the year": (Year.START - DAY, YEAR[-1]["time"] + 30),
    "before there was anything": (at("2023-05-01"), at("2023-06-01")),
    "long after": (at("2026-09-01"), at("2026-10-01")),
}


def load(database: Database) -> None:
    """Put the year into the table."""
    fill(database, [])
    names = [name for name, value in YEAR[-1].items() if value is not None]
    places = ", ".join(["?" if database.kind == "sqlite" else "%s"] * len(names))
    statement = f"INSERT INTO p1_readouts ({', '.join(names)}) VALUES ({places})"
    with database.engine.begin() as connection:
        for first in range(0, len(YEAR), 10_000):
            rows = (tuple(map(row.get, names)) for row in YEAR[first : first + 10_000])
            connection.exec_driver_sql(statement, list(rows))


def reader(database: Database) -> sa.Engine:
    """The database as a user sees it who may only SELECT, as the README has Grafana do."""
    url = sa.make_url(database.dsn)
    if database.server is None:
        return sa.create_engine(f"sqlite:///file:{url.database}?mode=ro&uri=true", poolclass=sa.pool.NullPool)
    name, password = f"reader_{url.database}", PASSWORD.replace("%", "%%")
    if database.kind == "mariadb":
        database.server.execute(
            f"CREATE USER {name} IDENTIFIED BY '{password}'", f"GRANT SELECT ON {url.database}.* TO {name}"
        )
    else:
        database.server.execute(f"CREATE USER {name} PASSWORD '{password}'")
        database.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")
    return sa.create_engine(url.set(username=name, password=PASSWORD), poolclass=sa.pool.NullPool)


def not_for_grafana(names: list[str], rows: Sequence[Sequence[Any]], columns: list[str]) -> str:
    """What is wrong with a result's columns; nothing if that is nothing."""
    if names != ["time", *columns]:
        return f"columns {names}"
    if not all(isinstance(row[0], int) for row in rows) or [row[0] for row in rows] != sorted({row[0] for row in rows}):
        return "times that are not whole seconds in their order"
    for name, values in zip(columns, list(zip(*rows, strict=True))[1:], strict=False):
        kinds = {type(value) for value in values if value is not None}
        # SQLite's data source takes a column's type from its first value, and would cut the others to whole numbers.
        if len(kinds) > 1 or not all(issubclass(kind, Number) for kind in kinds):
            return f"{name} of {kinds}"
    return ""


def test_every_panel_as_the_long_way(made: Database) -> None:
    load(made)
    wrong: list[tuple[str, str, Any]] = []
    with reader(made).connect() as connection:
        for panel in grafana.panels(grafana.DASHBOARDS[made.kind]):
            expected, columns = PANELS[panel.title]
            for name, (since, until) in RANGES.items():
                query = panel.expanded(since, until, PRICES)
                result = connection.exec_driver_sql(query, execution_options={"no_parameters": True})
                rows = [tuple(row) for row in result]
                if complaint := not_for_grafana(list(result.keys()), rows, list(columns)):
                    wrong.append((panel.title, name, complaint))
                right = expected(since, until)
                if [row[0] for row in rows] != [row[0] for row in right]:
                    wrong.append((panel.title, name, f"{len(rows)} rows, not {len(right)}"))
                elif found := [both for pair in zip(rows, right, strict=True) for both in differences(*pair)]:
                    wrong.append((panel.title, name, found[:3]))
    assert wrong == []


@pytest.mark.parametrize("kind", grafana.DASHBOARDS.values())
def test_units(kind: str) -> None:
    for panel in grafana.drawn(kind):
        config = panel["fieldConfig"]
        own = {
            override["matcher"]["options"]: each["value"]
            for override in config["overrides"]
            for each in override["properties"]
            if each["id"] == "unit"
        }
        _, units = PANELS[panel["title"]]
        assert {name: own.get(name, config["defaults"].get("unit", "none")) for name in units} == units
        assert config["defaults"]["noValue"]


@pytest.mark.parametrize("kind", grafana.DASHBOARDS.values())
def test_every_panel_is_there(kind: str) -> None:
    assert [panel.title for panel in grafana.panels(kind)] == list(PANELS)


def test_the_dashboards_are_up_to_date(tmp_path: Path) -> None:
    for script in grafana.FOLDER.glob("*.py"):
        shutil.copy(script, tmp_path)
    subprocess.run([sys.executable, tmp_path / "dashboards.py"], check=True)
    for kind in grafana.DASHBOARDS.values():
        assert (tmp_path / f"{kind}.json").read_text() == (grafana.FOLDER / f"{kind}.json").read_text(), kind


@pytest.mark.parametrize("kind", grafana.DASHBOARDS.values())
def test_grafanas_own_schema(kind: str) -> None:
    register_default_plugins()
    there = grafana.dashboard(kind)
    # What the schema does not know, its types drop.
    assert json.loads(JSONEncoder().encode(Dashboard.from_json(there))) == there


@pytest.mark.parametrize("kind", grafana.DASHBOARDS.values())
def test_fits_any_grafana(kind: str) -> None:
    board = grafana.dashboard(kind)
    [source] = yaml.safe_load((grafana.FOLDER / "datasources" / f"{kind}.yaml").read_text())["datasources"]
    assert board.get("id") is None
    assert board["uid"] == f"p1harvester-{kind}"
    assert "__inputs" not in board
    [variable] = [each for each in board["templating"]["list"] if each["type"] == "datasource"]
    assert variable["query"] == source["type"]
    assert variable["current"] == {"text": source["name"], "value": source["uid"]}
    reference = {"type": source["type"], "uid": f"${{{variable['name']}}}"}
    for panel in grafana.drawn(kind):
        assert [panel["datasource"], *(target["datasource"] for target in panel["targets"])] == [reference] * 2
    assert grafana.prices(kind).keys() == PRICES.keys()
    assert all(float(price) > 0 for price in grafana.prices(kind).values())


def test_what_the_readme_installs(tmp_path: Path) -> None:
    installed = re.findall(r"sudo install -Dm 6\d\d (?:-g grafana )?(\S+) /etc/grafana/provisioning/(\S+)", README)
    for source, target in installed:
        (tmp_path / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(grafana.FOLDER / source, tmp_path / target)
    [provider] = yaml.safe_load((tmp_path / "dashboards/p1harvester.yaml").read_text())["providers"]
    folder = Path(provider["options"]["path"]).relative_to("/etc/grafana/provisioning")
    assert [path.name for path in (tmp_path / folder).iterdir()] == ["mysql.json"]
    assert (tmp_path / "datasources/p1harvester.yaml").exists()
    for kind in grafana.DASHBOARDS.values():
        assert f"{kind}.json" in README
        assert f"{kind}.yaml" in README
