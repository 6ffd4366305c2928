"""Try it all: python3 -m tests.booted [SUITE...] [DATABASE...], by default every suite with every database."""

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.booted.journey import Journey
from tests.booted.machine import bare, booted

SUITES = ("bookworm", "trixie")
DATABASES = ("sqlite", "mariadb", "postgresql")
AT_ONCE = 3


def journey(suite: str, database: str, logs: Path) -> list[tuple[str, str, bool]]:
    """What was found on one machine; all that was said there is in a file of `logs`."""
    with (
        (logs / f"{suite}-{database}.log").open("w") as log,
        tempfile.TemporaryDirectory(dir="/var/tmp", prefix="p1harvester-") as folder,
        booted(suite, Path(folder), log) as machine,
    ):
        tried = Journey(machine, database)
        try:
            tried.whole()
        except (Exception, SystemExit) as error:  # noqa: BLE001 -- the others go on
            tried.holds("to the end", repr(error)[-300:], False)
        return tried.found


def main() -> None:
    """Print the table; exit with 1 if something does not hold."""
    words = sys.argv[1:]
    suites = [suite for suite in SUITES if suite in words] or SUITES
    databases = [database for database in DATABASES if database in words] or DATABASES
    logs = Path(tempfile.mkdtemp(prefix="p1harvester-booted-"))
    print(f"what each machine says: {logs}", flush=True)
    for suite in suites:
        bare(suite)
    pairs = [(suite, database) for suite in suites for database in databases]
    failed = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = [pool.submit(journey, *pair, logs) for pair in pairs]
        for (suite, database), found in zip(pairs, results, strict=True):
            print(f"\n| {suite}, {database} | found | |\n| --- | --- | --- |")
            for what, seen, right in found.result():
                print(f"| {what} | {seen} | {'ok' if right else 'FAILED'} |", flush=True)
                failed += not right
    print(f"\n{failed} failed" if failed else "\nall of it holds", flush=True)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
