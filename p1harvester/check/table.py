"""The table and its views: whether they are there and up to date, and whether a row may be stored."""

from collections.abc import Callable
from contextlib import suppress

from p1harvester.check import sqlite
from p1harvester.check.client import Advice, comment, lasting, service
from p1harvester.check.page import Page
from p1harvester.check.statement import advice
from p1harvester.errors import StoreFailed
from p1harvester.survey import Survey
from p1harvester.user import user

_LARGEST_PAGE = 16384
"""Bytes of InnoDB's pages, above which it compresses no table."""
_WRITES_NOTHING = 6
"""What innodb_force_recovery is from which on MariaDB writes nothing; MySQL, from 1 on."""
_CANNOT_BE_MENDED = "innodb_page_size"


def check_table(page: Page, survey: Survey) -> bool:
    """Look at the table and at the views; return whether there is a table."""
    missing, refused = survey.missing_columns(), _refuses_compression(survey)
    if missing is None:
        _say_missing(page, survey, refused)
        return False
    if missing:
        _say_lacking(page, survey, f"p1_readouts lacks {len(missing)} columns, {missing[0]} among them")
    else:
        large = refused and not _is_compressed(survey)
        page.ok(
            "table",
            "p1_readouts is up to date",
            *([f"uncompressed, at twice the room, for the server compresses none: {refused}"] if large else []),
        )
    _rights(page, survey, refused)
    if survey.views_are_current():
        unpriced = ["no prices yet: costs are empty"] if survey.has_prices() is False else []
        page.ok("views", "they are up to date", *unpriced)
    else:
        page.warn(
            "views", "they are missing, or of another version", "Grafana's dashboards read them.", page.typed("setup")
        )
    return True


def _say_lacking(page: Page, survey: Survey, says: str) -> None:
    if refused := _tried(survey, survey.try_alter, "ALTER"):
        page.fail("table", f"{says}, and {survey.user} may not add them", *refused, page.typed("setup"))
        return
    page.warn(
        "table",
        says,
        "It was made by another program or an older version. Columns are added, the rows in it stay as they are;"
        " the first run does so too.",
        page.typed("setup"),
    )


def _tried(survey: Survey, trial: Callable[[], None], right: str) -> Advice | None:
    """What mends that the server refuses something; None where it does not."""
    if survey.kind == "sqlite":
        return None
    try:
        trial()
    except StoreFailed as failure:
        return advice(survey, failure, right)
    return None


def _say_missing(page: Page, survey: Survey, refused: str) -> None:
    says = "there is no p1_readouts yet"
    if mends := _tried(survey, survey.try_create, "CREATE"):
        page.fail("table", f"{says}, and {survey.user} may not make it", *mends)
    elif refused:
        name, _, value = refused.partition(" = ")
        means = (
            "The first run makes it without compression, so that a row takes twice the room. Before it is made, this"
            " lets the server compress it:"
        )
        if name == _CANNOT_BE_MENDED:
            means = "The first run makes it without compression: a row takes twice the room, and nothing else differs."
        other = () if name == _CANNOT_BE_MENDED else lasting(survey, name, {"ON": "OFF", "OFF": "ON"}[value])
        page.warn("table", f"{says}, and the server compresses none: {refused}", means, *other, page.typed("setup"))
    else:
        page.warn("table", says, "The first run makes it, or `setup` does.", page.typed("setup"))


def _rights(page: Page, survey: Survey, refused: str) -> None:
    who = survey.user or user()
    try:
        survey.try_insert()
    except StoreFailed as failure:
        page.fail("rights", f"{who} may not store a row", *advice(survey, failure, "INSERT"))
        return
    # An INSERT of no row needs no room and no journal, and is not refused for what follows.
    if trouble := sqlite.trouble(survey) if survey.kind == "sqlite" else _writes_nothing(survey):
        says, means, *remedies = trouble
        page.fail("rights", f"{who} may not store a row: {says}", means, *remedies)
        return
    if refused.startswith("innodb_read_only_compressed") and _is_compressed(survey):
        means = "The table is compressed, and the server writes no such table. Readings go to the spool."
        mends = lasting(survey, "innodb_read_only_compressed", "OFF")
        page.fail("rights", f"{who} may not store a row: {refused}", means, *mends)
        return
    page.ok("rights", f"{who} may store a row (tried with none)")


def _writes_nothing(survey: Survey) -> Advice | None:
    """The setting by which MariaDB or MySQL was started to write nothing, what it means, what mends it."""
    if survey.kind == "postgresql":
        return None
    read_only, recovery = survey.ask("SELECT @@innodb_read_only, @@innodb_force_recovery")
    if not (read_only or recovery >= (1 if survey.program == "mysql" else _WRITES_NOTHING)):
        return None
    name, value = ("innodb_read_only", "ON") if read_only else ("innodb_force_recovery", recovery)
    return (
        f"{name} = {value}",
        "The server was started so, as is done to save what a damaged one still has, and it writes nothing. Readings"
        " go to the spool. Where that is over, the line is taken out, and the server started anew:",
        f"sudo grep -rn {name} /etc/mysql{comment(survey)}",
        f"sudo systemctl restart {service(survey)}{comment(survey)}",
    )


def _is_compressed(survey: Survey) -> bool:
    if survey.kind not in ("mysql", "mariadb"):
        return False
    question = "SELECT row_format FROM information_schema.tables WHERE table_schema = DATABASE()"
    answer = survey.ask(f"{question} AND table_name = 'p1_readouts'")
    return bool(answer) and str(answer[0]).lower() == "compressed"


def _refuses_compression(survey: Survey) -> str:
    """The setting for which MariaDB or MySQL compresses no table, as `name = VALUE`; nothing where it does."""
    if survey.kind not in ("mysql", "mariadb"):
        return ""
    with suppress(StoreFailed):  # MariaDB's alone
        if survey.ask("SELECT @@innodb_read_only_compressed") == (1,):
            return "innodb_read_only_compressed = ON"
    with suppress(StoreFailed):
        size, own_file = survey.ask("SELECT @@innodb_page_size, @@innodb_file_per_table")
        if size > _LARGEST_PAGE:
            return f"{_CANNOT_BE_MENDED} = {size}"
        if not own_file:
            return "innodb_file_per_table = OFF"
    return ""
