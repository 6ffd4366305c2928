"""The dashboards: what each panel shows, against the same figures worked out the long way, in every database."""

import json
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from numbers import Number
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests import grafana
from tests.conftest import Database
from tests.figures import PRICES
from tests.long_way import differences
from tests.long_way_costs import PRICES as PRICE_COLUMNS
from tests.readme import README
from tests.servers import PASSWORD
from tests.shown import PANELS
from tests.tables import DAY, NOTHING, YEAR, Year, at
from tests.test_costs import fill_prices
from tests.test_views import fill

pytestmark = [pytest.mark.usefixtures("_zone"), pytest.mark.slow]

RANGES = {
    "the first days": (at("2024-01-05"), at("2024-01-12 20:00")),
    "the day when summer time ends": (at("2024-10-26 12:00"), at("2024-10-27 12:00")),
    "a week with a gap and the day when it begins": (at("2024-03-25"), at("2024-04-01")),
    "the old rows' end": (at("2024-01-20 15:07"), at("2024-02-19")),
    "the new meter and half a year": (at("2024-02-25"), at("2024-08-20 06:30:30")),
    "the year": (Year.START - DAY, YEAR[-1]["time"] + 30),
    "years": (at("2020-03-01"), at("2024-12-15")),
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
    name, password = f"reader_{secrets.token_hex(4)}", PASSWORD.replace("%", "%%")
    if database.kind == "mariadb":
        database.server.execute(
            f"CREATE USER {name} IDENTIFIED BY '{password}'", f"GRANT SELECT ON {url.database}.* TO {name}"
        )
    else:
        database.server.execute(f"CREATE USER {name} PASSWORD '{password}'", f"ALTER USER {name} SET jit = off")
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
    fill_prices(made, PRICES)
    wrong: list[tuple[str, str, Any]] = []
    with reader(made).connect() as connection:
        for panel in grafana.panels(grafana.DASHBOARDS[made.kind]):
            expected, columns = PANELS[panel.title]
            for name, (since, until) in RANGES.items():
                query = panel.expanded(since, until)
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


def test_a_range_that_ends_in_the_future(made: Database) -> None:
    now = int(time.time())
    columns = {"net_use": 0.5, "use_l1": 0.5, "tariff": 1, "meter_id": 1, "power_failures": 1}
    times = [*range(now - 70 * DAY, now - 2 * DAY, DAY), *range(now - 2 * DAY, now + 1, 900)]
    fill(made, [NOTHING | columns | {"time": each, "use_reading": each % 10**8 / 1000} for each in times])
    fill_prices(made, [dict.fromkeys(PRICE_COLUMNS) | {"time": now - 80 * DAY, "use_kWh_1": 0.25}])
    # What goes by the second.
    numbers = {panel["title"] for panel in grafana.drawn(grafana.DASHBOARDS[made.kind]) if panel["type"] == "stat"}
    numbers -= {"Newest reading", "Minutes missing"}
    with reader(made).connect() as connection:
        for panel in grafana.panels(grafana.DASHBOARDS[made.kind]):
            if panel.title in numbers:
                queries = (panel.expanded(now - DAY, until) for until in (now, now + 20 * DAY))
                ends_now, ends_later = (
                    connection.exec_driver_sql(each, execution_options={"no_parameters": True}).all()
                    for each in queries
                )
                assert ends_later == ends_now, panel.title
                assert ends_now, panel.title
                assert ends_now[0][1] is not None or panel.title == "Meter readings", panel.title


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
