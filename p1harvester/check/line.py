"""The way from the meter to this host: adapters, port, line. What was heard on it goes to `meter`."""

import time
from pathlib import Path
from shlex import quote

from p1harvester import network
from p1harvester.adapters import adapters, without_port
from p1harvester.check import host
from p1harvester.check.no_telegram import say_no_telegram
from p1harvester.check.page import Page
from p1harvester.denial import denial
from p1harvester.errors import Denied, NoPort, P1Error, PortBusy
from p1harvester.listen import Heard, listen
from p1harvester.port import BAUDS, Port, is_network, open_port
from p1harvester.settings import Settings
from p1harvester.user import user

_LOOK = 12
"""Seconds in which any meter sends something: what each of several adapters is given."""
_WANTED = 2
"""Telegrams, which show the meter's interval."""
_ENOUGH_DAMAGE = 5
"""Damaged telegrams after which there is no hope of a whole one."""
_ENOUGH_BYTES = 512
"""What shows an inverted line: more than lie between two OBIS codes, a full log of power failures included."""


_STOPS = {
    "ModemManager": "sudo systemctl disable --now ModemManager     # it looks for a modem at every serial port",
    "brltty": "sudo apt-get remove -y brltty     # it looks for a Braille display at every serial port",
}
"""A program that opens ports which nobody gave it -> what keeps it from them."""


def check_line(page: Page, settings: Settings) -> Heard | None:
    """Find the port and listen to it; return what was heard if there was a telegram."""
    found = adapters()
    if settings.port != "auto":
        page.ok("adapters", f"P1_PORT says which port to read; {_counted(found)}", *found)
        return _heard_from(page, settings, settings.port)
    if len(found) == 1:
        page.ok("adapters", f"{_counted(found)}, which P1_PORT=auto reads", *found)
        return _heard_from(page, settings, found[0])
    if found:
        return _searched(page, settings, found)
    if hidden := without_port():
        _say_hidden(page, hidden)
        return None
    page.fail(
        "adapters",
        _counted(found),
        "P1_PORT=auto reads the only one that there is. Plug in the P1 cable; if it is, the kernel says why it found"
        " none. A meter that hangs elsewhere is named with P1_PORT.",
        "sudo dmesg | grep -i tty",
        "P1_PORT=socket://HOST:PORT     # a network P1 reader, or ser2net on another machine",
    )
    return None


def _say_hidden(page: Page, hidden: dict[str, str]) -> None:
    """An adapter is plugged in, and no port came of it."""
    braille = host.running("brltty") or any(Path("/usr/lib/udev/rules.d").glob("*brltty*"))
    page.fail(
        "adapters",
        f"a USB serial adapter is plugged in ({', '.join(hidden)}), and the kernel shows no port of it",
        "brltty takes such adapters for Braille displays. After this, unplug the cable and plug it in again:"
        if braille
        else "The kernel has not loaded the module for it:",
        *(["sudo apt-get remove -y brltty"] if braille else [f"sudo modprobe {module}" for module in hidden.values()]),
    )


def _counted(found: list[str]) -> str:
    match len(found):
        case 0:
            return "no USB serial adapter is plugged in"
        case 1:
            return "1 USB serial adapter is plugged in"
    return f"{len(found)} USB serial adapters are plugged in"


def _searched(page: Page, settings: Settings, found: list[str]) -> Heard | None:
    """Listen to each of several adapters until a telegram comes from one."""
    seen, patience = [], min(_LOOK, settings.timeout)
    meters = None
    for name in found:
        # To open a port sets its speed: whoever uses it would notice.
        if who := host.holders(name):
            seen.append(f"{name} is in use by {_named(who)}")
            continue
        deadline = time.monotonic() + patience
        try:
            heard = _listened(page, open_port(name, settings.baud, deadline), deadline, settings.key)
        except P1Error as error:
            seen.append(str(error))
            continue
        if heard.proven:
            seen.append(f"from {name} comes a telegram")
            meters, page.settings["P1_PORT"] = heard, name
            break
        seen.append(f"from {name} comes no telegram ({heard.received} bytes in {patience:g} s)")
    page.fail(
        "adapters",
        f"{_counted(found)}, and P1_PORT=auto reads the only one",
        f"Which one is the meter's was tried: {'; '.join(seen)}.",
        *([f"P1_PORT={meters.port.name}"] if meters else [page.typed(f"check --port {quote(name)}") for name in found]),
    )
    if meters:
        _say_line(page, meters, settings.baud)
    return meters


