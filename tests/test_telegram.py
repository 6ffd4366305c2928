"""Framing and CRC, with bytes alone."""

import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p1harvester.errors import P1Error
from p1harvester.parser import parse
from p1harvester.telegram import LONGEST, Damage, Framer, crc16
from tests.meter import DIALECTS, OLD_LINES, noise, pieces, sealed, sealed_again, telegram

DSMR5 = telegram("dsmr-5.0.2")
DSMR2 = telegram("dsmr-2.2")
HIGH_BITS = bytes(byte | 0x80 if byte.bit_count() % 2 else byte for byte in range(256))


SLASHES = sealed(
    "0-0:1.0.0(240107172239W)", "0-0:96.13.0(see https://a.example/b or /c)", "1-0:1.7.0(00.326*kW)"
).replace(b"/XMX5TEST", b"/HLY5/D545-METER")
SLASHES = sealed_again(SLASHES)
LF = sealed_again(DSMR5.replace(b"\r\n", b"\n")).replace(b"\r\n", b"\n")


def bare(line: bytes) -> bytes:
    """A telegram of one line, without a CRC."""
    return b"/XMX5TEST\r\n\r\n" + line + b"\r\n!\r\n"


def with_short_crc(whole: bytes) -> bytes:
    """This telegram with a text that gives it a CRC of three digits, written without the zero before them."""
    end = whole.rindex(b"!")
    for number in range(1000):
        body = whole[:end] + b"0-0:96.13.9(%d)\r\n!" % number
        if 0x100 <= (crc := crc16(body)) < 0x1000:
            return body + b"%x\r\n" % crc
    raise AssertionError


RESPELLED: dict[str, Callable[[bytes], bytes]] = {
    "as it is": bytes,
    "small letters": lambda whole: whole[:-6] + whole[-6:].lower(),
    "three digits": with_short_crc,
    "bare newlines": lambda whole: whole.replace(b"\r\n", b"\n"),
    "no last newline": lambda whole: whole[:-2],
}


def framed(*pieces: bytes) -> list[bytes | Damage]:
    """What comes out of a framer for these pieces, its end included."""
    framer = Framer()
    found = [event for piece in pieces for event in framer.feed(piece)]
    return [*found, *framer.close()]


