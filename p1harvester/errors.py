"""Everything that can go wrong: each error is a sentence for the user and an exit status of sysexits.h."""

from typing import Any, ClassVar

NOTICE = 25
"""The level at which something is logged that a person at a terminal is told without -v, and cron is not."""


class P1Error(Exception):
    """The family's head. `str(error)` is a sentence that the user can act on."""

    status: ClassVar[int]


class NoPort(P1Error):
    """There is no such port (EX_NOINPUT)."""

    status = 66


class PortBusy(P1Error):
    """Somebody else held the port until the deadline (EX_UNAVAILABLE)."""

    status = 69


class StoreFailed(P1Error):
    """A database did not do what it was asked (EX_UNAVAILABLE); a run has the spool, and ends as Spooled."""

    status = 69

    def __init__(self, database: str, reason: str, server_code: Any = None, *, damaged: bool = False) -> None:
        super().__init__(f"{database}: {reason}")
        self.database = database
        """The DSN, without a password."""
        self.reason = reason
        """The server's or its driver's own words, and what the user can do."""
        self.server_code = server_code
        """SQLite's primary result code, MariaDB's error number or PostgreSQL's SQLSTATE; None where there is none."""
        self.damaged = damaged
        """Whether this is an SQLite file that is damaged, or none at all."""


class NothingStored(P1Error):
    """Neither the database nor the spool took the reading (EX_CANTCREAT)."""

    status = 73


class Spooled(P1Error):
    """The database is away, the reading is safe in the spool (EX_TEMPFAIL)."""

    status = 75


class PortFailed(P1Error):
    """The port failed while it was being read (EX_IOERR)."""

    status = 74


class NoTelegram(P1Error):
    """No valid telegram came in time (EX_PROTOCOL)."""

    status = 76


class Denied(P1Error):
    """The port or the spool may not be opened by this user (EX_NOPERM)."""

    status = 77


class BadSettings(P1Error):
    """A setting is unknown or cannot be understood (EX_CONFIG)."""

    status = 78
