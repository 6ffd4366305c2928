"""What the user wants: flag > process environment > env file > default. Every complaint names the setting's origin."""

import os
import re
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import NamedTuple

from p1harvester.dsn import parse
from p1harvester.env_file import bindings
from p1harvester.errors import BadSettings
from p1harvester.user import command

ENV_FILES = (".env", "/etc/p1harvester.env")
NAMES = ("P1_PORT", "P1_BAUD", "P1_KEY", "P1_DSN", "P1_DSN_PASSWORD", "P1_TIMEOUT", "P1_SPOOL")
LONGEST_TIMEOUT = 35
"""Seconds: with the database's own limits a run still ends within 55 s."""

_IN_MEMORY = re.compile(r"sqlite(\+\w+)?://(/?(\?|$)|.*(:memory:|\bmode=memory))")


class Warned(NamedTuple):
    """What is wrong with the settings and does not stop a run, what that means, and the command that mends it."""

    says: str
    means: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.says}: `{self.remedy}`"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one run, checked as far as that is possible without a port and a database."""

    port: str
    baud: int | None
    """Bits per second; None: find out."""
    dsn: str
    password: str | None = field(repr=False)
    timeout: float
    """Seconds for a whole telegram."""
    spool: str | None
    """The spool's file; None: no spool."""
    warnings: tuple[Warned, ...] = ()
    key: bytes | None = field(default=None, repr=False)
    """What encrypted telegrams are opened with: 16 bytes."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """Setting -> where its value came from, in words; a setting without a value is absent."""


class _Setting(NamedTuple):
    text: str
    origin: str


def load(flags: Mapping[str, str | None], environ: Mapping[str, str]) -> Settings:
    """Gather the settings. `flags` holds the command line's by their names (`port`, `dsn`, `timeout`, `env_file`).

    Raises BadSettings.
    """
    warnings: list[Warned] = []
    found = _from_file(flags.get("env_file"), warnings)
    found |= {name: _Setting(text, "the environment") for name, text in environ.items() if name[:3] == "P1_" and text}
    for name, setting in found.items():
        if name not in NAMES:
            raise BadSettings(f"{name} (from {setting.origin}) is no setting; there are {', '.join(NAMES)}")
    for flag in ("port", "dsn", "timeout"):
        if (text := flags.get(flag)) is not None:
            found[f"P1_{flag.upper()}"] = _Setting(text, f"--{flag}")
    found = _defaults(found, environ) | found
    if "P1_DSN_PASSWORD" not in found and (password := _credential(environ)) is not None:
        found["P1_DSN_PASSWORD"] = _Setting(password, "$CREDENTIALS_DIRECTORY/p1_dsn_password")
    return Settings(
        port=_port(found["P1_PORT"]),
        # What is encrypted looks like the noise of another speed; every meter that encrypts sends at 115200.
        baud=_baud(found["P1_BAUD"]) or (115200 if "P1_KEY" in found else None),
        dsn=_dsn(found["P1_DSN"]),
        password=found["P1_DSN_PASSWORD"].text if "P1_DSN_PASSWORD" in found else None,
        timeout=_timeout(found["P1_TIMEOUT"]),
        spool=_spool(found["P1_SPOOL"]),
        warnings=tuple(warnings),
        key=_key(found["P1_KEY"]) if "P1_KEY" in found else None,
        origins={name: setting.origin for name, setting in found.items()},
    )


def _defaults(given: Mapping[str, _Setting], environ: Mapping[str, str]) -> dict[str, _Setting]:
    texts = {"P1_PORT": "auto", "P1_BAUD": "auto", "P1_TIMEOUT": str(LONGEST_TIMEOUT)}
    if not {"P1_DSN", "P1_SPOOL"} <= given.keys():
        folder = _data_folder(environ)
        texts |= {"P1_DSN": f"sqlite:///{folder / 'p1harvester.db'}", "P1_SPOOL": str(folder / "spool.db")}
    return {name: _Setting(text, "the default") for name, text in texts.items()}


def _from_file(given: str | None, warnings: list[Warned]) -> dict[str, _Setting]:
    path = given or _env_file(warnings)
    if path is None:
        return {}
    found = {}
    try:
        with Path(path).open(encoding="utf-8") as stream:
            others_read = stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & stat.S_IROTH
            for name, value in bindings(stream.read(), path):
                if name.startswith("P1_"):
                    found[name] = _Setting(value, path)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise BadSettings(f"the settings file {path} cannot be read: {reason}") from error
    if others_read and _holds_secret(found):
        says = f"{path} holds a password or a key, and everybody can read it"
        warnings.append(Warned(says, "The password is no secret on this host.", f"chmod o= {quote(path)}"))
    return found


def _env_file(warnings: list[Warned]) -> str | None:
    """The first settings file that is there; one in the current folder only if nobody else can have written it."""
    ours, systems = ENV_FILES
    if _is_file(ours):
        if all(_is_ours(Path(path).stat()) for path in (ours, ".")):
            return ours
        path = Path(ours).absolute()
        says = f"{path} is passed over: it or its folder is another user's, or others may write there"
        means = "Whoever wrote it would say where readings go, and the password. If you trust what is in it:"
        warnings.append(Warned(says, means, f"{command()} --env-file {quote(str(path))}"))
    return systems if _is_file(systems) else None


def _is_ours(status: os.stat_result) -> bool:
    return status.st_uid in (0, os.geteuid()) and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _is_file(path: str) -> bool:
    # `sudo -u p1harvester` in one's home: nothing may be looked up in the current folder.
    with suppress(PermissionError):
        return Path(path).is_file()
    return False


def _holds_secret(found: Mapping[str, _Setting]) -> bool:
    user, at, _ = found.get("P1_DSN", _Setting("", "")).text.partition("://")[2].partition("@")
    return not found.keys().isdisjoint(("P1_DSN_PASSWORD", "P1_KEY")) or (bool(at) and ":" in user)


def _credential(environ: Mapping[str, str]) -> str | None:
    if "CREDENTIALS_DIRECTORY" not in environ:
        return None
    path = Path(environ["CREDENTIALS_DIRECTORY"], "p1_dsn_password")
    try:
        return path.read_text(encoding="utf-8").rstrip("\n") if path.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"the credential {path} cannot be read: {error}") from error


def _data_folder(environ: Mapping[str, str]) -> Path:
    """Where our own files go; a folder that cannot be made is left to whoever opens a file in it."""
    if environ.get("STATE_DIRECTORY"):
        return Path(environ["STATE_DIRECTORY"].partition(":")[0])
    try:
        folder = Path(environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share", "p1harvester")
    except RuntimeError as error:
        raise BadSettings("there is no home folder to keep the data in: set P1_DSN and P1_SPOOL") from error
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _port(setting: _Setting) -> str:
    if "://" in setting.text:
        from urllib.parse import urlsplit

        try:
            url = urlsplit(setting.text)
            # pyserial has others, of which one writes a file.
            whole = url.scheme in ("socket", "rfc2217") and url.hostname and url.port
        except ValueError:
            whole = False
        if not whole:
            raise _bad("P1_PORT", setting, "is no URL of the form socket://host:port or rfc2217://host:port")
    return setting.text


def _baud(setting: _Setting) -> int | None:
    if setting.text not in ("auto", "115200", "9600"):
        raise _bad("P1_BAUD", setting, "must be 115200, 9600 or auto")
    return None if setting.text == "auto" else int(setting.text)


def _key(setting: _Setting) -> bytes:
    try:
        key = bytes.fromhex(setting.text)
    except ValueError:
        key = b""
    if len(key) != 16:
        raise BadSettings(
            f"P1_KEY (from {setting.origin}) must be 32 hexadecimal digits, as the grid operator gave them"
        )
    return key


def _timeout(setting: _Setting) -> float:
    try:
        seconds = float(setting.text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= LONGEST_TIMEOUT:
        raise _bad("P1_TIMEOUT", setting, f"must be a number of seconds, {LONGEST_TIMEOUT} at most")
    return seconds


def _dsn(setting: _Setting) -> str:
    if parse(setting.text) is None:
        # What was given may hold a password: it is not shown.
        raise BadSettings(
            f"P1_DSN (from {setting.origin}) is no database URL, or can be read in two ways: write"
            " mysql+pymysql://user@host/database, postgresql+psycopg://user@host/database or sqlite:////folder/file.db,"
            " and the password, as it is, into P1_DSN_PASSWORD"
        )
    if _IN_MEMORY.match(setting.text):
        raise _bad("P1_DSN", setting, "would be gone with the run: write sqlite:////folder/file.db")
    return setting.text


def _spool(setting: _Setting) -> str | None:
    if "://" in setting.text or ":memory:" in setting.text:
        raise _bad("P1_SPOOL", setting, "must be the path of a file that lasts, or off")
    return None if setting.text == "off" else setting.text


def _bad(name: str, setting: _Setting, why: str) -> BadSettings:
    return BadSettings(f"{name}={setting.text} (from {setting.origin}) {why}")
