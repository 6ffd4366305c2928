"""The queries of the dashboards' panels; those of the three kinds of data source differ only in what `Dialect` says.

No query costs more than the range that is asked for, and what reads every row of it reads a year at most. Column names
are what the panels show.
"""

from dialects import COUNTED, DAY, DAYS_UP_TO, HOUR, HOURS_UP_TO, ROWS_UP_TO, Dialect


def newest(d: Dialect, columns: str) -> str:
    """The range's newest row."""
    return f"SELECT time, {columns}\nFROM p1_readouts\nWHERE {d.within}\nORDER BY time DESC\nLIMIT 1"


def age(d: Dialect) -> str:
    """Seconds since the newest row, however old it is."""
    return f"""SELECT time, {d.end} - time AS "Newest reading"
FROM p1_readouts
WHERE time <= {d.until}
ORDER BY time DESC
LIMIT 1"""


def today(d: Dialect) -> str:
    """The day in which the range ends."""
    return f"""SELECT time, use_kWh AS "Drawn", injection_kWh AS "Injected", gas_m3 AS "Gas"
FROM usage_per_day
WHERE time >= {d.begin_of("day", d.end)} AND time <= {d.end}"""


def spent(d: Dialect, unit: str, this: str, last: str) -> str:
    """What the day, or month, in which the range ends has cost, and the one before it."""
    begin = d.begin_of(unit, d.end)
    before = d.begin_of(unit, f"{begin} - 1")
    return f"""SELECT {begin} AS time,
  MAX(CASE WHEN time = {begin} THEN total_cost END) AS "{this}",
  MAX(CASE WHEN time = {before} THEN total_cost END) AS "{last}"
FROM cost_per_{unit}
WHERE time >= {before} AND time <= {d.end}"""


def broken(points: str, columns: dict[str, str]) -> str:
    """Curves through these points, broken where much more time passes than usual: there nobody knows."""
    values = ", ".join(f'CASE WHEN b.behind = 0 THEN {column} END AS "{name}"' for column, name in columns.items())
    # The sum of one value, for MariaDB's MAX() OVER () takes the square of the rows' number.
    return f"""SELECT time + b.behind AS time, {values}
FROM (
  SELECT s.*, SUM(CASE WHEN 2 * nth > points AND 2 * nth <= points + 2 THEN step END) OVER () AS usual
  FROM (
    SELECT l.*, ROW_NUMBER() OVER (ORDER BY step) AS nth, COUNT(*) OVER () AS points
    FROM (
      SELECT p.*, COALESCE(LEAD(time) OVER (ORDER BY time), time) - time AS step
      FROM (
{points}
      ) AS p
    ) AS l
  ) AS s
) AS c
JOIN (SELECT 0 AS behind UNION ALL SELECT 1) AS b ON b.behind = 0 OR step > 2.5 * usual
ORDER BY time"""


def power(d: Dialect) -> str:
    """Each row's power; over a wide range the mean of each hour, day or month that is over and has a row."""

    def means(unit: str, more_than: int, up_to: int | None) -> str:
        span = f"{d.span} > {more_than}" + (f" AND {d.span} <= {up_to}" if up_to else "")
        over = f"time + {HOUR}" if unit == "hour" else d.end_of(unit)
        known, mean = "CASE WHEN end_row >= time THEN", f"END * {HOUR} / ({over} - time)"
        # Not a join, for MariaDB would look for the periods anew for each.
        return f"""SELECT time, {known} use_kWh {mean}, {known} -injection_kWh {mean}
FROM (
  SELECT time, MAX(date_time) AS date_time, MAX(use_kWh) AS use_kWh, MAX(injection_kWh) AS injection_kWh,
    MAX(end_row) AS end_row
  FROM (
    SELECT time, date_time, use_kWh, injection_kWh, NULL AS end_row
    FROM usage_per_{unit}
    WHERE {d.within} AND {span}
    UNION ALL
    SELECT time, NULL, NULL, NULL, end_row
    FROM p1_periods
    WHERE unit = '{unit}' AND {d.within} AND {span}
  ) AS u
  GROUP BY time
) AS m
WHERE {over} <= (SELECT MAX(time) FROM p1_readouts)"""

    rows = f"""SELECT time, net_use AS drawn, -net_injection AS injected
FROM p1_readouts
WHERE {d.within} AND {d.span} <= {ROWS_UP_TO}"""
    hours, days = means("hour", ROWS_UP_TO, HOURS_UP_TO), means("day", HOURS_UP_TO, DAYS_UP_TO)
    points = "\nUNION ALL\n".join([rows, hours, days, means("month", DAYS_UP_TO, None)])
    return broken(points, {"drawn": "Drawn", "injected": "Injected"})


