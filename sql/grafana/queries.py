"""The queries of the dashboards' panels; those of the three kinds of data source differ only in what `Dialect` says.

No query costs more than the range that is asked for: where that is wide it reads the hours' and days' views, or the
range's last days alone. Column names are what the panels show.
"""

from dataclasses import dataclass

HOUR, DAY = 3600, 86400
ROWS_UP_TO = 2 * DAY
"""The widest range, in seconds, whose every row is drawn."""
HOURS_UP_TO = 62 * DAY
"""The widest range that is drawn hour by hour."""


@dataclass(frozen=True)
class Dialect:
    """How one kind of data source writes what the queries need. All times are UNIX seconds."""

    name: str
    plugin: str
    """Grafana's name of the data source."""
    within: str
    """Whether `time` lies in the range."""
    since: str
    until: str
    """The range's two ends."""
    now: str
    least: str
    greatest: str
    midnight: str
    """When the local day of `time` began."""
    next_midnight: str
    """When the local day ends that begins at `date_time`."""

    @property
    def span(self) -> str:
        """The range's length."""
        return f"{self.until} - {self.since}"

    def begins_within(self, days: int) -> str:
        """Whether what begins at `time` does so in the range, or in so many days before its end if those are more."""
        return f"time > {self.least}({self.since}, {self.until} - {days * DAY}) AND time <= {self.until}"


MACROS = {"within": "$__unixEpochFilter(time)", "since": "$__unixEpochFrom()", "until": "$__unixEpochTo()"}
DIALECTS = (
    Dialect(
        name="mysql",
        plugin="mysql",
        **MACROS,
        now="UNIX_TIMESTAMP()",
        least="LEAST",
        greatest="GREATEST",
        midnight="UNIX_TIMESTAMP(DATE(FROM_UNIXTIME(time)))",
        next_midnight="UNIX_TIMESTAMP(date_time + INTERVAL 1 DAY)",
    ),
    Dialect(
        name="postgresql",
        plugin="grafana-postgresql-datasource",
        **MACROS,
        now="extract(epoch FROM now())::bigint",
        least="LEAST",
        greatest="GREATEST",
        midnight="extract(epoch FROM date_trunc('day', to_timestamp(time)))::bigint",
        next_midnight="extract(epoch FROM (date_time + interval '1 day')::timestamptz)::bigint",
    ),
    Dialect(
        name="sqlite",
        plugin="frser-sqlite-datasource",
        within="time >= $__from / 1000 AND time <= $__to / 1000",
        since="$__from / 1000",
        until="$__to / 1000",
        now="unixepoch()",
        least="min",
        greatest="max",
        midnight="unixepoch(time, 'unixepoch', 'localtime', 'start of day', 'utc')",
        next_midnight="unixepoch(date_time, '+1 day', 'utc')",
    ),
)


def newest(d: Dialect, columns: str) -> str:
    """The range's newest row."""
    return f"SELECT time, {columns}\nFROM p1_readouts\nWHERE {d.within}\nORDER BY time DESC\nLIMIT 1"


def age(d: Dialect) -> str:
    """Seconds since the newest row, however old it is."""
    return f"""SELECT time, {d.least}({d.until}, {d.now}) - time AS "Newest reading"
FROM p1_readouts
WHERE time <= {d.until}
ORDER BY time DESC
LIMIT 1"""


def today(d: Dialect) -> str:
    """The day in which the range ends."""
    total = " + ".join(f"COALESCE({part}, 0)" for part in COSTS.values())
    return f"""SELECT time, use_kWh AS "Used", injection_kWh AS "Injected", gas_m3 AS "Gas", {total} AS "Cost"
FROM usage_per_day
WHERE time > {d.until} - 90000 AND time <= {d.until}
ORDER BY time DESC
LIMIT 1"""


def power(d: Dialect) -> str:
    """Each row's power; over a wide range the mean of each hour, or day, that is over."""
    return f"""SELECT time, net_use AS "Drawn", -net_injection AS "Injected"
FROM p1_readouts
WHERE {d.within} AND {d.span} <= {ROWS_UP_TO}
UNION ALL
SELECT time, use_kWh, -injection_kWh
FROM usage_per_hour
WHERE {d.within} AND {d.span} > {ROWS_UP_TO} AND {d.span} <= {HOURS_UP_TO}
  AND time + {HOUR} <= (SELECT MAX(time) FROM p1_readouts)
UNION ALL
SELECT time, use_kWh * {HOUR} / ({d.next_midnight} - time), -injection_kWh * {HOUR} / ({d.next_midnight} - time)
FROM usage_per_day
WHERE {d.within} AND {d.span} > {HOURS_UP_TO}
  AND {d.next_midnight} <= (SELECT MAX(time) FROM p1_readouts)
ORDER BY time"""


