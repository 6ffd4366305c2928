"""Why a server lets nobody in, as far as its words and another try tell, and what mends it."""

import re

from p1harvester.check import sqlite, tls
from p1harvester.check.client import Advice, dsn, service, where
from p1harvester.drivers import REFUSED
from p1harvester.errors import StoreFailed
from p1harvester.survey import Survey

_UNKNOWN_OPTION = re.compile(r"unexpected keyword argument '(\w+)'|invalid connection option \"(\w+)\"")


def refusal(survey: Survey, failure: StoreFailed) -> Advice:
    """What the server's refusal means, and the commands that mend it."""
    if survey.kind == "sqlite":
        return sqlite.refusal(survey, failure)
    means = "What answers there did not let us in; the words above are its own, or its driver's."
    return known(survey, failure) or (means, f"sudo journalctl -u {service(survey)} -n 20     # on {where(survey)}")


def known(survey: Survey, failure: StoreFailed) -> Advice | None:
    """The same; None where nothing is known of it."""
    text = str(failure)
    if failure.server_code == REFUSED or "requested a cleartext password" in text:
        return tls.asked_for_the_password(survey)
    if option := _UNKNOWN_OPTION.search(text):
        return (
            f"{option[1] or option[2]} is no option of the driver's. Without the options that P1_DSN has:",
            dsn(survey),
        )
    if tls.is_at_fault(survey, text):
        return tls.fault(survey, text)
    if survey.kind == "postgresql":
        from p1harvester.check import postgresql

        return postgresql.refusal(survey, failure)
    from p1harvester.check import mysql

    return mysql.refusal(survey, failure)
