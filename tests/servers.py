"""Private database servers for the tests: their own data folder, socket and free port, gone when the tests end."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

PASSWORD = "p@ss/w#rd%20:?"
"""Every special character that a DSN would need escaped."""

ZONE = "Europe/Amsterdam"
ENVIRONMENT = os.environ | {"TZ": ZONE}
"""The servers' environment: their sessions' time zone is that of the meters."""


_MARIADB_INSTALL = ("--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve")
# MySQL writes a binary log unless it is told not to, and then its users may make no functions unless it is told to.
_MYSQL = ("--mysqlx=OFF", "--log-bin-trust-function-creators=ON")


def free_port() -> int:
    """A TCP port of loopback that nobody listens on, and that no test running now was given before.

    It is below those that the kernel gives to clients meanwhile.
    """
    while True:
        port, claim = secrets.choice(range(20000, 32768)), socket.socket(socket.AF_UNIX)
        with suppress(OSError), socket.socket() as listener:
            claim.bind(f"\0p1harvester test port {port}")
            listener.bind(("127.0.0.1", port))
            claim.detach()  # open while this process lives, and nobody else gets the name
            return port
        claim.close()


def binary(name: str, *folders: str) -> str | None:
    """Where that program is; None where it is not installed."""
    return shutil.which(name, path=os.pathsep.join([*folders, os.environ["PATH"], "/usr/sbin"]))


def mariadb_client() -> str:
    """MariaDB's client, or MySQL's in its place: a remedy must call it by that name."""
    return str(binary("mariadb") or binary("mysql"))


@dataclass
class Server:
    """One server process. `command` starts it; `admin` is a DSN with all rights, on a database that is always there."""

    kind: str
    folder: Path
    port: int
    command: Sequence[str]
    user: str | None
    admin: str
    process: subprocess.Popen[bytes] | None = field(default=None)
    is_mysql: bool = False
    """Whether it is MySQL, in MariaDB's place."""

    def start(self, *more: str) -> None:
        """Start, this once with `more` options, and wait until it answers."""
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(
            [*self.command, *more], user=self.user, stdout=log, stderr=log, cwd="/", env=ENVIRONMENT
        )
        engine = sa.create_engine(self.admin, poolclass=sa.pool.NullPool)
        for _ in range(600):
            with suppress(sa.exc.DBAPIError), engine.connect():
                break
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.kind} did not start:\n{(self.folder / 'log').read_text()[-3000:]}")
            time.sleep(0.05)
        else:
            raise RuntimeError(f"{self.kind} does not answer:\n{(self.folder / 'log').read_text()[-3000:]}")
        if self.is_mysql:
            with suppress(sa.exc.DBAPIError):
                self._log_in()

    def must_be_mariadb(self) -> None:
        """Skip the test where MySQL stands in: what it asks for is MariaDB's own, test_mysql.py has MySQL's."""
        if self.is_mysql:
            pytest.skip("MySQL has it otherwise")

    def _log_in(self) -> None:
        """Log in as the tests' user. MySQL asks it for the password itself until it has had it once, by a safe way."""
        url = sa.make_url(self.admin).set(username="p1harvester", password=PASSWORD, database="")
        sa.create_engine(url, poolclass=sa.pool.NullPool).connect().close()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop (or kill) it and wait until it is gone."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None

    def execute(self, *statements: str, database: str | None = None) -> list[Any]:
        """Run statements with all rights; return the last one's rows."""
        url = sa.make_url(self.admin)
        engine = sa.create_engine(
            url.set(database=database or url.database), isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool
        )
        with engine.connect() as connection:
            for statement in statements:
                result = connection.exec_driver_sql(statement)
            return list(result) if result.returns_rows else []

    def new_database(self) -> str:
        """Make an empty database and its user `p1harvester` (with PASSWORD); return the DSN without the password."""
        name = f"p1_{secrets.token_hex(4)}"
        if self.kind == "mariadb":
            self.execute(
                f"CREATE DATABASE {name}",
                f"CREATE USER IF NOT EXISTS p1harvester IDENTIFIED BY '{PASSWORD.replace('%', '%%')}'",
                f"GRANT ALL ON {name}.* TO p1harvester",
            )
            if self.is_mysql:
                self._log_in()
            return f"mysql+pymysql://p1harvester@127.0.0.1:{self.port}/{name}"
        self.execute(
            f"CREATE USER {name} PASSWORD '{PASSWORD.replace('%', '%%')}'", f"CREATE DATABASE {name} OWNER {name}"
        )
        return f"postgresql+psycopg://{name}@127.0.0.1:{self.port}/{name}"

    def new_database_with_password(self) -> str:
        """Make an empty database; return the DSN, password and all."""
        return sa.make_url(self.new_database()).set(password=PASSWORD).render_as_string(hide_password=False)


@contextmanager
def private_folder(owner: str | None) -> Iterator[Path]:
    """A temporary folder that is `owner`'s, or ours."""
    path = Path(tempfile.mkdtemp(prefix="p1-"))
    if owner:
        shutil.chown(path, owner, owner)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def mariadb(*more: str) -> Iterator[Server | None]:
    """A MariaDB server with `more` options, MySQL where that is what is installed; None where neither is."""
    me = pwd.getpwuid(os.geteuid()).pw_name
    with private_folder(None) as folder:
        # A server that starts removes the temporary tables that others have in a folder they share.
        options = ["--no-defaults", f"--datadir={folder}/data", f"--tmpdir={folder}", f"--user={me}"]
        if (install := binary("mariadb-install-db")) and (daemon := binary("mariadbd")):
            own: tuple[str, ...] = ()
            filling = [install, *options, *more, *_MARIADB_INSTALL]
        elif daemon := binary("mysqld"):
            own = _MYSQL
            filling = [daemon, *options, *(option for option in more if "page-size" in option), "--initialize-insecure"]
        else:
            yield None
            return
        subprocess.run(filling, check=True, capture_output=True)
        port, path = free_port(), folder / "socket"
        command = [daemon, *options, f"--socket={path}", f"--port={port}", "--bind-address=127.0.0.1"]
        command += [
            "--skip-name-resolve",
            *own,
            f"--pid-file={folder}/pid",
            "--innodb-flush-log-at-trx-commit=1",
            *more,
        ]
        admin = f"mysql+pymysql://root@/mysql?unix_socket={path}"
        server = Server("mariadb", folder, port, command, None, admin, is_mysql=bool(own))
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def postgresql() -> Iterator[Server | None]:
    """A PostgreSQL server; None where its binaries are missing."""
    folders = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    install, daemon = binary("initdb", *folders), binary("postgres", *folders)
    if not install or not daemon:
        yield None
        return
    owner = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    with private_folder(owner) as folder:
        subprocess.run(
            [
                install,
                "-D",
                folder / "data",
                "-U",
                "admin",
                "--auth-local=trust",
                "--auth-host=scram-sha-256",
                "--no-sync",
            ],
            check=True,
            capture_output=True,
            user=owner,
            cwd="/",
            env=ENVIRONMENT,
        )
        port = free_port()
        command = [
            daemon,
            "-D",
            f"{folder}/data",
            "-k",
            str(folder),
            "-p",
            str(port),
            "-c",
            "listen_addresses=127.0.0.1",
            # To compile the queries of tables this small takes most of the time.
            "-c",
            "jit=off",
        ]
        admin = f"postgresql+psycopg://admin@/postgres?host={folder}&port={port}"
        server = Server("postgresql", folder, port, command, owner, admin)
        try:
            server.start()
            yield server
        finally:
            server.stop(signal.SIGINT)
