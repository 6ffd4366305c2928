"""What it means that the database did not do what it was asked, and what mends it."""

import re

from p1harvester.check import refusal, sqlite
from p1harvester.check.client import Advice, dsn, in_client, named
from p1harvester.errors import StoreFailed
from p1harvester.survey import Survey
from p1harvester.user import command

_NOT_GRANTED = (1044, 1142, 1143, 1227, "42501")
_NO_SCHEMA = "3F000"
_READ_ONLY = (1290, 1792, 1836, "25006")
_FULL = (1021, 1114, "53100")
_WAITED = (1205, 2013, "55P03", "57014")
_DAMAGED = (1194, 1195, 1712, 1812, 1877, 1932, "58P01", "XX001", "XX002")
_IN_WORDS = r"Tablespace is missing|corrupt|crashed"


def advice(survey: Survey, failure: StoreFailed, right: str) -> Advice:
    """What a refused statement means, and what mends it; `right` is what it needs."""
    said = f"The database says: {failure.reason.rstrip('.')}. Readings go to the spool."
    match failure.server_code:
        case _ if survey.kind == "sqlite":
            means, *remedies = sqlite.refusal(survey, failure)
            return f"{said} {means}", *remedies
        case code if code in _READ_ONLY:
            return _read_only(survey, failure, said)
        case code if code in _NOT_GRANTED:
            return said, _grant(survey, right)
        case code if code == _NO_SCHEMA:
            path = f"ALTER ROLE {named(survey, survey.user)} IN DATABASE {named(survey, survey.name)}"
            return said, in_client(survey, f"{path} SET search_path = public"), _grant(survey, right)
        case code if code in _FULL or "No space left" in failure.reason:
            return said, "df -h     # on the server: which disk is full?"
        case code if code in _WAITED:
            return _waited(survey, said)
        case code if code in _DAMAGED or re.search(_IN_WORDS, failure.reason):
            return _damaged(survey, said)
    again = (said, f"{command()} check     # once more; the words above are the server's own")
    return refusal.known(survey, failure) or again


def _waited(survey: Survey, said: str) -> Advice:
    means = f"{said} Either the server has too much to do, or somebody holds the table. Who asks what, and since when:"
    if survey.kind == "postgresql":
        asks = "SELECT pid, usename, state, xact_start, query FROM pg_stat_activity ORDER BY xact_start"
        return means, in_client(survey, asks, "", "SELECT pg_terminate_backend(pid) ends one")
    return means, in_client(survey, "SHOW FULL PROCESSLIST", "", "KILL id ends one")


def _damaged(survey: Survey, said: str) -> Advice:
    means = (
        f"{said} The table's files are damaged or gone, as after a power cut or by a disk that fails. What a backup has"
        " goes back as systemd/README.md says. Without one:"
    )
    drop, hint = "DROP TABLE p1_readouts", "all readings in it are lost; the next run makes a new one"
    if survey.kind == "postgresql":
        index = in_client(survey, "REINDEX TABLE p1_readouts", None, "first: an index is made anew, and nothing lost")
        return means, index, in_client(survey, f"{drop} CASCADE", None, f"if that is refused: {hint}")
    return means, in_client(survey, drop, None, hint)


def _grant(survey: Survey, right: str) -> str:
    if survey.kind != "postgresql":
        whole = f"{named(survey, survey.name)}.*"
        # Whoever may not read the table may read no view of it either.
        rights, on = {
            "INSERT": ("SELECT, INSERT", "p1_readouts"),
            "SELECT": ("SELECT, INSERT", whole),
        }.get(right, ("ALL", whole))
        return in_client(survey, f"GRANT {rights} ON {on} TO {survey.account()}")
    role = named(survey, survey.user)
    if right == "ALTER":
        return in_client(survey, f"ALTER TABLE p1_readouts OWNER TO {role}")
    if right in ("INSERT", "SELECT"):
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
        # Where that is off, super_read_only is off too.
        name = option[1].replace("-", "_").removeprefix("super_")
    else:
        name = "tx_read_only" if survey.program == "mariadb" else "transaction_read_only"
    follows = f"{said} If it follows another server (a replica), P1_DSN must name that one; else it was set so by hand:"
    return (
        follows,
        in_client(survey, "SHOW REPLICA STATUS", "", "says something: a replica"),
        dsn(survey, host="PRIMARY"),
        in_client(survey, f"SET GLOBAL {name} = OFF", "", "no replica"),
    )
