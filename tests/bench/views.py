"""What the views and the dashboards' panels cost on ten years of minutes.

The views stand beside the original's, and beside reading the rows by key.

Run it from the project's folder: .venv/bin/python -m tests.bench.views [mariadb] [postgresql] [sqlite] [CHECKOUT]. On
each engine it makes a table of 5.2 million rows of a three-phase DSMR 5 meter (0.1 % of the minutes missing, 20 gaps of
hours) and one of the last year of it. All three take some ten minutes, and 4 GB of disk in the temporary folder. With
another CHECKOUT of p1harvester its views and these are made in turn over the one table, instead of the panels' figures.
"""

import os
import statistics
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from p1harvester.views import NAMES
from tests import grafana, servers
from tests.bench.decade import MINUTES, START, YEAR, Fetch, lines, mariadb, postgresql, sqlite

ROUNDS = 7
TURNS = 3


def milliseconds(fetch: Fetch, statement: str) -> float:
    """How long one run takes."""
    begin = time.perf_counter()
    fetch(statement)
    return (time.perf_counter() - begin) * 1000


def medians(*queries: tuple[Fetch, str]) -> list[float]:
    """The milliseconds of each, all in turn, behind a first round that warms up."""
    rounds = [[milliseconds(*query) for query in queries] for _ in range(ROUNDS + 1)]
    return [statistics.median(taken) for taken in zip(*rounds[1:], strict=True)]


DAY, MONTH = 86400, 30 * 86400


def questions(fetch: Fetch, last: int) -> dict[str, tuple[str, str, str]]:
    """Question -> the view, what to ask of it, and the rows that a bare look at the key reads."""

    def within(begin: int, end: int) -> str:
        return f"WHERE time >= {begin} AND time < {end}"

    def keys(begin: int, every: int) -> str:
        boundaries = range(begin + every, last, every)
        rows = (fetch(f"SELECT max(time) FROM p1_readouts WHERE time <= {at}")[0][0] for at in boundaries)
        return f"WHERE time IN ({', '.join(str(row) for row in rows)})"

    def step(where: str) -> tuple[str, str, str]:
        return "net_usage_kWh", where, where

    ago, month = last - 8 * YEAR, within(last - MONTH, last)
    return {
        "limit 5": step("LIMIT 5"),
        "last 24 h": step(within(last - DAY, last)),
        "last 30 days": step(month),
        "one day eight years ago": step(within(ago, ago + DAY)),
        "days of a month": ("usage_per_day", month, keys(last - MONTH, DAY)),
        "days of ten years": ("usage_per_day", "", keys(START, DAY)),
        "months of ten years": ("usage_per_month", "", keys(START, MONTH)),
    }


def report(engine: str, tables: dict[str, tuple[Fetch, float]]) -> None:
    """Print the figures of one engine. The original has no totals: beside ours stands its time for all its steps."""
    ten, size = tables["ten"]
    [(count, last)] = ten("SELECT count(*), max(time) FROM p1_readouts")
    count, last = int(count), int(last)
    print(f"\n{engine}: {count:,} rows, {size / count:.0f} bytes a row, indexes included")
    print(f"{'':24}{'original':>12}{'view':>11}{'key only':>11}{'original/view':>15}{'view/key':>10}{'10 y/1 y':>10}")
    whole = 0.0
    for name, (view, where, key) in questions(ten, last).items():
        before, rows = whole, "p1_readouts"
        if view == "net_usage_kWh":
            before, rows = milliseconds(ten, f"SELECT date_time, net_usage_kWh, time FROM original {where}"), "bare"
            # Where the engine stops at five rows it has not read them all.
            whole = whole or (before if before > 1000 else 0)
        asked = f"SELECT * FROM {view} {where}"
        ours, bare, one = medians((ten, asked), (ten, f"SELECT * FROM {rows} {key}"), (tables["one"][0], asked))
        growth = f"{ours / one:>10.2f}" if where and "eight" not in name else ""
        ratios = f"{before / ours:>14,.0f}x{ours / bare:>9.1f}x{growth}"
        print(f"{name:24}{before:>10,.1f}ms{ours:>9.2f}ms{bare:>9.2f}ms{ratios}", flush=True)


