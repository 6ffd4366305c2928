"""What a telegram says: lines -> values."""

import hashlib
from decimal import Decimal
from typing import Any

import pytest

from p1harvester.parser import BadTelegram, parse
from tests.meter import sealed, telegram

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
        pytest.param(["0-3:24.1.0(003)", "0-3:24.2.3()(7*m3)"], {"gas_meter_reading": 7}, id="gas without a time"),
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


@pytest.mark.parametrize("code", ["0-0:96.1.1", "0-0:96.1.0", "0-0:98.1.1"])
def test_meter_id_is_a_hash_of_32_bits(code: str) -> None:
    expected = int.from_bytes(hashlib.sha256(b"4B35").digest()[:4], "big") >> 1
    assert values(f"{code}(4B35)") == {"meter_id": expected}


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([], "no line of the telegram is known"),
        (["1-0:1.7.0()"], "no line of the telegram is known"),
        (["1-0:1.7.0(abc*kW)"], "1-0:1.7.0 says 'abc*kW', which is no number of kW"),
        (["1-0:1.7.0(NaN*kW)"], "no number"),
        (["1-0:1.7.0(1_0*kW)"], "no number"),
        (["1-0:1.7.0(1e3*kW)"], "no number"),
        (["1-0:1.7.0(99999.000*kW)"], "no number"),
        (["1-0:1.8.1(123456789.000*kWh)"], "no number"),
        (["0-0:96.14.0(day)"], "0-0:96.14.0 says 'day', which is no number of tariff"),
        (["1-0:1.7.0(1*kW"], "the line of 1-0:1.7.0 does not end"),
    ],
)
def test_what_cannot_be_a_reading(lines: list[str], complaint: str) -> None:
    with pytest.raises(BadTelegram, match=complaint.replace("*", r"\*").replace(".", r"\.")):
        parse(sealed(*lines), 1)


def test_two_telegrams_that_ran_together_without_a_crc_are_no_reading() -> None:
    old = telegram("dsmr-2.2")
    with pytest.raises(BadTelegram, match="twice"):
        parse(old.replace(b"!\r\n", old[20:]), 1)
