"""A bare Debian, made once, and booted by systemd-nspawn."""

import os
import re
import shutil
import subprocess
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tests.readme import PROJECT

KEPT = Path("/var/tmp")
"""Where the bare systems and their packages stay."""
OF_THE_HOST = ("/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt")
HOSTNAME = "raspberrypi"
PACKAGES = "cron git python3 sudo"
"""What a Raspberry Pi has and a bare Debian has not."""
_UNIT = """[Service]
ExecStart=/usr/bin/python3 -m tests.booted.meter
WorkingDirectory=/srv/project
[Install]
WantedBy=multi-user.target
"""
_CLOCK = """from contextlib import suppress
with suppress(ImportError):
    from p1harvester import clock
    clock.synchronised = lambda: True
"""
"""The host's kernel, whose clock nothing may keep right, is the machine's too."""


class Machine:
    """A booted Debian, seen from its host. What is said and done there goes to `log`."""

    def __init__(self, root: Path, log: TextIO) -> None:
        self.root, self.log = root, log
        self.typed = 0
        """How many commands the person at the machine has typed."""

    def boot(self) -> None:
        """Boot it, and wait until it is up."""
        words = ["systemd-nspawn", f"--directory={self.root}", "--boot", "--register=no", "--console=pipe"]
        # DevicePolicy= is kept by programs of BPF, in the unified hierarchy of control groups alone.
        words += ["--capability=CAP_BPF", "--system-call-filter=bpf"]
        if not Path("/run/systemd/system").exists():
            words = ["sh", "-ec", _OWN_GROUP, self.root.parent.name, *words, "--keep-unit"]
        self._nspawn = subprocess.Popen(
            words,
            env=os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children")
        for _ in range(600):
            time.sleep(0.1)
            for child in children.read_text().split():
                status = Path(f"/proc/{child}/status")
                if status.exists() and _IS_FIRST.match(status.read_text()):
                    self._first = int(child)
                    self("until systemctl is-system-running --wait | grep -E 'running|degraded'; do sleep 0.2; done")
                    return
        raise SystemExit("systemd-nspawn did not boot the machine")

    def reboot(self) -> None:
        """Let it go down by itself, and boot it again: its host is told so by how it ends."""
        self("systemctl reboot", check=False)
        self._nspawn.wait()
        self.boot()

    def power_off(self) -> None:
        """Power it off."""
        self._nspawn.terminate()
        self._nspawn.wait()

    def __call__(self, script: str, *, check: bool = True) -> str:
        """Run a piece of shell as root; return what it printed."""
        return self._run(["bash", "-ec", script], check)[1]

    def user(self, script: str, *, check: bool = True) -> tuple[int, str]:
        """Type commands as the person who installs, at home; return the last one's status and what was printed."""
        self.typed += len(re.split(r"&&|\n", re.sub(r"<<'END'\n.*?^END$", "", script, flags=re.DOTALL | re.MULTILINE)))
        print(textwrap.indent(script, "    $ "), file=self.log, flush=True)
        return self._run(["runuser", "-l", "pi", "-c", f"set -e\n{script}"], check)

    def _run(self, words: list[str], check: bool) -> tuple[int, str]:
        enter = ["nsenter", "--all", f"--target={self._first}", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
        enter.append("DEBIAN_FRONTEND=noninteractive")
        done = subprocess.run(
            [*enter, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        print(textwrap.indent("\n".join(done.stdout.splitlines()[-40:]), "    "), file=self.log, flush=True)
        if check and done.returncode:
            raise SystemExit(f"exit status {done.returncode} of {words[-1]}\n{done.stdout}")
        return done.returncode, done.stdout

    def write(self, path: str, text: str) -> None:
        """Write a file."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


# Where no systemd gives each machine its control groups, several would share one: their units would kill each other.
_OWN_GROUP = """
    for top in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
        [ ! -e $top/cgroup.procs ] || { mkdir -p $top/$0; echo $$ >$top/$0/cgroup.procs; }
    done
    exec "$@"
"""
_IS_FIRST = re.compile(r"Name:\s+systemd\n(.*\n)*NSpid:.*\s1\n")


def bare(suite: str) -> Path:
    """A bare Debian of that name, made if there is none yet."""
    made = KEPT / f"p1harvester-{suite}"
    if not made.exists():
        partial = made.with_suffix(".partial")
        included = "--include=systemd-sysv,dbus,ca-certificates"
        words = ["debootstrap", "--variant=minbase", included, suite, str(partial)]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        partial.rename(made)
    return made


def _prepared(suite: str, folder: Path) -> Path:
    """A copy of a bare Debian, with the project's last commit to be cloned from /srv/origin."""
    root = folder / "root"
    subprocess.run(["cp", "-a", bare(suite), root], check=True)
    for debs in KEPT.glob(f"p1harvester-debs-{suite}/*.deb"):
        shutil.copy(debs, root / "var/cache/apt/archives")
    for source in filter(Path.exists, map(Path, OF_THE_HOST)):
        shutil.copy(source, root / source.relative_to("/"))
    (root / "etc/hostname").write_text(f"{HOSTNAME}\n")
    (root / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {HOSTNAME}\n")
    for bare_or_not, target in (("--bare", "origin"), ("--no-hardlinks", "project")):
        subprocess.run(["git", "clone", "-q", bare_or_not, PROJECT, root / "srv" / target], check=True)
    subprocess.run(["chown", "-R", "0:0", root / "srv"], check=True)
    return root


@contextmanager
def booted(suite: str, folder: Path, log: TextIO) -> Iterator[Machine]:
    """Boot one, a meter plugged in and a user `pi` who may use sudo; power it off at the end."""
    root = _prepared(suite, folder)
    # All machines have the host's network: of two servers at one port the second would not start.
    servers = root / "etc/mysql/mariadb.conf.d/99-alone.cnf"
    servers.parent.mkdir(parents=True)
    servers.write_text("[mariadbd]\nskip_networking = ON\n")
    machine = Machine(root, log)
    try:
        machine.boot()
        machine(f"apt-get update -q; apt-get install -q -y --no-install-recommends {PACKAGES}")
        machine("git config --system --add safe.directory '*'; useradd --create-home --shell /bin/bash pi")
        machine("echo 'pi ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/pi")
        for folder in (root / "usr/lib").glob("python3.*"):
            (folder / "sitecustomize.py").unlink(missing_ok=True)
            (folder / "sitecustomize.py").write_text(_CLOCK)
        machine.write("/etc/systemd/system/meter.service", _UNIT)
        machine("systemctl enable --now meter; until [ -e /dev/ttyUSB0 ]; do sleep 0.1; done")
        yield machine
        keep = KEPT / f"p1harvester-debs-{suite}"
        keep.mkdir(exist_ok=True)
        for deb in (root / "var/cache/apt/archives").glob("*.deb"):
            if not (keep / deb.name).exists():
                shutil.copy(deb, keep)
    finally:
        machine.power_off()
