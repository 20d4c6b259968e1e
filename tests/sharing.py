"""How several processes of pytest share the tests: by parts, in each of which tests use the same servers; long parts first.

A part stays in one process, so a server or a browser starts once where it can; what is left at the end is short.
"""

from typing import Any

import pytest

LONG = (
    "tests/e2e",
    "tests/crash",
    "tests/simulation",
    "tests/app/test_up.py",
    "tests/app",
    "tests/runner",
)
"""Where tests take long, the longest first. What is not named comes after."""


def part_of(nodeid: str) -> str:
    """A file."""
    return nodeid.partition("::")[0]


def rank(item: pytest.Item) -> int:
    return next((place for place, start in enumerate(LONG) if item.nodeid.startswith(start)), len(LONG))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=rank)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    class ByParts(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return part_of(nodeid)

    config.option.loadscopereorder = False
    return ByParts(config, log)
