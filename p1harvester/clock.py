"""Which second a reading belongs to: the host's clock, the meter's where the host's is not to be trusted.

A Raspberry Pi has no clock of its own: after a power cut it begins where it stopped, until the network tells it the
time. A meter's clock may be wrong for years. Only the kernel knows whether the host's was set by somebody.
"""

from dataclasses import replace
from pathlib import Path

from p1harvester.reading import Reading

APART = 300
"""Seconds that the host's clock and the meter's may differ."""
_TIMESYNCD = Path("/run/systemd/timesync")
_TIME_ERROR = 5
_TIMEX = 1024
"""Bytes, more than the kernel's `struct timex` has."""


def synchronised() -> bool | None:
    """Whether the kernel says that somebody keeps the host's clock right (adjtimex(2)).

    Where it may not be asked, as in our units (ProtectClock=), systemd-timesyncd says so by a file, if it is what sets
    the clock; else None.
    """
    from ctypes import CDLL, create_string_buffer

    state: int = CDLL(None).adjtimex(create_string_buffer(_TIMEX))
    if state >= 0:
        return state != _TIME_ERROR
    return (_TIMESYNCD / "synchronized").exists() if _TIMESYNCD.exists() else None


def apart(reading: Reading) -> int | None:
    """Seconds that the host's clock is ahead of the meter's where the two are too far apart, else None."""
    if reading.meter_time is None or abs(ahead := reading.time - reading.meter_time) <= APART:
        return None
    return ahead


def compared(ahead: int) -> str:
    """How many seconds ahead the host's clock is, in words."""
    return f"this host's clock is {abs(ahead)} s {'ahead of' if ahead > 0 else 'behind'} the meter's"


def by_the_meter(reading: Reading) -> Reading:
    """The reading under the second that the meter's clock gives; unchanged where that makes no sense, or is none."""
    return reading if reading.meter_time is None else replace(reading, time=reading.meter_time)
