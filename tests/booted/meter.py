"""The two meters of a booted machine, each a telegram a second, until this is killed: python3 -m tests.booted.meter"""

import shutil
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.meter import Meter, telegram_of

FIRST, SECOND = "/dev/ttyUSB0", "/dev/p1-garage"
"""Their ports: the first looks like a USB adapter."""
POWER = {FIRST: "00.326", SECOND: "01.500"}
"""What each meter shows, by which its rows are known."""


class Now(Sequence[bytes]):
    """A meter's next telegram, its clock right."""

    def __init__(self, power: str) -> None:
        self._power = power

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: object) -> bytes:  # type: ignore[override]
        if index != 0:
            raise IndexError
        number = self._power.encode().hex()
        return telegram_of(int(time.time()), self._power, f"0-0:96.1.1({number})")


def main() -> None:
    """Be the meters."""
    with ExitStack() as stack:
        for name, power in POWER.items():
            line = stack.enter_context(Meter(Now(power), interval=1))
            shutil.chown(line.port, "root", "dialout")
            Path(line.port).chmod(0o660)
            Path(name).unlink(missing_ok=True)
            Path(name).symlink_to(line.port)
        while True:
            time.sleep(60)


if __name__ == "__main__":
    main()