def report_dashboard(engine: str, fetch: Fetch) -> None:
    """Print what each panel's query costs over ever wider ranges of the ten-year table."""
    kind = grafana.DASHBOARDS[engine]
    last = int(fetch("SELECT max(time) FROM p1_readouts")[0][0])
    ranges = {"24 h": DAY, "7 days": 7 * DAY, "30 days": MONTH, "a year": YEAR, "ten years": last - START}
    print(f"\n{'':32}" + "".join(f"{name:>12}" for name in ranges))
    for panel in grafana.panels(kind):
        queries = [panel.expanded(last - span, last) for span in ranges.values()]
        taken = medians(*((fetch, query) for query in queries))
        print(f"{panel.title:32}" + "".join(f"{each:>10.1f}ms" for each in taken), flush=True)


VIEWS = {
    "mariadb": "SELECT table_name FROM information_schema.views WHERE table_schema = database()",
    "postgresql": "SELECT viewname FROM pg_views WHERE schemaname = 'public'",
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'view'",
}
"""How each engine is asked for its views."""


def replace_views(engine: str, fetch: Fetch, checkout: Path) -> None:
    """Put that checkout's views in the place of those that are there."""
    for (view,) in fetch(VIEWS[engine]):
        fetch(f"DROP VIEW IF EXISTS {view}{' CASCADE' if engine == 'postgresql' else ''}")
    folder = checkout / "sql" / {"mariadb": "mysql"}.get(engine, engine)
    files = [folder / f"{name}.sql" for name in NAMES]
    for text in (file.read_text() for file in files if file.exists()):
        for statement in filter(str.strip, text.split(";\n")):
            fetch(statement)


def ranges(last: int) -> dict[str, str]:
    """What is asked of another checkout's views and of these."""
    day, month, year = (f"WHERE time >= {last - span} AND time < {last}" for span in (DAY, MONTH, YEAR))
    ago = f"WHERE time >= {last - 8 * YEAR} AND time < {last - 8 * YEAR + DAY}"
    steps = {"5 rows": "LIMIT 5", "24 h": day, "30 days": month, "a day eight years ago": ago}
    asked = {
        f"{view}, {name}": f"{view} {where}"
        for view in ("net_usage_kWh", "gas_usage_m3")
        for name, where in steps.items()
    }
    asked |= {f"usage_per_hour, {name}": f"usage_per_hour {where}" for name, where in list(steps.items())[1:3]}
    asked |= {"usage_per_day, 30 days": f"usage_per_day {month}", "usage_per_day, a year": f"usage_per_day {year}"}
    return asked | {f"{view}, all": view for view in ("usage_per_day", "usage_per_month", "peak_per_month")}


def compare(engine: str, fetch: Fetch, checkout: Path) -> None:
    """Print what the views of another checkout take, and these, and their ratio, in turn over one table."""
    asked = ranges(int(fetch("SELECT max(time) FROM p1_readouts")[0][0]))
    taken: dict[Path, list[list[float]]] = {checkout: [], Path(): []}
    for _ in range(TURNS):
        for each, found in taken.items():
            replace_views(engine, fetch, each)
            found.append(medians(*((fetch, f"SELECT * FROM {query}") for query in asked.values())))
    print(f"\n{engine:38}{'before':>12}{'now':>13}{'now/before':>14}")
    before, now = (map(statistics.median, zip(*found, strict=True)) for found in taken.values())
    for name, old, new in zip(asked, before, now, strict=True):
        print(f"{name:38}{old:>10,.2f}ms{new:>11,.2f}ms{new / old:>14.2f}", flush=True)


def main() -> None:
    """Make the tables and print the figures, engine by engine."""
    os.environ["TZ"] = servers.ZONE
    time.tzset()
    engines = {"mariadb": mariadb, "postgresql": postgresql, "sqlite": sqlite}
    wanted = [word for word in sys.argv[1:] if word in engines]
    checkout = next((Path(word) for word in sys.argv[1:] if word not in engines), None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with (folder / "ten.csv").open("w") as file:
            file.writelines(lines())
        with (folder / "ten.csv").open() as whole, (folder / "one.csv").open("w") as file:
            file.writelines(islice(whole, MINUTES * 9 // 10, None))
        for engine in wanted or engines:
            with engines[engine](folder) as load:
                tables = {years: load(folder / f"{years}.csv") for years in ("ten", "one")}
                report(engine, tables)
                if checkout:
                    compare(engine, tables["ten"][0], checkout)
                else:
                    report_dashboard(engine, tables["ten"][0])


if __name__ == "__main__":
    main()
