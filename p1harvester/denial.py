"""Why the operating system keeps a device from this user."""

import grp
import os
import re
import stat
from pathlib import Path
from shlex import quote

from p1harvester.user import meter, user

_RULE = "/etc/udev/rules.d/70-p1harvester.rules"


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
        group = grp.getgrgid(status.st_gid).gr_name
    except KeyError:
        return f"It belongs to group {status.st_gid}, which has no name.", _for_dialout(path, "chgrp dialout")
    tty = Path(path).resolve().name
    if group == "tty" and tty.startswith("tty"):
        return f"It belongs to the group {group}, as it does where a login prompt of this host's is on it.", (
            f"sudo systemctl disable --now serial-getty@{tty}.service; {_for_dialout(path, 'chgrp dialout')}"
        )
    if not status.st_mode & stat.S_IRGRP:
        says = f"It is closed to the group {group} too ({stat.filemode(status.st_mode)})."
        return says, _for_dialout(path, "chmod g+rw")
    if group == "root" and tty.startswith("tty"):
        return "It is for root alone.", _for_dialout(path, "chgrp dialout")
    means = f"It is for its owner and the group {group}"
    if me in grp.getgrgid(status.st_gid).gr_mem and status.st_gid not in os.getgroups():
        return f"{means}; {me} was added to it after this session began.", "log out, and log in again"
    then = "" if meter() is not None else "     # then log in again"
    return f"{means}, and {me} is in neither.", f"sudo usermod -aG {group} {me}{then}"


def _for_dialout(path: str, else_by: str) -> str:
    """The command that gives a device to the group dialout, for good as udev makes it; `else_by` opens a file."""
    name = re.sub(r"\d+$", "*", Path(path).resolve().name)
    if not name.startswith("tty"):
        return f"sudo {else_by} {quote(path)}"
    rule = f'SUBSYSTEM=="tty", KERNEL=="{name}", GROUP="dialout", MODE="0660"'
    return f"echo {quote(rule)} | sudo tee {_RULE}; sudo udevadm control --reload; sudo udevadm trigger -s tty"
