"""On the path of the tests' commands: the kernel says of the host's clock what HOST_CLOCK says, whatever is true."""

import os

from p1harvester import clock

SAYS = {"synchronised": True, "not synchronised": False, "not told": None}

if said := os.environ.get("HOST_CLOCK"):
    clock.synchronised = lambda: SAYS[said or ""]
