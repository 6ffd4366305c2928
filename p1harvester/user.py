"""Who runs the program, for the sentences that say what mends."""

import os
import pwd


def user() -> str:
    """The user's name; in a container that knows none, the number, which `chown` takes as well."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
