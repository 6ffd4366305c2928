"""A settings file's lines, as python-dotenv reads them; plain ones, which mean what they show, without its import."""

import re
from collections.abc import Iterator
from io import StringIO

from p1harvester.errors import BadSettings

_PLAIN = re.compile(r"(?:#[^\r]*|(?P<name>[A-Z]\w*)=(?:(?P<bare>[\w/.:@?&=%,+-]*)|'(?P<quoted>[^'\\\r]*)'))?", re.ASCII)


def bindings(text: str, path: str) -> Iterator[tuple[str, str]]:
    """Name and value of each line that has both. Raises BadSettings, which names the file by its `path`."""
    lines = [_PLAIN.fullmatch(line) for line in text.split("\n")]
    if None not in lines:
        found = [(line["name"], line["quoted"] or line["bare"]) for line in lines if line]
    else:
        found = list(_by_dotenv(text, path))
    return ((name, value) for name, value in found if name and value)


def _by_dotenv(text: str, path: str) -> Iterator[tuple[str | None, str | None]]:
    from dotenv.parser import parse_stream

    for binding in parse_stream(StringIO(text)):
        if binding.error:
            raise BadSettings(f"line {binding.original.line} of {path} is not of the form NAME=value")
        yield binding.key, binding.value
