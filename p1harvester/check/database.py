"""What the database holds: table, rights, views, rows."""

from shlex import quote

from p1harvester.check.client import in_client
from p1harvester.check.page import Page
from p1harvester.check.rows import check_rows
from p1harvester.check.server import refusal, there
from p1harvester.check.spool import check_spool
from p1harvester.errors import BadSettings, StoreFailed
from p1harvester.settings import Settings
from p1harvester.survey import Survey
from p1harvester.user import user


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
                check_rows(page, survey, scheduled)
        except StoreFailed as failure:
            page.fail("database", "it stopped answering", str(failure), page.typed("check") + "     # once more")
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
        page.warn(
            "table", "there is no p1_readouts yet", "The first run makes it, or `setup` does.", page.typed("setup")
        )
        return False
    if missing:
        page.warn(
            "table",
            f"p1_readouts lacks {len(missing)} columns, {missing[0]} among them",
            "It was made by another program or an older version. Columns are added, the rows in it stay as they are;"
            " the first run does so too.",
            page.typed("setup"),
        )
    else:
        page.ok("table", "p1_readouts is up to date")
    _rights(page, survey)
    if survey.views_are_current():
        unpriced = ["no prices yet: costs are empty"] if survey.has_prices() is False else []
        page.ok("views", "they are up to date", *unpriced)
    else:
        page.warn(
            "views", "they are missing, or of another version", "Grafana's dashboards read them.", page.typed("setup")
        )
    return True


def _rights(page: Page, survey: Survey) -> None:
    try:
        survey.try_insert()
    except StoreFailed as failure:
        if survey.kind == "sqlite":
            remedy = f"sudo chown {user()} {quote(str(survey.file))}"
        else:
            remedy = in_client(survey, f"GRANT SELECT, INSERT ON p1_readouts TO {survey.account()}")
        page.fail(
            "rights",
            f"{survey.user or user()} may not store a row",
            f"The database says: {failure.reason}. Readings go to the spool.",
            remedy,
        )
    else:
        page.ok("rights", f"{survey.user or user()} may store a row (tried with none)")
