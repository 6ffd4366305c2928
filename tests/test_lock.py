"""The list by which the README's install takes files: whole, and within what the project asks for."""

import re
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.readme import PROJECT, README

LOCK = (PROJECT / "systemd/requirements.txt").read_text()
LOCKED = {canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+) ", LOCK, re.MULTILINE)}


@pytest.mark.parametrize("path", sorted((PROJECT / "systemd").glob("requirements*.txt")), ids=lambda path: path.stem)
def test_each_is_locked_by_its_hash(path: Path) -> None:
    entries = re.split(r"^(?=[\w.-]+==)", path.read_text(), flags=re.MULTILINE)[1:]
    assert entries
    for entry in entries:
        assert re.fullmatch(r"\S+==\S+( \\\n    --hash=sha256:[0-9a-f]{64})+\n", entry), entry
        name, _, version = entry.split()[0].partition("==")
        assert LOCKED.get(canonicalize_name(name), version) == version, "pip takes them together"


def test_what_the_project_asks_for_is_locked_with_its_needs() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    asked = [Requirement(text) for text in project["project"]["dependencies"] + project["build-system"]["requires"]]
    needed = [
        Requirement(text) for each in project["project"]["dependencies"] for text in needs(Requirement(each).name)
    ]
    for requirement in asked + needed:
        assert requirement.specifier.contains(LOCKED[canonicalize_name(requirement.name)]), requirement


def needs(name: str) -> list[str]:
    """What a package that is installed here needs by itself."""
    wanted = [
        text for text in requires(name) or [] if (marker := Requirement(text).marker) is None or marker.evaluate()
    ]
    return [text for text in wanted if "extra ==" not in text]


def test_the_installation_is_by_it() -> None:
    assert README.count("pip install --require-hashes -r systemd/requirements.txt\n") == 1
    assert README.count("pip install --no-deps --no-build-isolation .\n") == 1
    installer = (PROJECT / "systemd/install").read_text()
    pips = [line.split('/bin/pip" install')[1] for line in installer.splitlines() if '/bin/pip"' in line]
    assert ["--require-hashes" in words or "--no-deps" in words for words in pips] == [True, True]
