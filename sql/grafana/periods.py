"""The queries of the bars: what the views say of hours, days and months."""

from dataclasses import dataclass

from dialects import DAY, DAYS_UP_TO, Dialect


@dataclass(frozen=True)
class Columns:
    """What a panel shows of a view."""

    of: str
    """The view's columns; where the first of them is NULL nothing is shown."""
    shown: tuple[str, ...]

    @property
    def first(self) -> str:
        """The column that must be known."""
        return self.of.partition(",")[0]

    def once(self, view: str, which: str) -> str:
        """Those periods of a view, to select from.

        MariaDB would work out a column anew wherever it is named, but for a limit: here more than there are.
        """
        return f"(SELECT time, {self.of} FROM {view} WHERE {which} LIMIT 100000) AS u"

    def known(self, view: str, which: str) -> str:
        """What is shown of those periods of a view."""
        return f"""SELECT time, {", ".join(self.shown)}
FROM {self.once(view, which)}
WHERE {self.first} IS NOT NULL
ORDER BY time"""


ENERGY = Columns("use_kWh, injection_kWh", ('use_kWh AS "Drawn"', '-injection_kWh AS "Injected"'))
GAS = Columns("gas_m3", ('gas_m3 AS "Gas"',))
PEAK = Columns("peak_kW, billed_kW", ('peak_kW AS "Highest"', 'billed_kW AS "Billed"'))
COST = Columns(
    "total_cost, use_cost, injection_cost, gas_cost, water_cost, heat_cost, standing_cost",
    (
        'use_cost AS "Electricity"',
        'injection_cost AS "Injection"',
        'gas_cost AS "Gas"',
        'CASE WHEN water_cost IS NULL THEN heat_cost ELSE water_cost + COALESCE(heat_cost, 0) END AS "Water and heat"',
        'standing_cost AS "Standing charges"',
    ),
)


def per_hour(d: Dialect, columns: Columns) -> str:
    """The range's hours: a day of them at least, its last two weeks at most."""
    begin = f"{d.greatest}({d.least}({d.since}, {d.end} - {DAY}), {d.end} - {14 * DAY})"
    return columns.known("usage_per_hour", f"time > {begin} AND time <= {d.until}")


def per_day(d: Dialect, columns: Columns, view: str = "usage_per_day") -> str:
    """The range's days: the last 31 at least, its last two years at most."""
    return columns.known(view, f"{d.begins_within(31)} AND time > {d.end} - {DAYS_UP_TO}")


def per_month(d: Dialect, columns: Columns, view: str) -> str:
    """The range's months, the last twelve at least."""
    return columns.known(view, d.begins_within(365))


def against_a_year_before(d: Dialect, columns: Columns, before: str) -> str:
    """The same, and beside the first column what that was in the same month a year before."""
    first, *others = columns.shown
    return f"""SELECT time, {", ".join((first, f'year_before AS "{before}"', *others))}
FROM (
  SELECT u.*, LAG({columns.first}, 12) OVER (ORDER BY time) AS year_before
  FROM {columns.once("usage_per_month", d.begins_within(365, 366))}
) AS m
WHERE {d.begins_within(365)} AND {columns.first} IS NOT NULL
ORDER BY time"""
