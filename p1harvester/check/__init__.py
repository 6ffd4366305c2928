"""The command `check`: each link of the chain from the meter to the database looked at, nothing stored.

A step that fails stops only those that need what it looked for.
"""

from collections.abc import Mapping
from shlex import quote

from p1harvester.check.database import check_database
from p1harvester.check.host import schedule
from p1harvester.check.line import check_line
from p1harvester.check.meter import check_meter
from p1harvester.check.page import Page
from p1harvester.dsn import masked
from p1harvester.errors import BadSettings
from p1harvester.settings import NAMES, Settings, load
from p1harvester.user import command, user


def check(flags: Mapping[str, str | None], environ: Mapping[str, str], quiet: bool) -> bool:
    """Print what is well and what is not, with what mends it; return whether all is well.

    `flags` and `environ` are those of `settings.load`; `quiet` leaves out what is well.
    """
    page = Page(quiet, flags)
    timer = schedule()
    if settings := _settings(page, flags, environ):
        heard = check_line(page, settings)
        if heard and heard.proven:
            check_meter(page, heard, heard.proven)
        check_database(page, settings, timer.active)
    if timer.user and timer.user != user():
        of_meter = f" --meter {quote(timer.meter)}" if timer.meter else ""
        page.warn(
            "user",
            f"{user()} asks, and the job is run by {timer.user}",
            f"What {user()} may open, and where {user()} keeps readings, was looked at, not the job's.",
            f"sudo p1harvester{of_meter} check"
            if timer.user == "p1harvester"
            else f"sudo -u {timer.user} {page.typed('check')}",
        )
    if timer.remedy:
        page.warn("timer", timer.says, timer.means, timer.remedy)
    else:
        # To run the job by hand is a way of using it: no timer is no fault.
        page.ok("timer", timer.says, *([] if timer.active else ["README.md, Install: how it runs every minute"]))
    return page.end()


def _settings(page: Page, flags: Mapping[str, str | None], environ: Mapping[str, str]) -> Settings | None:
    try:
        settings = load(flags, environ)
    except BadSettings as error:
        page.fail("settings", str(error), "No step but the timer can be tried without them.", f"{command()} --help")
        return None
    values = _values(settings)
    width = max(map(len, values.values()))
    lines = [
        f"{name:<16} {values[name]:<{width}}  {settings.origins[name]}" for name in NAMES if name in settings.origins
    ]
    page.ok("settings", "they can be understood", *lines)
    for warning in settings.warnings:
        page.warn("settings", *warning)
    return settings


def _values(settings: Settings) -> dict[str, str]:
    """Setting -> its value, without any password."""
    return {
        "P1_PORT": settings.port,
        "P1_BAUD": str(settings.baud or "auto"),
        "P1_KEY": "***",
        "P1_DSN": masked(settings.dsn),
        "P1_DSN_PASSWORD": "***",
        "P1_TIMEOUT": f"{settings.timeout:g}",
        "P1_SPOOL": settings.spool or "off",
    }
