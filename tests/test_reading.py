"""What a telegram says: lines -> values."""

from decimal import Decimal
from typing import Any

import pytest

from p1harvester.parser import parse
from tests.meter import sealed

GAS = "0-1:24.1.0(003)", "0-1:24.2.1(240107172006W)(04911.440*m3)"


def values(*lines: str) -> dict[str, Any]:
    """The values that a telegram of these lines yields, without the time and without what it does not say."""
    reading = parse(sealed(*lines), 1)
    assert reading.time == 1
    found = {name: getattr(reading, name) for name in reading.__slots__}
    return {name: value for name, value in found.items() if value is not None and name != "time"}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["1-0:1.7.0(00.326*kW)"], {"net_use": Decimal("0.326")}, id="power"),
        pytest.param(["1-0:1.7.0(000326*W)"], {"net_use": Decimal("0.326")}, id="power in W"),
        pytest.param(["1-0:1.8.0(1234567*Wh)"], {"use_reading": Decimal("1234.567")}, id="register in Wh"),
        pytest.param(["1-0:1.7.0(0.3)"], {"net_use": Decimal("0.3")}, id="no unit"),
        pytest.param(["1-0:1.7.0(1*kW)", "1-0:1.8.0(5*MWh)"], {"net_use": 1}, id="another unit"),
        pytest.param(["1-0:1.7.0(1*kW)", "1-0:2.7.0()"], {"net_use": 1}, id="empty value"),
        pytest.param(["1-0:1.7.0(1*kW)", "9-9:1.2.3(x)", "rubbish", "((("], {"net_use": 1}, id="unknown lines"),
        pytest.param(
            ["1-0:1.8.1(1.1*kWh)", "1-0:1.8.2(2.2*kWh)"],
            {"use_reading": Decimal("3.3"), "use_reading_1": Decimal("1.1"), "use_reading_2": Decimal("2.2")},
            id="the sum of the tariffs",
        ),
        pytest.param(
            ["1-0:1.8.0(9*kWh)", "1-0:1.8.1(1*kWh)"], {"use_reading": 9, "use_reading_1": 1}, id="the meter's own total"
        ),
        pytest.param(
            ["0-0:1.0.0(240331015959W)", "1-0:1.7.0(1*kW)"],
            {"meter_time": 1711846799, "net_use": 1},
            id="before summer",
        ),
        pytest.param(
            ["0-0:1.0.0(240331030000S)", "1-0:1.7.0(1*kW)"],
            {"meter_time": 1711846800, "net_use": 1},
            id="summer begins",
        ),
        pytest.param(["0-0:1.0.0(632525252525W)", "1-0:1.7.0(1*kW)"], {"net_use": 1}, id="no such time"),
        pytest.param([*GAS], {"gas_meter_reading": Decimal("4911.440"), "gas_time": 1704644406}, id="gas"),
        pytest.param(
            [*GAS, "0-2:24.1.0(003)", "0-2:24.2.1(240107172007W)(1*m3)"],
            {"gas_meter_reading": 1, "gas_time": 1704644407},
            id="the newer gas meter is the live one",
        ),
        pytest.param(
            [*GAS, "0-2:24.1.0(003)", "0-2:24.2.1(230107172007W)(1*m3)", "0-3:24.1.0(003)", "0-3:24.2.1()"],
            {"gas_meter_reading": Decimal("4911.440"), "gas_time": 1704644406},
            id="old and empty gas meters are not",
        ),
        pytest.param(["0-3:24.1.0(003)", "0-3:24.2.3(7*m3)"], {"gas_meter_reading": 7}, id="gas without a time"),
        pytest.param(
            ["0-4:24.1.0(007)", "0-4:24.2.1(240107172006W)(3*m3)"], {"water_meter_reading": 3}, id="water on channel 4"
        ),
        pytest.param(
            ["0-1:24.1.0(004)", "0-1:24.2.1(240107172006W)(3.5*GJ)"], {"heat_meter_reading": Decimal("3.5")}, id="heat"
        ),
        pytest.param(
            ["1-0:1.7.0(1*kW)", "0-1:24.1.0(006)", "0-1:24.2.1(240107172006W)(3*m3)"], {"net_use": 1}, id="warm water"
        ),
        pytest.param(
            ["1-0:1.7.0(1*kW)", "0-1:24.1.0(002)", "0-1:24.2.1(240107172006W)(3*kWh)"], {"net_use": 1}, id="slave"
        ),
        pytest.param(["1-0:1.7.0(1*kW)", "0-1:24.2.1(240107172006W)(3*m3)"], {"net_use": 1}, id="no device type"),
        pytest.param(
            ["1-0:1.6.0(240709134500S)(05.589*kW)"],
            {"demand_month_peak": Decimal("5.589"), "demand_month_peak_time": 1720525500},
            id="peak of the month",
        ),
        pytest.param(
            ["0-0:96.14.0(0002)", "0-0:96.7.21(00013)"], {"tariff": 2, "power_failures": 13}, id="whole numbers"
        ),
    ],
)
def test_values(lines: list[str], expected: dict[str, Any]) -> None:
    assert values(*lines) == expected


