"""A person at the server's terminal: takes the remedies that `check` prints, and pastes them."""

import os
import pty
import re
import select
import shlex
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from tests.conftest import Database, Run
from tests.meter import FOLDER
from tests.servers import Server, mariadb_client

SAVED = FOLDER / "dsmr-5.0.2.txt"
NEW = "another p@ss/w#rd"
"""What is typed where a new password is asked for."""
HEALTHY = re.compile(r"^(?:FAIL|warn)\s+(?:database|rights|table|zone|views)\b.*", re.MULTILINE)

_SUDO = """
[ "$1" = -u ] && shift 2
for word; do
    shift
    case $word in /etc/*) mkdir -p "$(dirname "$SANDBOX$word")"; word=$SANDBOX$word ;; esac
    set -- "$@" "$word"
done
exec "$@"
"""


def at_its_socket(server: Server) -> tuple[str, ...]:
    """A command prefix: a machine on which this server listens at the socket that Debian's does."""
    if server.kind == "postgresql":
        usual, ours = "/run/postgresql/.s.PGSQL.5432", server.folder / f".s.PGSQL.{server.port}"
    else:
        usual, ours = "/run/mysqld/mysqld.sock", server.folder / "socket"
    script = f'mount -t tmpfs none /run; mkdir {Path(usual).parent}; ln -s {ours} {usual}; exec "$@"'
    rights = () if os.geteuid() == 0 else ("--map-root-user",)
    return ("unshare", *rights, "--mount", "sh", "-ec", script, "sh")


def remedies(shown: str) -> list[str]:
    """What stands behind the arrows."""
    return re.findall(r"^ {18}-> (.*)", shown, re.MULTILINE)


class Person:
    """Asks `check` about a database, and does what it says."""

    def __init__(self, run: Run, database: Database, folder: Path, prefix: Sequence[str] = ()) -> None:
        assert database.server
        self.server, self.prefix, self.folder = database.server, tuple(prefix), folder
        self.env = database.env | {"COLUMNS": "9999", "P1_SPOOL": "off"}
        self._run = run
        self._tools()

    def check(self) -> str:
        """What is said of the database."""
        return self._run("check", "--port", SAVED, env=self.env, prefix=self.prefix).stdout

    def does(self, shown: str, wanted: Callable[[str], bool] = lambda _: True) -> None:
        """Paste each remedy that is `wanted`: settings into the env file, commands into a shell of bash's."""
        found = [remedy for remedy in remedies(shown) if wanted(remedy)]
        assert found, shown
        for remedy in found:
            if remedy.startswith("P1_"):
                [setting, *_] = shlex.split(remedy, comments=True)
                name, _, value = setting.partition("=")
                self.env[name] = NEW if name == "P1_DSN_PASSWORD" else value
            elif not remedy.startswith(("p1harvester ", "sql/README.md")):
                self.paste(remedy)

    def sets_up_what_is_left(self) -> None:
        """Run `setup`, where that is the remedy now."""
        if "-> p1harvester setup" in self.check():
            done = self._run("setup", "-q", env=self.env, prefix=self.prefix)
            assert (done.returncode, done.stderr) == (0, "")

    def is_well(self) -> str:
        """Fail unless nothing is amiss with the database; return what is said."""
        shown = self.check()
        assert not HEALTHY.search(shown), shown
        assert "may store a row" in shown
        return shown

    def paste(self, remedy: str) -> None:
        """Paste a command into a terminal, and type NEW whenever it asks."""
        child, terminal = pty.fork()
        if not child:
            os.chdir(self.folder)
            os.execve("/bin/bash", ["bash", "-c", remedy], self._environment())
        said = b""
        with suppress(OSError):  # the terminal is closed
            while select.select([terminal], [], [], 60)[0] and (more := os.read(terminal, 65536)):
                said += more
                if said.endswith(b": "):
                    os.write(terminal, f"{NEW}\n".encode())
        os.close(terminal)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        harmless = b"already exists" in said and "no harm" in remedy
        assert status == 0 or harmless, f"{remedy}\n{said.decode()}"

    def _environment(self) -> dict[str, str]:
        path = f"{self.folder}/tools:{os.environ['PATH']}:/usr/sbin"
        known = {"PGHOST": str(self.server.folder), "PGPORT": str(self.server.port), "PGUSER": "admin"}
        return {
            "PATH": path,
            "HOME": str(self.folder),
            "SANDBOX": f"{self.folder}/sandbox",
            "PGDATABASE": "postgres",
            "PAGER": "cat",
        } | known

    def _tools(self) -> None:
        tools = self.folder / "tools"
        tools.mkdir(exist_ok=True)
        path = mariadb_client()
        client = f'exec {path} --no-defaults --user=root --socket={self.server.folder}/socket "$@"\n'
        for name, script in {"sudo": _SUDO, Path(path).name: client, "ssh": 'shift; exec "$@"\n'}.items():
            (tools / name).write_text(f"#!/bin/sh\n{script}")
            (tools / name).chmod(0o755)
