"""Everything that can go wrong: each error is a sentence for the user and an exit status of sysexits.h."""

from typing import ClassVar


class P1Error(Exception):
    """The family's head. `str(error)` is a sentence that the user can act on."""

    status: ClassVar[int]


class NoPort(P1Error):
    """There is no such port (EX_NOINPUT)."""

    status = 66


class PortBusy(P1Error):
    """Somebody else held the port until the deadline (EX_UNAVAILABLE)."""

    status = 69


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
