"""What damaged telegrams without a CRC become: .venv/bin/python -m tests.bench.damage [TRIALS]

A meter sends a telegram every 10 s, its registers going on by its power; one of them is damaged on the line, and the
run hears two (the time that P1_BAUD=auto leaves a meter at 9600 baud at worst) or three. What is stored is right if
each value is what one of these telegrams said, or NULL where two could not settle it.

- one byte lost, 1 to 20 bytes lost in a row: at any place
- spliced: the telegram's end is that of the next one, each cut at any place
- garbled: four bytes, anywhere, become others; one bit, anywhere, is flipped

On 7E1 a byte whose parity is wrong is seen, on 8N1 nothing is.
"""

import random
import re
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import cast
from unittest.mock import patch

from p1harvester.listen import Heard
from p1harvester.parser import parse
from p1harvester.port import Port
from p1harvester.reading import COLUMNS, Reading
from p1harvester.telegram import Framer
from tests.meter import telegram

TRIALS = 3000
EVERY = 10
VERSIONS = ("dsmr-2.2", "dsmr-3.0")
POWERS = ("net_use", "net_injection")

Damage = Callable[[random.Random, bytes, bytes], bytes]


def lost(most: int) -> Damage:
    """Up to so many bytes in a row are lost."""

    def damage(chance: random.Random, frame: bytes, _: bytes) -> bytes:
        count = chance.randint(1, most)
        at = chance.randrange(len(frame) - count)
        return frame[:at] + frame[at + count :]

    return damage


def spliced(chance: random.Random, frame: bytes, following: bytes) -> bytes:
    """The beginning of one and the end of the next."""
    return frame[: chance.randrange(1, len(frame))] + following[chance.randrange(1, len(following)) :]


def garbled(chance: random.Random, frame: bytes, _: bytes) -> bytes:
    """Four bytes become others."""
    changed = bytearray(frame)
    for at in chance.sample(range(len(frame)), 4):
        changed[at] = chance.choice([byte for byte in range(256) if byte != frame[at]])
    return bytes(changed)


def flipped(chance: random.Random, frame: bytes, _: bytes) -> bytes:
    """One bit is another."""
    at = chance.randrange(len(frame))
    return frame[:at] + bytes([frame[at] ^ 1 << chance.randrange(8)]) + frame[at + 1 :]


DAMAGES: dict[str, Damage] = {
    "none": lambda _, frame, __: frame,
    "one byte lost": lost(1),
    "1 to 20 bytes lost": lost(20),
    "spliced": spliced,
    "four bytes garbled": garbled,
    "one bit flipped": flipped,
}


def stream(chance: random.Random, version: str, count: int) -> list[bytes]:
    """What the meter sends: its power wanders and jumps, and its registers go on by it."""
    frames, power, used = [], chance.uniform(0, 4), Decimal(0)
    original = telegram(version)
    tariff = re.search(rb"96\.14\.0\(000(\d)\)", original)
    assert tariff
    for _ in range(count):
        power = chance.uniform(0, 9) if chance.random() < 0.05 else max(0.0, power + chance.gauss(0, 0.05))
        used += Decimal(power * EVERY / 3600)

        def gone_on(found: re.Match[bytes], used: Decimal = used) -> bytes:
            value = Decimal(found[2].decode()) + used
            return found[1] + f"{value:0{len(found[2])}.3f}".encode() + b"*kWh)"

        frame = re.sub(rb"(1-0:1\.8\.%b\()([\d.]+)\*kWh\)" % tariff[1], gone_on, original)
        frames.append(re.sub(rb"(1-0:1\.7\.0\()[\d.]+", lambda m, p=power: m[1] + b"%07.2f" % p, frame))  # type: ignore[misc]
    return frames


def on_7e1(frame: bytes) -> bytes:
    """The bytes with their parity in bit 7, as an 8N1 line reads them."""
    return bytes(byte | 0x80 if byte.bit_count() % 2 else byte for byte in frame)


def heard(sent: Sequence[bytes]) -> Reading | None:
    """What a run makes of these frames, one every 10 s."""
    now = 0.0
    framer, found = Framer(), Heard(cast(Port, SimpleNamespace(saved=False, name="")), None)
    with patch("p1harvester.listen.time", SimpleNamespace(monotonic=lambda: now, time=lambda: 0, timezone=-3600)):
        for frame in sent:
            now += EVERY
            for whole in framer.feed(frame):
                found.take_telegram(whole)
            if found.proven:
                break
    found.close()
    return found.proven.reading if found.proven else None


def outcome(chance: random.Random, version: str, parity: bool, damage: Damage, count: int) -> str:
    """One trial: `right`, `refused`, or what is wrong, `power` or `rest`."""
    frames = stream(chance, version, count + 1)
    true = [parse(frame, 0, 3600) for frame in frames]
    sent, at = [on_7e1(frame) if parity else frame for frame in frames], chance.randrange(count)
    sent[at] = damage(chance, sent[at], sent[at + 1])
    if (reading := heard(sent[:count])) is None:
        return "refused"
    wrong = {
        column.field
        for column in COLUMNS
        if getattr(reading, column.field) not in {None, *(getattr(each, column.field) for each in true)}
    }
    if wrong - set(POWERS):
        return "rest"
    return "power" if wrong else "right"


def main() -> None:
    """Print the table: of each cell's trials, how many were stored with something wrong, and how many refused."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS
    print(f"{trials} trials a cell; per cent of them: wrong registers, gas or identifiers / wrong power / refused")
    cells = [(version, parity, count) for version in VERSIONS for parity in (True, False) for count in (2, 3)]
    print("".join([f"{'':20}", *(f"{v} {'7E1' if p else '8N1'} of {n:<4}".rjust(22) for v, p, n in cells)]))
    for name, damage in DAMAGES.items():
        row = [f"{name:20}"]
        for version, parity, count in cells:
            chance = random.Random(f"{name} {version} {parity} {count}")
            seen = [outcome(chance, version, parity, damage, count) for _ in range(trials)]
            shares = (100 * seen.count(what) / trials for what in ("rest", "power", "refused"))
            row.append(" / ".join(f"{share:.2f}" for share in shares).rjust(22))
        print("".join(row), flush=True)


if __name__ == "__main__":
    main()
