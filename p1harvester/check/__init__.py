"""The command `check`: each link of the chain from the meter to the database looked at, nothing stored.

A step that fails stops only those that need what it looked for.
"""

import re
from collections.abc import Mapping

from p1harvester.check.database import check_database
from p1harvester.check.host import schedule
from p1harvester.check.line import check_line
from p1harvester.check.meter import check_meter
from p1harvester.check.page import Page
from p1harvester.errors import BadSettings
from p1harvester.settings import NAMES, Settings, load


def check(flags: Mapping[str, str | None], environ: Mapping[str, str], quiet: bool) -> bool:
    """Print what is well and what is not, with what mends it; return whether all is well.

    `flags` and `environ` are those of `settings.load`; `quiet` leaves out what is well.
    """
    page = Page(quiet)
    timer = schedule()
    if settings := _settings(page, flags, environ):
        if heard := check_line(page, settings):
            check_meter(page, heard)
        check_database(page, settings, timer.active)
    if timer.remedy:
        page.warn("timer", timer.says, "It is installed, and nothing starts it.", timer.remedy)
    else:
        # To run the job by hand is a way of using it: no timer is no fault.
        page.ok("timer", timer.says)
    return page.end()


def _settings(page: Page, flags: Mapping[str, str | None], environ: Mapping[str, str]) -> Settings | None:
    try:
        settings = load(flags, environ)
    except BadSettings as error:
        page.fail("settings", str(error), "No other step but the last can be tried without them.", _HELP)
        return None
    lines = [
        f"{name:<16} {_shown(name, settings):<{_width(settings)}}  {origin}"
        for name in NAMES
        if (origin := settings.origins.get(name))
    ]
    page.ok("settings", "they can be understood", *lines)
    for warning in settings.warnings:
        says, _, remedy = warning.rpartition(": ")
        page.warn("settings", says, "The password is no secret on this host.", remedy.strip("`"))
    return settings


_HELP = "p1harvester --help     # and the README's table of settings"


def _width(settings: Settings) -> int:
    return max(len(_shown(name, settings)) for name in settings.origins)


def _shown(name: str, settings: Settings) -> str:
    """A setting's value, without any password."""
    match name:
        case "P1_PORT":
            return settings.port
        case "P1_BAUD":
            return str(settings.baud or "auto")
        case "P1_DSN":
            dsn = re.sub(r"(://[^:/@]*:).*@", r"\1***@", settings.dsn)
            return re.sub(r"(pass\w*=)[^&]*", r"\1***", dsn)
        case "P1_DSN_PASSWORD":
            return "***"
        case "P1_TIMEOUT":
            return f"{settings.timeout:g}"
        case _:
            return settings.spool or "off"
