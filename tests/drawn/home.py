"""An invented home: two years of readings in an SQLite file, the last of them minute by minute until now."""

import math
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from p1harvester.store import Store
from tests.tables import DAY

HOUR = 3600
PRICES = {"use_kWh_1": 0.24, "use_kWh_2": 0.29, "injection_kWh_1": 0.05, "injection_kWh_2": 0.05, "gas_m3": 1.27}
COLUMNS = (
    "time, net_use, net_injection, gas_meter_reading, meter_time, gas_time, tariff, use_reading, use_reading_1, "
    "use_reading_2, injection_reading, injection_reading_1, injection_reading_2, voltage_l1, voltage_l2, voltage_l3, "
    "current_l1, current_l2, current_l3, use_l1, use_l2, use_l3, injection_l1, injection_l2, injection_l3, meter_id, "
    "gas_meter_id, power_failures, long_power_failures, voltage_sags_l1, voltage_swells_l1"
)


@dataclass
class Home:
    """What its meters say; power in kW, registers in kWh and m3."""

    now: int
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    used: list[float] = field(default_factory=lambda: [4211.0, 5630.0])
    injected: list[float] = field(default_factory=lambda: [620.0, 1480.0])
    gas: float = 3120.0
    busy_until: int = 0
    busy: float = 0.0
    clouds: float = 0.5

    def power(self, moment: int) -> float:
        """What the home takes, less what its roof gives."""
        hour, season = moment % DAY / HOUR, math.cos((moment / DAY - 10) / 365.25 * 2 * math.pi)
        if moment > self.busy_until and self.chance.random() < (0.004 if 6 < hour < 22 else 0.0004):
            self.busy, self.busy_until = self.chance.choice([(2.0, 300), (1.8, 1800), (2.4, 5400)])
            self.busy_until += moment
        if self.chance.random() < 0.02:
            self.clouds = self.chance.random()
        sun = max(0.0, math.sin((hour - 6 - season) / (12 - 2 * season) * math.pi)) if 6 + season < hour < 18 else 0.0
        own = 0.18 + 0.08 * self.chance.random() + (0.25 if 17 < hour < 22 else 0) + 0.1 * (1 + season)
        return own + self.busy * (moment <= self.busy_until) - sun * (1.6 - 1.2 * season) * (0.2 + 0.8 * self.clouds)

    def heating(self, moment: int) -> float:
        """Gas, m3 an hour."""
        cold = max(0.0, math.cos((moment / DAY - 20) / 365.25 * 2 * math.pi) + 0.3)
        hour = moment % DAY / HOUR
        windy = 0.7 + 0.6 * (moment // DAY * 7919 % 97 / 97)
        return 0.03 + windy * cold * (0.7 if 6 < hour < 22 else 0.2) + (0.5 if 6 < hour < 7.5 else 0)

    def gone(self, moment: int) -> bool:
        """Whether no reading was stored: hours of yesterday, three days in summer, a minute now and then."""
        ago = self.now - moment
        return 14 * HOUR < ago < 16.5 * HOUR or 140 * DAY < ago < 143.2 * DAY or moment // 60 % 2503 == 0

    def rows(self) -> Iterator[tuple[float, ...]]:
        """Hours for a year, then minutes for another."""
        moment = self.now - 730 * DAY
        while moment <= self.now:
            pace = 60 if moment >= self.now - 366 * DAY else HOUR
            hour = moment % DAY // HOUR
            tariff = 1 if hour < 6 or hour >= 22 or moment // DAY % 7 in (2, 3) else 2
            power = self.power(moment)
            self.used[tariff - 1] += max(power, 0) * pace / HOUR
            self.injected[tariff - 1] += max(-power, 0) * pace / HOUR
            self.gas += self.heating(moment) * pace / HOUR
            if not self.gone(moment):
                yield self.row(moment, power, tariff)
            moment += pace

    def row(self, moment: int, power: float, tariff: int) -> tuple[float, ...]:
        """What a telegram says."""
        phases = [0.6 * power, 0.25 * power, 0.15 * power]
        drawn = [max(0, each) for each in phases]
        back = [max(0, -each) for each in phases]
        wave = math.sin(moment / 5000) * 2
        volts = [round(230 + wave - 1.5 * each + self.chance.gauss(0, 0.6) + n, 1) for n, each in enumerate(phases)]
        age = (moment - self.now + 730 * DAY) // DAY
        values = [
            *(max(0, power), max(0, -power), self.gas),
            *(moment - 2, moment - moment % 300, tariff),
            *(sum(self.used), *self.used, sum(self.injected), *self.injected),
            *volts,
            *(round(abs(each) * 1000 / 230) for each in phases),
            *drawn,
            *back,
            *(1, 2, 3 + age // 500, 1, 8 + age // 90, age // 400),
        ]
        return moment, *(round(value, 3) for value in values)


def build(path: Path, now: int) -> None:
    """Make the file."""
    store = Store(f"sqlite:///{path}")
    store.set_up()
    store.set_up_views()
    places = ", ".join("?" * (COLUMNS.count(",") + 1))
    with sqlite3.connect(path) as connection:
        statement = f"INSERT INTO p1_readouts ({COLUMNS}) VALUES ({places})"
        connection.executemany(statement, Home(now).rows())
        for since, more in ((now - 800 * DAY, 0.0), (now - 200 * DAY, 0.02)):
            prices = [since, *(price + more for price in PRICES.values()), 0.31]
            names = f"time, {', '.join(PRICES)}, standing_day"
            connection.execute(f"INSERT INTO p1_prices ({names}) VALUES (?, ?, ?, ?, ?, ?, ?)", tuple(prices))
