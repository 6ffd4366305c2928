"""The views' files that a script makes are what it makes."""

import runpy
from pathlib import Path

import pytest

from p1harvester.views import NAMES

PROJECT = Path(__file__).parent.parent


def test_the_views_are_what_their_script_makes() -> None:
    made = runpy.run_path(str(PROJECT / "sql/generate.py"))["made"]()
    assert {path.name for path in made} > {"p1_steps.sql", "p1_usage.sql", "usage_per_day.sql", "p1_version.sql"}
    assert {path: path.read_text() for path in made} == made


@pytest.mark.parametrize("dialect", ["mysql", "postgresql", "sqlite"])
def test_each_view_has_its_file(dialect: str) -> None:
    assert {path.stem for path in (PROJECT / "sql" / dialect).glob("*.sql")} == set(NAMES)
