"""What the views of costs cost on years of minutes, with a fixed contract and with a price a quarter of an hour.

Run it from the project's folder: .venv/bin/python -m tests.bench.costs YEARS [mariadb] [postgresql] [sqlite]. It makes
the table of tests.bench.views, of up to ten years, and fills `p1_prices` once with a contract a year, once with a price
for every quarter of an hour of the last year besides.
"""

import os
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from tests import servers
from tests.bench.decade import MINUTES, START, YEAR, Fetch, lines, mariadb, postgresql, processor, sqlite
from tests.bench.views import DAY, MONTH, milliseconds

QUARTER = 900
ROUNDS = 3


CONTRACT = "time, use_kWh_1, use_kWh_2, injection_kWh_1, gas_m3, standing_day"
DYNAMIC = "time, use_kWh_1, injection_kWh_1, gas_m3, standing_day"


def fill(fetch: Fetch, times: range, columns: str) -> None:
    """A price from each of these times on."""
    count = columns.count(",")
    rows = [
        ", ".join([str(moment), *(f"{moment * (3 + n) // QUARTER % 499 / 1000}" for n in range(count))])
        for moment in times
    ]
    for first in range(0, len(rows), 5000):
        fetch(f"INSERT INTO p1_prices ({columns}) VALUES ({'), ('.join(rows[first : first + 5000])})")


def questions(last: int) -> dict[str, str]:
    """Question -> query."""
    month, year = f"WHERE time >= {last - MONTH}", f"WHERE time >= {last - YEAR}"
    return {
        "hours of a day": f"cost_per_hour WHERE time >= {last - DAY}",
        "hours of a month": f"cost_per_hour {month}",
        "days of a month": f"cost_per_day {month}",
        "this month": f"cost_per_month {month}",
        "days of a year": f"cost_per_day {year}",
        "months of a year": f"cost_per_month {year}",
        "days of all years": "cost_per_day",
        "months of all years": "cost_per_month",
    }


def report(engine: str, fetch: Fetch, last: int) -> None:
    """Print the least time and the least processor time of each query, in milliseconds."""
    so_far = processor(engine, fetch)
    for name, query in questions(last).items():
        shown = ""
        for asked in (query, query.replace("cost", "usage")):
            taken, busy = [], []
            for _ in range(ROUNDS):
                before = so_far()
                taken.append(milliseconds(fetch, f"SELECT * FROM {asked}"))
                busy.append(so_far() - before)
            shown += f"{min(taken):>12.1f}{min(busy):>8.1f}"
        print(f"{name:28}{shown}", flush=True)


def main() -> None:
    """Make the tables and print the figures, engine by engine."""
    os.environ["TZ"] = servers.ZONE
    time.tzset()
    years, *names = sys.argv[1:]
    engines = {"mariadb": mariadb, "postgresql": postgresql, "sqlite": sqlite}
    with tempfile.TemporaryDirectory() as folder:
        csv = Path(folder, "rows.csv")
        Path(folder).chmod(0o755)
        with csv.open("w") as file:
            file.writelines(islice(lines(), MINUTES - int(years) * YEAR // 60, None))
        for engine in names or engines:
            with engines[engine](Path(folder)) as load:
                fetch, _ = load(csv)
                last = int(fetch("SELECT max(time) FROM p1_readouts")[0][0])
                for prices, every, columns in (
                    ("a contract a year", YEAR, CONTRACT),
                    ("a price a quarter of an hour in the last", QUARTER, DYNAMIC),
                ):
                    fill(fetch, range(START if every == YEAR else last - YEAR, last, every), columns)
                    print(f"\n{engine}, {years} years, {prices}\n{'':28}{'costs':>12}{'CPU':>8}{'usage':>12}{'CPU':>8}")
                    report(engine, fetch, last)


if __name__ == "__main__":
    main()
