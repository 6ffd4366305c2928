"""Framing, CRC and parsing: telegrams per second beside dsmr_parser's on the same bytes, and memory over a million.

Run it from the project's folder, after .venv/bin/pip install dsmr-parser: .venv/bin/python -m tests.bench.parse. The
million takes two to three minutes.
"""

import time
from collections.abc import Callable
from importlib import import_module
from itertools import count
from pathlib import Path
from statistics import median

from p1harvester.parser import parse
from p1harvester.telegram import Framer
from tests.meter import PIECE, pieces, telegram

ROUNDS = 21
TELEGRAMS = 200
STOPS = (10_000, 100_000, 1_000_000)


def ours(stream: list[bytes]) -> int:
    """How many telegrams p1harvester finds, checks and parses."""
    framer = Framer()
    return sum(
        parse(event, 0).time == 0 for piece in stream for event in framer.feed(piece) if isinstance(event, bytes)
    )


def theirs() -> Callable[[list[bytes]], int]:
    """The same by dsmr_parser, its patterns compiled."""
    buffers, parsers, specifications = (
        import_module(f"dsmr_parser.{name}")
        for name in ("clients.telegram_buffer", "parsers", "telegram_specifications")
    )
    parser = parsers.TelegramParser(specifications.V5)

    def found(stream: list[bytes]) -> int:
        buffer, number = buffers.TelegramBuffer(), 0
        for piece in stream:
            buffer.append(piece.decode("ascii"))
            number += sum(parser.parse(whole) is not None for whole in buffer.get_all())
        return number

    return found


def rate(found: Callable[[list[bytes]], int], stream: list[bytes]) -> float:
    """Telegrams per second."""
    begin = time.process_time()
    number = found(stream)
    assert number == TELEGRAMS
    return number / (time.process_time() - begin)


def resident() -> float:
    """MB that this process has in memory now."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def main() -> None:
    """Print the figures."""
    one = telegram("dsmr-5.0.2")
    contenders = {"p1harvester": ours, "dsmr_parser": theirs()}
    streams = {"whole telegrams": [one] * TELEGRAMS, f"pieces of {PIECE} bytes": pieces(one * TELEGRAMS)}
    for title, stream in streams.items():
        rounds = [{name: rate(found, stream) for name, found in contenders.items()} for _ in range(ROUNDS)]
        fast, slow = (median(each[name] for each in rounds) for name in contenders)
        ratio = median(each["p1harvester"] / each["dsmr_parser"] for each in rounds)
        print(f"{title}: p1harvester {fast:,.0f}/s, dsmr_parser {slow:,.0f}/s, ratio {ratio:.2f}, median of {ROUNDS}")

    framer, number = Framer(), count(1)
    for stop in STOPS:
        while next(number) < stop:
            for piece in pieces(one):
                for event in framer.feed(piece):
                    assert isinstance(event, bytes)
                    parse(event, 0)
        print(f"after {stop:9,} telegrams: {resident():.1f} MB resident")


if __name__ == "__main__":
    main()
