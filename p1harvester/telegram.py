"""From bytes to whole telegrams: framing and CRC, without a port and without a clock.

Bytes go in as they come, in pieces of any size; out come whole telegrams, and a word on each that was damaged. A
telegram runs from `/` to a line that begins with `!`; DSMR 4 and later put a CRC behind the `!`. Each piece costs one
search of the unfinished telegram, of which no more than `LONGEST` bytes are ever kept.
"""

import re
from collections.abc import Iterator
from enum import Enum
from struct import unpack

LONGEST = 32 * 1024
"""Bytes after which an unfinished telegram is given up: ten times the longest that any meter sends."""

_END = re.compile(rb"\n!([^\n]*)\n")
_CRC = re.compile(rb"[0-9A-F]{4}\r")
# On a 7E1 line read as 8N1, as `port` does, bit 7 makes the number of ones even: `/` comes as 0xAF.
_EVEN = bytes(byte for byte in range(256) if byte.bit_count() % 2 == 0)
_SEVEN_BITS = bytes(byte & 0x7F for byte in range(256))


class Damage(Enum):
    """Why a telegram was passed over."""

    CRC = "with a wrong CRC"
    CUT_OFF = "cut off"
    GARBLED = "garbled"
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

    def feed(self, data: bytes) -> Iterator[bytes | Damage]:
        """Take the next bytes; yield each telegram that they complete (from `/` through its last newline)."""
        self._buffer += data
        while (start := _start_in(self._buffer)) >= 0:
            del self._buffer[:start]
            end = _END.search(self._buffer, 0, LONGEST)
            # A `/` stands nowhere in a telegram but at its start: the one before it was cut off.
            if (again := _start_in(self._buffer, 1, end.end() if end else LONGEST)) >= 0:
                del self._buffer[:again]
                yield Damage.CUT_OFF
            elif end:
                telegram, seal = bytes(self._buffer[: end.end()]), bytes(end[1])
                del self._buffer[: end.end()]
                yield _checked(telegram, seal)
            elif len(self._buffer) > LONGEST:
                del self._buffer[:LONGEST]
                yield Damage.ENDLESS
            else:
                return
        del self._buffer[:]

    def close(self) -> Iterator[Damage]:
        """No more bytes will come: yield a word on the telegram that is still unfinished, if any."""
        if self._buffer:
            del self._buffer[:]
            yield Damage.CUT_OFF


def has_crc(telegram: bytes) -> bool:
    """Whether the meter sealed this telegram: DSMR 4 and later do, DSMR 2.2 and 3.0 end in a bare `!`."""
    return not telegram.rstrip().endswith(b"!")


def _start_in(buffer: bytearray, begin: int = 0, end: int | None = None) -> int:
    """Where the first telegram in this part of the buffer begins; -1 where none does."""
    # A search for each takes a tenth of the time of one for either, which `re` makes byte by byte.
    slash = buffer.find(b"/", begin, end)
    even = buffer.find(b"\xaf", begin, end if slash < 0 else slash)
    return slash if even < 0 else even


def _checked(telegram: bytes, seal: bytes) -> bytes | Damage:
    if telegram[0] == 0xAF:
        if telegram.translate(None, _EVEN) or seal.translate(_SEVEN_BITS) != b"\r":
            return Damage.GARBLED
        return telegram.translate(_SEVEN_BITS)
    if seal in (b"\r", b""):
        return telegram
    if not _CRC.fullmatch(seal):
        return Damage.GARBLED
    return telegram if crc16(telegram[:-6]) == int(seal, 16) else Damage.CRC
