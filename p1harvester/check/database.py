"""The database: whether it lets us in, what it holds, what waits for it."""

from p1harvester.check.client import dsn
from p1harvester.check.page import Page
from p1harvester.check.refusal import refusal
from p1harvester.check.rows import check_rows
from p1harvester.check.server import there
from p1harvester.check.spool import check_spool
from p1harvester.check.statement import advice
from p1harvester.check.table import check_table
from p1harvester.check.zone import check_zone
from p1harvester.dsn import masked
from p1harvester.errors import BadSettings, StoreFailed
from p1harvester.missing import mends
from p1harvester.settings import Settings
from p1harvester.survey import Survey


def check_database(page: Page, settings: Settings, scheduled: bool) -> None:
    """Check database and spool; `scheduled` is whether something runs the job by the clock."""
    try:
        survey = Survey(settings.dsn, settings.password)
    except BadSettings as error:
        _, remedy = mends(masked(settings.dsn))
        page.fail("database", "P1_DSN leads to no database", str(error), remedy)
        return
    if survey.kind in ("mysql", "mariadb") and not survey.name:
        named = survey.by(survey.host, survey.query, "p1harvester")
        page.fail("database", "P1_DSN names no database", "Its name stands behind a /.", dsn(named, **survey.query))
    elif there(page, survey) and _connects(page, survey):
        try:
            check_zone(page, survey)
            if check_table(page, survey):
                check_rows(page, survey, scheduled)
        except StoreFailed as failure:
            page.fail("database", "it does not answer all that it is asked", *advice(survey, failure, "SELECT"))
    check_spool(page, settings, survey)


def _connects(page: Page, survey: Survey) -> bool:
    try:
        product = survey.product()
    except StoreFailed as failure:
        page.fail("database", str(failure), *refusal(survey, failure))
        return False
    page.ok("database", f"{survey} answers: {product}")
    return True
