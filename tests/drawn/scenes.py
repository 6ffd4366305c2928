"""What is drawn: the dashboard for SQLite, over these ranges, with what its queries say."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests import grafana
from tests.servers import ZONE
from tests.tables import DAY


@dataclass(frozen=True)
class Scene:
    """One picture."""

    name: str
    since: int
    until: int
    title: str
    width: int = 1920
    mode: str = "dark"
    opened: bool = False
    """Whether the collapsed rows are opened."""


def scenes(now: int) -> list[Scene]:
    """The pictures, for a person who looks at them now."""
    local = datetime.fromtimestamp(now, ZoneInfo(ZONE))
    month = local.replace(day=1, hour=0, minute=0, second=0)
    following = (month + timedelta(days=32)).replace(day=1)
    this_month = int(month.timestamp()), int(following.timestamp()) - 1
    gap = now - 146 * DAY, now - 138 * DAY
    return [
        Scene("day", now - DAY, now, "Last 24 hours"),
        Scene("day-light", now - DAY, now, "Last 24 hours", mode="light"),
        Scene("phone", now - DAY, now, "Last 24 hours", width=390),
        Scene("phone-light", now - DAY, now, "Last 24 hours", width=390, mode="light"),
        Scene("month", *this_month, "This month"),
        Scene("year", now - 365 * DAY, now, "Last year"),
        Scene("gap", *gap, "Eight days, three of them without readings"),
        Scene("opened", now - DAY, now, "Last 24 hours, every row open", opened=True),
        Scene("phone-opened", now - DAY, now, "Last 24 hours, every row open", width=390, opened=True),
    ]


def frames(database: Path, since: int, until: int) -> dict[int, Any]:
    """Panel -> what its query says, as the data source hands it to Grafana."""
    found = {}
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        for panel in grafana.drawn("sqlite"):
            query = grafana.Panel(panel["title"], panel["targets"][0]["queryText"]).expanded(since, until)
            cursor = connection.execute(query)
            rows = cursor.fetchall()
            found[panel["id"]] = {
                "fields": [
                    {
                        "name": column,
                        "type": "time" if column == "time" else "number",
                        "values": [row[at] * 1000 if column == "time" else row[at] for row in rows],
                    }
                    for at, (column, *_) in enumerate(cursor.description)
                ]
            }
    return found


def written(database: Path, now: int, target: Path) -> None:
    """Write down everything that the pictures are drawn from."""
    ranges: dict[tuple[int, int], dict[int, Any]] = {}
    found = []
    for scene in scenes(now):
        span = scene.since, scene.until
        ranges[span] = ranges.get(span) or frames(database, *span)
        board = grafana.dashboard("sqlite")
        for row in board["panels"]:
            row["open"] = scene.opened and row.get("collapsed", False)
        found.append(
            {
                "name": scene.name,
                "title": f"Smart meter: {scene.title}",
                "width": scene.width,
                "mode": scene.mode,
                "zone": ZONE,
                "from": scene.since * 1000,
                "to": scene.until * 1000,
                "dashboard": board,
                "frames": ranges[span],
            }
        )
    target.write_text(json.dumps(found))
