"""Which of several processes runs which test (`pytest -n 4`), and when."""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

LONGEST = (
    "test_every_panel_as_the_long_way",
    "test_killed_at_any_moment",
    "test_a_long_outage",
    "test_a_line_cut_anywhere",
    "test_a_reading_waits_while_the_database_is_away",
)
"""How the names of tests begin that take so long that nothing must be left to wait for them alone."""


class OneCluster(LoadScopeScheduling):  # type: ignore[misc]
    """A test goes to whichever process is free, but all of Galera's to one: they share a cluster."""

    def _split_scope(self, nodeid: str) -> str:
        return "galera" if "test_galera" in nodeid else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneCluster:
    """Who runs which test; `pytest -n 0` does not ask."""
    return OneCluster(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest."""
    items.sort(key=lambda item: not item.name.startswith(LONGEST))