@pytest.mark.parametrize(
    ("data", "crc"),
    [
        # The check value of CRC-16/ARC in every catalogue of CRCs; the others were reckoned bit by bit.
        (b"123456789", 0xBB3D),
        (b"12345678", 0x3C9D),
        (b"", 0),
    ],
)
def test_crc_is_arc(data: bytes, crc: int) -> None:
    assert crc16(data) == crc


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("size", [1, 2, 7, 61, 100_000])
def test_any_chunking(dialect: str, size: int) -> None:
    stream = telegram(dialect)[200:] + noise(40) + telegram(dialect) * 2
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert framed(*pieces) == [telegram(dialect)] * 2


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        pytest.param(b"", [], id="nothing"),
        pytest.param(noise(1000), [], id="noise"),
        pytest.param(DSMR5[:700] + DSMR5, [Damage.CUT_OFF, DSMR5], id="cut off by the next"),
        pytest.param(DSMR5 + DSMR5[:700], [DSMR5, Damage.CUT_OFF], id="cut off by the end"),
        pytest.param(DSMR5.replace(b"4911", b"4912"), [Damage.CRC], id="wrong CRC"),
        pytest.param(DSMR5.replace(b"\r\n0-1", b"\0\r\n0-1", 1), [Damage.CRC], id="a NUL inside"),
        pytest.param(b"\0\0" + DSMR5 + b"\0\0" + DSMR5, [DSMR5, DSMR5], id="NULs between"),
        pytest.param(DSMR5[:-6] + b"12G4\r\n", [Damage.GARBLED], id="CRC that is not hexadecimal"),
        pytest.param(DSMR5[:-6] + b"\r\n" + DSMR5, [Damage.NO_CRC, DSMR5], id="CRC stripped"),
        pytest.param(DSMR5[:-6] + DSMR5, [Damage.NO_CRC, DSMR5], id="cut off before its CRC"),
        pytest.param(DSMR5[:-4] + DSMR5, [Damage.CRC, DSMR5], id="cut off within its CRC"),
        pytest.param(DSMR5[:-8] + b"\n!/" + DSMR5, [Damage.NO_CRC, Damage.CUT_OFF, DSMR5], id="a start after the end"),
        pytest.param(b"/" + b"x" * (LONGEST + 1), [Damage.ENDLESS], id="endless"),
        pytest.param(b"/" + b"x" * LONGEST + DSMR5, [Damage.ENDLESS, DSMR5], id="endless, then whole"),
        pytest.param(
            b"/" + b"x" * (LONGEST - 500) + DSMR5, [Damage.ENDLESS, DSMR5], id="endless, a whole one across the limit"
        ),
        pytest.param(b"/" + DSMR2.translate(HIGH_BITS)[1:], [Damage.GARBLED], id="7E1 whose first parity is wrong"),
        pytest.param(b"/" + b"x" * LONGEST + b"\n!\n" + DSMR5, [Damage.ENDLESS, DSMR5], id="an end too late"),
        pytest.param(DSMR2.translate(HIGH_BITS), [DSMR2], id="7E1 read as 8N1"),
        pytest.param(DSMR2.translate(HIGH_BITS) + DSMR5, [DSMR2, DSMR5], id="7E1 before 8N1"),
        pytest.param(DSMR5 + DSMR2.translate(HIGH_BITS), [DSMR5, DSMR2], id="8N1 before 7E1"),
        pytest.param(DSMR2.translate(HIGH_BITS).replace(b"3", b"2"), [Damage.GARBLED], id="7E1 with a wrong parity"),
        pytest.param(DSMR5.translate(HIGH_BITS), [Damage.GARBLED], id="high bits under a CRC"),
        pytest.param(SLASHES, [SLASHES], id="slashes in header and text"),
        pytest.param(SLASHES * 2, [SLASHES] * 2, id="slashes, twice"),
        pytest.param(SLASHES[:90] + SLASHES, [Damage.CUT_OFF, SLASHES], id="slashes, cut off in a text"),
        pytest.param(SLASHES[:9] + SLASHES, [Damage.CUT_OFF, SLASHES], id="slashes, cut off in the header"),
        pytest.param(DSMR2[:200] + SLASHES, [Damage.CUT_OFF, SLASHES], id="slashes behind what has no CRC"),
        pytest.param(SLASHES[:90] + DSMR2, [Damage.CUT_OFF, DSMR2], id="slashes before what has no CRC"),
        pytest.param(
            SLASHES[:90] + DSMR2.translate(HIGH_BITS), [Damage.CUT_OFF, DSMR2], id="slashes before a 7E1 line's"
        ),
        pytest.param(b"/x/" * 1000 + DSMR5, [Damage.CUT_OFF, DSMR5], id="many slashes"),
        pytest.param(b"/" * 40_000 + DSMR5, [Damage.ENDLESS, Damage.CUT_OFF, DSMR5], id="slashes without an end"),
        pytest.param(DSMR5.replace(b"\r\n", b"\n"), [DSMR5.replace(b"\r\n", b"\n")], id="CRC, bare newlines"),
        pytest.param(LF, [LF], id="a CRC of bare newlines"),
        pytest.param(DSMR5[:-2] * 2, [DSMR5[:-2]] * 2, id="no newline behind the CRC"),
        pytest.param(DSMR5[:-2], [DSMR5[:-2]], id="saved without its last newline"),
        pytest.param(DSMR2[:-2], [DSMR2[:-2]], id="saved without its last newline, without a CRC"),
        pytest.param(DSMR5[:-3], [Damage.CUT_OFF], id="saved without its last digit"),
        pytest.param(DSMR5[:-6], [Damage.CUT_OFF], id="saved without its CRC"),
        pytest.param(bare(b"0-0:1.0.0(240107172239W)"), [Damage.NO_CRC], id="a clock, and no CRC"),
        pytest.param(bare(b"1-3:0.2.8(50)"), [Damage.NO_CRC], id="a version, and no CRC"),
        pytest.param(bare(b"0-0:1.0.0*255(240107172239W)"), [Damage.NO_CRC], id="a clock with group F, and no CRC"),
        pytest.param(bare(b"1-0:1.8.0(5*kWh)"), [bare(b"1-0:1.8.0(5*kWh)")], id="neither clock nor version"),
        pytest.param(DSMR2.replace(b"\r\n", b"\n"), [DSMR2.replace(b"\r\n", b"\n")], id="saved with bare newlines"),
    ],
)
def test_events(stream: bytes, events: list[bytes | Damage]) -> None:
    assert framed(stream) == events
    assert framed(*(stream[at : at + 1] for at in range(len(stream)))) == events


