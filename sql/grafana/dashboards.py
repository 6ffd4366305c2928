"""Makes Grafana's dashboards, one for each kind of data source: .venv/bin/python sql/grafana/dashboards.py

The panels are described once; their queries differ only in what `Dialect` says. No query costs more than the range that
is asked for: where that is wide it reads the hours' and days' views, or the range's last days alone.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from grafana_foundation_sdk.builders import barchart, common, dashboard, stat, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.runtime import UnknownDataquery
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    DynamicConfigValue,
    FieldColorModeId,
    Panel,
    Threshold,
    VariableOption,
)

HOUR, DAY = 3600, 86400
ROWS_UP_TO = 2 * DAY
"""The widest range, in seconds, whose every row is drawn."""
HOURS_UP_TO = 62 * DAY
"""The widest range that is drawn hour by hour."""

PRICES = {
    "price_1": ("Tariff 1, per kWh", "0.25"),
    "price_2": ("Tariff 2, per kWh", "0.25"),
    "paid_1": ("Paid for injection, tariff 1", "0.05"),
    "paid_2": ("Paid for injection, tariff 2", "0.05"),
    "price_gas": ("Gas, per m³", "1.30"),
}
"""The dashboard's variables: name -> label and value to begin with."""

# Grafana's own units would show 0.35 kWh as 350.00 Wh.
KW, KWH = "suffix:kW", "suffix:kWh"

COLORS = {
    "Drawn": "orange",
    "Used": "orange",
    "Electricity": "orange",
    "Injected": "green",
    "Injection": "green",
    "Gas": "blue",
    "Water": "light-blue",
    "Heat": "red",
    "Missing": "red",
}

PanelT = TypeVar("PanelT", stat.Panel, barchart.Panel, timeseries.Panel)


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

    @property
    def source(self) -> DataSourceRef:
        """The data source that the user has chosen."""
        return DataSourceRef(type_val=self.plugin, uid="${datasource}")

    def target(self, sql: str) -> dict[str, object]:
        """A query as this kind of data source keeps it in a panel."""
        own: dict[str, object] = {"format": "table", "rawQuery": True, "editorMode": "code", "rawSql": sql}
        if self.name == "sqlite":
            own = {"queryType": "table", "queryText": sql, "rawQueryText": sql, "timeColumns": ["time"]}
        return {"refId": "A", "datasource": self.source.to_json()} | own


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


# The queries. Column names are what the panels show.


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
  WHERE {d.within} AND {d.span} > {ROWS_UP_TO} AND start_next = start_row
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


# The panels.


class Query(Builder[Dataquery]):
    """The one query of a panel."""

    def __init__(self, d: Dialect, sql: str) -> None:
        self._target = d.target(sql)

    def build(self) -> Dataquery:
        """What the panel keeps of it."""
        return UnknownDataquery(self._target)


def dressed(panel: PanelT, d: Dialect, title: str, sql: str, about: str, empty: str) -> PanelT:
    """What all panels have: a title, a query, a word on what they show, another for when there is nothing to show."""
    return panel.title(title).description(about).no_value(empty).datasource(d.source).with_target(Query(d, sql))


def with_units(panel: PanelT, each: Mapping[str, str]) -> PanelT:
    """A unit of its own for each of these series."""
    for name, unit in each.items():
        panel.override_by_name(name, [DynamicConfigValue("unit", unit)])
    return panel


def fixed(color: str) -> DynamicConfigValue:
    """One color, whatever the value."""
    return DynamicConfigValue("color", {"mode": FieldColorModeId.FIXED, "fixedColor": color})


def with_colors(panel: PanelT, sql: str) -> PanelT:
    """Every column of the query in its color."""
    for name, color in COLORS.items():
        if f'"{name}"' in sql:
            panel.override_by_name(name, [fixed(color)])
    return panel


def thresholds(base: str, *steps: tuple[float, str]) -> dashboard.ThresholdsConfig:
    """The color below the first value, and that from each value on."""
    return dashboard.ThresholdsConfig().steps([Threshold(None, base), *(Threshold(*step) for step in steps)])


TOOLTIP = common.VizTooltipOptions().mode(shapes.TooltipDisplayMode.MULTI).sort(shapes.SortOrder.NONE)


