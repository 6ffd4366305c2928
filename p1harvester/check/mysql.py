"""Why MariaDB or MySQL lets nobody in. Its `Access denied` has many causes: where another way in works, that tells."""

import re
from pathlib import Path

from p1harvester.check import tls
from p1harvester.check.client import NEW, Advice, asking, comment, dsn, in_client, is_here, lasting, named, quoted
from p1harvester.check.tls import SOCKET
from p1harvester.errors import StoreFailed
from p1harvester.survey import Survey

_DENIED = (1045, 1698)
_NO_DATABASE = (1044, 1049)
_LOCKED = (3118, 4151)
_EXPIRED = (1820, 1862)
_TOO_MANY, _USED_UP = (1040, 1203), 1226
_LIMITS = {"max_questions": "max_queries_per_hour", "max_updates": "max_updates_per_hour"}
"""A limit's name in MySQL's refusal -> in its statements."""
_OFFLINE = 3032
_WANTS_TLS = 3159
_UNKNOWN_HOST, _BLOCKED, _CUT_OFF = 1130, 1129, 1047
_NO_PLUGIN = (1524, 2059)
"""That it is kept by is not loaded in the server, or not in the driver."""
_NATIVE, _USUAL = "mysql_native_password", "caching_sha2_password"
_SETTING = "P1_DSN_PASSWORD='...'     # the same here, in the env file"


def refusal(survey: Survey, failure: StoreFailed) -> Advice | None:
    """What the server's refusal means, and what mends it; None where nothing is known of it."""
    if "this MySQL server" in failure.reason:
        survey.program = "mysql"
    code, account = failure.server_code, account_in(survey, failure.reason)
    if code in _DENIED:
        return _denied(survey, account)
    if code in _NO_DATABASE:
        return _no_database(survey, account if code == _NO_DATABASE[0] else None)
    if code == _WANTS_TLS:
        return _by_socket(survey) or tls.wanted(survey)
    if code in _EXPIRED:
        means = "The account's password has expired: it must be set anew."
        return means, _for_each_account(survey, f" IDENTIFIED BY {NEW}"), _SETTING
    if code in _NO_PLUGIN or "'pynacl' package" in failure.reason:
        whom = "the server has no more" if code == _NO_PLUGIN[0] else "the driver, PyMySQL, does not know"
        means = f"The account's password is kept in a way that {whom}. Set anew, it is kept in one that is known:"
        kept = f"WITH {_USUAL} BY {NEW}" if survey.program == "mysql" else f"VIA {_NATIVE} USING PASSWORD({NEW})"
        native = f" IDENTIFIED {kept}"
        return means, _for_each_account(survey, native), _SETTING
    if code in _LOCKED:
        return "The account is locked.", _for_each_account(survey, " ACCOUNT UNLOCK")
    return _of_the_server(survey, failure)


def _of_the_server(survey: Survey, failure: StoreFailed) -> Advice | None:
    match failure.server_code:
        case code if code == _USED_UP and (found := re.search(r"exceeded the '(\w+)' resource", failure.reason)):
            limit = _LIMITS.get(found[1], found[1])
            means = f"The account may not do more: it has a limit of its own, {limit}. So that it has none:"
            return means, _for_each_account(survey, f" WITH {limit.upper()} 0")
        case code if code == _OFFLINE:
            return "The server was told to let in none but its administrators.", *lasting(survey, "offline_mode", "OFF")
        case code if code in _TOO_MANY:
            means = "The server, or this account, has all the connections that it may have. Who has them:"
            return means, in_client(survey, "SHOW PROCESSLIST", "")
        case code if code == _BLOCKED:
            means = "Too many connections from this host were begun and broken off; the server blocks it until told:"
            mysqls = "TRUNCATE TABLE performance_schema.host_cache"
            return means, in_client(survey, mysqls if survey.program == "mysql" else "FLUSH HOSTS", "")
        case code if code == _UNKNOWN_HOST:
            host = re.search(r"Host '([\w.:-]+)' is not allowed", failure.reason)
            account = _account(survey, host[1] if host else "%")
            return (
                f"The server has no account at all that may come from here; for {account} it is made so:",
                *_makes(survey, account),
            )
        case code if code == _CUT_OFF:
            means = (
                "This node of a Galera cluster does not see most of the others, and takes nothing until it does again."
                " Readings wait in the spool."
            )
            return means, in_client(survey, "SHOW STATUS LIKE 'wsrep_cluster_s%'", "")
    return None


def account_in(survey: Survey, words: str) -> str:
    """The account for this user: the host is the one that the server took us to come from, by its own words."""
    found = re.search(r"'@'([\w.:%-]+)'", words)
    return _account(survey, found[1] if found else "localhost" if is_here(survey) else "%")


