"""The list by which the README's install takes files: whole, and within what the project asks for."""

import re
import tomllib
from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.readme import PROJECT, README

LOCK = (PROJECT / "systemd/requirements.txt").read_text()
LOCKED = {canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+) ", LOCK, re.MULTILINE)}


def test_each_is_locked_by_its_hash() -> None:
    entries = re.split(r"^(?=[\w.-]+==)", LOCK, flags=re.MULTILINE)[1:]
    assert len(entries) == len(LOCKED)
    for entry in entries:
        assert re.fullmatch(r"\S+==\S+( \\\n    --hash=sha256:[0-9a-f]{64})+\n", entry), entry


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


def test_the_readme_installs_and_upgrades_by_it() -> None:
    assert README.count("pip install --require-hashes -r systemd/requirements.txt\n") == 2
    assert README.count("pip install --no-deps --no-build-isolation .\n") == 2
