"""Tables for the views and the dashboards: a small one made by chance, and a year of minutes."""

import random
from collections.abc import Sequence
from datetime import datetime
from typing import overload
from zoneinfo import ZoneInfo

from p1harvester.schema import TABLE
from tests.long_way import POWERS, REGISTERS, Row
from tests.servers import ZONE

DAY = 86400


def some_rows(chance: random.Random) -> list[Row]:
    """A small table with everything that can go wrong in one."""
    moment = int(datetime(2024, *chance.choice([(3, 29), (10, 25), (12, 30)]), 21, tzinfo=ZoneInfo(ZONE)).timestamp())
    pace = chance.choice([10, 60, 60, 300, 900, 7200])
    count = chance.choice([0, 1, 2, 40, 400, 400])
    old_until = chance.choice([0, 0, count // 2, count])
    has = {name: chance.random() < 0.8 for name in [*REGISTERS.values(), *POWERS.values(), "meter_id", "gas_meter_id"]}
    meter, gas_meter, every = 1, 10, chance.choice([None, 300, 3600])
    register = {name: chance.randrange(10_000_000) for name in REGISTERS.values()}
    rows, peaks = [], [1.25, 3.5, None]
    for number in range(count):
        moment += pace + chance.randrange(3)
        if chance.random() < 0.02:
            moment += chance.choice([200, 7200, 100_000])
        if chance.random() < 0.01:
            meter += 1
            register |= {name: chance.randrange(10_000_000) for name in register if "gas" not in name}
        if chance.random() < 0.01:
            gas_meter += 1
            register["gas_meter_reading"] = chance.randrange(10_000_000)
        for name in register:
            register[name] += chance.choice([0, 0, chance.randrange(300)])
        values = {name: value / 1000 for name, value in register.items()}
        values |= {name: chance.randrange(5000) / 1000 for name in POWERS.values()}
        values |= {"meter_id": meter, "gas_meter_id": gas_meter}
        row = {name: value if has[name] and chance.random() < 0.99 else None for name, value in values.items()}
        if number < old_until:
            row |= dict.fromkeys(row.keys() - {"net_use", "net_injection", "gas_meter_reading"})
        if chance.random() < 0.02:
            peaks = chance.choice([[None], [0.0], [None, 0.0, 4.2], [None, 0.0, *(n / 8 for n in range(8, 48))]])
        peak = chance.choice(peaks)
        row["gas_time"] = moment - chance.choice([0, moment % every, moment % every, -20, 90_000]) if every else None
        clock = chance.choice([None, moment - 2, moment + 90, moment + 90, moment - 3600, moment + 7200])
        row |= {"time": moment, "meter_time": clock, "demand_month_peak": peak}
        rows.append(
            row | {"demand_month_peak_time": chance.choice([None, moment - 900, moment - 900, moment - 90_000])}
        )
    return rows


def with_faults(rows: list[Row], chance: random.Random) -> list[Row]:
    """The table with what meters, links, clocks and older versions have done to tables."""
    rows = [dict(row) for row in rows]
    for fault in chance.sample([lose, swap, alternate, set_clock_back, forget_time], 3) if rows else ():
        first = chance.randrange(len(rows))
        fault(rows, range(first, min(first + chance.choice([1, 2, 10, 60]), len(rows))), chance)
    return sorted({row["time"]: row for row in rows}.values(), key=lambda row: int(row["time"]))


def lose(rows: list[Row], stretch: range, chance: random.Random) -> None:
    """A register is gone, or zero, or another's, for a while."""
    value = chance.choice([None, 0.0, 0.0, 17.25])
    for name in chance.sample(list(REGISTERS.values()), 4):
        for at in stretch:
            rows[at][name] = value


def swap(rows: list[Row], stretch: range, chance: random.Random) -> None:
    """Another meter is there for a while, that says more or less."""
    start = chance.randrange(10_000) / 8
    for number, at in enumerate(stretch):
        rows[at] |= {name: start + number / 8 for name in REGISTERS.values() if rows[at][name] is not None}
        rows[at] |= {name: 99 for name in ("meter_id", "gas_meter_id") if rows[at][name] is not None}


def alternate(rows: list[Row], stretch: range, chance: random.Random) -> None:
    """Two gas meters, and two of water without a number, take turns."""
    start = chance.randrange(10_000) / 8
    for number, at in enumerate(stretch[::2]):
        rows[at] |= {"gas_meter_reading": start + number / 8, "gas_meter_id": 77, "water_meter_reading": start + number}


def set_clock_back(rows: list[Row], stretch: range, chance: random.Random) -> None:
    """Rows stand under an old time, among those that were stored then."""
    back = chance.randrange(1, 50_000)
    for at in stretch:
        rows[at]["time"] -= back


def forget_time(rows: list[Row], stretch: range, chance: random.Random) -> None:
    """A clock that began anew, or ran far ahead."""
    rows[stretch[0]]["time"] = chance.choice([0, 60, 946_684_800, 2_114_380_800, 4_102_444_800])


def at(text: str) -> int:
    """A moment of local time, as UNIX seconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).timestamp())


NOTHING: Row = dict.fromkeys(column.name for column in TABLE.columns)


class Year(Sequence[Row]):
    """A year of a meter's readings, each worked out when it is looked at; around some moments one a minute.

    The first 20 days were stored before registers were kept; some minutes and some hours are missing, a Sunday night
    when clocks change among them; the meter is replaced in June, and a heat meter comes in July.
    """

    START = at("2024-01-10 08:30")
    OLD_UNTIL, REPLACED, HEAT_SINCE = 20 * 1440, 150 * 1440 + 77, 180 * 1440
    MINUTES = (0, 110_000, 418_000, 524_000)
    GAPS = ((1000, 1003), (70_000, 71_500), (110_000, 110_001), (418_000, 418_300), (500_000, 503_000))

    def __init__(self) -> None:
        gone = {minute for first, last in self.GAPS for minute in range(first, last)}
        kept = [minute for minute in range(525_600) if minute not in gone and minute % 997]
        # Days of minutes, and elsewhere a row a quarter of an hour: what is counted step by step goes over all of them.
        self._minutes = [
            minute for minute in kept if minute % 15 == 0 or any(abs(minute - each) < 4000 for each in self.MINUTES)
        ]

    def __len__(self) -> int:
        return len(self._minutes)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return [self._row(minute) for minute in self._minutes[index]]
        return self._row(self._minutes[index])

    def _row(self, minute: int) -> Row:
        moment = self.START + 60 * minute + minute * 13 % 50
        watts, sun = 50 + minute * 7919 % 3000, minute * 31 % 2000 * (minute // 360 % 2)
        row = NOTHING | {
            "time": moment,
            "net_use": watts / 1000,
            "net_injection": sun / 1000,
            "gas_meter_reading": (4_911_440 + minute // 5 * 11) / 1000,
        }
        if minute < self.OLD_UNTIL:
            return row
        since = minute if minute < self.REPLACED else minute - self.REPLACED
        low, normal, back = since * 17, since * 11 + since // 7, since // 2 * 9
        return row | {
            "meter_time": moment - 2,
            "tariff": minute // 720 % 2 + 1,
            "use_reading": (low + normal) / 1000,
            "use_reading_1": low / 1000,
            "use_reading_2": normal / 1000,
            "injection_reading": (back + since) / 1000,
            "injection_reading_1": back / 1000,
            "injection_reading_2": since / 1000,
            "voltage_l1": (2280 + minute % 97) / 10,
            "voltage_l2": (2250 + minute % 89) / 10,
            "voltage_l3": None,
            "use_l1": watts // 2 / 1000,
            "use_l2": watts // 4 / 1000,
            "injection_l1": sun / 1000,
            "demand_month_peak": (1500 + minute % 3333) / 1000,
            "water_meter_reading": (77_000 + minute // 9) / 1000,
            "heat_meter_reading": (minute // 50) / 1000 if minute >= self.HEAT_SINCE else None,
            "meter_id": 1 if minute < self.REPLACED else 2,
            "gas_meter_id": 10,
            "current_l1": minute % 17,
            "current_l2": minute % 13,
            "power_failures": since // 90_000,
            "long_power_failures": since // 200_000,
            "voltage_sags_l1": since // 3000,
            "voltage_sags_l2": since // 5000,
            "voltage_swells_l1": since // 7000,
        }


YEAR = Year()
