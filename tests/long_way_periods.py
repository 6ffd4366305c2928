"""What the periods' views should say, the long way: registers at boundaries, and steps where these tell nothing."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

from tests.long_way import (
    CLOCKS,
    DAY,
    GAP,
    LINKED,
    POWERS,
    REGISTERS,
    Row,
    another_meter,
    can_be,
    exact,
    second,
    step,
)
from tests.servers import ZONE


class Boundary:
    """The rows on both sides of a moment, and how far between them it lies."""

    def __init__(self, rows: Sequence[Row], moment: int) -> None:
        self.rows, self.moment = rows, moment
        after = bisect_right(rows, moment, key=second)
        self.at = max(after - 1, 0)
        self.row, self.next = rows[self.at], rows[min(after, len(rows) - 1)]
        self.share = Fraction(0)
        if 0 < after < len(rows) and moment - self.row["time"] > GAP:
            self.share = Fraction(moment - self.row["time"], self.next["time"] - self.row["time"])

    def register(self, name: str) -> Fraction:
        """The register at this moment, of a meter that is the same on both sides."""
        old, new = exact(self.row[name]), exact(self.next[name])
        assert old is not None
        assert new is not None
        if name == "gas_meter_reading" and self.next["time"] - 7200 <= (self.next.get("gas_time") or 0) <= self.moment:
            return new
        return old + self.share * (new - old)


def read_at(row: Row, column: str) -> int:
    """When the meter was read: by its own clock, where that can be."""
    moment, own = second(row), row.get(CLOCKS.get(column, ""))
    return int(own) if own is not None and moment - 7200 <= own <= moment + 3600 else moment


def register_at(rows: Sequence[Row], moment: int, back: int, column: str, meter: Row) -> Fraction | None:
    """A register at a moment, by its meter's own clock, passing over what the link lost, and over other meters."""

    def read(at: Iterable[int]) -> Iterator[tuple[int, Fraction]]:
        """When the meter was read, and its register, in those of these rows that have it."""
        for row in map(rows.__getitem__, at):
            if (value := exact(row.get(REGISTERS[column]))) and not another_meter(meter, row, column):
                yield read_at(row, column), value

    behind = range(
        bisect_right(rows, moment + 3600, key=second) - 1, bisect_left(rows, moment - back, key=second) - 1, -1
    )
    ahead = range(bisect_right(rows, moment - 3600, key=second), bisect_right(rows, moment + 31 * DAY, key=second))
    before = next((each for each in read(behind) if each[0] <= moment), None)
    if before is None:
        return None
    (since, low), (until, high) = before, next((each for each in read(ahead) if each[0] > moment), before)
    share = Fraction(moment - since, until - since) if GAP < until - since <= 3600 and high > low else 0
    return low + share * (high - low)


def used_by_link(rows: Sequence[Row], start: Boundary, end: Boundary, column: str) -> Fraction | None:
    """What was used between two moments at which the rows alone do not tell what a meter behind a link said."""
    name = REGISTERS[column]
    chain = [exact(row.get(name)) or 0 for row in (start.row, start.next, end.row, end.next)]
    clock = CLOCKS.get(column, "")
    ages = [each.moment - (each.row.get(clock) or each.moment) for each in (start, end)]
    newest = exact(rows[-1].get(name))
    if (any(chain) or newest) and (min(chain) <= 0 or any(600 < age <= 7200 for age in ages)):
        back = 31 * DAY if any(chain) else 3 * 3600
        values = [register_at(rows, each.moment, back, column, start.row) for each in (start, end)]
        if values[0] is not None and values[1] is not None:
            likely = can_be(column, min(end.next["time"] - start.row["time"], 99 * 3600))
            return values[1] - values[0] if 0 <= values[1] - values[0] <= likely else None
    return None


def passed(rows: Sequence[Row], at: int, moment: int, column: str) -> Fraction:
    """How much of the step to a row its meter had made by that moment, by its own clock."""
    before, own = read_at(rows[at - 1], column), read_at(rows[at], column)
    if own <= moment:
        return Fraction(1)
    return Fraction(moment - before, own - before) if before < moment and own - before > GAP else Fraction(0)


def steps_by_clock(rows: Sequence[Row], since: int, until: int, column: str) -> Fraction | None:
    """The steps that a meter with a clock of its own made between two moments."""
    parts = []
    for at in range(
        max(bisect_right(rows, since - 3600, key=second), 1),
        min(bisect_right(rows, until + 7200, key=second) + 1, len(rows)),
    ):
        share = passed(rows, at, until, column) - passed(rows, at, since, column)
        if share and (part := step(rows, at, column)) is not None:
            parts.append(part * share)
    return sum(parts, Fraction(0)) if parts else None


@lru_cache(maxsize=1)
def put_back(start: Boundary, end: Boundary) -> bool:
    """Whether the same meters are there on both sides, and others between."""
    first, last = start.row, end.next
    meter = first.get("meter_id")
    if meter is None or meter != last.get("meter_id") or another_meter(first, last, "gas_m3"):
        return False
    gas_meters = {row.get("gas_meter_id") for row in (first, last)} - {None}
    rows = start.rows
    between = rows[start.at : bisect_right(rows, last["time"], key=second)]
    meters = {(row.get("meter_id"), row.get("gas_meter_id")) for row in between if row.get("meter_id") is not None}
    return any(
        each != meter or (gas is not None and bool(gas_meters) and gas not in gas_meters) for each, gas in meters
    )


