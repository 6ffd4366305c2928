"""Whether what comes from a line is text or the noise of another speed: judged outside of telegrams alone.

A telegram may hold 1,024 bytes of 0xFF (Sagemcom, Hungary).
"""

import re

from p1harvester.telegram import LONGEST

_PRINTABLE = (*range(0x20, 0x7F), *b"\r\n")
_TEXT = bytes(_PRINTABLE) + bytes(byte | 0x80 for byte in _PRINTABLE if byte.bit_count() % 2)
_MOST = 48
"""Bytes that may be no text: a line is seldom quite clean."""
_TELEGRAM = re.compile(rb"/(?:[A-Za-z]{3}.*|[A-Za-z]{0,2}\Z)", re.DOTALL)


class Noise:
    """Counts what came at one speed; each piece costs itself."""

    def __init__(self) -> None:
        self._seen = self._noise = self._within = 0
        self._begun = b""

    def count(self, chunk: bytes) -> None:
        """Count what lies outside of telegrams, and how much of it is no text."""
        for part in (parts := (self._begun + chunk).split(b"!")):
            outside = _TELEGRAM.sub(b"", part)
            self._seen += len(outside)
            self._noise += len(outside.translate(None, _TEXT))
        # Of a telegram that began, its header alone says so with the next bytes; what never ends is none.
        self._begun = part[len(outside) :][:4] if self._within <= LONGEST else b""
        self._within = (self._within if len(parts) == 1 else 0) + len(chunk) if self._begun else 0

    def __bool__(self) -> bool:
        """Whether it is noise."""
        return self._noise > max(_MOST, self._seen // 8)
