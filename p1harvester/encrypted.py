"""From encrypted frames to telegrams: Luxembourg's Smarty meters, and others whose P1 port speaks AES-128-GCM.

A frame is `DB 08`, the meter's 8-byte system title, `82`, a 2-byte length of all that follows, `30`, a 4-byte frame
counter, the ciphertext and a 12-byte tag. Each piece of bytes costs one search of the unfinished frame; what the key
does not open costs nothing but itself.
"""

import re
from collections.abc import Iterable, Iterator

from p1harvester.errors import BadSettings
from p1harvester.telegram import LONGEST, Damage, Framer, framed, has_crc
from p1harvester.user import adding

HEADER = re.compile(rb"\xdb\x08(.{8})\x82(..)\x30(.{4})", re.DOTALL)
_HEADER_LENGTH = 18
_BEGINNING = b"\xdb\x08"
_COUNTED_HEADER = 5
_TAG = 12
_FIRST_BLOCK = (2).to_bytes(4)
"""The counter of the text's first block in GCM: the one before it is the tag's."""
_ADDITIONAL = bytes.fromhex("30 00112233445566778899AABBCCDDEEFF")


class EncryptedFramer:
    """Bytes in, whole telegrams out, as `telegram.Framer` does it: each frame is opened and given to such a one."""

    def __init__(self, key: bytes) -> None:
        """Take the key of 16 bytes. Raises BadSettings where the library that decrypts is not installed."""
        try:
            from cryptography.hazmat.primitives.ciphers.algorithms import AES
        except ImportError as error:
            raise BadSettings(
                f"P1_KEY needs a library that is not installed: {adding('cryptography')} ({error})"
            ) from error
        self._cipher = AES(key)
        self._buffer = bytearray()
        self._framer = Framer()

    def feed(self, data: bytes) -> Iterator[bytes | Damage]:
        """Take the next bytes; yield each telegram that they complete."""
        self._buffer += data
        while (header := HEADER.search(self._buffer)) is not None:
            begin, length = header.start(), int.from_bytes(header[2])
            if _COUNTED_HEADER + _TAG <= length <= LONGEST:
                end = begin + _HEADER_LENGTH - _COUNTED_HEADER + length
                if len(self._buffer) < end:
                    del self._buffer[:begin]
                    return
                if (telegrams := self._opened(header, bytes(self._buffer[begin + _HEADER_LENGTH : end]))) is not None:
                    del self._buffer[:end]
                    yield from telegrams
                    continue
                yield Damage.UNDECRYPTED
            # What looked like a frame is none, or is damaged: the next may begin within it.
            del self._buffer[: begin + len(_BEGINNING)]
        del self._buffer[: -(_HEADER_LENGTH - 1)]

    def close(self) -> Iterator[bytes | Damage]:
        """No more bytes will come: yield a word on the frame that is still unfinished, if any."""
        if HEADER.match(self._buffer):
            yield Damage.CUT_OFF
        yield from self._framer.close()

    def _opened(self, header: re.Match[bytes], ciphertext: bytes) -> Iterable[bytes | Damage] | None:
        """What a frame says; None where neither its tag nor a CRC inside tells that it was opened rightly."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers import Cipher
        from cryptography.hazmat.primitives.ciphers.modes import CTR, GCM

        nonce, text, tag = header[1] + header[3], ciphertext[:-_TAG], ciphertext[-_TAG:]
        opener = Cipher(self._cipher, GCM(nonce, tag, min_tag_length=_TAG)).decryptor()
        opener.authenticate_additional_data(_ADDITIONAL)
        try:
            return self._framer.feed(opener.update(text) + opener.finalize())
        except InvalidTag:
            # The tag is made with an authentication key that the meter's customer may not have; the text is not.
            plain = Cipher(self._cipher, CTR(nonce + _FIRST_BLOCK)).decryptor().update(text)
        return [telegram for telegram in framed(plain) if isinstance(telegram, bytes) and has_crc(telegram)] or None
