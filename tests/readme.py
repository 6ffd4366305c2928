"""What the READMEs say, wherever it stands: the one at the top, the table's, and the job's."""

import re
import textwrap
from pathlib import Path

PROJECT = Path(__file__).parent.parent
FRONT = (PROJECT / "README.md").read_text()
"""The page at the top."""
PAGES = (FRONT, *((PROJECT / folder / "README.md").read_text() for folder in ("sql", "systemd")))
README = "\n".join(PAGES)
"""All that they tell a user."""


def blocks(text: str) -> list[str]:
    """The indented blocks of a text, each a piece of shell; what stands between fences is none."""
    unfenced = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block).strip("\n") for block in re.findall(r"(?:^    .*\n+)+", unfenced, re.MULTILINE)]


def section(heading: str) -> str:
    """What stands between a heading, which is on one page only, and the next."""
    pattern = rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)"
    [found] = (text for page in PAGES for text in re.findall(pattern, page, re.MULTILINE | re.DOTALL))
    return str(found)


def commands(heading: str) -> list[str]:
    """The indented blocks under a heading."""
    return blocks(section(heading))
