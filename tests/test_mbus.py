"""M-Bus devices: which of them are there, and whose value counts."""

import hashlib
from decimal import Decimal

import pytest

from p1harvester.parser import remarks
from tests.meter import sealed
from tests.test_reading import values

COLUMN = {"003": "gas_meter_reading", "007": "water_meter_reading", "004": "heat_meter_reading"}
UNIT = {"003": "m3", "007": "m3", "004": "GJ"}
POWER = "1-0:1.7.0(00.200*kW)"
NOON = 1704106800
"""2024-01-01 12:00 in winter time: 240101120000W."""


def device(
    channel: int, says: str, *, kind: str = "003", number: str | None = "3132", code: str = "24.2.1"
) -> list[str]:
    """The lines of one device."""
    identifier = [] if number is None else [f"0-{channel}:96.1.0({number})"]
    return [f"0-{channel}:24.1.0({kind})", *identifier, f"0-{channel}:{code}{says}"]


def hashed(identifier: str) -> int:
    """The number that stands for an identifier."""
    return int.from_bytes(hashlib.sha256(identifier.encode()).digest()[:4], "big") >> 1


@pytest.mark.parametrize("kind", COLUMN)
@pytest.mark.parametrize(
    ("says", "number"),
    [
        pytest.param("(632525252525W)(00000.000)", "3132", id="25:25 without a unit"),
        pytest.param("(632525252525S)(00000.000*{})", "3132", id="25:25"),
        pytest.param("(700101010000W)(00000000)", "", id="1970, without a number"),
        pytest.param("(700101010000W)(00012.000*{})", "3132", id="1970"),
        pytest.param("(630101010000W)(00000.000*{})", "3132", id="2063"),
        pytest.param("(000101010000W)(00000.000*{})", "3132", id="2000"),
        pytest.param("(000101000000)(00000.000*{})", "3132", id="2000 without a season"),
        pytest.param("(240101120000W)(00012.000)", "3132", id="no unit"),
        pytest.param("(240101120000W)(00012.000*)", "3132", id="an empty unit"),
        pytest.param("(240101120000W)()", "3132", id="no value"),
        pytest.param("()()", "3132", id="nothing"),
        pytest.param("()(00000.000*{})", "3132", id="no date"),
        pytest.param("()", "3132", id="less than nothing"),
        pytest.param("(240101120000W)(00000.000*{})", "", id="0 and no number"),
        pytest.param("(240101120000W)(00000.000*{})", "00000000000000000000000000000000", id="0 and ASCII zeros"),
        pytest.param("(240101120000W)(00000.000*{})", "3030303030303030303030303030303030", id="0 and zeros in hex"),
    ],
)
def test_a_device_that_is_not_there_has_no_value_and_hides_no_other(kind: str, says: str, number: str) -> None:
    says, unit = says.format(UNIT[kind]), UNIT[kind]
    live = f"(240101115500W)(00241.773*{unit})"
    for dead_on, live_on in ((1, 2), (4, 3)):
        dead = device(dead_on, says, kind=kind, number=number)
        assert values(POWER, *dead) == {"net_use": Decimal("0.2")}
        found = values(POWER, *device(live_on, live, kind=kind, number="4142"), *dead)
        assert found[COLUMN[kind]] == Decimal("241.773")
        if kind == "003":
            assert (found["gas_time"], found["gas_meter_id"]) == (NOON - 300, hashed("4142"))


def test_a_number_of_zeros_says_nothing_against_a_device_that_counts() -> None:
    found = values(*device(1, "(240101120000W)(00012.000*m3)", number="0000"))
    assert found == {"gas_meter_reading": 12, "gas_time": NOON}
    # A new meter: it has a number, or the telegram says nothing of it.
    for number in ("3132", None):
        assert values(*device(1, "(240101120000W)(00000.000*m3)", number=number))["gas_meter_reading"] == 0
    # Beside another it is the one that was left behind, on whichever channel.
    for channel in (1, 4):
        lines = device(channel, "(240101120000W)(09999.000*m3)", number="0000")
        assert values(*lines, *device(2, "(240101120000W)(00012.000*m3)"))["gas_meter_reading"] == 12


