"""What `check` says: a line a step, what it means, what mends it; printed as it is found."""

import os
import shutil
import sys
import textwrap
from collections.abc import Mapping
from enum import Enum
from shlex import quote

from p1harvester.dsn import masked
from p1harvester.printable import printable
from p1harvester.user import command, meter

_WIDTH = 110
"""Columns where the terminal does not say how many it has."""
_INDENT = " " * 18
_CLEAR = "\r\x1b[K"


class _Level(Enum):
    """A step's outcome, and its colour on a terminal."""

    OK = ("ok", "32")
    WARN = ("warn", "33")
    FAIL = ("FAIL", "31")


class Page:
    """The lines so far. `quiet` leaves out those that are ok; `flags` are the command line's."""

    def __init__(self, quiet: bool, flags: Mapping[str, str | None]) -> None:
        self._flags = flags
        self.settings: dict[str, str] = {}
        """Setting -> the value that mends what was found."""
        self._levels: list[_Level] = []
        self._quiet = quiet
        self._terminal = sys.stdout.isatty()
        self._colour = self._terminal and not os.environ.get("NO_COLOR")

    def typed(self, words: str) -> str:
        """What to type to run the program with `words` for the same meter, settings and database."""
        file, dsn = self._flags.get("env_file"), self._flags.get("dsn")
        # A meter's own command knows its file.
        flags = [f" --env-file {quote(file)}"] if file and meter() is None else []
        flags += [f" --dsn {quote(masked(dsn))}"] if dsn else []
        return f"{command()}{''.join(flags)} {words}".rstrip()

    def ok(self, step: str, says: str, *details: str) -> None:
        """A step is well; `details` are lines below it."""
        self._add(_Level.OK, step, says)
        if not self._quiet:
            for detail in details:
                self._write(f"{_INDENT}{printable(detail)}")

    def warn(self, step: str, says: str, means: str, *remedies: str) -> None:
        """The job works, or will work, but something wants mending."""
        self._trouble(_Level.WARN, step, says, means, remedies)

    def fail(self, step: str, says: str, means: str, *remedies: str) -> None:
        """The job cannot work so. `remedies` are commands and settings, each to be typed as it stands."""
        self._trouble(_Level.FAIL, step, says, means, remedies)

    def waiting(self, what: str) -> None:
        """Say on a terminal what is being waited for; the next line takes its place."""
        if self._terminal and not self._quiet:
            sys.stdout.write(f"{_CLEAR}      {printable(what)}")
            sys.stdout.flush()

    def end(self) -> bool:
        """Print the settings that mend, and the sum; return whether all is well."""
        if self.settings:
            self._write("\nFor the env file:")
            for name, value in self.settings.items():
                self._write(f"{name}={printable(value)}")
        counts = {level: self._levels.count(level) for level in (_Level.FAIL, _Level.WARN)}
        found = " and ".join(f"{count} {level.value[0]}" for level, count in counts.items() if count)
        if found or not self._quiet:
            self._write(f"\n{found} of {len(self._levels)} steps" if found else "\nAll is well.")
        return not found

    def _trouble(self, level: _Level, step: str, says: str, means: str, remedies: tuple[str, ...]) -> None:
        self._add(level, step, says)
        self._write(textwrap.indent(_filled(means), _INDENT))
        for remedy in remedies:
            self._write(f"{_INDENT}-> {printable(remedy)}")

    def _add(self, level: _Level, step: str, says: str) -> None:
        self._levels.append(level)
        if level is _Level.OK and self._quiet:
            return
        word, colour = level.value
        padding = " " * (6 - len(word))
        shown = f"\x1b[{colour}m{word}\x1b[0m" if self._colour else word
        text = textwrap.indent(_filled(says), _INDENT).strip()
        self._write(f"{shown}{padding}{step:<12}{text}")

    def _write(self, text: str) -> None:
        sys.stdout.write(f"{_CLEAR if self._terminal else ''}{text}\n")
        sys.stdout.flush()


def _filled(text: str) -> str:
    width = shutil.get_terminal_size((_WIDTH, 0)).columns - len(_INDENT)
    return textwrap.fill(printable(text), max(20, width), break_long_words=False, break_on_hyphens=False)
