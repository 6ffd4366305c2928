"""A private Galera cluster: three MariaDB nodes on loopback, set up as the README sets up three hosts."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pymysql

from tests.servers import Server, binary, free_port, private_folder

NODES = 3
PROVIDER = Path("/usr/lib/galera/libgalera_smm.so")
"""Galera itself, where Debian puts it."""


class Node(Server):
    """A server that is one node of the cluster."""

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement with all rights, on a node without a majority too; return its rows."""
        with closing(pymysql.connect(user="root", unix_socket=f"{self.folder}/socket", autocommit=True)) as connection:
            cursor = connection.cursor()
            cursor.execute(statement)
            return list(cursor)

    def status(self, name: str) -> str:
        """What `SHOW STATUS` says of wsrep_`name`."""
        [(_, value)] = self.ask(f"SHOW STATUS LIKE 'wsrep_{name}'")
        return str(value)

    def wait_for(self, name: str, value: str) -> None:
        """Wait until its status wsrep_`name` is `value`."""
        until = time.monotonic() + 60
        while (found := self.status(name)) != value:
            if time.monotonic() > until:
                raise TimeoutError(f"wsrep_{name} is {found}, not {value}")
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.stop(signal.SIGKILL)

    def start_again(self) -> None:
        """Start it after a kill as Debian's unit does: where it left off, without asking for a copy of everything."""
        recovery = ["galera_recovery", self.command[1]]
        done = subprocess.run(recovery, check=True, capture_output=True, text=True, user=self.user, cwd="/")
        self.start(*done.stdout.split())


@contextmanager
def cluster(config: str) -> Iterator[list[Node] | None]:
    """Three nodes that share `config`, the text of a configuration file; None where the binaries are missing."""
    daemon, install = binary("mariadbd"), binary("mariadb-install-db")
    if not (daemon and install and binary("galera_recovery") and binary("rsync") and PROVIDER.exists()):
        yield None
        return
    owner = "mysql" if os.geteuid() == 0 else None  # root's rsync would write as nobody
    addresses = [f"127.0.0.1:{free_port()}" for _ in range(NODES)]
    with ExitStack() as stack:
        nodes = []
        for address in addresses:
            folder, port = stack.enter_context(private_folder(owner)), free_port()
            (folder / "data").mkdir()
            if owner:
                shutil.chown(folder / "data", owner)
            (folder / "node.cnf").write_text(f"""{config}
datadir = {folder}/data
tmpdir = {folder}
socket = {folder}/socket
pid_file = {folder}/pid
port = {port}
bind_address = 127.0.0.1
wsrep_cluster_address = gcomm://{",".join(addresses)}
wsrep_node_address = {address}
wsrep_sst_receive_address = 127.0.0.1:{free_port()}
wsrep_provider_options = ist.recv_addr=127.0.0.1:{free_port()}
""")
            command = [daemon, f"--defaults-file={folder}/node.cnf"]
            admin = f"mysql+pymysql://root@/mysql?unix_socket={folder}/socket"
            nodes.append(Node("mariadb", folder, port, command, owner, admin))
        # The others get a copy of the first one's data.
        words = [install, "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run(
            [*words, f"--datadir={nodes[0].folder}/data"], check=True, capture_output=True, user=owner, cwd="/"
        )
        for node in nodes:
            stack.callback(node.stop)
            node.start(*["--wsrep-new-cluster"] * (node is nodes[0]))
        yield nodes