@pytest.mark.parametrize("year", ["25", "08", "49"])
def test_a_date_in_the_future_or_the_past_is_no_sign(year: str) -> None:
    found = values(*device(2, f"({year}0101120000W)(00012.000*m3)"))
    assert found["gas_meter_reading"] == 12


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        # (time, value) on channels 1 and 2
        pytest.param(("240101120000W", "100"), ("240101110000W", "5000"), 5000, id="the first is newer"),
        pytest.param(("240101110000W", "100"), ("240101120000W", "5000"), 5000, id="the second is newer"),
        pytest.param(("240101110000W", "5000"), ("240101120000W", "100"), 100, id="the second is lower"),
        pytest.param(("231201120000W", "100"), ("240101120000W", "5000"), 5000, id="31 days to the second"),
        pytest.param(("240101120000W", "100"), ("231201120000W", "5000"), 5000, id="31 days"),
        pytest.param(("240101120000W", "100"), ("231201115959W", "5000"), 100, id="over 31 days"),
        pytest.param(("230101120000W", "100"), ("240101120000W", "0"), 100, id="a dead one that ticks"),
        pytest.param(("240101120000W", "0"), ("230101120000W", "100"), 100, id="a dead one that ticks before it"),
        pytest.param(("240101120000W", "0"), ("240101110000W", "0"), 0, id="two new ones"),
    ],
)
@pytest.mark.parametrize("kind", COLUMN)
def test_of_two_live_devices_the_same_counts_whichever_is_newer(
    kind: str, first: tuple[str, str], second: tuple[str, str], counts: int
) -> None:
    lines = [
        device(channel, f"({time})({value}*{UNIT[kind]})", kind=kind, number=f"3{channel}")
        for channel, (time, value) in enumerate((first, second), 1)
    ]
    # The order of the lines says nothing either.
    for order in (lines, lines[::-1]):
        found = values(*(line for each in order for line in each))
        assert found[COLUMN[kind]] == counts
        if kind == "003":
            chosen = 1 if Decimal(first[1]) == counts != Decimal(second[1]) else 2
            assert found["gas_meter_id"] == hashed(f"3{chosen}")


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        pytest.param("(121030140000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00024.123)", Decimal("24.123"), id="there"),
        pytest.param("(632525252525)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00000.000)", None, id="25:25"),
        pytest.param("(000000000000)(00)(60)(0)(0-1:24.2.1)(m3)\r\n()", None, id="zeros"),
        pytest.param("()(00)(60)(0)(0-1:24.2.1)(m3)\r\n(00000.000)", None, id="no date"),
        pytest.param("(121030140000)(00)(60)(1)(0-1:24.2.1)()\r\n(00024.123)", None, id="no unit"),
        pytest.param("(0)", None, id="one group"),
    ],
)
def test_gas_of_dsmr_2(says: str, expected: Decimal | None) -> None:
    assert values(POWER, *device(1, says, code="24.3.0")).get("gas_meter_reading") == expected


def test_without_any_date_a_value_counts_beside_others() -> None:
    assert values(*device(1, "(00024.123*m3)"))["gas_meter_reading"] == Decimal("24.123")
    both = device(1, "(00024.123*m3)"), device(2, "(240101120000W)(1*m3)")
    assert values(*both[0], *both[1])["gas_meter_reading"] == 1
    both = device(2, "(00024.123*m3)"), device(1, "(240101120000W)(1*m3)")
    assert values(*both[0], *both[1])["gas_meter_reading"] == Decimal("24.123")


def test_heat_and_cooling_share_a_column_and_gas_and_water_do_not() -> None:
    found = values(
        *device(1, "(240101120000W)(1*m3)", kind="003"),
        *device(2, "(240101120000W)(2*m3)", kind="007"),
        *device(3, "(240101120000W)(3*GJ)", kind="004"),
        *device(4, "(240101120000W)(4*GJ)", kind="012"),
    )
    assert (found["gas_meter_reading"], found["water_meter_reading"], found["heat_meter_reading"]) == (1, 2, 4)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["(240101120000W)(31.177*GJ)"], {"heat_meter_reading": Decimal("31.177")}, id="GJ"),
        pytest.param(["(240101120000W)(31177*MJ)"], {"heat_meter_reading": Decimal("31.177")}, id="MJ"),
        pytest.param(["(240101120000W)( 31.177*gj )"], {"heat_meter_reading": Decimal("31.177")}, id="small letters"),
        pytest.param(["(31.177*GJ)(240101120000W)"], {"heat_meter_reading": Decimal("31.177")}, id="value first"),
        pytest.param(["(240101120000W)(31.177*m3)"], {}, id="a volume, which has no column"),
    ],
)
@pytest.mark.parametrize("kind", ["004", "4", "012", "12"])
def test_heat(kind: str, lines: list[str], expected: dict[str, Decimal]) -> None:
    assert values(*(line for says in lines for line in device(1, says, kind=kind))) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["0-2:24.2.3(240101120000W)(00012.000*m3)"], 12, id="24.2.3 is gas"),
        pytest.param(["0-2:24.1.0()", "0-2:24.2.3(240101120000W)(00012.000*m3)"], 12, id="24.2.3, an empty type"),
        pytest.param(["0-2:24.2.1(240101120000W)(00012.000*m3)"], None, id="24.2.1 may be water"),
        pytest.param(["0-2:24.1.0(007)", "0-2:24.2.3(240101120000W)(00012.000*m3)"], None, id="24.2.3 of type water"),
        pytest.param(["0-2:24.1.0(003)", "0-2:24.2.1.255(240101120000W)(00012.000*m3)"], 12, id="group F by a point"),
        pytest.param(
            ["0-2:24.1.0*255(003)", "0-2:24.2.1*255(240101120000W)(00012.000*m3)"], 12, id="group F by a star"
        ),
        pytest.param(
            ["0-2:24.1.0(003)", "0-2:24.2.1(632525252525W)(0)", "0-2:24.2.3(240101120000W)(00012.000*m3)"],
            12,
            id="two codes on one channel",
        ),
    ],
)
def test_gas_by_its_code(lines: list[str], expected: int | None) -> None:
    assert values(POWER, *lines).get("gas_meter_reading") == expected


def test_check_is_told_what_is_on_each_channel() -> None:
    said = remarks(
        sealed(
            *device(1, "(240101120000W)(1*m3)"),
            "0-2:24.2.1(240101120000W)(2*m3)",
            "0-3:24.1.0(015)",
            f"0-4:24.1.0({'9' * 5000})",
        )
    )
    assert said.devices == {1: "gas", 2: "without a type", 3: "type 15"}
    assert remarks(sealed("0-4:24.2.3(240101120000W)(2*m3)")).devices == {4: "gas"}
    assert said.unread == ()
