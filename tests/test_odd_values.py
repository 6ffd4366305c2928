"""What of a telegram is not live, cannot be read, or cannot be: it costs neither the row nor a wrong figure."""

import hashlib
import random
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p1harvester.parser import BadTelegram, parse, remarks
from tests.meter import sealed, telegram
from tests.odd import odd, outcome
from tests.test_reading import values

HISTORY = "0-0:1.0.0(261101000000T)", "1-0:1.8.0(9*kWh)", "1-0:2.8.0(9*kWh)", "1-0:15.8.0(9*kWh  )"


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(["0-0:98.1.0", "(", *HISTORY, ")"], id="Holley"),
        pytest.param(["0-0:98.1.0(", *HISTORY, ")"], id="bracket behind the code"),
        pytest.param(["0-0:98.1.0", f"({HISTORY[0]}", *HISTORY[1:-1], f"{HISTORY[-1]})"], id="no lines of their own"),
        pytest.param(["0-0:98.1.0", "(", *HISTORY, ")", "(", *HISTORY, ")"], id="two"),
        pytest.param(["0-0:98.1.0*255", "(", *HISTORY, ") "], id="group F and a space"),
        pytest.param([f"0-0:98.1.0({HISTORY[0]}", *HISTORY[1:], ")"], id="the first line behind the code"),
        pytest.param(["0-0:98.1.0(261101000000T)(", *HISTORY[1:], ")"], id="a time behind the code"),
        pytest.param(["0-0:98.1.0()", f"({HISTORY[0]}", *HISTORY[1:], ")"], id="an empty value first"),
        pytest.param(["0-0:98.1.0", " (", *HISTORY, ")"], id="a space before the bracket"),
    ],
)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_nothing_in_a_block_of_history_is_live(block: list[str], at: int) -> None:
    lines = ["0-0:96.13.0()", "1-0:1.8.0(7*kWh)"]
    # Before and behind the live register, which other lines follow.
    assert values(*lines[:at], *block, *lines[at:], "1-0:1.7.0(1*kW)") == {"use_reading": 7, "net_use": 1}


def test_a_bracket_that_nothing_closes_begins_no_block() -> None:
    assert values("1-0:1.7.0(1*kW)", "0-0:96.13.1(", "1-0:1.8.0(7*kWh)") == {"net_use": 1, "use_reading": 7}


@pytest.mark.parametrize("time", ["", "2601020100", " 260102010000 "])
def test_a_months_peak_is_read_before_whatever_time(time: str) -> None:
    assert values(f"1-0:1.6.0(08.796*kW)({time})")["demand_month_peak"] == Decimal("8.796")


@pytest.mark.parametrize("text", ["-1", "1.5", "TARIFF -2"])
def test_a_tariff_is_a_whole_number(text: str) -> None:
    assert values(f"0-0:96.14.0({text})", "1-0:16.7.0(+01.500*kW)") == {"net_use": Decimal("1.5"), "net_injection": 0}


def test_the_first_of_two_is_live_under_a_right_crc() -> None:
    assert values("1-0:1.8.0(7*kWh)", "1-0:1.8.0(9*kWh)") == {"use_reading": 7}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1-0:1.7.0(abc*kW)", "1-0:1.7.0 says 'abc*kW', which is no number of kW"),
        ("1-0:1.7.0(5*kWh)", "1-0:1.7.0 says '5*kWh', which is no number of kW"),
        ("1-0:1.7.0(99999.000*kW)", "1-0:1.7.0 says '99999.000*kW', which is no number of kW"),
        ("1-0:1.8.5(?)", "1-0:1.8.5 says '?', which is no number of kWh"),
        ("0-0:96.14.0(day)", "0-0:96.14.0 says 'day', which is no number of tariff"),
        ("0-0:96.7.21(-1)", "0-0:96.7.21 says '-1', which is no number of count"),
        ("0-0:1.0.0(yesterday)", "0-0:1.0.0 says 'yesterday', which is no time"),
        ("0-0:1.0.0(000101010000W)", "0-0:1.0.0 says '000101010000W', which is no time from 2005 to 2049"),
        ("1-0:32.7.0(230.1*V", "the line of 1-0:32.7.0 does not end"),
        ("1-0:1.6.0(?)(8*kW)", "1-0:1.6.0 says '?', which is no time"),
        ("0-1:24.2.1(240107172006W)(?*m3)", "0-1:24.2.1 says '?*m3', which is no number of m3"),
        ("0-1:24.2.1(240107172006W)(5*barrels)", "0-1:24.2.1 says '5*barrels', which is no number of m3"),
    ],
)
def test_one_odd_value_does_not_cost_the_row_and_is_named(line: str, said: str) -> None:
    whole = sealed("1-0:21.7.0(00.326*kW)", "0-1:24.1.0(003)", line)
    assert parse(whole, 1).use_l1 == Decimal("0.326")
    assert remarks(whole).unread == (said,)


