"""The zone of the server's sessions, by which the views cut hours, days and months, beside this host's."""

import os
import re
import time
from pathlib import Path

from p1harvester.check.client import in_client, lasting, named
from p1harvester.check.page import Page
from p1harvester.errors import StoreFailed
from p1harvester.survey import Survey

_HALF_A_YEAR = 182 * 86400
_FORM = "%Y-%m-%d %H:%M:%S"
_EXAMPLE = "Europe/Amsterdam"


def check_zone(page: Page, survey: Survey) -> None:
    """Compare what the server makes of a second, in winter and in summer, with what this host does."""
    if survey.kind == "sqlite":
        return  # its sessions are this host's processes
    now = int(time.time())
    seconds = (now, now - _HALF_A_YEAR)
    if survey.kind == "postgresql":
        answer = survey.ask("SELECT " + ", ".join(f"to_timestamp({each})::timestamp(0)::text" for each in seconds))
        [zone] = survey.ask("SHOW timezone")
    else:
        answer = survey.ask("SELECT " + ", ".join(f"CAST(FROM_UNIXTIME({each}) AS CHAR)" for each in seconds))
        [zone] = survey.ask("SELECT IF(@@time_zone = 'SYSTEM', @@system_time_zone, @@time_zone)")
    ours = tuple(time.strftime(_FORM, time.localtime(each)) for each in seconds)
    if answer == ours:
        page.ok("zone", f"the server's sessions cut days as this host does ({zone})")
        return
    at = next(index for index, pair in enumerate(zip(answer, ours, strict=True)) if pair[0] != pair[1])
    page.warn(
        "zone",
        f"at {ours[at]} of this host it is {answer[at]} for the server's sessions ({zone})",
        "The views cut hours, days and months by the server's zone, so days begin at another hour than here. If this"
        " host's zone is the meter's, this sets the server's; what reads the views connects anew:",
        *_remedies(survey),
    )


def _remedies(survey: Survey) -> list[str]:
    name = _host_zone()
    if survey.kind == "postgresql":
        return [in_client(survey, f"ALTER DATABASE {named(survey, survey.name)} SET timezone = '{name}'")]
    remedies = list(lasting(survey, "time_zone", name))
    if not _knows(survey, name):
        loader = "mariadb-tzinfo-to-sql" if survey.program == "mariadb" else "mysql_tzinfo_to_sql"
        tables = f"{loader} /usr/share/zoneinfo | sudo {survey.program} mysql     # the server knows no zones yet"
        remedies.insert(0, tables)
    return remedies


def _knows(survey: Survey, name: str) -> bool:
    try:
        return survey.ask(f"SELECT CONVERT_TZ('2024-01-01', 'UTC', '{name}')") != (None,)
    except StoreFailed:
        return False


def _host_zone() -> str:
    """This host's zone by its name in /usr/share/zoneinfo; an example where it has none."""
    name = os.environ.get("TZ", "").lstrip(":") or str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
    known = re.fullmatch(r"[\w/+-]+", name) and Path("/usr/share/zoneinfo", name).is_file()
    return name if known else _EXAMPLE