def _heard_from(page: Page, settings: Settings, name: str) -> Heard | None:
    deadline = time.monotonic() + settings.timeout
    if (port := _open(page, name, settings.baud, deadline)) is None:
        return None
    try:
        heard = _listened(page, port, deadline, settings.key)
    except P1Error as error:
        remedies = network.hung_up(port.name) if port.network else ["sudo dmesg | tail"]
        page.fail("line", f"{port.name} failed while being read", str(error), *remedies)
        return None
    if settings.baud and port.noisy and not (heard.proven or port.network):
        heard = _at_the_other_speed(page, heard, settings.baud, deadline)
    if heard.proven:
        _say_line(page, heard, settings.baud)
        return heard
    say_no_telegram(page, heard, settings)
    return None


def _listened(page: Page, port: Port, deadline: float, key: bytes | None) -> Heard:
    def enough(heard: Heard) -> bool:
        left = max(0, deadline - time.monotonic())
        page.waiting(f"listening to {port.name}: {heard.received} bytes, {left:.0f} s left")
        # What is encrypted looks like noise.
        hopeless = (port.noisy and key is None) or heard.damage.total() >= _ENOUGH_DAMAGE
        return (heard.proven and len(heard.telegrams) >= _WANTED) or (hopeless and heard.received >= _ENOUGH_BYTES)

    with port:
        return listen(port, key, enough)


def _open(page: Page, name: str, baud: int | None, deadline: float) -> Port | None:
    page.waiting(f"opening {name} ...")
    try:
        port = open_port(name, baud, deadline)
    except Denied:
        means, remedy = denial(name)
        page.fail("port", f"{user()} may not open {name}", means, remedy)
    except PortBusy:
        who = host.holders(name)
        page.fail(
            "port",
            f"{name} is held by {_named(who) or 'another program'}",
            "Only one program can read a meter: two would each take a part of every telegram. Stop the other one, or"
            " give it the port and this one another.",
            *_stopping(who),
            *([] if who else [_STOPS[grabber] for grabber in host.running(*_STOPS)]),
            *([] if who else [f"sudo fuser -v {quote(name)}     # the program it is"]),
        )
    except P1Error as error:
        page.fail("port", f"{name} cannot be opened", str(error), *_other_ports(page, name, error))
    else:
        if others := host.holders(port.name):
            page.warn(
                "port",
                f"{port.name} is open, but {_named(others)} has it open too",
                "Two programs that read one port each take a part of every telegram.",
                *_stopping(others),
            )
        else:
            also = "" if port.network else ", and no other program is seen to hold it"
            page.ok("port", f"{port.name} is open{also}")
        return port
    return None


def _stopping(processes: list[host.Process]) -> list[str]:
    return [
        _STOPS.get(process.name, f"systemctl status {process.id}     # the service it belongs to")
        for process in processes
    ]


def _other_ports(page: Page, name: str, error: P1Error) -> list[str]:
    if is_network(name):
        return network.remedies(name, str(error))
    found = adapters() if isinstance(error, NoPort) else []
    if len(found) == 1:
        page.settings["P1_PORT"] = found[0]
    return [f"P1_PORT={name}" for name in found] or ["ls -l /dev/serial/by-id     # the adapters that are there"]


def _named(processes: list[host.Process]) -> str:
    return " and ".join(f"{process.name} (process {process.id})" for process in processes)


def _at_the_other_speed(page: Page, heard: Heard, baud: int, deadline: float) -> Heard:
    """Listen again where P1_BAUD turned the meter's text into noise; what was heard first stays if it is no worse."""
    try:
        port = open_port(heard.port.name, BAUDS[BAUDS.index(baud) - 1], deadline)
        again = _listened(page, port, deadline, None)
    except P1Error:
        return heard
    return again if again.proven else heard


def _say_line(page: Page, heard: Heard, baud: int | None) -> None:
    port = heard.port
    if port.saved:
        page.ok("line", f"a saved telegram of {heard.received} bytes")
        return
    if baud and port.baud != baud:
        page.fail(
            "speed",
            f"with P1_BAUD={baud} there is noise; the meter talks at {port.baud}",
            "DSMR 2.2 and 3.0 meters talk at 9600 baud, all others at 115200.",
            f"P1_BAUD={port.baud}     # or auto, which finds out",
        )
        page.settings["P1_BAUD"] = str(port.baud)
    speed = "" if port.network else f" at {port.baud} baud, {'7E1' if port.baud == BAUDS[1] else '8N1'}"
    page.ok("line", f"text arrives{speed}: {heard.received} bytes in {heard.seconds:.0f} s")
