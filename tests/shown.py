"""The dashboards' panels: what each should show of a range, and in which units."""

from tests.curves import current, power, voltage
from tests.figures import (
    Figures,
    a_month,
    against_a_year_before,
    age,
    cost,
    counters,
    disturbances,
    energy,
    missing,
    missing_in_all,
    newest,
    other,
    peak,
    phases,
    spent,
    today,
    twelve_months,
    two_weeks,
)

KW, KWH, M3, EURO, COUNT = "suffix:kW", "suffix:kWh", "m3", "suffix:€", "none"
ELECTRICITY = {"Drawn": KWH, "Injected": KWH}
COST = dict.fromkeys(("Electricity", "Injection", "Gas", "Water and heat", "Standing charges"), EURO)
COUNTS = dict.fromkeys(("Failures", "Long failures", "Sags", "Swells"), COUNT)
REGISTERED = {
    "Drawn, 1.8.1": ("use_reading_1", KWH),
    "Drawn, 1.8.2": ("use_reading_2", KWH),
    "Injected, 2.8.1": ("injection_reading_1", KWH),
    "Injected, 2.8.2": ("injection_reading_2", KWH),
    "Drawn, all": ("use_reading", KWH),
    "Injected, all": ("injection_reading", KWH),
    "Gas": ("gas_meter_reading", M3),
    "Water": ("water_meter_reading", M3),
    "Heat": ("heat_meter_reading", "suffix:GJ"),
}


def newest_of(*columns: str) -> Figures:
    """What the range's last row says."""
    return lambda since, until: newest(since, until, *columns)


PANELS: dict[str, tuple[Figures, dict[str, str]]] = {
    "Power now": (newest_of("net_use", "net_injection"), dict.fromkeys(("Drawn", "Injected"), KW)),
    "Cost, today and yesterday": (spent("day"), dict.fromkeys(("Today", "Yesterday"), EURO)),
    "Cost, this month and last": (spent("month"), dict.fromkeys(("This month", "Last month"), EURO)),
    "Today so far": (today, ELECTRICITY | {"Gas": M3}),
    "Each phase": (phases, dict.fromkeys(("L1", "L2", "L3"), KW)),
    "Newest reading": (age, {"Newest reading": "s"}),
    "Power": (power, dict.fromkeys(("Drawn", "Injected"), KW)),
    "Cost per day": (cost("day", a_month), COST),
    "Cost per month": (cost("month", twelve_months), COST),
    "Electricity per hour": (energy("hour", two_weeks), ELECTRICITY),
    "Electricity per day": (energy("day", a_month), ELECTRICITY),
    "Electricity per month": (
        against_a_year_before("use_kWh", "injection_kWh"),
        {"Drawn": KWH, "Drawn a year before": KWH, "Injected": KWH},
    ),
    "Gas per hour": (other("gas_m3", "hour", two_weeks), {"Gas": M3}),
    "Gas per day": (other("gas_m3", "day", a_month), {"Gas": M3}),
    "Gas per month": (against_a_year_before("gas_m3"), {"Gas": M3, "Gas a year before": M3}),
    "Voltage": (voltage, dict.fromkeys(("L1", "L2", "L3"), "volt")),
    "Minutes missing per day": (missing, {"Missing": "suffix:min"}),
    "Minutes missing": (missing_in_all, {"Missing": "suffix:min"}),
    "Power failures": (disturbances, COUNTS),
    "Water per day": (other("water_m3", "day", a_month), {"Water": M3}),
    "Heat per day": (other("heat_GJ", "day", a_month), {"Heat": "suffix:GJ"}),
    "Highest quarter-hour per month": (peak, {"Highest": KW, "Billed": KW}),
    "Meter readings": (
        newest_of(*(column for column, _ in REGISTERED.values())),
        {name: unit for name, (_, unit) in REGISTERED.items()},
    ),
    "Tariff": (newest_of("tariff"), {"Tariff": COUNT}),
    "Counted since the meter was made": (counters, COUNTS),
    "Current": (current, dict.fromkeys(("L1", "L2", "L3"), "amp")),
}
"""Panel -> what it should show of a range, and the unit of each of its columns."""
