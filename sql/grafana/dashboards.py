"""Makes Grafana's dashboards, one for each kind of data source: .venv/bin/python sql/grafana/dashboards.py"""

import json
from pathlib import Path

from grafana_foundation_sdk.builders import common, dashboard, stat
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, Panel, VariableOption
from panels import bars, curves, fixed, numbers, thresholds, with_units
from queries import (
    COST,
    DIALECTS,
    ENERGY,
    GAS,
    Dialect,
    age,
    missing,
    newest,
    per_day,
    per_hour,
    per_month,
    power,
    today,
    voltage,
)

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


def now(d: Dialect) -> list[stat.Panel]:
    """The newest reading, and the day that it belongs to."""
    phases = ", ".join(f'use_l{n} - COALESCE(injection_l{n}, 0) AS "L{n}"' for n in (1, 2, 3))
    watts = newest(d, 'net_use AS "Drawn", net_injection AS "Injected"')
    return [
        numbers(d, "Power now", watts, 5, "What the newest reading of the range says.", "no reading")
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
