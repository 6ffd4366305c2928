"""What it means that a port could not be opened, or failed while it was read."""

import errno
import termios

from p1harvester import network
from p1harvester.errors import Denied, NoPort, P1Error, PortFailed
from p1harvester.user import user


def opening_failed(name: str, error: OSError | termios.error) -> P1Error:
    """Why `name` could not be opened."""
    if "://" in name:
        return network.opening_failed(name, error)
    number = getattr(error, "errno", None)
    if number == errno.EACCES:
        return Denied(f"{user()} may not open {name}: `sudo usermod -aG dialout {user()}`, then log in again")
    if number == errno.EPERM:
        return Denied(
            f"a sandbox or a container keeps {name} from this run: let it have the device; in a unit of systemd that is"
            " a line DeviceAllow=, made with `sudo systemctl edit p1harvester.service`"
        )
    if number == errno.EIO:
        return PortFailed(f"{name} failed while being opened (unplugged?): {error}")
    return NoPort(f"{name} cannot be read: {error}; `ls /dev/serial/by-id` shows the adapters that are there")


def reading_failed(name: str, error: OSError | termios.error) -> PortFailed:
    """Why `name` could not be read any more."""
    if "://" in name:
        return network.reading_failed(name, error)
    return PortFailed(f"{name} failed while being read (unplugged?): {error}")
