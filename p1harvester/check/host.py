"""What the operating system tells: who holds a device, and what runs the job by the clock."""

import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

from p1harvester.user import meter, user

_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
"""All that another program gets: ours may hold passwords, and a PATH through a folder of somebody else's."""


class Process(NamedTuple):
    """A process, and the name of its program."""

    id: int
    name: str


class Schedule(NamedTuple):
    """What starts the job, if anything does; what wants mending there, and the command that mends it."""

    active: bool
    says: str
    means: str = ""
    remedy: str | None = None
    user: str = ""
    """Whom it runs as; empty where that is not told."""
    meter: str = ""
    """The meter's name, empty for the first one."""


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


def running(*names: str) -> list[str]:
    """Those of the programs that run."""
    there = {_name(folder) for folder in Path("/proc").glob("[0-9]*")}
    return [name for name in names if name in there]


def schedule() -> Schedule:
    """The timer of systemd or the line of cron that runs the job of this meter; of any, where none is named."""
    name = meter()
    unit = "p1harvester(@[^.]+)?" if name is None else re.escape(f"p1harvester@{name}" if name else "p1harvester")
    active = _timers(rf"^({unit}\.timer) +\S+ +active ", "list-units", "--all")
    cron = next(((where, line) for where, text in _crontabs() for line in text.splitlines() if _runs(line, name)), None)
    if active and cron:
        return Schedule(
            True,
            f"systemd's {active[0]} is active, and cron runs it too, by a line in {cron[0]}",
            "Each minute the meter is read twice. Keep one of them; to keep cron:",
            f"sudo systemctl disable --now {active[0]}",
        )
    if active:
        of_meter = active[0].removesuffix(".timer").partition("@")[2]
        return Schedule(True, f"systemd's {active[0]} is active", user=_user_of(active[0]), meter=of_meter)
    if cron:
        return Schedule(True, f"cron runs it, by a line in {cron[0]}", user=_user_in(*cron), meter=_meter_in(cron[1]))
    if installed := _timers(r"^(p1harvester@?[^-. ]*\.timer) ", "list-unit-files"):
        timer = f"p1harvester@{name}.timer" if name else installed[0]
        remedy = f"sudo systemctl enable --now {timer}"
        return Schedule(False, f"systemd's {timer} is not active", "It is installed, and nothing starts it.", remedy)
    return Schedule(False, "no timer of systemd and no line of cron runs it: it runs when you run it")


def _timers(pattern: str, *words: str) -> list[str]:
    listed = _output("systemctl", *words, "--no-legend", "--plain", "p1harvester*.timer")
    return [found[1] for found in re.finditer(pattern, listed, re.MULTILINE)]


def _runs(line: str, name: str | None) -> bool:
    """Whether a line of cron stores readings of that meter."""
    if not re.match(r"[^#\n]*\bp1harvester\b(?!.*\b(check|read|setup)\b)", line):
        return False
    return name is None or _meter_in(line) == name


def _meter_in(line: str) -> str:
    given = re.search(r"--meter[= ](\S+)", line)
    return given[1] if given else ""


def _user_of(timer: str) -> str:
    return _output("systemctl", "show", "--property=User", "--value", timer.replace(".timer", ".service")).strip()


def _user_in(where: str, line: str) -> str:
    """Who runs the job by a line of cron; in one's own crontab no user is named."""
    words = line.split()
    if "/usr/local/bin/p1harvester" in words:
        return "p1harvester"
    return words[5] if where.startswith("/etc/") and len(words) > 5 and not line.startswith("@") else ""


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
