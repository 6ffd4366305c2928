"""Why PostgreSQL lets nobody in. Before that it gives no code, only words, which are told apart here."""

import re
from collections.abc import Callable
from shlex import quote

from p1harvester.check import tls
from p1harvester.check.client import Advice, comment, dsn, in_client, is_here, named, quoted
from p1harvester.check.greeting import who_listens
from p1harvester.errors import StoreFailed
from p1harvester.survey import Survey

_SETTING = "P1_DSN_PASSWORD='...'     # the same here, in the env file"
_HBA_FILE = "$(sudo -u postgres psql -tAc 'SHOW hba_file')"
_RELOAD = "sudo -u postgres psql -c 'SELECT pg_reload_conf()'"


def refusal(survey: Survey, failure: StoreFailed) -> Advice | None:
    """What the server's refusal means, and what mends it; None where nothing is known of it."""
    return next((says(survey, failure.reason) for words, says in _KNOWN if re.search(words, failure.reason)), None)


def _no_database(survey: Survey, _: str) -> Advice:
    means = f"There is no database {survey.name} on the server. First those that there are; A is another letter than a:"
    owner, name = quote(survey.user), quote(survey.name)
    there = f"sudo -u postgres psql -l{comment(survey)}"
    return means, there, f"sudo -u postgres createdb --owner {owner} {name}{comment(survey)}"


def _another(survey: Survey, _: str) -> Advice:
    return f"What listens at {survey.host}:{survey.tcp_port} is no PostgreSQL server.", *who_listens(survey)


def _no_connect(survey: Survey, _: str) -> Advice:
    statement = f"GRANT CONNECT ON DATABASE {named(survey, survey.name)} TO {named(survey, survey.user)}"
    return f"{survey.user} may not connect to the database {survey.name}.", in_client(survey, statement)


def _no_role(survey: Survey, _: str) -> Advice:
    means = f"The server has no role {survey.user}. It is made so, and given a password:"
    return means, _makes_role(survey, ""), _sets_password(survey), _SETTING


def _no_login(survey: Survey, _: str) -> Advice:
    statement = f"ALTER ROLE {named(survey, survey.user)} LOGIN"
    return f"The role {survey.user} is a group, or was locked out.", in_client(survey, statement, "")


def _wrong_password(survey: Survey, _: str) -> Advice:
    return (
        f"Either there is no role {survey.user}, or its password is another, or has expired, or is kept in the old way,"
        " MD5: the server does not say which.",
        _makes_role(survey, "no harm where it is there already"),
        in_client(
            survey, f"ALTER ROLE {named(survey, survey.user)} VALID UNTIL 'infinity'", "", "where it has expired"
        ),
        _sets_password(survey),
        _SETTING,
    )


def _kept_as_md5(survey: Survey, _: str) -> Advice:
    means = (
        "The server keeps the password as MD5, which whoever listens in its place could find out. Set anew, it is kept"
        " so that the driver can prove to know it:"
    )
    return means, _sets_password(survey), _SETTING


def _no_password(survey: Survey, _: str) -> Advice:
    means = "No password was sent: there is none in P1_DSN, nor in P1_DSN_PASSWORD. Known or set anew, it goes here:"
    return means, _SETTING, _sets_password(survey)


def _by_no_password(survey: Survey, _: str) -> Advice:
    means = (
        "The server wants to know us by Kerberos or by a certificate of ours, neither of which the job has. A line at"
        " the top of its pg_hba.conf lets this user in by password:"
    )
    return means, _lets_in_by_password(survey, _from_here(survey)), _sets_password(survey), _SETTING


def _from_here(survey: Survey) -> str:
    """Where we come from, as pg_hba.conf says it."""
    return "127.0.0.1/32" if is_here(survey) else "samenet"