def legend(*figures: str) -> common.VizLegendOptions:
    """Below the panel, with these figures of each series."""
    options = common.VizLegendOptions().show_legend(True).display_mode(shapes.LegendDisplayMode.LIST)
    return options.placement(shapes.LegendPlacement.BOTTOM).calcs(list(figures))


def numbers(d: Dialect, title: str, sql: str, width: int, about: str, empty: str = "none") -> stat.Panel:
    """One row's values in large figures."""
    panel = dressed(stat.Panel(), d, title, sql, about, empty).span(width).height(5)
    reduced = common.ReduceDataOptions().calcs(["lastNotNull"])
    return panel.graph_mode(shapes.BigValueGraphMode.NONE).reduce_options(reduced).thresholds(thresholds("text"))


def bars(d: Dialect, title: str, sql: str, unit: str, label: str, width: int, about: str, empty: str) -> barchart.Panel:
    """A bar for each period, labelled by when it began in moment.js' format `label`."""
    # Before Grafana 12.1 a bar chart does not show the word for when it is empty.
    panel = (
        dressed(barchart.Panel(), d, title, sql, f"{about} When empty: {empty}.", empty)
        .unit(unit)
        .decimals(2)
        .span(width)
        .height(8)
    )
    panel.x_field("time").override_by_field_type("time", [DynamicConfigValue("unit", f"time:{label}")])
    panel.x_tick_label_spacing(100).x_tick_label_max_length(20).show_value(shapes.VisibilityMode.NEVER)
    panel.stacking(shapes.StackingMode.NORMAL).fill_opacity(80)
    return with_colors(panel.legend(legend("sum")).tooltip(TOOLTIP), sql)


def curves(d: Dialect, title: str, sql: str, unit: str, decimals: int, about: str) -> timeseries.Panel:
    """Values over time."""
    panel = dressed(timeseries.Panel(), d, title, sql, about, "no readings in this range").unit(unit)
    panel.decimals(decimals).span(24).height(9).fill_opacity(10).show_points(shapes.VisibilityMode.NEVER)
    return with_colors(panel.legend(legend("min", "mean", "max")).tooltip(TOOLTIP), sql)


def now(d: Dialect) -> list[stat.Panel]:
    """The newest reading, and the day that it belongs to."""
    phases = ", ".join(f'use_l{n} - COALESCE(injection_l{n}, 0) AS "L{n}"' for n in (1, 2, 3))
    power = newest(d, 'net_use AS "Drawn", net_injection AS "Injected"')
    return [
        numbers(d, "Power now", power, 5, "What the newest reading of the range says.", "no reading")
        .unit(KW)
        .decimals(3)
        .thresholds(thresholds("green", (2.5, "orange"), (5, "red")))
        .override_by_name("Injected", [fixed("green")]),
        numbers(d, "Each phase", newest(d, phases), 6, "Drawn from the grid; below zero what is injected.")
        .unit(KW)
        .decimals(3),
        numbers(d, "Tariff", newest(d, 'tariff AS "Tariff"'), 2, "As the meter numbers them."),
        numbers(d, "Newest reading", age(d), 3, "Its age at the end of the range.", "no reading")
        .unit(units.Seconds)
        .decimals(0)
        .thresholds(thresholds("green", (150, "orange"), (600, "red"))),
        with_units(
            numbers(d, "Today so far", today(d), 8, "The day in which the range ends.").decimals(2),
            {"Used": KWH, "Injected": KWH, "Gas": units.CubicMeter, "Cost": units.Euro},
        ),
    ]


POWER = "Drawn above zero, injected below: each reading, over wide ranges the mean of each hour or day."
VOLTAGE = "Each reading, over wide ranges the first of each hour or day. Dashed: 230 V less and plus 10 %."
MISSING = "Minutes in which no reading was stored, in the range's last 31 days."
HOURS = "The range's hours: a day of them at least, its last two weeks at most."
DAYS = "The range's days, the last 31 at least."
MONTHS = "The range's months, the last twelve at least."
BY_HOUR, BY_DAY, BY_MONTH = "D MMM HH:mm", "ddd D MMM YYYY", "MMM YYYY"


