"""A private pgbouncer in front of a test's PostgreSQL server."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.conftest import Database
from tests.servers import PASSWORD, binary, free_port, private_folder


@contextmanager
def pgbouncer(database: Database, mode: str) -> Iterator[int]:
    """Let pgbouncer lend its few sessions by `mode` (session, transaction); yield its port."""
    program, server = binary("pgbouncer"), database.server
    if program is None:
        pytest.skip("pgbouncer is not installed")
    assert server
    user = database.dsn.rpartition("/")[2]
    port = free_port()
    with private_folder(server.user) as folder:
        (folder / "users").write_text(f'"{user}" "{PASSWORD}"\n')
        (folder / "ini").write_text(
            f"""
            [databases]
            * = host=127.0.0.1 port={server.port}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = scram-sha-256
            auth_file = {folder}/users
            pool_mode = {mode}
            default_pool_size = 2
            """.replace("            ", "")
        )
        for file in (folder / "users", folder / "ini"):
            file.chmod(0o644)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [program, folder / "ini"], user=server.user, stdout=log, stderr=log, cwd="/", env=dict(os.environ)
            )
        try:
            for _ in range(200):
                with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.05)
            yield port
        finally:
            # On SIGTERM one of Debian 13 waits for its clients, for ever.
            process.kill()
            process.wait()