def _by_name(survey: Survey, _: str) -> Advice:
    """Peer and ident: the role must be called as the user at the operating system is."""
    means = (
        f"The server lets in the role {survey.user} by no password here, but whoever is called {survey.user} at the"
        " operating system. So run it as that user, or come by TCP, with a password:"
    )
    return (
        means,
        f"sudo -u {quote(survey.user)} p1harvester check",
        dsn(survey) if survey.socket else _lets_in_by_password(survey, _from_here(survey)),
        _sets_password(survey),
    )


def _not_let_in(survey: Survey, words: str) -> Advice:
    if survey.query.get("sslmode") in ("disable", "allow") and tls.unverified(survey).refusal() is None:
        return tls.wanted(survey)
    found = re.search(r'for host "([\d.a-fA-F:]+)"', words)
    address = found[1] if found else None
    means = "The server's pg_hba.conf lets this user in from no such place. A line at its top does:"
    mask = "" if address is None else f"{address}/{128 if ':' in address else 32}"
    return means, _lets_in_by_password(survey, mask)


def _accepts_none(survey: Survey, _: str) -> Advice:
    statement = f"ALTER DATABASE {named(survey, survey.name)} ALLOW_CONNECTIONS true"
    return f"The database {survey.name} was closed to all.", in_client(survey, statement, "")


def _limited(survey: Survey, words: str) -> Advice:
    kind, name = ("ROLE", survey.user) if "for role" in words else ("DATABASE", survey.name)
    means = f"The {kind.lower()} {name} has all the connections that it may have. So that it has no limit of its own:"
    return means, in_client(survey, f"ALTER {kind} {named(survey, name)} CONNECTION LIMIT -1", "")


def _busy(survey: Survey, _: str) -> Advice:
    means = "The server has all the connections that it may have. Who has them:"
    statement = "SELECT datname, usename, client_addr, state, query_start FROM pg_stat_activity"
    return means, in_client(survey, statement, "")


def _not_yet(survey: Survey, _: str) -> Advice:
    means = (
        "The server is starting, stopping or recovering, or is a standby that answers nobody. Readings wait in the"
        " spool until it answers."
    )
    return means, f"systemctl status 'postgresql*'{comment(survey)}"


_KNOWN: tuple[tuple[str, Callable[[Survey, str], Advice]], ...] = (
    (r"database .* does not exist", _no_database),
    (r"permission denied for database", _no_connect),
    (r"role .* does not exist", _no_role),
    (r"is not permitted to log in", _no_login),
    (r"no password supplied", _no_password),
    (r"invalid response to SSL negotiation|expected authentication request", _another),
    (r"requested a hashed password", _kept_as_md5),
    (r"GSSAPI|SSPI|client certificate|[Cc]ertificate authentication failed", _by_no_password),
    (r"(Peer|Ident) authentication failed", _by_name),
    (r"password authentication failed", _wrong_password),
    (r"no pg_hba.conf entry|pg_hba.conf rejects", _not_let_in),
    (r"not currently accepting connections", _accepts_none),
    (r"too many connections for (role|database)", _limited),
    (r"too many (clients|connections)|connection slots are reserved", _busy),
    (r"the database system is (starting|shutting|not yet|not accepting|in recovery)", _not_yet),
)


def _makes_role(survey: Survey, hint: str) -> str:
    return f"sudo -u postgres createuser {quote(survey.user)}{comment(survey, hint)}"


def _sets_password(survey: Survey) -> str:
    command = rf"\password {named(survey, survey.user)}"
    kept = quoted("SET password_encryption = 'scram-sha-256'")
    return f"sudo -u postgres psql -c {kept} -c {quote(command)}{comment(survey, 'asks for it')}"


def _lets_in_by_password(survey: Survey, address: str) -> str:
    where = f"host {_word(survey.name)} {_word(survey.user)} {address}"
    line = where if address else f"local {_word(survey.name)} {_word(survey.user)}"
    at_the_top = f"1i {line} scram-sha-256"
    return f'sudo sed -i {quoted(at_the_top)} "{_HBA_FILE}" && {_RELOAD}{comment(survey)}'


def _word(name: str) -> str:
    return name if re.fullmatch(r"\w+", name) else '"{}"'.format(name.replace('"', '""'))
