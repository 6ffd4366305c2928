"""Makes Grafana's dashboards, one for each kind of data source: .venv/bin/python sql/grafana/dashboards.py"""

import json
from dataclasses import dataclass
from pathlib import Path

import periods
import queries
from dialects import DIALECTS, Dialect
from grafana_foundation_sdk.builders import common, dashboard, stat
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, DynamicConfigValue, Panel, VariableOption
from panels import DRAWN, INJECTED, bars, curves, numbers, thresholds, with_units
from periods import COST, ENERGY, GAS, PEAK, Columns
from queries import newest

# Grafana's own units would show 0.35 kWh as 350.00 Wh, and 4870 euros as 4.87K.
KW, KWH, GJ, MONEY = "suffix:kW", "suffix:kWh", "suffix:GJ", "suffix:€"
M3 = units.CubicMeter

HOURS = (
    "The range's hours: a day of them at least, its last two weeks at most. What the registers rose while there were "
    "no readings is spread over the hours."
)
DAYS = "The range's days: the last 31 at least, its last two years at most."
MONTHS = "The range's months, the last twelve at least."
BY_HOUR, BY_DAY, BY_MONTH = "ddd HH:mm", "ddd D MMM", "MMM YY"
END = "the range ends, or today if that is earlier"
PRICED = "By the prices in p1_prices; unknown without."


def now(d: Dialect) -> list[stat.Panel]:
    """The newest reading, and the day that it belongs to."""
    phases = ", ".join(f'use_l{n} - COALESCE(injection_l{n}, 0) AS "L{n}"' for n in (1, 2, 3))
    watts = newest(d, 'net_use AS "Drawn", net_injection AS "Injected"')
    by_direction = {"Drawn": thresholds("text", (0.001, DRAWN)), "Injected": thresholds("text", (0.001, INJECTED))}
    power = numbers(d, "Power now", watts, 4, "What the newest reading of the range says.").unit(KW).decimals(3)
    for name, colors in by_direction.items():
        power.override_by_name(name, [DynamicConfigValue("thresholds", colors.build().to_json())])
    return [
        power,
        *(
            numbers(d, title, sql, 4, f"The {unit} in which {END}, and the one before. {PRICED}")
            .unit(MONEY)
            .decimals(2)
            for title, unit, sql in (
                ("Cost, today and yesterday", "day", queries.spent(d, "day", "Today", "Yesterday")),
                ("Cost, this month and last", "month", queries.spent(d, "month", "This month", "Last month")),
            )
        ),
        with_units(
            numbers(d, "Today so far", queries.today(d), 5, f"The day in which {END}.").decimals(2),
            {"Drawn": KWH, "Injected": KWH, "Gas": M3},
        ),
        numbers(d, "Each phase", newest(d, phases), 4, "Drawn from the grid; below zero what is injected.")
        .unit(KW)
        .decimals(3),
        numbers(d, "Newest reading", queries.age(d), 3, "Its age at the end of the range.")
        .unit(units.Seconds)
        .decimals(0)
        .thresholds(thresholds("green", (150, "orange"), (600, "red"))),
    ]


def power(d: Dialect) -> Builder[Panel]:
    """What is drawn and injected over time."""
    about = (
        "Drawn above zero, injected below: each reading; over more than two days the mean of each hour, over more than "
        "two months of each day, over more than two years of each month. Broken where there are no readings."
    )
    panel = curves(d, "Power", queries.power(d), KW, about, "mean")
    return panel.fill_opacity(10).line_interpolation(shapes.LineInterpolation.STEP_AFTER)


def voltage(d: Dialect) -> Builder[Panel]:
    """Each phase's voltage over time."""
    about = (
        "Each reading. Over more than two days the lowest and the highest of each hour, the one at its begin, the "
        "other at its middle; over more than two months those of each six hours, of the range's last year, which takes "
        "a second or more. Dashed: 230 V less and plus 10 %."
    )
    return (
        curves(d, "Voltage", queries.voltage(d), units.Volt, about, "min", "max")
        .axis_soft_min(200)
        .axis_soft_max(260)
        .thresholds(thresholds("red", (207, "transparent"), (253, "red")))
        .thresholds_style(common.GraphThresholdsStyleConfig().mode(shapes.GraphThresholdsStyleMode.DASHED))
    )


@dataclass(frozen=True)
class Section:
    """A row of the dashboard and the panels below it."""

    title: str
    panels: list[Builder[Panel]]
    collapsed: bool = False


def usage(d: Dialect, title: str, columns: Columns, before: str, unit: str, empty: str) -> Section:
    """What was used each hour, day and month."""
    by_hour, by_day = periods.per_hour(d, columns), periods.per_day(d, columns)
    by_month = periods.against_a_year_before(d, columns, before)
    about = f"{MONTHS} Beside each the whole of the same month a year before."
    return Section(
        title,
        [
            bars(d, f"{title} per hour", by_hour, unit, BY_HOUR, 8, HOURS, empty),
            bars(d, f"{title} per day", by_day, unit, BY_DAY, 8, DAYS, empty),
            bars(d, f"{title} per month", by_month, unit, BY_MONTH, 8, about, empty).stacking(shapes.StackingMode.NONE),
        ],
    )


