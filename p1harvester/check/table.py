"""The table and its views: whether they are there and up to date, and whether a row may be stored."""

import re
from contextlib import suppress
from shlex import quote

from p1harvester.check.client import Advice, dsn, in_client, lasting, named
from p1harvester.check.page import Page
from p1harvester.check.server import SETUP
from p1harvester.errors import StoreFailed
from p1harvester.survey import Survey
from p1harvester.user import user

_NOT_GRANTED = (1044, 1142, 1143, 1227, "42501")
_NO_SCHEMA = "3F000"
_READ_ONLY = (1290, 1792, 1836, "25006")
_ONLY_COMPRESSED = 4047
_FULL = (1021, 1114, "53100", 13)
_LARGEST_PAGE = 16384
"""Bytes of InnoDB's pages, above which it compresses no table."""
_CANNOT_BE_MENDED = "innodb_page_size"


def check_table(page: Page, survey: Survey) -> bool:
    """Look at the table and at the views; return whether there is a table."""
    missing, refused = survey.missing_columns(), _refuses_compression(survey)
    if missing is None:
        _say_missing(page, survey, refused)
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
        large = refused and not _is_compressed(survey)
        page.ok(
            "table",
            "p1_readouts is up to date",
            *([f"uncompressed, at twice the room, for the server compresses none: {refused}"] if large else []),
        )
    _rights(page, survey, refused)
    if survey.views_are_current():
        page.ok("views", "they are up to date")
    else:
        page.warn("views", "they are missing, or of another version", "Grafana's dashboards read them.", SETUP)
    return True


def _say_missing(page: Page, survey: Survey, refused: str) -> None:
    says = "there is no p1_readouts yet"
    if survey.kind != "sqlite":
        try:
            survey.try_create()
        except StoreFailed as failure:
            means, *remedies = _advice(survey, failure, "CREATE")
            page.fail("table", f"{says}, and {survey.user} may not make it", means, *remedies)
            return
    if refused:
        name, _, value = refused.partition(" = ")
        means = (
            "The first run makes it without compression, so that a row takes twice the room. Before it is made, this"
            " lets the server compress it:"
        )
        if name == _CANNOT_BE_MENDED:
            means = "The first run makes it without compression: a row takes twice the room, and nothing else differs."
        other = () if name == _CANNOT_BE_MENDED else lasting(survey, name, {"ON": "OFF", "OFF": "ON"}[value])
        page.warn("table", f"{says}, and the server compresses none: {refused}", means, *other, SETUP)
    else:
        page.warn("table", says, f"The first run makes it, or {SETUP} does.", SETUP)


def _rights(page: Page, survey: Survey, refused: str) -> None:
    who = survey.user or user()
    try:
        survey.try_insert()
    except StoreFailed as failure:
        means, *remedies = _advice(survey, failure, "INSERT")
        page.fail("rights", f"{who} may not store a row", means, *remedies)
        return
    # An INSERT of no row is not refused for this.
    if refused.startswith("innodb_read_only_compressed") and _is_compressed(survey):
        means = "The table is compressed, and the server writes no such table. Readings go to the spool."
        mends = lasting(survey, "innodb_read_only_compressed", "OFF")
        page.fail("rights", f"{who} may not store a row: {refused}", means, *mends)
        return
    page.ok("rights", f"{who} may store a row (tried with none)")


def _advice(survey: Survey, failure: StoreFailed, right: str) -> Advice:
    """What a refused statement means, and what mends it; `right` is what it needs."""
    said = f"The database says: {failure.reason}. Readings go to the spool."
    match failure.server_code:
        case _ if survey.kind == "sqlite":
            return said, f"sudo chown {user()} {quote(str(survey.file))}"
        case code if code in _READ_ONLY:
            return _read_only(survey, failure, said)
        case code if code in _NOT_GRANTED:
            return said, _grant(survey, right)
        case code if code == _NO_SCHEMA:
            path = f"ALTER ROLE {named(survey, survey.user)} IN DATABASE {named(survey, survey.name)}"
            return said, in_client(survey, f"{path} SET search_path = public"), _grant(survey, right)
        case code if code in _FULL:
            return said, "df -h     # on the server: which disk is full?"
    return said, "p1harvester check     # once more; the words above are the server's own"


def _grant(survey: Survey, right: str) -> str:
    if survey.kind != "postgresql":
        rights, on = (
            ("SELECT, INSERT", "p1_readouts") if right == "INSERT" else ("ALL", f"{named(survey, survey.name)}.*")
        )
        return in_client(survey, f"GRANT {rights} ON {on} TO {survey.account()}")
    role = named(survey, survey.user)
    if right == "INSERT":
        return in_client(survey, f"GRANT SELECT, INSERT ON p1_readouts TO {role}")
    [schema] = survey.ask("SELECT current_schema()")
    return in_client(survey, f"GRANT USAGE, CREATE ON SCHEMA {named(survey, schema or 'public')} TO {role}")


def _read_only(survey: Survey, failure: StoreFailed, said: str) -> Advice:
    if survey.kind == "postgresql":
        [standby] = survey.ask("SELECT pg_is_in_recovery()")
        if standby:
            return (
                f"{said} It is a standby, which only follows another server: P1_DSN must name that one.",
                in_client(survey, "TABLE pg_stat_wal_receiver", "", "its sender_host"),
                dsn(survey, host="PRIMARY"),
            )
        role, name = named(survey, survey.user), named(survey, survey.name)
        statement = f"ALTER ROLE {role} IN DATABASE {name} SET default_transaction_read_only = off"
        return f"{said} It is set up so.", in_client(survey, statement)
    if option := re.search(r"with the --?([\w-]+) option", failure.reason):
        name = option[1].replace("-", "_")
    else:
        name = "tx_read_only" if survey.program == "mariadb" else "transaction_read_only"
    follows = f"{said} If it follows another server (a replica), P1_DSN must name that one; else it was set so by hand:"
    return (
        follows,
        in_client(survey, "SHOW REPLICA STATUS\\G", "", "says something: a replica"),
        dsn(survey, host="PRIMARY"),
        in_client(survey, f"SET GLOBAL {name} = OFF", "", "no replica"),
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
