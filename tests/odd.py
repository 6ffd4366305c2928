"""Telegrams as no meter sends them: real lines whose groups were added, dropped, swapped, emptied, lengthened."""

import random
from collections.abc import Callable

from p1harvester.parser import BadTelegram, parse, remarks
from p1harvester.telegram import framed
from tests.meter import DIALECTS, sealed_again, telegram

SEEDS = [
    line
    for dialect in DIALECTS
    for line in telegram(dialect).splitlines()
    if line.startswith((b"0-", b"1-", b"(")) and len(line) < 400
]
HEADERS = (b"/XMX5TEST\r\n\r\n", b"/HLY5/D545-METER\r\n\r\n", b"/x\r\n", b"/")
GROUPS = (
    b"", b"0", b"-1", b"?", b"*", b"*kWh", b"1*", b"9" * 5000, b"1e5*kW", b"NaN", b"Infinity*kW", b"\xff" * 1024,
    b"(", b"0-1:24.2.1", b"m3", b"12*m3", b"5*kW", b"632525252525W", b"700101010000W", b"491231235959",
    b"000000000000S", b"240331025959", b"20", b"\xb2*kW", b"1.*kW", b"1" * 15 + b"." + b"1" * 9 + b"*A",
    b"TARIFF 1", b" 5 * kWh ",
)  # fmt: skip
CODES = (
    b"1-1:1.8.1", b"1-0:1.8.5", b"1-0:1.8.19", b"1-0:16.7.0", b"1-0:56.7.0", b"0-0:42.0.0", b"0-0:1.1.0",
    b"0-0:96.14.1", b"0-0:98.1.0", b"0-3:24.2.3", b"0-4:24.1.0", b"0-2:24.3.0", b"0-4:96.1.1",
    b"1-0:2.8.0*255", b"1-0:31.7.0.255",
)  # fmt: skip
ENDS = (b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\r\n(\r\n", b"\r\n)\r\n", b"")


def _groups(line: bytes) -> tuple[bytes, list[bytes]]:
    code, _, rest = line.partition(b"(")
    return code, rest.removesuffix(b")").split(b")(")


def _added(choose: random.Random, groups: list[bytes]) -> None:
    groups.insert(choose.randint(0, len(groups)), choose.choice(GROUPS))


def _dropped(choose: random.Random, groups: list[bytes]) -> None:
    if groups:
        del groups[choose.randrange(len(groups))]


def _swapped(choose: random.Random, groups: list[bytes]) -> None:
    choose.shuffle(groups)


def _emptied(choose: random.Random, groups: list[bytes]) -> None:
    if groups:
        groups[choose.randrange(len(groups))] = b""


def _replaced(choose: random.Random, groups: list[bytes]) -> None:
    if groups:
        groups[choose.randrange(len(groups))] = choose.choice(GROUPS)


def _lengthened(choose: random.Random, groups: list[bytes]) -> None:
    if groups:
        at = choose.randrange(len(groups))
        groups[at] = groups[at] * choose.choice((2, 7)) if len(groups[at]) < 100 else groups[at]


CHANGES: tuple[Callable[[random.Random, list[bytes]], None], ...] = (
    _added,
    _dropped,
    _swapped,
    _emptied,
    _replaced,
    _lengthened,
)


def line(choose: random.Random) -> bytes:
    """A line, changed or not."""
    code, groups = _groups(choose.choice(SEEDS))
    for change in choose.choices(CHANGES, k=choose.choice((0, 0, 1, 1, 2, 4))):
        change(choose, groups)
    if choose.random() < 0.2:
        code = choose.choice(CODES)
    whole = code + b"(" + b")(".join(groups) + b")"
    return whole if choose.random() < 0.95 else whole[: choose.randrange(len(whole))]


def odd(choose: random.Random) -> bytes:
    """A telegram of such lines, with a right CRC or without any."""
    lines = [line(choose) + choose.choice(ENDS) for _ in range(choose.randrange(20))]
    body = choose.choice(HEADERS) + b"".join(lines) + b"\r\n!\r\n"
    return sealed_again(body) if choose.random() < 0.7 else body


def outcome(whole: bytes) -> str:
    """What becomes of one telegram, which may raise nothing but BadTelegram."""
    found = "damaged"
    for event in framed(whole):
        if isinstance(event, bytes):
            remarks(event)
            try:
                parse(event, 0)
            except BadTelegram:
                found = "no reading"
            else:
                found = "read"
    return found
