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
from tests.bench.views import DAY, MINUTES, MONTH, START, YEAR, Fetch, lines, mariadb, medians, postgresql, sqlite

QUARTER = 900


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
        "this month and the last": f"cost_per_month {month}",
        "days of a year": f"cost_per_day {year}",
        "months of a year": f"cost_per_month {year}",
        "days of all years": "cost_per_day",
        "months of all years": "cost_per_month",
    }


def main() -> None:
    """Make the tables and print the figures, engine by engine."""
    os.environ["TZ"] = servers.ZONE
    time.tzset()
    years, *names = sys.argv[1:]
    engines = {"mariadb": mariadb, "postgresql": postgresql, "sqlite": sqlite}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with (folder / "rows.csv").open("w") as file:
            file.writelines(islice(lines(), MINUTES - int(years) * YEAR // 60, None))
        for engine in names or engines:
            with engines[engine](folder) as load:
                fetch, _ = load(folder / "rows.csv")
                last = int(fetch("SELECT max(time) FROM p1_readouts")[0][0])
                fill(fetch, range(START, last, YEAR), CONTRACT)
                asked = {name: f"SELECT * FROM {query}" for name, query in questions(last).items()}
                asked |= {f"{name}, use": query.replace("cost", "usage") for name, query in asked.items()}
                contract = medians(*((fetch, query) for query in asked.values()))
                fill(fetch, range(last - YEAR, last, QUARTER), DYNAMIC)
                quarters = medians(*((fetch, query) for query in asked.values()))
                print(f"\n{engine}, {years} years{'':14}{'contract':>12}{'quarters':>12}")
                for name, *taken in zip(asked, contract, quarters, strict=True):
                    print(f"{name:32}" + "".join(f"{each:>10.1f}ms" for each in taken), flush=True)


if __name__ == "__main__":
    main()
