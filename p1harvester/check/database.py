"""What the database holds: table, rights, views, rows."""

import time
from getpass import getuser
from itertools import pairwise
from shlex import quote
from statistics import median

from p1harvester.check.page import Page
from p1harvester.check.server import SETUP, as_admin, refusal, there
from p1harvester.check.spool import check_spool
from p1harvester.errors import BadSettings, StoreFailed
from p1harvester.report import local
from p1harvester.settings import Settings
from p1harvester.survey import Survey

_DAY = 86400
_TOLERATED = 15
"""Readings that a day may lack without a warning: a restart, an update."""
_LATE = 3
"""Steps after which the newest row is called old."""


def check_database(page: Page, settings: Settings, scheduled: bool) -> None:
    """Check database and spool; `scheduled` is whether something runs the job by the clock."""
    try:
        survey = Survey(settings.dsn, settings.password)
    except BadSettings as error:
        page.fail("database", "P1_DSN leads to no database", str(error), "P1_DSN=sqlite:////FOLDER/FILE.db")
        return
    if there(page, survey) and _connects(page, survey):
        try:
            if _table(page, survey):
                _rows(page, survey, scheduled)
        except StoreFailed as failure:
            page.fail("database", "it stopped answering", str(failure), "p1harvester check     # once more")
    check_spool(page, settings, survey)


def _connects(page: Page, survey: Survey) -> bool:
    try:
        product = survey.product()
    except StoreFailed as failure:
        page.fail("database", str(failure), *refusal(survey, failure))
        return False
    page.ok("database", f"{survey} answers: {product}")
    return True


def _table(page: Page, survey: Survey) -> bool:
    missing = survey.missing_columns()
    if missing is None:
        page.warn("table", "there is no p1_readouts yet", f"The first run makes it, or {SETUP} does.", SETUP)
        return False
    if missing:
        page.warn(
            "table",
            f"p1_readouts lacks {len(missing)} columns, {missing[0]} among them",
            "It was made by another program or an older version. Columns are added, the rows in it stay as they are;"
            " the first run does so too.",
            SETUP,
        )
    else:
        page.ok("table", "p1_readouts is up to date")
    _rights(page, survey)
    if survey.views_are_current():
        page.ok("views", "they are up to date")
    else:
        page.warn("views", "they are missing, or of another version", "Grafana's dashboards read them.", SETUP)
    return True


def _rights(page: Page, survey: Survey) -> None:
    try:
        survey.try_insert()
    except StoreFailed as failure:
        if survey.kind == "sqlite":
            remedy = f"sudo chown {getuser()} {quote(str(survey.file))}"
        else:
            on = "p1_readouts" if survey.kind == "postgresql" else f"{survey.name}.p1_readouts"
            remedy = as_admin(survey, f"GRANT SELECT, INSERT ON {on} TO {survey.account()}")
        page.fail(
            "rights",
            f"{survey.user or getuser()} may not store a row",
            f"The database says: {failure.reason}. Readings go to the spool.",
            remedy,
        )
    else:
        page.ok("rights", f"{survey.user or getuser()} may store a row (tried with none)")


def _rows(page: Page, survey: Survey, scheduled: bool) -> None:
    bounds = survey.bounds()
    if bounds is None:
        page.ok("rows", "there is none yet")
        return
    first, last = bounds
    now = int(time.time())
    times = survey.times(now - _DAY)
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


def _gaps(times: list[int]) -> tuple[int, int]:
    """The usual step between rows, a minute at least, in seconds; and how many rows the gaps between them lack."""
    steps = [after - before for before, after in pairwise(times)]
    step = max(60, int(median(steps))) if steps else 60
    return step, sum(max(0, round(each / step) - 1) for each in steps)


def _ago(seconds: int) -> str:
    for size, unit in ((_DAY, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
