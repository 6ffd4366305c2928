"""The text between one pair of brackets as a value of its unit: numbers, times, identifiers."""

import hashlib
import re
from datetime import datetime
from decimal import Decimal

from p1harvester.reading import DIGITS

_NUMBER = re.compile(r"[-+]?\d{1,15}(?:\.\d{1,9})?", re.ASCII)
_COUNT = re.compile(r"\d{1,9}", re.ASCII)
_LAST_NUMBER = re.compile(r"(?<![\d.,+-])\d{1,9}\Z", re.ASCII)
_TIMESTAMP = re.compile(r"\d{12}[SWsw]?", re.ASCII)
_BEFORE_POINT = {unit: digits - places for unit, (digits, places) in DIGITS.items()}
_HIGHEST_TARIFF = 2**15 - 1
"""What fits in a SMALLINT."""
# Wasion writes kwh, Lithuania's meters kV and kA, some heat meters MJ.
_UNITS = {unit.lower(): (unit, 0) for unit in DIGITS} | {
    "wh": ("kWh", -3),
    "w": ("kW", -3),
    "kv": ("V", 3),
    "ka": ("A", 3),
    "mj": ("GJ", -3),
}
_SANE_YEARS = ("05", "49")
_HOUR = 3600
EASTERN = 2 * _HOUR
"""Seconds east of UTC, in winter, of Eastern European Time."""


def value_of(text: str, unit: str, zone: int) -> int | Decimal | None:
    """What `text` says in the table's `unit`; `zone` as in `timestamp`. None where it is empty, or no sane time.

    Raises ValueError where it is no value of that unit, or one that its column cannot hold.
    """
    if unit in DIGITS:
        number, _, given = text.partition("*")
        return quantity(number, given, unit)
    if unit == "id":
        return hashed(text) if text else None
    text = text.strip()
    if not text:
        return None
    if unit == "time":
        if not is_timestamp(text):
            raise ValueError(text)
        return timestamp(text, zone)
    # Wasion: `TARIFF 1`.
    found = _LAST_NUMBER.search(text) if unit == "tariff" else _COUNT.fullmatch(text)
    if not found or (unit == "tariff" and int(found[0]) > _HIGHEST_TARIFF):
        raise ValueError(text)
    return int(found[0])


def quantity(number: str, given: str, unit: str) -> Decimal | None:
    """The `number`, in the unit that is `given` with it, as one of `unit`, which is one of DIGITS.

    None where there is no number; a number without a unit is taken at its word. Raises ValueError as `value_of` does.
    """
    exponent = 0
    if given != unit or not _NUMBER.fullmatch(number):
        if not (number := number.strip()):
            return None
        if given := given.strip():
            means, exponent = _UNITS.get(given.lower(), ("", 0))
            if means != unit:
                raise ValueError(given)
        if not _NUMBER.fullmatch(number):
            raise ValueError(number)
    value = Decimal(number)
    if exponent:
        value = value.scaleb(exponent)
    before = _BEFORE_POINT[unit]
    # The database rounds: 9999.9999 has one digit more then.
    if value.adjusted() >= before - 1 and round(value, DIGITS[unit][1]).adjusted() >= before:
        raise ValueError(number)
    return value


def is_timestamp(text: str) -> bool:
    """Whether this has a timestamp's form, be it a time or none."""
    return _TIMESTAMP.fullmatch(text) is not None


def timestamp(text: str, zone: int) -> int | None:
    """UNIX seconds of `YYMMDDhhmmssX`, X = S summer or W winter (P1 companion 5.0.2, section 6.4).

    None where it is no time from 2005 to 2049: clocks that were never set say 1970, 2000 or 2063. `zone` is the host's
    UTC offset in winter, in seconds: only that tells Finland's and Lithuania's meters, which keep Eastern European
    Time, from all others. Where the season is missing, the C library's local time decides.
    """
    if not is_timestamp(text) or not _SANE_YEARS[0] <= text[:2] <= _SANE_YEARS[1]:
        return None
    season, east = text[12:], _HOUR if zone != EASTERN else EASTERN
    try:
        if not season:
            return int(datetime.fromisoformat(f"20{text[:6]}T{text[6:]}").timestamp())
        seconds = int(datetime.fromisoformat(f"20{text[:6]}T{text[6:12]}+00:00").timestamp())
        return seconds - east - (_HOUR if season in "Ss" else 0)
    # The last two: a local time that the C library's time_t cannot hold.
    except (ValueError, OverflowError, OSError):
        return None


def hashed(identifier: str) -> int:
    """A number that changes with the meter and does not tell who it is: 31 bits of the identifier's SHA-256."""
    return int.from_bytes(hashlib.sha256(identifier.encode()).digest()[:4]) >> 1
