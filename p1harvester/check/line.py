"""The way from the meter to this host: adapters, port, line. What was heard on it goes to `meter`."""

import time
from getpass import getuser

from p1harvester.check import host
from p1harvester.check.listen import Heard, listen
from p1harvester.check.no_telegram import say_no_telegram
from p1harvester.check.page import Page
from p1harvester.errors import Denied, NoPort, P1Error, PortBusy
from p1harvester.port import BAUDS, Port, adapters, open_port
from p1harvester.settings import Settings

_LOOK = 12
"""Seconds in which a meter of any dialect sends something: what each of several adapters is given."""


def check_line(page: Page, settings: Settings) -> Heard | None:
    """Find the port and listen to it; return what was heard if there was a telegram."""
    names = _adapters(page, settings.port)
    for name in names:
        patience = settings.timeout if len(names) == 1 else min(_LOOK, settings.timeout)
        deadline = time.monotonic() + patience
        port = _open(page, name, settings.baud, deadline)
        heard = listen(page, port, deadline) if port else None
        if heard and heard.noisy and settings.baud and "socket:" not in name:
            heard = _at_the_other_speed(page, heard, settings, deadline)
        if heard and heard.telegrams:
            if len(names) > 1:
                page.settings["P1_PORT"] = name
            _say_line(page, heard)
            return heard
        if heard:
            say_no_telegram(page, heard, settings)
    return None


def _adapters(page: Page, port: str) -> list[str]:
    found = adapters()
    listed = f"{len(found)} USB serial adapter{'s are' if len(found) > 1 else ' is'} plugged in"
    if port != "auto":
        page.ok(
            "adapters", f"P1_PORT says which port; {listed if found else 'no USB serial adapter is plugged in'}", *found
        )
        return [port]
    if not found:
        page.fail(
            "adapters",
            "no USB serial adapter is plugged in",
            "P1_PORT=auto reads the only one that there is. Plug in the P1 cable; if it is, the kernel says why it"
            " found none. A meter that hangs elsewhere is named with P1_PORT.",
            "sudo dmesg | grep -i tty",
            "P1_PORT=socket://HOST:PORT     # a network P1 reader, or ser2net on another machine",
        )
    elif len(found) > 1:
        page.fail(
            "adapters",
            f"{listed}, and P1_PORT=auto reads the only one",
            f"Which one is the meter's? Listening to each: {' '.join(found)}",
            f"P1_PORT={found[0]}     # or another of them, whichever is the meter's",
        )
    else:
        page.ok("adapters", f"{listed}, the one that P1_PORT=auto reads", *found)
    return found


def _open(page: Page, name: str, baud: int | None, deadline: float) -> Port | None:
    page.waiting(f"opening {name} ...")
    try:
        port = open_port(name, baud, deadline)
    except Denied:
        means, remedy = host.denial(name)
        page.fail("port", f"{getuser()} may not open {name}", means, remedy)
    except PortBusy:
        who = host.holders(name)
        page.fail(
            "port",
            f"{name} is held by {_named(who) or 'another program'}",
            "Only one program can read a meter: two would each take a part of every telegram. Stop the other one, or"
            " give it the port and this one another.",
            *(f"systemctl status {process.id}     # shows which service it is" for process in who),
            *([] if who else [f"sudo fuser -v {name}     # shows which program it is"]),
        )
    except P1Error as error:
        page.fail("port", f"{name} cannot be opened", str(error), *_other_ports(page, error))
    else:
        if others := host.holders(port.name):
            page.warn(
                "port",
                f"{port.name} can be opened, but {_named(others)} has it open too",
                "Two programs that read one port each take a part of every telegram.",
                *(f"systemctl status {process.id}     # shows which service it is" for process in others),
            )
        else:
            page.ok("port", f"{port.name} can be opened by {getuser()}, and nobody else holds it")
        return port
    return None


def _other_ports(page: Page, error: P1Error) -> list[str]:
    found = adapters() if isinstance(error, NoPort) else []
    if len(found) == 1:
        page.settings["P1_PORT"] = found[0]
    return [f"P1_PORT={name}" for name in found] or ["ls -l /dev/serial/by-id     # shows the adapters that are there"]


def _named(processes: list[host.Process]) -> str:
    return " and ".join(f"{process.name} (process {process.id})" for process in processes)


def _at_the_other_speed(page: Page, heard: Heard, settings: Settings, deadline: float) -> Heard:
    """Listen again where P1_BAUD turned the meter's text into noise; what was heard first stays if it is no better."""
    other = BAUDS[BAUDS.index(settings.baud or BAUDS[0]) - 1]
    try:
        again = listen(page, open_port(heard.name, other, deadline), deadline)
    except P1Error:
        return heard
    if not again or not again.telegrams:
        return heard
    page.fail(
        "speed",
        f"with P1_BAUD={settings.baud} there is noise; the meter talks at {other}",
        "DSMR 2.2 and 3.0 meters talk at 9600 baud, all others at 115200.",
        f"P1_BAUD={other}     # or auto, which finds out",
    )
    page.settings["P1_BAUD"] = str(other)
    return again


def _say_line(page: Page, heard: Heard) -> None:
    if heard.saved:
        page.ok("line", f"a saved telegram of {heard.received} bytes")
        return
    speed = f" at {heard.baud} baud, {'7E1' if heard.baud == BAUDS[1] else '8N1'}" if heard.baud else ""
    page.ok("line", f"text arrives{speed}: {heard.received} bytes in {heard.seconds:.0f} s")