def total(*tariffs: str, of: str = "1.8") -> Decimal | None:
    """The total that comes of these tariffs: `3(1.5*kWh)`."""
    found: Decimal | None = values("1-0:21.7.0(0*kW)", *(f"1-0:{of}.{each}" for each in tariffs)).get(
        "use_reading" if of == "1.8" else "injection_reading"
    )
    return found


@pytest.mark.parametrize("of", ["1.8", "2.8"])
@pytest.mark.parametrize(
    ("tariffs", "expected"),
    [
        pytest.param(["1(1*kWh)", "2(2*kWh)", "3(4*kWh)", "4(8*kWh)"], 15, id="four: Germany, Lithuania"),
        pytest.param(["1(1*kWh)", "2(2*kWh)", "3(4*kWh)", "4(8*kWh)", "5(16*kWh)"], 31, id="five: Wallonia"),
        pytest.param(["11(1*kWh)", "12(2*kWh)", "13(4*kWh)"], 7, id="11 to 13: Israel"),
        pytest.param(["1(1*kWh)", "5(16*kWh)"], 17, id="not all"),
        pytest.param(["0(99*kWh)", "1(1*kWh)", "2(2*kWh)"], 99, id="the meter's own"),
        pytest.param(["0()", "1(1*kWh)", "2(2*kWh)"], 3, id="an empty one"),
        pytest.param(["0(?*kWh)", "1(1*kWh)", "2(2*kWh)"], None, id="one that cannot be read"),
        pytest.param(["1(1*kWh)", "2(?*kWh)"], None, id="a tariff that cannot be read"),
        pytest.param(["1(1*kWh)", "5(?*kWh)"], None, id="a tariff without a column that cannot be read"),
        pytest.param(["1(1*kWh)", "2()"], None, id="an empty tariff"),
        pytest.param(["1(1*kWh)", "2(2*m3)"], None, id="a tariff in another unit"),
        pytest.param(["1(1*kWh)", "2(2*kWh"], None, id="a tariff whose line does not end"),
    ],
)
def test_totals(of: str, tariffs: list[str], expected: int | None) -> None:
    assert total(*tariffs, of=of) == expected