def voltage(d: Dialect) -> str:
    """Each row's voltages; over a wide range those of the row with which each hour, or day, begins."""
    return f"""SELECT time, voltage_l1 AS "L1", voltage_l2 AS "L2", voltage_l3 AS "L3"
FROM p1_readouts
WHERE {d.within} AND {d.span} <= {ROWS_UP_TO}
UNION ALL
SELECT r.time, r.voltage_l1, r.voltage_l2, r.voltage_l3
FROM (
  SELECT start_row FROM p1_periods
  WHERE {d.within} AND {d.span} > {ROWS_UP_TO} AND start_share = 0
    AND unit = CASE WHEN {d.span} <= {HOURS_UP_TO} THEN 'hour' ELSE 'day' END
) AS p
JOIN p1_readouts AS r ON r.time = p.start_row
ORDER BY time"""


def per_hour(d: Dialect, columns: str, needs: str) -> str:
    """The range's hours: a day of them at least, its last two weeks at most."""
    begin = f"{d.greatest}({d.least}({d.since}, {d.until} - {DAY}), {d.until} - {14 * DAY})"
    return f"""SELECT time, {columns}
FROM usage_per_hour
WHERE time > {begin} AND time <= {d.until} AND {needs} IS NOT NULL
ORDER BY time"""


def per_day(d: Dialect, columns: str, needs: str) -> str:
    """The range's days, the last 31 at least."""
    return f"""SELECT time, {columns}
FROM usage_per_day
WHERE {d.begins_within(31)} AND {needs} IS NOT NULL
ORDER BY time"""


def per_month(d: Dialect, columns: str, needs: str, view: str = "usage_per_month") -> str:
    """The range's months, the last twelve at least."""
    return f"""SELECT time, {columns}
FROM {view}
WHERE {d.begins_within(365)} AND {needs} IS NOT NULL
ORDER BY time"""


def price(name: str) -> str:
    """What was typed as one of the prices, with a point or a comma."""
    return f"CAST(REPLACE(${{{name}:sqlstring}}, ',', '.') AS DECIMAL(12, 6))"


ENERGY = 'use_kWh AS "Used", -injection_kWh AS "Injected"'
GAS = 'gas_m3 AS "Gas"'
# Meters without tariffs, and rows of the time before registers were kept, know the total alone.
COSTS = {
    "Electricity": f"COALESCE(use_kWh_1 * {price('price_1')} + COALESCE(use_kWh_2, 0) * {price('price_2')},"
    f" use_kWh * {price('price_1')})",
    "Injection": f"-COALESCE(injection_kWh_1 * {price('paid_1')} + COALESCE(injection_kWh_2, 0) * {price('paid_2')},"
    f" injection_kWh * {price('paid_1')})",
    "Gas": f"gas_m3 * {price('price_gas')}",
}
COST = ",\n  ".join(f'{part} AS "{name}"' for name, part in COSTS.items())


def missing(d: Dialect) -> str:
    """Minutes without a row, of those that are over, on each of the range's last 31 days."""
    begin = f"{d.until} - {31 * DAY}"
    end = f"{d.least}({d.until}, {d.now})"
    return f"""SELECT p.time, ({d.least}(p.until, b.done) - p.since) / 60 - COALESCE(r.minutes, 0) AS "Missing"
FROM (SELECT {end} - {end} % 60 AS done) AS b
JOIN (
  SELECT time, until, CASE WHEN first > time THEN first - first % 60 ELSE time END AS since
  FROM p1_periods JOIN (SELECT MIN(time) AS first FROM p1_readouts) AS f ON TRUE
  WHERE unit = 'day' AND time > {begin} AND time <= {d.until}
) AS p ON p.since < b.done
LEFT JOIN (
  SELECT {d.midnight} AS day, COUNT(DISTINCT time - time % 60) AS minutes
  FROM p1_readouts
  WHERE time > {begin} AND time < {end} - {end} % 60
  GROUP BY 1
) AS r ON r.day = p.time
ORDER BY time"""