def test_memory_is_bounded() -> None:
    framer = Framer()
    for piece in (b"/" + b"(" * 5000, b"(" * 5000):
        for _ in range(100):
            assert list(framer.feed(piece)) in ([], [Damage.ENDLESS])
            assert len(framer._buffer) <= LONGEST


@pytest.mark.parametrize(
    ("respelled", "dialect"),
    [("as it is", name) for name in DIALECTS if name not in OLD_LINES] + [(each, "dsmr-4.0") for each in RESPELLED],
)
def test_no_flipped_bit_passes(respelled: str, dialect: str) -> None:
    whole = RESPELLED[respelled](telegram(dialect))
    body = whole[: whole.rindex(b"!")]
    assert [event for event in framed(whole) if isinstance(event, bytes) and event.startswith(body)]
    for position in range(len(whole)):
        for bit in range(8):
            flipped = bytearray(whole)
            flipped[position] ^= 1 << bit
            passed = [event for event in framed(bytes(flipped)) if isinstance(event, bytes)]
            # A CRC in small letters is the same CRC, and the last newline says nothing.
            assert all(event[: event.rindex(b"!")] == body for event in passed), (position, bit)
            assert not passed or position > whole.rindex(b"!"), (position, bit)


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(b"/x", id="slashes"),
        pytest.param(b"/x\n!1234\n", id="ends"),
        pytest.param(b"/" * 32_000 + b"\n\n!ABCD\n", id="slashes and ends"),
        pytest.param(b"/\n!" + b"A" * 32_000, id="an end without a newline"),
        pytest.param(b"/x\n\n" * 6000 + b"!12\n", id="headers"),
    ],
)
def test_a_stream_of_starts_keeps_its_cost(stream: bytes) -> None:
    # 100 s of a line at 115200 baud, in the pieces that a USB adapter hands over.
    framer, began = Framer(), time.process_time()
    for piece in pieces(stream * (1_152_000 // len(stream))):
        assert not [event for event in framer.feed(piece) if isinstance(event, bytes)]
    assert time.process_time() - began < 5


parts = st.one_of(
    st.binary(max_size=80),
    st.sampled_from(
        [DSMR5, DSMR2, DSMR5[:300], DSMR5[300:], b"/", b"\n!", b"\r\n", b"1-0:1.8.1(", b"(0-1:24.2.1)(m3)\r\n("]
    ),
    st.text("0123456789-:.()*kWh\r\n!/", max_size=60).map(str.encode),
    st.lists(
        st.from_regex(r"[01]-[0-4]:(1\.8\.1|24\.[123]\.[01]|96\.1\.1|1\.0\.0|1\.6\.0)\(.{0,20}\)", fullmatch=True)
    ).map(lambda lines: sealed(*(line.encode("ascii", "replace").decode() for line in lines))),
)


@given(st.lists(parts, max_size=12))
def test_any_bytes_raise_nothing_but_our_own_errors(stream: list[bytes]) -> None:
    found = framed(*stream)
    assert found == framed(b"".join(stream))
    for event in found:
        if isinstance(event, bytes):
            with suppress(P1Error):
                assert parse(event, 0).time == 0