def _account(survey: Survey, host: str) -> str:
    user = survey.user.replace("\\", "\\\\").replace("'", "''")
    return f"'{user}'@'{host}'"


def _denied(survey: Survey, account: str) -> Advice:
    if survey.user == "root":
        own = "'p1harvester'@'localhost'" if is_here(survey) else "'p1harvester'@'%'"
        return (
            "root is let in by sudo alone, which must stay so; the job wants a user of its own.",
            *_makes(survey, own),
            dsn(survey, **({"unix_socket": SOCKET} if is_here(survey) else {})).replace("//root@", "//p1harvester@"),
        )
    if not survey.has_password:
        means = (
            "No password was sent: there is none in P1_DSN, nor in P1_DSN_PASSWORD. Known or set anew, it goes here:"
        )
        return means, _SETTING, _sets_password(survey, account)
    return _by_another_way(survey, account) or (
        f"For the server this is {account}, and either there is no such account, or its password is another: it does"
        " not say which. The accounts that there are:",
        in_client(survey, f"SELECT User, Host FROM mysql.user WHERE User = {account.partition('@')[0]}", ""),  # noqa: S608
        _sets_password(survey, account, hint="it makes the account where there is none"),
        _grants(survey, account, "only where there was none"),
        _SETTING,
    )


def _by_another_way(survey: Survey, account: str) -> Advice | None:
    """What it means that the same password is taken elsewhere; None where it is not."""
    if survey.socket:
        if _lets_in(survey.by("127.0.0.1", {})):
            means = f"The password is right for 127.0.0.1, but there is no account {account}, whom the socket brings."
            return means, dsn(survey, host="127.0.0.1")
        return None
    if not any(name.startswith("ssl") for name in survey.query) and _lets_in(tls.unverified(survey)):
        return _by_socket(survey) or tls.wanted(survey)
    if by_socket := _by_socket(survey):
        means = (
            f"The password is right, but for localhost alone: over TCP the server takes us for {account}, as it does"
            " not look up names (skip_name_resolve). Either the job comes by the socket, or that one gets an account:"
        )
        return means, *by_socket[1:], *_makes(survey, account)
    return None


def _by_socket(survey: Survey) -> Advice | None:
    """The way over the unix socket, where that lets us in."""
    if survey.socket or not is_here(survey) or not Path(SOCKET).is_socket():
        return None
    if _lets_in(survey.by("localhost", {"unix_socket": SOCKET})):
        return "The server lets this account in over TLS or its unix socket only.", dsn(survey, unix_socket=SOCKET)
    return None


def _lets_in(survey: Survey) -> bool:
    refused = survey.refusal()
    return refused is None or refused.server_code in _NO_DATABASE


def _sets_password(survey: Survey, account: str, hint: str = "") -> str:
    """The command that gives an account a new password, and makes it where it is missing."""
    by = f"IDENTIFIED BY {NEW}"
    return asking(survey, f"CREATE USER IF NOT EXISTS {account} {by}; ALTER USER {account} {by}", hint)


def _for_each_account(survey: Survey, change: str) -> str:
    """The command that changes the accounts of this name; the server did not say which of them it is."""
    account = "QUOTE(User), '@', QUOTE(Host)"
    change = change.replace("'", "''")
    user = _account(survey, "").partition("@")[0]
    statement = f"SELECT CONCAT('ALTER USER ', {account}, '{change};') FROM mysql.user WHERE User = {user}"  # noqa: S608
    if NEW in statement:
        return asking(survey, statement, options=" -rN", into=f" | sudo {survey.program}")
    return f"sudo {survey.program} -rNe {quoted(statement)} | sudo {survey.program}{comment(survey)}"


def _makes(survey: Survey, account: str) -> Advice:
    """The commands that make an account with its rights, and the setting that its password goes into."""
    return _sets_password(survey, account), _grants(survey, account), _SETTING


def _grants(survey: Survey, account: str, hint: str = "") -> str:
    return in_client(survey, f"GRANT ALL ON {named(survey, survey.name)}.* TO {account}", "", hint)


def _no_database(survey: Survey, account: str | None) -> Advice:
    means = f"There is no database {survey.name} on the server, or {survey.user} may not use it."
    if account is None:
        try:
            account = survey.by(survey.host, survey.query, "").account()
        except StoreFailed:
            account = account_in(survey, "")
    name = named(survey, survey.name)
    there = in_client(survey, "SHOW DATABASES", "", "those that there are; A is another letter than a")
    return (
        means,
        there,
        in_client(survey, f"CREATE DATABASE IF NOT EXISTS {name}; GRANT ALL ON {name}.* TO {account}", ""),
    )
