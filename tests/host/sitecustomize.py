"""On the path of the tests' commands: a host that is what its environment says, whatever the tester's own is.

HOST_CLOCK is what the kernel says of its clock, HOST_SETTINGS its settings file, HOST_USER who runs the command.
"""

import os

SAYS = {"synchronised": True, "not synchronised": False, "not told": None}

if said := os.environ.get("HOST_CLOCK"):
    from p1harvester import clock

    clock.synchronised = lambda: SAYS[said or ""]
if path := os.environ.get("HOST_SETTINGS"):
    from p1harvester import settings

    settings.ENV_FILES = (settings.ENV_FILES[0], path)
if name := os.environ.get("HOST_USER"):
    from p1harvester import user

    user.user = lambda: name or ""
