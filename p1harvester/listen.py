"""Listening to a port: what comes is framed and parsed until there is enough, and if nothing does, one cause is found.

The job, `read` and `check` all listen by this, and so give the same cause; each has words of its own for it.
"""

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, NamedTuple

from p1harvester.errors import PortFailed
from p1harvester.parser import BadTelegram, parse
from p1harvester.port import Port
from p1harvester.reading import Reading
from p1harvester.telegram import LONGEST, Damage, Framer, has_crc

if TYPE_CHECKING:
    from p1harvester.encrypted import EncryptedFramer

_COMPARED = 4
"""Telegrams without a CRC that the next one is compared with: a line at full speed must not cost the square."""
_INVERTED = bytes((~byte >> 1) & 0x7F for byte in range(256))
"""What a byte was if the line is inverted: its stop bit was taken for a start bit, its start bit for bit 0."""
_OBIS = rb"[01]-\d:\d+\.\d+\.\d+\("


class Telegram(NamedTuple):
    """A whole telegram: when it was complete by `time.monotonic()`, its bytes, what they say."""

    moment: float
    text: bytes
    reading: Reading


class Cause(Enum):
    """Why no telegram came."""

    EMPTY = auto()
    """A saved telegram of no bytes."""
    SILENCE = auto()
    UNKEYED = auto()
    """Encrypted, and there is no key."""
    WRONG_KEY = auto()
    NEEDLESS_KEY = auto()
    """A key, and nothing that came is encrypted."""
    INVERTED = auto()
    """Text if every bit is turned round."""
    DAMAGED = auto()
    NONSENSE = auto()
    """Whole, but no reading."""
    UNCONFIRMED = auto()
    """Whole, without a CRC, and no other one confirms it."""
    CUT_OFF = auto()
    NOISE = auto()


@dataclass
class Heard:
    """What came from a port so far."""

    port: Port
    key: bytes | None = field(repr=False)
    began: float = field(default_factory=time.monotonic)
    received: int = 0
    """Bytes."""
    recent: bytearray = field(default_factory=bytearray)
    """The last of them, as many as a telegram may have."""
    damage: Counter[Damage] = field(default_factory=Counter)
    nonsense: str = ""
    """Why a whole telegram could not be a reading."""
    telegrams: list[Telegram] = field(default_factory=list)
    """Those that came whole and make sense."""
    proven: Telegram | None = None
    """The last of them that says what the meter said: by its CRC, by another one, or, of a saved one, by its form."""
    _possible: Telegram | None = None

    @property
    def seconds(self) -> float:
        """How long has been listened."""
        return time.monotonic() - self.began

    @property
    def cause(self) -> Cause:
        """Why there is no telegram."""
        if not self.received:
            return Cause.EMPTY if self.port.saved else Cause.SILENCE
        if self.damage[Damage.UNDECRYPTED]:
            return Cause.WRONG_KEY
        if self._is_encrypted() != (self.key is not None):
            return Cause.UNKEYED if self.key is None else Cause.NEEDLESS_KEY
        if re.search(_OBIS, self.recent.translate(_INVERTED)):
            return Cause.INVERTED
        if self.damage[Damage.CRC] or self.damage[Damage.GARBLED] or self.damage[Damage.NO_CRC]:
            return Cause.DAMAGED
        if self.telegrams:
            return Cause.UNCONFIRMED
        if self.nonsense:
            return Cause.NONSENSE
        return Cause.CUT_OFF if self.damage else Cause.NOISE

    @property
    def passed_over(self) -> str:
        """The damaged telegrams: `5 with a wrong CRC, 1 cut off`."""
        return ", ".join(f"{count} {damage.value}" for damage, count in self.damage.items())

    @property
    def had_telegrams(self) -> bool:
        """Whether whole ones came, be they damaged."""
        return bool(self.telegrams or self.nonsense or self.damage.keys() - {Damage.CUT_OFF})

    def _is_encrypted(self) -> bool:
        from p1harvester.encrypted import HEADER

        return HEADER.search(self.recent) is not None

    def take(self, chunk: bytes) -> None:
        """Count the next bytes."""
        self.received += len(chunk)
        self.recent += chunk
        del self.recent[:-LONGEST]

    def take_telegram(self, telegram: bytes | Damage) -> None:
        """Keep a telegram's reading, or why there is none."""
        if isinstance(telegram, Damage):
            self.damage[telegram] += 1
            return
        if has_crc(telegram):
            self.port.settle()
        try:
            new = Telegram(time.monotonic(), telegram, parse(telegram, int(time.time()), -time.timezone))
        except BadTelegram as error:
            self.nonsense = str(error)
            return
        if has_crc(telegram):
            self.proven = new
        else:
            self._prove(new)
        self.telegrams.append(new)

    def _prove(self, new: Telegram) -> None:
        # Most meters send a CRC, and need none of this.
        from p1harvester.proof import form, is_whole_by_its_form, unconfirmed

        if self.port.saved and is_whole_by_its_form(new.text):
            self.proven = new
            return
        for each in self.telegrams[-_COMPARED:]:
            if form(each.text) == form(new.text):
                doubtful = unconfirmed(each.reading, new.reading, new.moment - each.moment)
                if doubtful is not None:
                    nothing: dict[str, Any] = dict.fromkeys(doubtful)
                    self._possible = new._replace(reading=replace(new.reading, **nothing))
                    if not doubtful:
                        self.proven = new

    def close(self) -> None:
        """No more will come: of what was heard, all but what is in doubt is as good as it gets."""
        self.proven = self.proven or self._possible


def listen(port: Port, key: bytes | None, enough: Callable[[Heard], bool]) -> Heard:
    """Listen until the port's deadline, or until `enough` says so, which is asked after each piece of bytes.

    `key` opens encrypted telegrams. A network reader that hangs up behind a telegram which does not do, or which
    another must confirm, is called again. Raises PortFailed, and BadSettings where a key cannot be used.
    """
    heard, failure = Heard(port, key), None
    while True:
        framer = _framer(key)
        try:
            for chunk in port.chunks():
                heard.take(chunk)
                for telegram in framer.feed(chunk):
                    heard.take_telegram(telegram)
                if enough(heard):
                    return heard
        except PortFailed as error:
            failure = error
        for telegram in framer.close():
            heard.take_telegram(telegram)
        if enough(heard) or not failure:
            break
        if not (port.network and heard.had_telegrams):
            raise failure
        if not port.call_again():
            break
        failure = None
    heard.close()
    return heard


def _framer(key: bytes | None) -> "Framer | EncryptedFramer":
    if key is None:
        return Framer()
    from p1harvester.encrypted import EncryptedFramer

    return EncryptedFramer(key)
