"""What the operating system tells: who may open a file, who holds it, and what runs the job by the clock."""

import grp
import os
import re
import stat
import subprocess
from pathlib import Path
from shlex import quote
from typing import NamedTuple

from p1harvester.user import user

_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
"""All that another program gets: ours may hold passwords, and a PATH through a folder of somebody else's."""


class Process(NamedTuple):
    """A process, and the name of its program."""

    id: int
    name: str


class Schedule(NamedTuple):
    """What starts the job."""

    active: bool
    says: str
    remedy: str | None = None


def holders(path: str) -> list[Process]:
    """The other processes that have the device `path` open, among those that /proc lets this user see into."""
    try:
        device = Path(path).stat().st_rdev
    except OSError:
        return []
    others = (folder for folder in Path("/proc").glob("[0-9]*") if int(folder.name) != os.getpid())
    return [Process(int(folder.name), _name(folder)) for folder in others if _holds(folder, device)]


def _holds(process: Path, device: int) -> bool:
    try:
        return device != 0 and any(_device(fd) == device for fd in (process / "fd").iterdir())
    except OSError:
        return False


def _device(fd: Path) -> int:
    try:
        return fd.stat().st_rdev
    except OSError:
        return 0


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return "gone since"


def denial(path: str) -> tuple[str, str]:
    """Why this user may not open `path`, and the command that mends it."""
    me = user()
    try:
        status = Path(path).stat()
    except OSError as error:
        return (
            f"Not even its folder can be looked into: {error.strerror}.",
            f"sudo ls -ld {quote(str(Path(path).parent))}",
        )
    try:
        group = grp.getgrgid(status.st_gid)
    except KeyError:
        return f"It belongs to group {status.st_gid}, which has no name.", f"sudo chgrp dialout {quote(path)}"
    means = f"It is for its owner and the group {group.gr_name}"
    if not status.st_mode & stat.S_IRGRP:
        return f"It is closed to the group {group.gr_name} too ({stat.filemode(status.st_mode)}).", (
            f"sudo chmod g+rw {quote(path)}"
        )
    if me in group.gr_mem and status.st_gid not in os.getgroups():
        return f"{means}; {me} was added to it after this session began.", "log out, and log in again"
    return f"{means}, and {me} is in neither.", f"sudo usermod -aG {group.gr_name} {me}     # then log in again"


def schedule() -> Schedule:
    """The timer of systemd or the line of cron that runs the job."""
    listed = _output("systemctl", "list-unit-files", "--no-legend", "--plain", "p1harvester*.timer")
    timers = [line.split()[0] for line in listed.splitlines() if line.strip()]
    for timer in timers:
        if _output("systemctl", "is-active", timer).strip() == "active":
            return Schedule(True, f"systemd's {timer} is active")
    cron = next((where for where, text in _crontabs() if re.search(r"^[^#\n]*\bp1harvester\b", text, re.MULTILINE)), "")
    if cron:
        return Schedule(True, f"cron runs it, by a line in {cron}")
    if timers:
        return Schedule(False, f"systemd's {timers[0]} is not active", f"sudo systemctl enable --now {timers[0]}")
    return Schedule(False, "no timer of systemd and no line of cron runs it: it runs when you run it")


def _crontabs() -> list[tuple[str, str]]:
    paths = [Path("/etc/crontab"), *sorted(Path("/etc/cron.d").glob("*"))]
    readable = (path for path in paths if path.is_file() and os.access(path, os.R_OK))
    own = (f"the crontab of {user()}", _output("crontab", "-l"))
    return [own, *((str(path), path.read_text(errors="replace")) for path in readable)]


def _output(*words: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603
            words, capture_output=True, text=True, errors="replace", timeout=5, check=False, env=_ENVIRONMENT
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
