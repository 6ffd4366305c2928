"""The way from this host into the database: server, user, table, rights, views, rows."""

import os
import re
import socket
import time
from itertools import pairwise
from statistics import median

from p1harvester.check.page import Page
from p1harvester.check.spool import check_spool, nearest
from p1harvester.database import TIMEOUT
from p1harvester.errors import BadSettings, StoreFailed
from p1harvester.names import limited
from p1harvester.report import local
from p1harvester.settings import Settings
from p1harvester.survey import Survey
from p1harvester.user import user

_DAY = 86400
_SETUP = "p1harvester setup"
_TOLERATED = 15
"""Readings that a day may lack without a warning: a restart, an update."""
_LATE = 3
"""Steps after which the newest row is called old."""
_REFUSED_USER = (1045, 1698, 1130)
_THIS_HOST = (None, "localhost", "127.0.0.1", "::1")
_REFUSED_DATABASE = (1044, 1049)
_CUT_OFF = 1047


def check_database(page: Page, settings: Settings, scheduled: bool) -> None:
    """Check database and spool; `scheduled` is whether something runs the job by the clock."""
    try:
        survey = Survey(settings.dsn, settings.password)
    except BadSettings as error:
        page.fail("database", "P1_DSN leads to no database", str(error), "P1_DSN=sqlite:////FOLDER/FILE.db")
        return
    if _there(page, survey) and _connects(page, survey):
        try:
            if _table(page, survey):
                _rows(page, survey, scheduled)
        except StoreFailed as failure:
            page.fail("database", "it stopped answering", str(failure), "p1harvester check     # once more")
    check_spool(page, settings, survey)


def _there(page: Page, survey: Survey) -> bool:
    if survey.kind == "sqlite":
        return _file_there(page, survey)
    if survey.host is None:
        return True
    where = f"{survey.host}:{survey.tcp_port}"
    try:
        with limited(TIMEOUT):
            socket.getaddrinfo(survey.host, survey.tcp_port, type=socket.SOCK_STREAM)
    except OSError as error:
        page.fail(
            "database",
            f"no host is called {survey.host}",
            f"The name server says: {error}. A name wants mending in P1_DSN, or a line in /etc/hosts.",
            f"getent hosts {survey.host}",
        )
        return False
    try:
        socket.create_connection((survey.host, survey.tcp_port), TIMEOUT).close()
    except OSError as error:
        page.fail(
            "database",
            f"nothing answers at {where}: {error.strerror or error}",
            "The server is not running, listens at another address or port, or a firewall is in between. Until it"
            " answers, readings wait in the spool.",
            f"sudo systemctl start {_service(survey)}     # on {_where(survey)}",
            "sudo ss -ltnp     # there: the addresses and ports that are listened at",
        )
        return False
    return True


def _file_there(page: Page, survey: Survey) -> bool:
    path = survey.file
    if path is None or os.access(path, os.F_OK):
        return path is not None
    folder = nearest(path)
    if os.access(folder, os.W_OK | os.X_OK):
        page.warn(
            "database", f"{path} is not there yet", f"The first run of p1harvester makes it, or {_SETUP} does.", _SETUP
        )
    else:
        page.fail(
            "database",
            f"{path} is not there, and {user()} cannot make it",
            f"{folder} is not writable for {user()}.",
            f"sudo install -d -o {user()} -m 700 {path.parent}",
        )
    return False


def _connects(page: Page, survey: Survey) -> bool:
    try:
        product = survey.product()
    except StoreFailed as failure:
        page.fail("database", str(failure), *_refusal(survey, failure))
        return False
    page.ok("database", f"{survey} answers: {product}")
    return True


def _refusal(survey: Survey, failure: StoreFailed) -> tuple[str, ...]:
    """What the server's refusal means, and the commands that mend it."""
    user, name, text = survey.user, survey.name, str(failure)
    postgresql = survey.kind == "postgresql"
    if survey.kind == "sqlite":
        return "The file is no SQLite database, is damaged, or is closed to this user.", f"ls -l {survey.file}"
    # PostgreSQL gives no code before somebody is logged in, only words.
    if failure.server_code in _REFUSED_DATABASE or re.search(r"database .* does not exist", text):
        means = f"There is no database {name} on the server, or {user} may not use it."
        if postgresql:
            return means, f"sudo -u postgres createdb --owner {user} {name}"
        return (
            means,
            f'sudo mariadb -e "CREATE DATABASE IF NOT EXISTS {name}; GRANT ALL ON {name}.* TO {_account(survey)}"',
        )
    if failure.server_code in _REFUSED_USER or re.search(r"password|authentication|role .* does not exist", text):
        means = f"The server knows no user {user} with this password, from this host. The password is set so:"
        setting = "P1_DSN_PASSWORD='...'     # the same here, in the env file"
        if postgresql:
            return means, f"sudo -u postgres psql -c '\\password {user}'     # asks for it", setting
        return means, f"sudo mariadb -e \"ALTER USER {_account(survey)} IDENTIFIED BY '...'\"", setting
    if failure.server_code == _CUT_OFF:
        means = (
            "This node of a Galera cluster does not see most of the others, and takes nothing until it does again."
            " Readings wait in the spool."
        )
        return means, f"sudo mariadb -e \"SHOW STATUS LIKE 'wsrep_cluster_s%'\"     # on {_where(survey)}"
    means = "What answers there did not let us in; the words above are its own, or its driver's."
    return means, f"sudo journalctl -u {_service(survey)} -n 20     # on {_where(survey)}"


def _service(survey: Survey) -> str:
    return "postgresql" if survey.kind == "postgresql" else "mariadb"


def _where(survey: Survey) -> str:
    return "this host" if survey.host in _THIS_HOST else str(survey.host)


def _account(survey: Survey) -> str:
    """MariaDB's account for this user: the host is the one that it connects from."""
    return f"{survey.user}@{'localhost' if survey.host in _THIS_HOST else repr('%')}"


def _table(page: Page, survey: Survey) -> bool:
    missing = survey.missing_columns()
    if missing is None:
        page.warn("table", "there is no p1_readouts yet", f"The first run makes it, or {_SETUP} does.", _SETUP)
        return False
    if missing:
        page.warn(
            "table",
            f"p1_readouts lacks {len(missing)} columns, {missing[0]} among them",
            "It was made by another program or an older version. Columns are added, the rows in it stay as they are;"
            " the first run does so too.",
            _SETUP,
        )
    else:
        page.ok("table", "p1_readouts is up to date")
    _rights(page, survey)
    if survey.views_are_current():
        page.ok("views", "they are up to date")
    else:
        page.warn("views", "they are missing, or of another version", "Grafana's dashboards read them.", _SETUP)
    return True


def _rights(page: Page, survey: Survey) -> None:
    try:
        survey.try_insert()
    except StoreFailed as failure:
        if survey.kind == "sqlite":
            remedy = f"sudo chown {user()} {survey.file}"
        else:
            grant = f"GRANT SELECT, INSERT ON p1_readouts TO {survey.account()}"
            client = f"sudo -u postgres psql {survey.name} -c" if survey.kind == "postgresql" else "sudo mariadb -e"
            if survey.kind != "postgresql":
                grant = grant.replace("ON ", f"ON {survey.name}.")
            remedy = f'{client} "{grant}"'
        page.fail(
            "rights",
            f"{survey.user or user()} may not store a row",
            f"The database says: {failure.reason}. Readings go to the spool.",
            remedy,
        )
    else:
        page.ok("rights", f"{survey.user or user()} may store a row (tried with none)")


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
