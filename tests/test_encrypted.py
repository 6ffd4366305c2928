"""Encrypted telegrams, built here with AES-128-GCM as a Smarty meter builds them."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from p1harvester.encrypted import EncryptedFramer
from p1harvester.telegram import Damage
from tests.conftest import Database, Run
from tests.meter import Meter, noise, sealed, telegram

KEY = bytes(range(16))
TELEGRAM = sealed(
    "0-0:1.0.0(240107172237W)",
    "1-0:1.8.0(007254.118*kWh)",
    "1-0:2.8.0(000012.345*kWh)",
    "1-0:1.7.0(00.326*kW)",
    "1-0:2.7.0(00.000*kW)",
    "0-1:24.1.0(003)",
    "0-1:24.2.1(240107170000W)(00831.417*m3)",
)
ROW = {"use_reading": 7254.118, "injection_reading": 12.345, "net_use": 0.326, "gas_meter_reading": 831.417}


STANDARD = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
OWN = bytes(range(0xD0, 0xE0))
"""An authentication key of the meter's own, which its customer may not have."""


def encrypted(telegram: bytes, key: bytes = KEY, counter: int = 1, authentication: bytes = STANDARD) -> bytes:
    """The frame that a meter sends."""
    title, count = b"SAGgp\x00\x01\x02", counter.to_bytes(4)
    ciphertext = AESGCM(key).encrypt(title + count, telegram, b"\x30" + authentication)
    # The library's tag has 16 bytes, the meter's the first 12 of them.
    body = b"\x30" + count + ciphertext[:-4]
    return b"\xdb\x08" + title + b"\x82" + len(body).to_bytes(2) + body


def framed(*pieces: bytes, key: bytes = KEY) -> list[bytes | Damage]:
    """What comes out of a framer for these pieces, its end included."""
    framer = EncryptedFramer(key)
    found = [event for piece in pieces for event in framer.feed(piece)]
    return [*found, *framer.close()]


FRAME = encrypted(TELEGRAM)


@pytest.mark.parametrize("size", [1, 7, 100, 100_000])
def test_any_chunking(size: int) -> None:
    stream = FRAME[200:] + noise(50) + b"\xdb\x08" + FRAME + encrypted(TELEGRAM, counter=2)
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert framed(*pieces) == [TELEGRAM] * 2


def test_a_wrong_key_is_like_a_wrong_crc() -> None:
    assert framed(FRAME, key=bytes(16)) == [Damage.UNDECRYPTED]
    assert framed(FRAME[:-20]) == [Damage.CUT_OFF]


@pytest.mark.parametrize("authentication", [STANDARD, OWN])
def test_no_flipped_byte_gives_a_wrong_telegram_and_the_next_is_read(authentication: bytes) -> None:
    frame = encrypted(TELEGRAM, authentication=authentication)
    for position in range(len(frame)):
        damaged = bytearray(frame)
        damaged[position] ^= 0xFF
        # A length that was damaged may swallow what follows: at most as much as the longest telegram.
        events = framed(bytes(damaged) + frame * 60)
        assert events.count(TELEGRAM) >= 1, position
        # A flip in the tag says nothing of the text, nor does one in its last newline, which may be missing.
        assert {event.rstrip() for event in events if isinstance(event, bytes)} == {TELEGRAM.rstrip()}, position
        assert events.count(TELEGRAM) <= 60 or position >= len(frame) - 12 - 2, position


def test_an_authentication_key_of_the_meters_own_is_not_needed() -> None:
    first, second = (encrypted(TELEGRAM, counter=counter, authentication=OWN) for counter in (1, 2))
    assert framed(noise(50), first, second) == [TELEGRAM] * 2


@pytest.mark.parametrize(
    ("telegram", "key"),
    [
        pytest.param(TELEGRAM, bytes(16), id="wrong key"),
        pytest.param(TELEGRAM.replace(b"7254", b"7255"), KEY, id="wrong CRC"),
        pytest.param(TELEGRAM[:-6] + b"\r\n", KEY, id="CRC lost"),
        pytest.param(telegram("dsmr-2.2"), KEY, id="without a CRC"),
        pytest.param(TELEGRAM[:-20], KEY, id="cut off"),
    ],
)
def test_without_its_tag_a_telegram_needs_its_crc(telegram: bytes, key: bytes) -> None:
    assert framed(encrypted(telegram, authentication=OWN), key=key) == [Damage.UNDECRYPTED]


@pytest.mark.parametrize("baud", [{}, {"P1_BAUD": "115200"}])
def test_stored(baud: dict[str, str], sqlite: Database, run: Run) -> None:
    with Meter([encrypted(TELEGRAM)], skip=100) as meter:
        done = run("-v", "--port", meter.port, env=sqlite.env | baud | {"P1_KEY": KEY.hex()})
    assert done.returncode == 0
    assert "is noise" not in done.stderr
    [row] = sqlite.rows()
    assert ROW.items() <= row.items()


def test_a_saved_frame(run: Run, tmp_path: Path) -> None:
    (tmp_path / "frame").write_bytes(FRAME)
    (tmp_path / ".env").write_text(f"P1_KEY={KEY.hex()}")
    (tmp_path / ".env").chmod(0o600)
    done = run("read", "--json", "--port", "frame")
    assert ROW.items() <= json.loads(done.stdout).items()


@pytest.mark.parametrize(
    ("key", "status", "said"),
    [
        (None, 76, "encrypted: set P1_KEY"),
        ("00" * 16, 76, "P1_KEY does not open"),
        ("00" * 15, 78, "32 hexadecimal digits"),
        ("xy" * 16, 78, "32 hexadecimal digits"),
    ],
)
@pytest.mark.slow
def test_without_the_right_key(key: str | None, status: int, said: str, run: Run) -> None:
    with Meter([FRAME]) as meter:
        done = run("read", "--port", meter.port, "--timeout", "3", env={"P1_KEY": key} if key else {})
    assert done.returncode == status
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert key is None or key not in done.stderr


@pytest.mark.parametrize(
    ("frame", "key", "said"),
    [
        (FRAME, KEY.hex(), "ok    telegram"),
        (FRAME, None, "FAIL  telegram    the telegrams are encrypted\n"),
        (FRAME, "00" * 16, "P1_KEY does not open them"),
        (TELEGRAM, KEY.hex(), "nothing that came is encrypted"),
    ],
)
@pytest.mark.slow
def test_check_tells_what_is_wrong_with_the_key(frame: bytes, key: str | None, said: str, run: Run) -> None:
    with Meter([frame]) as meter:
        done = run("check", "--port", meter.port, "--timeout", "3", env={"P1_KEY": key} if key else {})
    assert said in done.stdout
    assert "noise" not in done.stdout
    assert key is None or key not in done.stdout


def test_a_key_for_a_meter_that_does_not_encrypt(run: Run) -> None:
    done = run("read", "--port", "-", input=TELEGRAM, env={"P1_KEY": KEY.hex()})
    assert done.returncode == 76
    assert "take P1_KEY away" in done.stderr


def test_the_extra_is_named_when_it_is_missing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cryptography.py").write_text("raise ImportError('not here')")
    done = run("read", "--port", "-", input=FRAME, env={"P1_KEY": KEY.hex(), "PYTHONPATH": str(tmp_path)})
    assert done.returncode == 78
    assert "-m pip install cryptography`" in done.stderr
