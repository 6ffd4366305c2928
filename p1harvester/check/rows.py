"""The rows that are there: how old the newest is, how many are missing, which cannot be."""

import time
from itertools import pairwise
from statistics import median

from p1harvester.check.client import in_client
from p1harvester.check.page import Page
from p1harvester.report import local
from p1harvester.survey import Survey
from p1harvester.views import SANE_AHEAD, SANE_SINCE

_DAY = 86400
_TOLERATED = 15
"""Readings that a day may lack without a warning: a restart, an update."""
_LATE = 3
"""Steps after which the newest row is called old."""


def check_rows(page: Page, survey: Survey, scheduled: bool) -> None:
    """Look at the last day's rows; `scheduled` is whether something runs the job by the clock."""
    now = int(time.time())
    until = now + SANE_AHEAD
    _misdated(page, survey, until)
    bounds = survey.bounds(SANE_SINCE, until)
    if bounds is None and scheduled:
        page.ok("rows", "there is none yet")
    elif bounds is None:
        means = (
            "Nothing runs the job by the clock: it stores a row when you run it, or each minute once it is installed:"
        )
        page.warn("rows", "there is none yet", means, page.typed(""), "sudo systemd/install     # in the clone")
    if bounds is None:
        return
    first, last = bounds
    times = survey.times(now - _DAY, now)
    step, missing = _gaps(times)
    says = f"the newest is of {local(last)}, {_ago(now - last)}; the first of {local(first)}"
    day = f"the last day has {len(times)}, one every {step} s" if len(times) > 1 else f"the last day has {len(times)}"
    day += f", and {missing} missing between them"
    if not scheduled:
        page.ok("rows", says, day)
    elif now - last > _LATE * step:
        page.warn(
            "rows",
            f"{says}; {day}",
            "Something runs the job by the clock, yet no row comes any more. What it says when it runs:",
            "journalctl -u p1harvester --since -1h     # or the mail of cron",
        )
    elif missing > _TOLERATED:
        page.warn(
            "rows",
            f"{says}; {day}",
            "Runs found no telegram in time, or did not happen. What they said:",
            "journalctl -u p1harvester --since -1d     # or the mail of cron",
        )
    else:
        page.ok("rows", says, day)


def _misdated(page: Page, survey: Survey, until: int) -> None:
    """Name the rows of a clock that was not set: no meter is so old, no reading of a time to come."""
    count, first, last = survey.outside(SANE_SINCE, until)
    if count:
        page.warn(
            "rows",
            f"{count} rows are of times that cannot be, the first of {local(first)}, the last of {local(last)}",
            "They were stored while this host's clock was wrong. What they hold belongs to another time, which nobody"
            " knows; to delete them:",
            in_client(survey, f"DELETE FROM p1_readouts WHERE time < {SANE_SINCE} OR time > {until}"),  # noqa: S608
        )


def _gaps(times: list[int]) -> tuple[int, int]:
    """The usual step between rows, a minute at least, in seconds; and how many rows the gaps between them lack."""
    steps = [after - before for before, after in pairwise(times)]
    step = max(60, int(median(steps))) if steps else 60
    return step, sum(max(0, round(each / step) - 1) for each in steps)


def _ago(seconds: int) -> str:
    if seconds < 0:
        return f"{-seconds} s from now"
    for size, unit in ((_DAY, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
