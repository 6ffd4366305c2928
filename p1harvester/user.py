"""Who runs the program, and by which words, for the sentences that say what mends."""

import os
import pwd
import sys
from pathlib import Path
from shlex import quote

METER = "P1HARVESTER_METER"
"""The environment's name for the meter whose job this is: set by the units, and by the command that is on the PATH."""


def user() -> str:
    """The user's name; in a container that knows none, the number, which `chown` takes as well."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def meter() -> str | None:
    """The name of the meter whose job this is, empty for the first one; None where the program was called by itself."""
    return os.environ.get(METER)


def adding(package: str) -> str:
    """The command that adds a package to the program, in backquotes; the installer adds what the settings ask for."""
    if meter() is not None:
        return "`sudo systemd/install`, in the clone, adds it"
    return f"`{quote(sys.executable)} -m pip install {quote(package)}` adds it"


def command() -> str:
    """What a person types to run the program again, for the same meter."""
    if (name := meter()) is not None:
        return f"p1harvester --meter {quote(name)}" if name else "p1harvester"
    from shutil import which

    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{quote(sys.executable)} -m p1harvester"
    found = which("p1harvester")
    return "p1harvester" if found and Path(found).absolute() == called.absolute() else quote(str(called))