def test_tariffs_3_and_4_have_columns() -> None:
    found = values(*(f"1-0:{direction}.8.{n}({direction}{n}*kWh)" for direction in (1, 2) for n in (3, 4)))
    assert found == {
        "use_reading_3": 13, "use_reading_4": 14, "use_reading": 27,
        "injection_reading_3": 23, "injection_reading_4": 24, "injection_reading": 47,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["0-0:96.14.0(TARIFF 1)"], {"tariff": 1}, id="Wasion's tariff"),
        pytest.param(["0-0:96.14.0(T02 )"], {"tariff": 2}, id="a tariff with letters"),
        pytest.param(["0-0:96.14.1(0003)"], {"tariff": 3}, id="Israel's tariff"),
        pytest.param(["0-0:96.14.0(02)", "0-0:96.14.1(0003)"], {"tariff": 2}, id="both tariffs"),
        pytest.param(
            ["1-0:1.6.0(08.796*kW)(260102010000W)"],
            {"demand_month_peak": Decimal("8.796"), "demand_month_peak_time": 1767312000},
            id="the peak before its time",
        ),
        pytest.param(["1-0:1.6.0(08.796*kW)"], {"demand_month_peak": Decimal("8.796")}, id="a peak without a time"),
        pytest.param(
            ["1-0:1.6.0(632525252525S)(00.000*kW)"], {"demand_month_peak": 0}, id="a month that has no peak yet"
        ),
        pytest.param(["0-0:1.1.0(240107172239W)"], {"meter_time": 1704644559}, id="another clock"),
        pytest.param(["0-0:1.0.0(240107172239w)"], {"meter_time": 1704644559}, id="winter in small letters"),
        pytest.param(["0-0:1.0.0(240107182239s)"], {"meter_time": 1704644559}, id="summer in small letters"),
        pytest.param(["1-0:1.7.0(1*kW)", "0-0:1.0.0(000101010000W)"], {"net_use": 1}, id="a clock of 2000"),
        pytest.param(["1-0:1.7.0(1*kW)", "0-0:1.0.0(041231235959W)"], {"net_use": 1}, id="a clock of 2004"),
        pytest.param(["0-0:1.0.0(050101000000W)"], {"meter_time": 1104534000}, id="a clock of 2005"),
        pytest.param(["0-0:1.0.0(491231235959W)"], {"meter_time": 2524604399}, id="a clock of 2049"),
        pytest.param(["1-0:1.7.0(1*kW)", "0-0:1.0.0(500101000000W)"], {"net_use": 1}, id="a clock of 2050"),
        pytest.param(["1-0:32.7.0(0000.242*kV)"], {"voltage_l1": 242}, id="kV"),
        pytest.param(["1-0:31.7.0(0000.005*kA)"], {"current_l1": 5}, id="kA"),
        pytest.param(
            ["1-0:1.8.1(1.5*kwh)"], {"use_reading_1": Decimal("1.5"), "use_reading": Decimal("1.5")}, id="kwh"
        ),
        pytest.param(["1-0:1.7.0(1193*w)"], {"net_use": Decimal("1.193")}, id="w"),
        pytest.param(["1-0:32.7.0(220.1*v)"], {"voltage_l1": Decimal("220.1")}, id="v"),
        pytest.param(["1-0:1.8.0(  7.5*kWh  )"], {"use_reading": Decimal("7.5")}, id="spaces"),
        pytest.param(["1-0:1.8.0(7.5 *kWh )  "], {"use_reading": Decimal("7.5")}, id="more spaces"),
        pytest.param(["1-0:1.8.0.255(7.5*kWh)"], {"use_reading": Decimal("7.5")}, id="group F by a point"),
        pytest.param(["1-0:1.8.0*255(7.5*kWh)"], {"use_reading": Decimal("7.5")}, id="group F by a star"),
        pytest.param(["1-1:2.8.0*255(7.5*kWh)"], {"injection_reading": Decimal("7.5")}, id="channel 1, and group F"),
        pytest.param(
            ["1-1:1.8.1(1*kWh)", "1-1:1.8.2(2*kWh)", "1-1:1.7.0(3*kW)", "1-1:1.6.0(250315014500W)(15.206*kW)"],
            {
                "use_reading_1": 1,
                "use_reading_2": 2,
                "use_reading": 3,
                "net_use": 3,
                "demand_month_peak": Decimal("15.206"),
                "demand_month_peak_time": 1741999500,
            },
            id="Switzerland",
        ),
        pytest.param(["1-1:1.8.0(5*kWh)", "1-0:1.8.0(6*kWh)"], {"use_reading": 6}, id="channel 0 before channel 1"),
        pytest.param(["1-0:16.7.0(00.450*kW)"], {"net_use": Decimal("0.45"), "net_injection": 0}, id="signed, drawn"),
        pytest.param(
            ["1-0:16.7.0(-0003.261*kW)"], {"net_use": 0, "net_injection": Decimal("3.261")}, id="signed, injected"
        ),
        pytest.param(["1-1:16.7.0(0*kW)"], {"net_use": 0, "net_injection": 0}, id="signed, nothing"),
        pytest.param(["1-0:16.7.0(9*kW)", "1-0:1.7.0(1*kW)"], {"net_use": 1}, id="signed beside drawn"),
        pytest.param(["1-0:16.7.0(9*kW)", "1-0:2.7.0(1*kW)"], {"net_injection": 1}, id="signed beside injected"),
        pytest.param(["1-0:56.7.0(-1*kW)"], {"use_l2": 0, "injection_l2": 1}, id="a phase's, signed"),
        pytest.param(["1-0:1.7.0(1*kW)", "0-1:24.3.0(0)", "0-1:24.1.0(003)"], {"net_use": 1}, id="gas of one group"),
    ],
)
def test_other_spellings(lines: list[str], expected: dict[str, Any]) -> None:
    assert values(*lines) == expected
