"""Whether a telegram without a CRC says what the meter said: by another one, or, of a saved one, by its form alone.

A line that loses or garbles bytes hardly ever leaves every line's form as it was, and what it leaves shows beside the
next telegram: registers go on by no more than the power can explain, everything else that is stored of a meter stays.
"""

import re
from decimal import Decimal
from typing import Any

from p1harvester.reading import COLUMNS, Column, Reading

_DIGIT = re.compile(rb"\d")
_TEXT = re.compile(rb"0-\d:96\.13\.")
_LINE = re.compile(rb"\d-\d:\d{1,3}\.\d{1,3}\.\d{1,3}(?:[.*]255)?(?:\([^()]*\))+|\([^()]*\)")
# What a line of these says must be of this form (DSMR 2.2 and 3.0, P1 companion, section 6).
_FORMS = (
    (re.compile(rb"\d-\d:[12]\.8\.\d+(?:[.*]255)?\("), re.compile(rb".*\(\d{4,8}\.\d{2,8}\*kWh\)", re.IGNORECASE)),
    (re.compile(rb"\d-\d:\d+\.7\.0(?:[.*]255)?\("), re.compile(rb".*\(-?\d+(?:\.\d+)?\*\w+\)")),
    (re.compile(rb"0-\d:96\.1\.[01]\("), re.compile(rb".*\((?:[0-9A-Fa-f]{2})*\)")),
    (re.compile(rb"0-\d:24\.3\.0\("), re.compile(rb".*\(\d{12}\)(?:\([^()]*\))+")),
    (re.compile(rb"0-\d:24\.2\.\d\("), re.compile(rb".*\(\d{12}[SW]?\)\((?=[\d.]{9}\*)\d+\.\d{2,3}\*\w+\)")),
    (re.compile(rb"\("), re.compile(rb"\((?=[\d.]{9}\))\d+\.\d{2,3}\)")),
)
_VALUE = re.compile(rb"^\d-\d:\d+\.[78]\.\d+(?:[.*]255)?\((\d+)\.(\d+)\*(\w+)\)", re.MULTILINE)
_TARIFF = re.compile(rb"^\d-\d:([12])\.8\.([1-9]\d*)(?:[.*]255)?\(", re.MULTILINE)

_MARGIN = 2
"""Seconds by which two telegrams may be further apart than they were heard."""
_MOST_KW = 100
"""More than any house draws or injects."""
_PEAK_KW = Decimal("0.2")
"""What may be drawn for a moment between two telegrams beyond the power that they show."""
_STEP = Decimal("0.001")
_MOST_IN_AN_HOUR = 40
"""More m3 of gas or water, or GJ of heat, than any house uses."""
_PERIODS = 2
"""Hours: a gas meter gives a value each, and may have missed one."""
_MOST_EVENTS = 3
"""Power failures and the like between two telegrams."""
_MOST_TARIFFS = 9
_FREE = ("kW", "V", "A")
"""The units of what may be anything at any time."""


def form(telegram: bytes) -> tuple[bytes, ...]:
    """What two telegrams of one meter have in common: each line, its code as it is, and a 0 for each digit behind it.

    Texts from the grid operator (0-0:96.13) come and go, and count by their code alone.
    """
    return tuple(_formed(line) for line in telegram.splitlines())


def _formed(line: bytes) -> bytes:
    if _TEXT.match(line):
        return line.partition(b"(")[0]
    code, bracket, values = line.partition(b"(")
    return code + _DIGIT.sub(b"0", bracket + values)


def is_whole_by_its_form(telegram: bytes) -> bool:
    """Whether no line is broken, registers and powers are each as wide as the others, and no tariff is left out."""
    lines = [line for line in telegram.splitlines() if line][1:-1]
    widths: dict[bytes, set[tuple[int, int]]] = {}
    for whole, places, unit in _VALUE.findall(telegram):
        widths.setdefault(unit, set()).add((len(whole), len(places)))
    tariffs: dict[bytes, set[int]] = {}
    for kind, tariff in _TARIFF.findall(telegram):
        tariffs.setdefault(kind, set()).add(int(tariff))
    return (
        all(map(_is_whole, lines))
        and all(len(each) == 1 for each in widths.values())
        # Both directions count by the same tariffs.
        and all(each == set(range(1, max(map(len, tariffs.values())) + 1)) for each in tariffs.values())
    )


def _is_whole(line: bytes) -> bool:
    form = next((form for code, form in _FORMS if code.match(line)), _LINE)
    return bool(_LINE.fullmatch(line) and form.fullmatch(line))


def unconfirmed(earlier: Reading, later: Reading, seconds: float) -> set[str] | None:
    """The columns of `later` that may be right and may be not, beside `earlier`, heard so many seconds before.

    That is what went on by more than the power at both ends explains, or hardly ever changes. None where something went
    on as no meter can: one of the two is damaged.
    """
    hours = (Decimal(seconds) + _MARGIN) / 3600
    found = set()
    for column in COLUMNS:
        one, other = getattr(earlier, column.field), getattr(later, column.field)
        if (one is None) != (other is None):
            return None
        if one is None or column.field == "time" or column.unit in _FREE:
            continue
        sure, most = _bounds(column, earlier, later, hours)
        step = abs(other - one) if column.unit == "tariff" else other - one
        if not 0 <= step <= most or (column.unit == "time" and column.field != "meter_time" and step % 60):
            return None
        if step > sure:
            found.add(column.field)
    return found


def _bounds(column: Column, earlier: Reading, later: Reading, hours: Decimal) -> tuple[Any, Any]:
    """By how much a value goes on for sure at most, and by how much it can at the very most."""
    match column.unit:
        case "kWh":
            name = "net_use" if column.field.startswith("use") else "net_injection"
            power = max(getattr(each, name) or Decimal(0) for each in (earlier, later))
            tariff = column.field[-1:]
            idle = tariff.isdigit() and earlier.tariff == later.tariff not in (None, int(tariff))
            return Decimal(0) if idle else (power + _PEAK_KW) * hours + _STEP, _MOST_KW * hours + _STEP
        case "m3" | "GJ":
            return 0, _MOST_IN_AN_HOUR * _PERIODS
        case "time" if column.field == "meter_time":
            return float(hours * 3600), float(hours * 3600)
        case "time":
            return 0, _PERIODS * 3600
        case "count":
            return 0, _MOST_EVENTS
        case "tariff":
            return 0, _MOST_TARIFFS
    return 0, 0
