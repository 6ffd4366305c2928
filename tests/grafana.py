"""The dashboards, as Grafana reads them: their panels, and the queries with their macros expanded."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path("sql/grafana").resolve()
DASHBOARDS = {"mariadb": "mysql", "postgresql": "postgresql", "sqlite": "sqlite"}
"""Database -> the name of its dashboard."""


@dataclass(frozen=True)
class Panel:
    """A panel's title and the text of its one query."""

    title: str
    query: str

    def expanded(self, since: int, until: int) -> str:
        """The query for a range of UNIX seconds, as the data source sends it to its database.

        Of MySQL and PostgreSQL the macros are Grafana's own; `$__from` and `$__to`, in milliseconds, are replaced for
        all of them.
        """
        text = re.sub(r"\$__unixEpochFilter\((\w+)\)", rf"\1 >= {since} AND \1 <= {until}", self.query)
        text = text.replace("$__unixEpochFrom()", str(since)).replace("$__unixEpochTo()", str(until))
        text = text.replace("$__from", f"{since}000").replace("$__to", f"{until}000")
        assert "$" not in text, text
        return text


def dashboard(kind: str) -> dict[str, Any]:
    """The JSON of a dashboard."""
    found: dict[str, Any] = json.loads((FOLDER / f"{kind}.json").read_text(encoding="utf-8"))
    return found


def drawn(kind: str) -> list[dict[str, Any]]:
    """The panels of a dashboard that show something, those in collapsed rows too."""
    panels = [panel for each in dashboard(kind)["panels"] for panel in (each, *each.get("panels", ()))]
    return [panel for panel in panels if panel["type"] != "row"]


def panels(kind: str) -> list[Panel]:
    """The panels and their queries."""
    return [
        Panel(panel["title"], target.get("rawSql") or target["queryText"])
        for panel in drawn(kind)
        for target in panel["targets"]
    ]
