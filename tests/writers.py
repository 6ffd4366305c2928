"""Meters that write minute after minute, each into a database of its own, made as the README says."""

import os
import re
import shlex
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from tests.conftest import UNMEASURED, Run
from tests.galera import Node
from tests.meter import sealed_again, telegram
from tests.readme import README, blocks
from tests.servers import Server, mariadb_client

AT_ONCE = 3
"""Runs at the same time: most of each is its interpreter's start, and other tests want a processor too."""
NOON = 1700000000
BLOCKS = blocks(README)
"""The READMEs' commands."""


def frame(number: int, second: int, minute: int) -> bytes:
    """What meter `number` sends at a UNIX second, when its register has counted on for so many minutes."""
    lines = {
        rb"0-0:96\.1\.1\(.*?\)": b"0-0:96.1.1(%034d)" % number,
        rb"0-0:1\.0\.0\(.*?\)": time.strftime("0-0:1.0.0(%y%m%d%H%M%SW)", time.gmtime(second + 3600)).encode(),
        rb"1-0:1\.8\.1\(.*?\*": b"1-0:1.8.1(%010.3f*" % (number + minute / 1000),
    }
    changed = telegram("dsmr-5.0.2")
    for old, new in lines.items():
        changed = re.sub(old, new, changed)
    return sealed_again(changed)


def by_the_readme(server: Server, names: Sequence[str], folder: Path) -> None:
    """Make each meter's database and user by the README's commands, and in `folder` its settings, NAME.env."""
    [commands] = (block for block in BLOCKS if "for meter in" in block)
    client = [mariadb_client(), "--no-defaults", "--user=root", f"--socket={server.folder}/socket"]
    for name, words in {"sudo": "", "mariadb": shlex.join(client)}.items():
        (folder / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        (folder / name).chmod(0o700)
    (folder / "meters").write_text("\n".join(names))
    script = commands.replace("db.example.org", f"127.0.0.1:{server.port}")
    path = os.pathsep.join([str(folder), os.environ["PATH"]])
    subprocess.run(["bash", "-euc", script], cwd=folder, env=os.environ | {"PATH": path}, check=True)


def all_together(tasks: Sequence[Callable[[], Any]]) -> list[Any]:
    """Do these, AT_ONCE at a time; return what they return."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda task: task(), tasks))


@dataclass
class Writer:
    """A meter whose readings go by way of a port of loopback into a database of its own, minute after minute."""

    number: int
    way: str
    port: int
    folder: Path
    run: Run
    statuses: list[int] = field(default_factory=list)
    """How the run of each minute ended."""

    @property
    def name(self) -> str:
        """Its database, and its user."""
        return f"meter{self.number}"

    @property
    def settings(self) -> str:
        """Its settings' file."""
        return f"{self.folder}/{self.name}.env"

    @property
    def spool(self) -> Path:
        """Where its readings wait."""
        return self.folder / self.name / "spool.db"

    @property
    def password(self) -> str:
        """Its user's password."""
        return str(dotenv_values(self.settings)["P1_DSN_PASSWORD"])

    def dsn(self, port: int) -> str:
        """Its database by way of a port."""
        return f"mysql+pymysql://{self.name}@127.0.0.1:{port}/{self.name}"

    def minute(self, port: int | None = None) -> str:
        """Run the command on the next minute's telegram, this once by way of another `port`; return what it says."""
        minute = len(self.statuses)
        done = self.run(
            *("--env-file", self.settings, "--dsn", self.dsn(port or self.port), "--port", "-"),
            input=frame(self.number, NOON + 60 * minute, minute),
            env=UNMEASURED | {"P1_SPOOL": str(self.spool)},
        )
        self.statuses.append(done.returncode)
        return done.stderr

    def taken(self) -> list[tuple[int, Decimal]]:
        """The second and the register of every reading that a run took."""
        assert set(self.statuses) <= {0, 75}
        return [(NOON + 60 * minute, self.number + Decimal(minute) / 1000) for minute in range(len(self.statuses))]

    def rows(self, node: Node) -> list[tuple[int, Decimal]]:
        """The same of every row on a node, which first takes in all that the others have committed."""
        query = "SELECT time, use_reading_1 FROM p1_readouts ORDER BY time"
        return [tuple(row) for row in node.execute("SET SESSION wsrep_sync_wait = 1", query, database=self.name)]
