"""On the path of the tests' commands: the kernel says of the host's clock what HOST_CLOCK says, whatever is true."""

import os

from p1harvester import clock

SAYS = {"synchronised": True, "not synchronised": False, "not told": None}

if said := os.environ.get("HOST_CLOCK"):
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