def costs(d: Dialect) -> Section:
    """What it cost each day and month."""
    by_day = periods.per_day(d, COST, "cost_per_day")
    by_month = periods.per_month(d, COST, "cost_per_month")
    return Section(
        "Cost",
        [
            bars(d, f"Cost per {unit}", sql, MONEY, label, 12, f"{PRICED} {about}", "no prices yet")
            for unit, sql, label, about in (("day", by_day, BY_DAY, DAYS), ("month", by_month, BY_MONTH, MONTHS))
        ],
    )


def quality(d: Dialect) -> Section:
    """What was amiss: with the grid, with the readings."""
    about = "What the meter has counted between the range's first reading and its last."
    missing = (
        "The range's minutes in which no reading was stored, of its last year at most. For a year that takes a second."
    )
    by_day = "Minutes in which no reading was stored, of the last 31 days."
    return Section(
        "Voltage and readings",
        [
            voltage(d),
            bars(d, "Minutes missing per day", queries.missing(d), "suffix:min", BY_DAY, 12, by_day, "no readings"),
            numbers(d, "Minutes missing", queries.missing_in_all(d), 4, missing)
            .unit("suffix:min")
            .height(8)
            .thresholds(thresholds("green", (1, "orange"), (60, "red"))),
            numbers(d, "Power failures", queries.disturbances(d), 8, about)
            .height(8)
            .thresholds(thresholds("green", (1, "orange"))),
        ],
    )


def not_everybodys(d: Dialect) -> list[Section]:
    """What not every home has, or looks at."""
    peaks = periods.per_month(d, PEAK, "peak_per_month")
    billed = f"What the capacity tariff bills: the mean of twelve months, each 2.5 kW at least. {MONTHS}"
    none = "the meter sends no quarter-hours: only Belgian ones do"
    reading = "What the newest reading of the range says"
    meter = numbers(d, "Meter readings", queries.registers(d), 24, f"{reading}, as a supplier asks for it.", "none")
    return [
        Section(
            "Water and heat",
            [
                bars(
                    d,
                    f"{name} per day",
                    periods.per_day(d, Columns(column, (f'{column} AS "{name}"',))),
                    unit,
                    BY_DAY,
                    12,
                    DAYS,
                    f"no {name.lower()} meter",
                )
                for name, column, unit in (("Water", "water_m3", M3), ("Heat", "heat_GJ", GJ))
            ],
            collapsed=True,
        ),
        Section(
            "Belgian capacity tariff",
            [
                bars(d, "Highest quarter-hour per month", peaks, KW, BY_MONTH, 24, billed, none).stacking(
                    shapes.StackingMode.NONE
                )
            ],
            collapsed=True,
        ),
        Section(
            "Meter",
            [
                with_units(
                    meter.height(10).orientation(shapes.VizOrientation.HORIZONTAL).decimals(3).unit(KWH),
                    {"Gas": M3, "Water": M3, "Heat": GJ},
                ),
                numbers(d, "Tariff", newest(d, 'tariff AS "Tariff"'), 4, f"{reading}, as the meter numbers them."),
                numbers(d, "Counted since the meter was made", queries.counters(d), 20, f"{reading}.", "none"),
                curves(
                    d, "Current", queries.current(d), units.Ampere, "Each reading of the range's last two days.", "max"
                ).line_interpolation(shapes.LineInterpolation.STEP_AFTER),
            ],
            collapsed=True,
        ),
    ]


def sections(d: Dialect) -> list[Section]:
    """The rows, from top to bottom."""
    energy = (ENERGY, "Drawn a year before", KWH, "no readings")
    gas = (GAS, "Gas a year before", M3, "no gas meter")
    return [costs(d), usage(d, "Electricity", *energy), usage(d, "Gas", *gas), quality(d), *not_everybodys(d)]


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
    for panel in (*now(d), power(d)):
        board.with_panel(panel)
    for section in sections(d):
        row = dashboard.Row(section.title).collapsed(section.collapsed)
        for below in section.panels if section.collapsed else ():
            row.with_panel(below)
        board.with_row(row)
        for below in section.panels if not section.collapsed else ():
            board.with_panel(below)
    whole = board.build()
    panels = [panel for each in whole.panels or () for panel in (each, *getattr(each, "panels", ()))]
    for number, panel in enumerate(panels, 1):
        panel.id_val = number
    return json.dumps(whole, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for dialect in DIALECTS:
        Path(__file__).with_name(f"{dialect.name}.json").write_text(made(dialect), encoding="utf-8")
