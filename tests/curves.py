"""The points that the dashboards' curves should go through, worked out the long way."""

from itertools import groupby, pairwise

from tests.figures import Shown, all_used, stored
from tests.long_way import exact, second
from tests.tables import DAY, YEAR


def broken(points: Shown) -> Shown:
    """Curves through these points, ended where two and a half times the usual step passes."""
    steps = [after[0] - before[0] for before, after in pairwise(points)] + [0]
    usual = sorted(steps)[len(points) // 2] if points else 0
    shown = []
    for point, step in zip(points, steps, strict=False):
        shown += [point, (point[0] + 1, *(None for _ in point[1:]))][: 2 if step > 2.5 * usual else 1]
    return shown


def power(since: int, until: int) -> Shown:
    """Power drawn and injected."""
    if until - since <= 2 * DAY:
        rows = stored(since, until)
        return broken([(row["time"], exact(row["net_use"]), -(exact(row["net_injection"]) or 0)) for row in rows])
    unit = next(unit for unit, days in (("hour", 62), ("day", 732), ("month", 9**9)) if until - since <= days * DAY)
    signed = ((1, "use_kWh"), (-1, "injection_kWh"))
    return broken(
        [
            (
                begin,
                *(sign * (values[column] or 0) * 3600 / (end - begin) if known else None for sign, column in signed),
            )
            for begin, end, values in all_used(unit)
            for known in [bool(stored(begin, end, 1))]
            if since <= begin <= until and end <= YEAR[-1]["time"]
        ]
    )


def voltage(since: int, until: int) -> Shown:
    """Each phase's voltage: each reading, or the lowest and highest of some hours."""
    columns = [f"voltage_l{n}" for n in (1, 2, 3)]
    if until - since <= 2 * DAY:
        rows = stored(since, until)
        return broken([(row["time"], *(exact(row[column]) for column in columns)) for row in rows])
    width = 3600 if until - since <= 62 * DAY else 6 * 3600
    shown = []
    for begin, group in groupby(stored(max(since, until - 366 * DAY + 1), until), lambda row: second(row) // width):
        values = [
            [v for v in each if v is not None]
            for each in zip(*([row[column] for column in columns] for row in group), strict=True)
        ]
        for later, extreme in ((0, min), (width // 2, max)):
            shown.append((begin * width + later, *(exact(extreme(each)) if each else None for each in values)))
    return broken(shown)


def current(since: int, until: int) -> Shown:
    """Each phase's current, of two days at most."""
    rows = stored(max(since, until - 2 * DAY), until)
    return broken([(row["time"], *(exact(row[f"current_l{n}"]) for n in (1, 2, 3))) for row in rows])
