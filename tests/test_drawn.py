"""The dashboard as a person sees it: drawn by Grafana's own libraries from what the real queries say of two years."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.drawn import home, scenes
from tests.servers import ZONE
from tests.shown import PANELS
from tests.tables import DAY

FOLDER = Path(__file__).with_name("drawn")
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PICTURES = os.environ.get("PICTURES")
"""A folder that keeps the pictures."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="chromium is not installed"),
    pytest.mark.skipif(not (FOLDER / "node_modules").exists(), reason="npm ci --prefix tests/drawn was not run"),
    pytest.mark.xdist_group("drawn"),
]

Panels = dict[str, dict[str, Any]]
UNITS = {
    "suffix:kW": "kW",
    "suffix:kWh": "kWh",
    "suffix:€": "€",
    "m3": "m³",
    "volt": "V",
    "amp": "A",
}


CURVE = 2
"""What draw.mjs says of a column of pixels in which there is a color that is not red."""
READABLE = 12
"""Pixels: what Grafana writes on axes and in legends."""


class Drawn:
    """The pictures of one home, and what is on each."""

    def __init__(self, folder: Path) -> None:
        self.now = int(time.time())
        self.database = folder / "home.db"
        home.build(self.database, self.now)
        scenes.written(self.database, self.now, folder / "scenes.json")
        subprocess.run(["node", FOLDER / "draw.mjs", folder / "scenes.json", folder], check=True, timeout=600)
        self.scenes = {each["name"]: each for each in json.loads((folder / "seen.json").read_text())}

    def panels(self, scene: str) -> Panels:
        """Title -> what is seen of that panel."""
        return {panel["title"]: panel for panel in self.scenes[scene]["panels"]}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drawn]:
    """Everything drawn once."""
    folder = Path(PICTURES) if PICTURES else tmp_path_factory.mktemp("pictures")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", ZONE)
        time.tzset()
        yield Drawn(folder)
    time.tzset()


def words(panel: dict[str, Any]) -> list[str]:
    """All that is written in a panel."""
    return [panel["text"], *(label["text"] for label in panel["labels"])]


def test_draws_without_a_fault(drawn: Drawn) -> None:
    assert {name: scene["faults"] for name, scene in drawn.scenes.items()} == {name: [] for name in drawn.scenes}
    assert drawn.panels("opened").keys() > PANELS.keys()


def test_nothing_is_unknown_where_the_range_ends_in_the_future(drawn: Drawn) -> None:
    for title, panel in drawn.panels("month").items():
        found = [text for text in words(panel) if re.search(r"\b(none|unknown|NaN|No data|no readings|null)\b", text)]
        assert found == [], title


def test_no_panel_says_nan(drawn: Drawn) -> None:
    for name in drawn.scenes:
        for title, panel in drawn.panels(name).items():
            assert not re.search(r"NaN|undefined|Infinity|No data|Invalid", " ".join(words(panel))), (name, title)


def test_no_label_is_written_over_another(drawn: Drawn) -> None:
    for name in drawn.scenes:
        for title, panel in drawn.panels(name).items():
            lines: dict[int, list[dict[str, Any]]] = {}
            for label in panel["labels"]:
                if label["text"]:
                    lines.setdefault(round(label["y"]), []).append(label)
            for line in lines.values():
                line.sort(key=lambda label: label["left"])
                over = [(a, b) for a, b in pairwise(line) if a["right"] > b["left"]]
                assert over == [], (name, title)


@pytest.mark.parametrize(
    ("scene", "since", "begin", "end", "until"),
    [("gap", 146, 143, 140.2, 138), ("day", 1, 16.3 / 24, 14.2 / 24, 0), ("year", 365, 143, 141, 0)],
)
@pytest.mark.parametrize("title", ["Power", "Voltage"])
def test_no_line_crosses_a_gap(
    scene: str, since: float, begin: float, end: float, until: float, title: str, drawn: Drawn
) -> None:
    panel = drawn.panels(scene)[title]
    left, right = panel["plot"]["left"], panel["plot"]["right"]
    first, last = (left + (since - ago) / (since - until) * (right - left) for ago in (begin, end))
    colored = panel["colored"]
    inside, before = colored[round(first) + 2 : round(last) - 2], colored[round(left) : round(first) - 4]
    # Red are the lines that mark what a voltage may be.
    assert inside
    assert CURVE not in inside
    assert before.count(CURVE) > 0.9 * len(before)


def test_units(drawn: Drawn) -> None:
    shown = drawn.panels("opened")
    for title, (_, units) in PANELS.items():
        # What the home has not got shows no figure.
        if shown[title]["figures"] or shown[title]["labels"]:
            for unit in set(units.values()) & UNITS.keys():
                assert any(UNITS[unit] in text for text in words(shown[title])), title


def test_axes_are_short(drawn: Drawn) -> None:
    for name in drawn.scenes:
        for title, panel in drawn.panels(name).items():
            long = [text for text in words(panel) if re.fullmatch(r"-?\d+(\.\d*0|\.\d{3,}|\.?\d*K) ?\D*", text)]
            assert long == [], (name, title)


def test_costs_are_those_of_the_views(drawn: Drawn) -> None:
    shown = drawn.panels("month")
    with sqlite3.connect(drawn.database) as connection:
        for unit, title in (("day", "Cost, today and yesterday"), ("month", "Cost, this month and last")):
            query = f"SELECT total_cost FROM cost_per_{unit} WHERE time <= ? ORDER BY time DESC LIMIT 2"
            for [cost] in connection.execute(query, (drawn.now,)):
                assert f"{cost:.2f}" in shown[title]["text"], title


def test_colors_tell_the_direction(drawn: Drawn) -> None:
    assert drawn.now > DAY
    figures = drawn.panels("day")["Power now"]["figures"]
    assert len({figure["color"] for figure in figures}) > 1


@pytest.mark.parametrize("scene", ["phone", "phone-light", "phone-opened"])
def test_on_a_phone(scene: str, drawn: Drawn) -> None:
    assert drawn.scenes[scene]["wide"] <= 390
    for title, panel in drawn.panels(scene).items():
        assert all(figure["size"] >= READABLE for figure in panel["figures"]), title
