"""What a reading is: one table of OBIS codes, one frozen Reading.

The fields of `Reading` are the table: each says its OBIS code, unit and name, and every other module (the parser, the
SQL table, the `read` command) takes them from here. An M-Bus device's kind is a line of `KINDS`.
"""

from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, NamedTuple

DIGITS = {"kW": (7, 3), "kWh": (11, 3), "m3": (11, 3), "GJ": (11, 3), "V": (5, 1), "A": (6, 2)}
"""Unit -> digits in all and digits behind the point: what a value must fit in, and what the database keeps."""

METER_ID = ("0-0:96.1.1", "0-0:96.1.0", "0-0:98.1.1", "0-0:42.0.0")
"""The meter's number. The order stays, a further code goes behind: another number looks like another meter."""


def _value(name: str, unit: str, *codes: str, group: int = -1) -> Any:
    return field(default=None, metadata={"name": name, "unit": unit, "codes": codes, "group": group})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One row of `p1_readouts`. None is what the meter does not send.

    Units as given with each field; `time` fields are UNIX seconds, `id` fields 32-bit numbers (the sign bit is clear),
    `count` and `tariff` whole numbers; all others are exact decimals.
    """

    time: int = field(metadata={"name": "Read at", "unit": "time", "codes": (), "group": -1})
    net_use: Decimal | None = _value("Power drawn", "kW", "1-0:1.7.0")
    net_injection: Decimal | None = _value("Power injected", "kW", "1-0:2.7.0")
    gas_meter_reading: Decimal | None = _value("Gas", "m3")
    meter_time: int | None = _value("Meter's clock", "time", "0-0:1.0.0", "0-0:1.1.0")
    gas_time: int | None = _value("Gas read at", "time")
    tariff: int | None = _value("Tariff", "tariff", "0-0:96.14.0", "0-0:96.14.1")
    use_reading: Decimal | None = _value("Use", "kWh", "1-0:1.8.0")
    use_reading_1: Decimal | None = _value("Use, tariff 1", "kWh", "1-0:1.8.1")
    use_reading_2: Decimal | None = _value("Use, tariff 2", "kWh", "1-0:1.8.2")
    injection_reading: Decimal | None = _value("Injection", "kWh", "1-0:2.8.0")
    injection_reading_1: Decimal | None = _value("Injection, tariff 1", "kWh", "1-0:2.8.1")
    injection_reading_2: Decimal | None = _value("Injection, tariff 2", "kWh", "1-0:2.8.2")
    voltage_l1: Decimal | None = _value("Voltage L1", "V", "1-0:32.7.0")
    voltage_l2: Decimal | None = _value("Voltage L2", "V", "1-0:52.7.0")
    voltage_l3: Decimal | None = _value("Voltage L3", "V", "1-0:72.7.0")
    current_l1: Decimal | None = _value("Current L1", "A", "1-0:31.7.0")
    current_l2: Decimal | None = _value("Current L2", "A", "1-0:51.7.0")
    current_l3: Decimal | None = _value("Current L3", "A", "1-0:71.7.0")
    use_l1: Decimal | None = _value("Power drawn L1", "kW", "1-0:21.7.0")
    use_l2: Decimal | None = _value("Power drawn L2", "kW", "1-0:41.7.0")
    use_l3: Decimal | None = _value("Power drawn L3", "kW", "1-0:61.7.0")
    injection_l1: Decimal | None = _value("Power injected L1", "kW", "1-0:22.7.0")
    injection_l2: Decimal | None = _value("Power injected L2", "kW", "1-0:42.7.0")
    injection_l3: Decimal | None = _value("Power injected L3", "kW", "1-0:62.7.0")
    demand_quarter: Decimal | None = _value("Demand this quarter-hour", "kW", "1-0:1.4.0")
    demand_month_peak: Decimal | None = _value("Highest quarter-hour this month", "kW", "1-0:1.6.0")
    demand_month_peak_time: int | None = _value("Highest quarter-hour at", "time", "1-0:1.6.0", group=0)
    water_meter_reading: Decimal | None = _value("Water", "m3")
    heat_meter_reading: Decimal | None = _value("Heat or cooling", "GJ")
    meter_id: int | None = _value("Meter's number, hashed", "id", *METER_ID)
    gas_meter_id: int | None = _value("Gas meter's number, hashed", "id")
    power_failures: int | None = _value("Power failures", "count", "0-0:96.7.21")
    long_power_failures: int | None = _value("Long power failures", "count", "0-0:96.7.9")
    voltage_sags_l1: int | None = _value("Voltage sags L1", "count", "1-0:32.32.0")
    voltage_sags_l2: int | None = _value("Voltage sags L2", "count", "1-0:52.32.0")
    voltage_sags_l3: int | None = _value("Voltage sags L3", "count", "1-0:72.32.0")
    voltage_swells_l1: int | None = _value("Voltage swells L1", "count", "1-0:32.36.0")
    voltage_swells_l2: int | None = _value("Voltage swells L2", "count", "1-0:52.36.0")
    voltage_swells_l3: int | None = _value("Voltage swells L3", "count", "1-0:72.36.0")
    use_reading_3: Decimal | None = _value("Use, tariff 3", "kWh", "1-0:1.8.3")
    use_reading_4: Decimal | None = _value("Use, tariff 4", "kWh", "1-0:1.8.4")
    injection_reading_3: Decimal | None = _value("Injection, tariff 3", "kWh", "1-0:2.8.3")
    injection_reading_4: Decimal | None = _value("Injection, tariff 4", "kWh", "1-0:2.8.4")


class Column(NamedTuple):
    """What the table of fields says of one value."""

    field: str
    name: str
    unit: str
    codes: tuple[str, ...]
    group: int


COLUMNS = tuple(Column(each.name, **each.metadata) for each in fields(Reading))
"""The columns of `p1_readouts`, in their order."""


class Kind(NamedTuple):
    """What an M-Bus device is: its name for people; the column of its value, and that column's unit."""

    name: str
    field: str = ""
    unit: str = ""


KINDS = {
    2: Kind("electricity"),
    3: Kind("gas", "gas_meter_reading", "m3"),
    4: Kind("heat", "heat_meter_reading", "GJ"),
    6: Kind("warm water"),
    7: Kind("water", "water_meter_reading", "m3"),
    12: Kind("cooling", "heat_meter_reading", "GJ"),
}
"""M-Bus device type (EN 13757-3, by 0-n:24.1.0) -> what it is. Of those without a column nothing is stored."""