@settings(max_examples=1000)
@given(st.integers(0, 2**32))
def test_whatever_a_telegram_says_nothing_but_our_own_error_is_raised(seed: int) -> None:
    assert outcome(odd(random.Random(seed))) in ("read", "no reading", "damaged")


def test_a_local_time_that_the_c_library_cannot_hold_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    class Of32Bits(datetime):
        def timestamp(self) -> float:
            raise OverflowError("timestamp out of range for platform time_t")

    monkeypatch.setattr("p1harvester.values.datetime", Of32Bits)
    assert parse(sealed("1-0:1.7.0(1*kW)", "0-0:1.0.0(450101000000)"), 1).meter_time is None


@pytest.mark.parametrize(
    ("line", "column", "expected"),
    [
        ("1-0:1.7.0(9999.999*kW)", "net_use", Decimal("9999.999")),
        ("1-0:1.7.0(9999.9994*kW)", "net_use", Decimal("9999.9994")),
        ("1-0:1.7.0(9999.9996*kW)", "net_use", None),
        ("1-0:1.7.0(10000.000*kW)", "net_use", None),
        ("1-0:1.7.0(9999999*W)", "net_use", Decimal("9999.999")),
        ("1-0:1.7.0(10000000*W)", "net_use", None),
        ("1-0:32.7.0(9999.9*V)", "voltage_l1", Decimal("9999.9")),
        ("1-0:32.7.0(10*kV)", "voltage_l1", None),
        ("1-0:32.7.0(000.000*kV)", "voltage_l1", 0),
        ("1-0:1.8.0(00099999999.999*kWh)", "use_reading", Decimal("99999999.999")),
        ("1-0:1.8.0(100000000.000*kWh)", "use_reading", None),
        ("0-0:96.14.0(32767)", "tariff", 32767),
        ("0-0:96.14.0(32768)", "tariff", None),
        ("0-0:96.7.21(999999999)", "power_failures", 999_999_999),
        ("0-0:96.7.21(9999999999)", "power_failures", None),
    ],
)
def test_a_value_that_its_column_cannot_hold_is_none(line: str, column: str, expected: Decimal | None) -> None:
    assert values("1-0:21.7.0(0*kW)", line).get(column) == expected


def test_the_hosts_zone_tells_eastern_european_time() -> None:
    line = sealed("0-0:1.0.0(241231080004W)")
    assert parse(line, 1, zone=3600).meter_time == parse(line, 1, zone=0).meter_time == 1735628404
    assert parse(line, 1, zone=7200).meter_time == 1735628404 - 3600
    assert parse(sealed("0-0:1.0.0(240601154520S)"), 1, zone=7200).meter_time == 1717245920


@pytest.mark.parametrize("code", ["0-0:96.1.1", "0-0:96.1.0", "0-0:98.1.1", "0-0:42.0.0"])
def test_meter_id_is_a_hash_of_32_bits(code: str) -> None:
    expected = int.from_bytes(hashlib.sha256(b"4B35").digest()[:4], "big") >> 1
    assert values(f"{code}(4B35)") == {"meter_id": expected}
    padded = int.from_bytes(hashlib.sha256(b" 4B35 ").digest()[:4], "big") >> 1
    assert values(f"{code}( 4B35 )") == {"meter_id": padded}
    # An identifier that was read before stays the one that is read.
    if code != "0-0:42.0.0":
        assert values("0-0:42.0.0(00)", f"{code}(4B35)") == {"meter_id": expected}


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


@pytest.mark.parametrize(
    ("line", "damaged", "complaint"),
    [
        (b"1-0:1.8.2(00084.902*kWh)", b"1-0:1.8.2(0008?.902*kWh)", "1-0:1.8.2 says"),
        (b"1-0:1.8.2(00084.902*kWh)", b"1-0:1.8.2(00084.902*kWh", "1-0:1.8.2 does not end"),
        (b"1-0:1.8.2(00084.902*kWh)", b"1-0:1.8.2(00084.902*kWj)", "1-0:1.8.2 says"),
        (b"(121030140000)", b"(12103014x000)", "0-1:24.3.0 says"),
        (b"(m3)\r\n(00024.123)\r\n", b"(m3)\r\n", "0-1:24.3.0 says"),
    ],
)
def test_without_a_crc_one_odd_value_casts_doubt_on_all(line: bytes, damaged: bytes, complaint: str) -> None:
    old = telegram("dsmr-2.2")
    assert old.count(line) == 1
    with pytest.raises(BadTelegram, match=complaint):
        parse(old.replace(line, damaged), 1)


def test_two_telegrams_that_ran_together_without_a_crc_are_no_reading() -> None:
    old = telegram("dsmr-2.2")
    with pytest.raises(BadTelegram, match="twice"):
        parse(old.replace(b"!\r\n", old[20:]), 1)