def rows(d: Dialect) -> dict[str, list[Builder[Panel]]]:
    """The panels below, each row by its title."""
    no_gas = "no gas meter"
    energy, gas, cost = (ENERGY, "use_kWh"), (GAS, "gas_m3"), (COST, "use_kWh")
    peaks = per_month(d, 'peak_kW AS "Highest", billed_kW AS "Billed"', "peak_kW", "peak_per_month")
    m3 = units.CubicMeter
    return {
        "Electricity": [
            bars(d, "Electricity per hour", per_hour(d, *energy), KWH, BY_HOUR, 12, HOURS, "no readings"),
            bars(d, "Electricity per day", per_day(d, *energy), KWH, BY_DAY, 12, DAYS, "no readings"),
            bars(d, "Electricity per month", per_month(d, *energy), KWH, BY_MONTH, 12, MONTHS, "no readings"),
            bars(
                d,
                "Highest quarter-hour per month",
                peaks,
                KW,
                BY_MONTH,
                12,
                f"What Belgium's capacity tariff bills: the mean of twelve months, each 2.5 kW at least. {MONTHS}",
                "the meter sends no quarter-hours: only Belgian ones do",
            ).stacking(shapes.StackingMode.NONE),
        ],
        "Gas": [
            bars(d, "Gas per hour", per_hour(d, *gas), m3, BY_HOUR, 8, HOURS, no_gas),
            bars(d, "Gas per day", per_day(d, *gas), m3, BY_DAY, 8, DAYS, no_gas),
            bars(d, "Gas per month", per_month(d, *gas), m3, BY_MONTH, 8, MONTHS, no_gas),
        ],
        "Cost": [
            bars(d, f"Cost per {unit}", sql, units.Euro, label, 12, f"By the prices at the top. {about}", "no readings")
            for unit, sql, label, about in (
                ("day", per_day(d, *cost), BY_DAY, DAYS),
                ("month", per_month(d, *cost), BY_MONTH, MONTHS),
            )
        ],
        "Water and heat": [
            bars(d, f"{name} per day", per_day(d, f'{column} AS "{name}"', column), unit, BY_DAY, 12, DAYS, empty)
            for name, column, unit, empty in (
                ("Water", "water_m3", m3, "no water meter"),
                ("Heat", "heat_GJ", "suffix:GJ", "no heat meter"),
            )
        ],
        "Voltage and readings": [
            curves(d, "Voltage", voltage(d), units.Volt, 1, VOLTAGE)
            .axis_soft_min(200)
            .axis_soft_max(260)
            .thresholds(thresholds("red", (207, "transparent"), (253, "red")))
            .thresholds_style(common.GraphThresholdsStyleConfig().mode(shapes.GraphThresholdsStyleMode.DASHED)),
            bars(d, "Minutes missing per day", missing(d), "suffix:min", BY_DAY, 20, MISSING, "no readings").decimals(
                0
            ),
            numbers(d, "Minutes missing", missing(d), 4, MISSING, "no readings")
            .unit("suffix:min")
            .reduce_options(common.ReduceDataOptions().calcs(["sum"]))
            .height(8)
            .thresholds(thresholds("green", (1, "orange"), (60, "red"))),
        ],
    }


def made(d: Dialect) -> str:
    """The dashboard's JSON."""
    board = (
        dashboard.Dashboard("Smart meter")
        .uid(f"p1harvester-{d.name}")
        .tags(["p1harvester"])
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time("now-24h", "now")
        .refresh("1m")
        .with_variable(
            dashboard.DatasourceVariable("datasource")
            .label("Data source")
            .type(d.plugin)
            .current(VariableOption(text="Smart meter", value="p1harvester"))
        )
    )
    for name, (label, price) in PRICES.items():
        board.with_variable(
            dashboard.TextBoxVariable(name)
            .label(label)
            .default_value(price)
            .current(VariableOption(text=price, value=price))
        )
    for panel in now(d):
        board.with_panel(panel)
    board.with_panel(curves(d, "Power", power(d), KW, 3, POWER))
    for title, panels in rows(d).items():
        board.with_row(dashboard.Row(title))
        for below in panels:
            board.with_panel(below)
    whole = board.build()
    for number, each in enumerate(whole.panels or (), 1):
        each.id_val = number
    return json.dumps(whole, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for dialect in DIALECTS:
        Path(__file__).with_name(f"{dialect.name}.json").write_text(made(dialect), encoding="utf-8")