def used(rows: Sequence[Row], start: Boundary, end: Boundary, column: str) -> Fraction | None:
    """What was used from one moment to another."""
    name = REGISTERS[column]
    same_meter = not another_meter(start.row, end.next, column) and not put_back(start, end)
    if column in LINKED and same_meter:
        through = used_by_link(rows, start, end, column)
        if through is not None:
            return through
    chain = [exact(row.get(name)) for row in (start.row, start.next, end.row, end.next)]
    first, second_, third, last = chain
    if first is not None and second_ is not None and third is not None and last is not None:
        likely = can_be(column, min(end.next["time"] - start.row["time"], 99 * 3600))
        rises = first <= second_ <= last and first <= third <= last and last - first <= likely
        rises = rises and all(
            new - old <= can_be(column, each.next["time"] - each.row["time"])
            for each, old, new in ((start, first, second_), (end, third, last))
        )
        begins = first > 0 or last == 0
        if rises and begins and same_meter:
            return end.register(name) - start.register(name)
    powers = [row.get(POWERS.get(column, "")) for row in (start.row, start.next, end.row, end.next)]
    if [*chain, *powers] == [None] * 8:
        return None
    if column in CLOCKS:
        return steps_by_clock(rows, start.moment, end.moment, column)
    parts = []
    for at in range(start.at + 1, len(rows)):
        row = rows[at]
        if row["time"] > end.next["time"]:
            break
        share = Fraction(1)
        share -= start.share if row["time"] == start.next["time"] else 0
        share -= 1 - end.share if row["time"] > end.row["time"] else 0
        if (part := step(rows, at, column)) is not None:
            parts.append(part * share)
    return sum(parts, Fraction(0)) if parts else None


def local(moment: float) -> datetime:
    """Local time."""
    return datetime.fromtimestamp(moment, ZoneInfo(ZONE))


def periods(rows: Sequence[Row], unit: str) -> list[tuple[int, int]]:
    """When each hour, day or month of the table begins and ends."""
    if not rows:
        return []
    first, last = local(rows[0]["time"]), rows[-1]["time"]
    if unit == "hour":
        begin = int(first.timestamp()) - first.minute * 60 - first.second
        return [(moment, moment + 3600) for moment in range(begin, last + 1, 3600)]
    day = first.replace(hour=0, minute=0, second=0, day=first.day if unit == "day" else 1)
    found = []
    while day.timestamp() <= last:
        following = day + timedelta(days=1) if unit == "day" else (day + timedelta(days=31)).replace(day=1)
        found.append((int(day.timestamp()), int(following.timestamp())))
        day = following
    return found


def month_peak(rows: Sequence[Row], since: int, until: int) -> Row | None:
    """The row with a month's peak: of the newest of the meter's own month, and of the meter that it replaced."""
    month = [
        row
        for row in rows[bisect_left(rows, since - 3600, key=second) : bisect_left(rows, until + 3600, key=second)]
        if since <= meters_clock(row) < until
        and row["demand_month_peak"] is not None
        and (row["demand_month_peak"] == 0 or not since - 31 * DAY <= (row["demand_month_peak_time"] or 0) <= since)
    ]
    first, last = newest_row(rows, since), newest_row(rows, until)
    recent = [row for row in reversed(month) if row["time"] >= last["time"] - DAY]
    newest = next((row for row in recent if row["demand_month_peak"] > 0), recent[0] if recent else None)
    replaced = [row for row in month if row["meter_id"] == first["meter_id"] and row["demand_month_peak"] > 0]
    if not replaced or not another_meter(first, last, "use_kWh"):
        return newest
    old = replaced[-1]
    return old if newest is None or old["demand_month_peak"] > newest["demand_month_peak"] else newest


def newest_row(rows: Sequence[Row], moment: int) -> Row:
    """The newest row at a moment; before the first, that."""
    return rows[max(bisect_right(rows, moment, key=second) - 1, 0)]


def meters_clock(row: Row) -> int:
    """The time of a row by the meter's clock, where that is at most an hour away."""
    own = row["meter_time"]
    return int(own) if own is not None and abs(own - row["time"]) <= 3600 else second(row)


def peaks(rows: Sequence[Row]) -> list[tuple[int, float, int | None, float]]:
    """Month, its highest quarter-hour and when that was, what is billed."""
    found: dict[int, tuple[float, int | None]] = {}
    months = periods(rows, "month")
    if all(newest_row(rows, moment)["demand_month_peak"] is None for month in months for moment in month):
        return []
    for since, until in months:
        if row := month_peak(rows, since, until):
            found[since] = row["demand_month_peak"], row["demand_month_peak_time"]
    result = []
    for since, (peak, when) in found.items():
        number = local(since).year * 12 + local(since).month
        year = [max(p, 2.5) for s, (p, _) in found.items() if 0 <= number - local(s).year * 12 - local(s).month < 12]
        result.append((since, peak, when, sum(year) / len(year)))
    return result