def voltage(d: Dialect) -> str:
    """Each row's voltages; over a wide range the lowest and highest of each hour, or of each six."""
    lines = (1, 2, 3)
    extremes = ", ".join(f"MIN(voltage_l{n}) AS low_{n}, MAX(voltage_l{n}) AS high_{n}" for n in lines)
    either = ", ".join(f"CASE WHEN e.later = 0 THEN low_{n} ELSE high_{n} END" for n in lines)
    points = f"""SELECT time, voltage_l1 AS l1, voltage_l2 AS l2, voltage_l3 AS l3
FROM p1_readouts
WHERE {d.within} AND {d.span} <= {ROWS_UP_TO}
UNION ALL
SELECT h.time + e.later * h.half, {either}
FROM (
  SELECT time - time % (2 * half) AS time, half, {extremes}
  FROM p1_readouts
  JOIN (SELECT CASE WHEN {d.span} <= {HOURS_UP_TO} THEN {HOUR // 2} ELSE {3 * HOUR} END AS half) AS w ON TRUE
  WHERE {d.within} AND {d.span} > {ROWS_UP_TO} AND time > {d.end} - {COUNTED}
  GROUP BY time - time % (2 * half), half
) AS h
JOIN (SELECT 0 AS later UNION ALL SELECT 1) AS e ON TRUE"""
    return broken(points, {f"l{n}": f"L{n}" for n in lines})


def current(d: Dialect) -> str:
    """Each row's currents, of the range's last two days."""
    points = f"""SELECT time, current_l1 AS l1, current_l2 AS l2, current_l3 AS l3
FROM p1_readouts
WHERE {d.within} AND time >= {d.end} - {ROWS_UP_TO}"""
    return broken(points, {f"l{n}": f"L{n}" for n in (1, 2, 3)})


def missing(d: Dialect) -> str:
    """Minutes without a row, of those that are over, on each of the last 31 days."""
    begin = f"{d.end} - {31 * DAY}"
    return f"""SELECT p.time, ({d.least}(p.until, b.done) - p.since) / 60 - COALESCE(r.minutes, 0) AS "Missing"
FROM (SELECT {d.end} - {d.end} % 60 AS done) AS b
JOIN (
  SELECT time, until, CASE WHEN first > time THEN first - first % 60 ELSE time END AS since
  FROM p1_periods JOIN (SELECT MIN(time) AS first FROM p1_readouts) AS f ON TRUE
  WHERE unit = 'day' AND time > {begin} AND time <= {d.until}
) AS p ON p.since < b.done
LEFT JOIN (
  SELECT {d.begin_of("day", "time")} AS day, COUNT(DISTINCT time - time % 60) AS minutes
  FROM p1_readouts
  WHERE time > {begin} AND time < {d.end} - {d.end} % 60
  GROUP BY 1
) AS r ON r.day = p.time
ORDER BY time"""


def missing_in_all(d: Dialect) -> str:
    """Minutes of the range without a row: of those that are over, and not before the first row of all."""
    done = f"{d.end} - {d.end} % 60"
    begin = f"{d.greatest}({d.since}, {d.end} - {COUNTED})"
    return f"""SELECT since AS time, (done - since) / 60 - minutes AS "Missing"
FROM (
  SELECT {d.greatest}({begin} - {begin} % 60, first - first % 60) AS since, {done} AS done
  FROM (SELECT MIN(time) AS first FROM p1_readouts) AS f
) AS b
JOIN (
  SELECT COUNT(DISTINCT time - time % 60) AS minutes
  FROM p1_readouts
  WHERE time >= {begin} - {begin} % 60 AND time < {done}
) AS r ON since < done"""


COUNTERS = {
    "Failures": "power_failures",
    "Long failures": "long_power_failures",
    "Sags": "voltage_sags_l{}",
    "Swells": "voltage_swells_l{}",
}


def count(counter: str, row: str = "p1_readouts") -> str:
    """What a row says of that counter, all phases together; meters of one phase send one."""
    if "{}" not in counter:
        return f"{row}.{counter}"
    first, *others = (f"{row}.{counter.format(n)}" for n in (1, 2, 3))
    return " + ".join([first, *(f"COALESCE({each}, 0)" for each in others)])


def disturbances(d: Dialect) -> str:
    """What the meter has counted between the range's first row and its last."""
    counted = ", ".join(f'{count(each, "b")} - ({count(each, "a")}) AS "{name}"' for name, each in COUNTERS.items())
    return f"""SELECT b.time, {counted}
FROM p1_readouts AS a
JOIN p1_readouts AS b ON COALESCE(a.meter_id, 0) = COALESCE(b.meter_id, 0)
WHERE a.time = (SELECT MIN(time) FROM p1_readouts WHERE {d.within})
  AND b.time = (SELECT MAX(time) FROM p1_readouts WHERE {d.within})"""


def counters(d: Dialect) -> str:
    """What the meter has counted since it was made."""
    return newest(d, ", ".join(f'{count(each)} AS "{name}"' for name, each in COUNTERS.items()))


REGISTERS = {
    "Drawn, 1.8.1": "use_reading_1",
    "Drawn, 1.8.2": "use_reading_2",
    "Injected, 2.8.1": "injection_reading_1",
    "Injected, 2.8.2": "injection_reading_2",
    "Drawn, all": "use_reading",
    "Injected, all": "injection_reading",
    "Gas": "gas_meter_reading",
    "Water": "water_meter_reading",
    "Heat": "heat_meter_reading",
}


def registers(d: Dialect) -> str:
    """The registers of the range's newest row, as a supplier's form asks for them."""
    return newest(d, ", ".join(f'{column} AS "{name}"' for name, column in REGISTERS.items()))
