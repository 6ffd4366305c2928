"""On the path of the tests' commands: a host that is what its environment says, whatever the tester's own is.

HOST_CLOCK is what the kernel says of its clock, HOST_SETTINGS its settings file, HOST_USER who runs the command,
HOST_LIBPQ the version of PostgreSQL's library. Where HOST_JOBS is none neither systemd nor cron runs one. The WAY to a
database may be the full one.
"""

import os
import sys

SAYS = {"synchronised": True, "not synchronised": False, "not told": None}

if said := os.environ.get("HOST_CLOCK"):
    from p1harvester import clock

    clock.synchronised = lambda: SAYS[said or ""]

if os.environ.get("HOST_TIME_T") == "32":
    import datetime
    import time

    LAST = 2**31 - 1

    def within(seconds: float | None) -> None:
        """Do as the C library with 32 bits for a time."""
        if seconds is not None and not -LAST <= seconds <= LAST:
            raise OverflowError("timestamp out of range for platform time_t")

    class Datetime(datetime.datetime):
        """One that asks the C library."""

        def timestamp(self) -> float:
            found = super().timestamp()
            if self.tzinfo is None:
                within(found)
            return found

        @classmethod
        def fromtimestamp(cls, timestamp: float, tz: datetime.tzinfo | None = None) -> "Datetime":
            within(timestamp)
            return super().fromtimestamp(timestamp, tz)

    full = {name: getattr(time, name) for name in ("localtime", "gmtime", "ctime")}

    def cut(name: str) -> None:
        """Let a function of time.h's have 32 bits."""

        def asked(seconds: float | None = None) -> object:
            within(seconds)
            return full[name](seconds)

        setattr(time, name, asked)

    for each in full:
        cut(each)
    setattr(datetime, "datetime", Datetime)  # noqa: B010 -- a module's class

if path := os.environ.get("HOST_SETTINGS"):
    from p1harvester import settings

    settings.ENV_FILES = (settings.ENV_FILES[0], path)
if name := os.environ.get("HOST_USER"):
    from p1harvester import user

    user.user = lambda: name or ""
if version := os.environ.get("HOST_LIBPQ"):
    from psycopg import pq

    pq.version = lambda: int(version or "")
if os.environ.get("WAY") == "full":
    from p1harvester import ways

    setattr(ways, "short_way", lambda _: None)  # noqa: B010 -- a module's function
# Only `check` looks for them, and no other command is to load what it takes.
if os.environ.get("HOST_JOBS") == "none" and "check" in sys.orig_argv:
    from p1harvester.check import host

    for asks, answer in {"_output": "", "_crontabs": []}.items():
        setattr(host, asks, lambda *_, answer=answer: answer)
