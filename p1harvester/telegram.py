"""From bytes to whole telegrams: framing and CRC, without a port and without a clock.

Bytes go in as they come, in pieces of any size; out come whole telegrams, and a word on each that was damaged. A
telegram runs from `/` to a line that begins with `!`; DSMR 4 and later put a CRC behind the `!`. A `/` further in may
stand in a name or a text, or begin the telegram that follows one that was cut off: the CRC tells. Each byte is searched
once, no more than `LONGEST` bytes are ever kept, and for each end the CRC is reckoned a few times at most.
"""

import re
from collections.abc import Iterator
from enum import Enum
from itertools import islice
from struct import unpack

LONGEST = 32 * 1024
"""Bytes after which an unfinished telegram is given up: ten times the longest that any meter sends."""

_LONGEST_END = 16
_END = re.compile(rb"\n!([^\n/\xaf]{0,12})(?:\n|(?=[/\xaf]))")
_LAST_END = re.compile(rb"\n!([^\n]{0,12})\Z")
_CRC = re.compile(rb"([0-9A-Fa-f]{1,4})\r?")
_STARTS_TRIED = 4
_BLANK_LINES = (b"\n\r\n", b"\n\n", b"\n\x8d\n")
"""Behind each header, and nowhere else: with CR LF, with bare newlines, with the even parity of a 7E1 line."""
_CRC_FOLLOWS = re.compile(rb"\n(?:0-0:1\.0\.0|1-3:0\.2\.8)(?:[.*]255)?\(")
"""The clock and the version: DSMR 2.2 and 3.0 have neither."""
# On a 7E1 line read as 8N1, as `port` does, bit 7 makes the number of ones even: `/` comes as 0xAF.
_EVEN = bytes(byte for byte in range(256) if byte.bit_count() % 2 == 0)
_SEVEN_BITS = bytes(byte & 0x7F for byte in range(256))


class Damage(Enum):
    """Why a telegram was passed over."""

    CRC = "with a wrong CRC"
    CUT_OFF = "cut off"
    GARBLED = "garbled"
    NO_CRC = "without its CRC"
    UNDECRYPTED = "that P1_KEY does not open"
    ENDLESS = f"without an end in {LONGEST // 1024} kB"


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
    return byte


_LAST = tuple(map(_crc_of, range(256)))
_LAST_BUT_ONE = tuple(_LAST[crc & 0xFF] ^ crc >> 8 for crc in _LAST)


def crc16(data: bytes) -> int:
    """CRC-16/ARC (polynomial 0x8005 reflected, start 0) of `data`: P1 companion 5.0.2, section 6.2."""
    first, second, crc = _LAST_BUT_ONE, _LAST, 0
    # A zero in front changes nothing where the CRC starts at 0. Two bytes at a time take two thirds of the time.
    even = data if len(data) % 2 == 0 else b"\0" + data
    for pair in unpack(f"<{len(even) // 2}H", even):
        crc ^= pair
        crc = first[crc & 0xFF] ^ second[crc >> 8]
    return crc


class Framer:
    """Bytes in, whole telegrams out."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0

    def feed(self, data: bytes) -> Iterator[bytes | Damage]:
        """Take the next bytes; yield each telegram that they complete (from `/` through its last newline)."""
        self._buffer += data
        while self._begins():
            if end := self._end():
                last = bytes(end[1])
                yield from _judged(self._taken(end.end()), last)
            elif len(self._buffer) > LONGEST:
                # A whole one may have begun among its later half.
                self._taken(max(LONGEST // 2, _start_in(self._buffer, LONGEST // 2)))
                yield Damage.ENDLESS
            else:
                return

    def close(self) -> Iterator[bytes | Damage]:
        """No more bytes will come: yield what is still unfinished, a telegram if it lacks nothing but its newline."""
        if end := _LAST_END.search(self._buffer):
            for event in _judged(bytes(self._buffer), bytes(end[1])):
                yield Damage.CUT_OFF if isinstance(event, Damage) else event
        elif self._buffer:
            yield Damage.CUT_OFF
        self._taken(len(self._buffer))

    def _begins(self) -> bool:
        """Drop what lies before the first telegram's start; whether there is one."""
        start = _start_in(self._buffer)
        if start:
            self._taken(len(self._buffer) if start < 0 else start)
        return start >= 0

    def _end(self) -> re.Match[bytes] | None:
        end = _END.search(self._buffer, self._searched, LONGEST)
        # An end that has come in part is looked at again.
        self._searched = max(0, min(len(self._buffer), LONGEST) - _LONGEST_END)
        return end

    def _taken(self, number: int) -> bytes:
        taken = bytes(self._buffer[:number])
        del self._buffer[:number]
        self._searched = 0
        return taken


def framed(data: bytes) -> Iterator[bytes | Damage]:
    """What stands in bytes that are all there."""
    framer = Framer()
    yield from framer.feed(data)
    yield from framer.close()


def has_crc(telegram: bytes) -> bool:
    """Whether the telegram has a CRC: DSMR 4 and later do, DSMR 2.2 and 3.0 end in a bare `!`."""
    return not telegram.rstrip().endswith(b"!")


def _start_in(buffer: bytes | bytearray, begin: int = 0) -> int:
    """Where the first telegram in this part of the buffer begins; -1 where none does."""
    # A search for each takes a tenth of the time of one for either, which `re` makes byte by byte.
    slash = buffer.find(b"/", begin)
    even = buffer.find(b"\xaf", begin, None if slash < 0 else slash)
    return slash if even < 0 else even


def _judged(text: bytes, last: bytes) -> Iterator[bytes | Damage]:
    """The telegram that ends with `text`, whose last line is `!` and `last`, or what is wrong with it."""
    if match := _CRC.fullmatch(last):
        crc = int(match[1], 16)
        found = next((start for start in _starts(text) if _is_right(text[start : text.rindex(b"!") + 1], crc)), None)
    elif last.translate(_SEVEN_BITS) in (b"\r", b""):
        found = next(islice(_starts(text), 1, None), 0)
    else:
        yield Damage.GARBLED
        return
    if found is None:
        yield Damage.CRC
        return
    if found:
        yield Damage.CUT_OFF
    yield text[found:] if match else _without_crc(text[found:])


def _starts(text: bytes) -> Iterator[int]:
    """Where a telegram that ends with `text` may begin: at its start; behind what was cut off, in the last header."""
    yield 0
    end = max(map(text.rfind, _BLANK_LINES))
    for _ in range(_STARTS_TRIED):
        end = max(text.rfind(b"/", 1, end), text.rfind(b"\xaf", 1, end))
        if end < 0:
            return
        yield end


def _is_right(text: bytes, crc: int) -> bool:
    """Whether this, from `/` through `!`, has that CRC: as it came, or as it was before something took its CRs."""
    if crc16(text) == crc:
        return True
    restored = text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return len(restored) != len(text) and crc16(restored) == crc


def _without_crc(telegram: bytes) -> bytes | Damage:
    if telegram[0] == 0xAF:
        return Damage.GARBLED if telegram.translate(None, _EVEN) else telegram.translate(_SEVEN_BITS)
    if b"\x8d" in telegram:
        return Damage.GARBLED
    return Damage.NO_CRC if _CRC_FOLLOWS.search(telegram) else telegram
