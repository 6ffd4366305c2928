"""A reading in words: for a person, for a program, for a last resort."""

import time
from collections.abc import Iterator
from typing import Any

from p1harvester.reading import COLUMNS, Column, Reading


def _said(reading: Reading) -> Iterator[tuple[Column, Any]]:
    for column in COLUMNS:
        if (value := getattr(reading, column.field)) is not None:
            yield column, value


def local(seconds: int) -> str:
    """A UNIX time in the host's zone."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def summary(reading: Reading) -> str:
    """The reading in a few words."""
    values = [f"{column.name.lower()} {value} {column.unit}" for column, value in _said(reading)]
    return ", ".join([local(reading.time), *values[1:4]])


def as_table(reading: Reading) -> str:
    """A line for each value that the meter sent: name, value, unit."""
    lines = []
    for column, value in _said(reading):
        shown, unit = (local(value), "") if column.unit == "time" else (value, column.unit)
        lines.append(f"{column.name:<32}{shown:>20} {unit}".rstrip())
    return "\n".join(lines)


def as_json(reading: Reading) -> str:
    """One JSON object; its keys are the table's columns, null is what the meter does not send."""
    import json

    return json.dumps({column.field: getattr(reading, column.field) for column in COLUMNS}, default=float)


def as_insert(reading: Reading) -> str:
    """The reading as SQL (all of it numbers), for the rare case that a person must enter it."""
    names, values = zip(*((column.field, str(value)) for column, value in _said(reading)), strict=True)
    return f"INSERT INTO p1_readouts ({', '.join(names)}) VALUES ({', '.join(values)});"  # noqa: S608
