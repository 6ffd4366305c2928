"""On the path of the tests' commands, which it steers where no option should.

The kernel says of the host's clock what HOST_CLOCK says, whatever is true. The WAY to a database may be the full one.
"""

import os

from p1harvester import clock

SAYS = {"synchronised": True, "not synchronised": False, "not told": None}

if said := os.environ.get("HOST_CLOCK"):
    clock.synchronised = lambda: SAYS[said or ""]

if os.environ.get("WAY") == "full":
    from p1harvester import ways

    setattr(ways, "short_way", lambda _: None)  # noqa: B010 -- a module's function
