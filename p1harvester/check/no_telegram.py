"""What `check` says of each cause of no telegram: what it means, and what mends it."""

from shlex import quote

from p1harvester import network
from p1harvester.check.page import Page
from p1harvester.listen import Cause, Heard
from p1harvester.port import BAUDS
from p1harvester.settings import Settings


def say_no_telegram(page: Page, heard: Heard, settings: Settings) -> None:
    """Say why no telegram came, and what mends it."""
    name, said = heard.port.name, f"{heard.received} bytes came in {heard.seconds:.0f} s"
    match heard.cause:
        case Cause.EMPTY:
            page.fail(
                "line",
                f"{name} is empty",
                "P1_PORT names a saved telegram, or a pipe into which nobody writes one.",
                page.typed("read --port auto --raw") + " > telegram.txt     # saves one",
            )
        case Cause.SILENCE if heard.port.network:
            page.fail(
                "line",
                f"not a single byte came from {name} in {heard.seconds:.0f} s",
                f"The reader lets us in, and says nothing. Another client has it ({network.ONE_CLIENT}); or it is not"
                " in the meter's P1 port; or the grid operator has not switched that port on.",
                network.shows_clients(name),
                *network.remedies(name)[1:],
            )
        case Cause.SILENCE:
            page.fail(
                "line",
                f"not a single byte came from {name} in {heard.seconds:.0f} s",
                "The port is open, but the meter does not talk. It sends by itself, every 1 to 10 s, once these three"
                " hold:",
                "cable: in the meter's P1 port (RJ12), its request line (pin 2) at 5 V, as in any P1 cable",
                "port: in Belgium and elsewhere the grid operator switches it on, often by its web site",
                "power: DSMR 5 meters give the cable 5 V on pin 1; older ones do not, and the host must",
            )
        case Cause.UNKEYED:
            page.fail(
                "telegram",
                "the telegrams are encrypted",
                "The grid operator gives each meter's key to its customer.",
                "P1_KEY=...     # 32 hexadecimal digits",
            )
        case Cause.WRONG_KEY:
            page.fail(
                "telegram",
                "the telegrams are encrypted, and P1_KEY does not open them",
                "It is another meter's key, or mistyped.",
                "P1_KEY=...     # 32 hexadecimal digits",
            )
        case Cause.NEEDLESS_KEY:
            page.fail(
                "telegram",
                "P1_KEY is set, and nothing that came is encrypted",
                "This meter needs no key.",
                "P1_KEY=     # nothing behind it",
            )
        case Cause.INVERTED:
            page.fail(
                "line",
                f"{said}, and they are text when every bit is inverted",
                "The P1 port's data line is inverted. A P1 cable turns it round, a plain USB serial adapter does not.",
                "use a P1 cable, or an inverter in the data line; FT_PROG sets an FTDI adapter to invert RXD"
                if not heard.port.network
                else "give the reader an inverter in its data line, or set it to invert",
            )
        case Cause.DAMAGED:
            page.fail(
                "telegram",
                f"{heard.damage.total()} telegrams came, and not one was whole: {heard.passed_over}",
                "The speed is right, but bytes are lost or changed before the reader or behind it: by its own cable, or"
                " by a second client that gets a part of them."
                if heard.port.network
                else "The speed is right, but bytes are lost or changed on the way: a long or bad cable, a USB hub, a"
                " weak pull-up on the data line, or a second program that reads the same port.",
                *others(heard),
            )
        case Cause.NONSENSE:
            page.fail(
                "telegram",
                f"a whole telegram came, but {heard.nonsense}",
                "The program does not know such a meter.",
                page.typed("read --raw") + "     # report it, but without the equipment identifiers (96.1)",
            )
        case Cause.UNCONFIRMED:
            page.fail(
                "telegram",
                f"{said}, {len(heard.telegrams)} telegrams without a CRC, and no two that confirm each other",
                "Without a CRC only a second telegram shows that nothing was lost or changed on the way. Either the"
                " time was too short for two, which come every 10 s, or the line is bad.",
                page.typed("check --timeout 35") + f"     # it was {settings.timeout:g}",
                others(heard)[1],
            )
        case Cause.CUT_OFF:
            page.fail(
                "telegram",
                f"{said}, a telegram began, and none came to its end",
                "Either the time was too short for a whole one, or bytes are lost on the way.",
                page.typed("check --timeout 35") + f"     # it was {settings.timeout:g}",
                others(heard)[0],
            )
        case Cause.NOISE:
            _say_noise(page, heard, settings, said)


def others(heard: Heard) -> tuple[str, str]:
    """The command that shows who else reads the port, and what makes the line better."""
    if heard.port.network:
        return network.shows_clients(heard.port.name), network.SHORTER
    return f"sudo fuser -v {quote(heard.port.name)}", "use a shorter cable, and a USB port of the host itself"


def _say_noise(page: Page, heard: Heard, settings: Settings, said: str) -> None:
    if heard.port.network:
        speed, remedies = (
            "over the network",
            ["set the other end to the meter's speed: 115200n81, or 9600n81 for DSMR 2.2 and 3.0"],
        )
    else:
        speed, remedies = (
            "at {} and at {} baud".format(*BAUDS),
            [
                "ls -l /dev/serial/by-id     # is another one the meter's? then P1_PORT=/dev/serial/by-id/...",
                "use a P1 cable: its data line has the pull-up and the inverter that the meter wants",
            ],
        )
    page.fail(
        "line",
        f"{said}, {speed}, and they are noise: no telegram begins in them",
        "The reader is not set to the meter's speed, or is not a meter's."
        if heard.port.network
        else "This is not the meter's port, or the cable does not suit the meter.",
        *remedies,
        *(["P1_BAUD=auto     # finds the meter's speed"] if settings.baud else []),
    )
