"""How processes of pytest share the tests (`-n auto --dist loadscope`): in parts whose tests use the same servers, those that take long first.

A part stays in one process, so that a server, a browser or what a file prepares is started once; what is left for the
end is short. Two processes for each core: half of its time a test waits for a process of its own.

Each process collects all tests. On a fresh clone nothing of them is compiled yet: each begins in another folder, and
finds compiled what the others have read before. The garbage collector leaves alone what is imported and collected.
"""

import gc
import os
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

MOST = 4
"""Each process has servers and a browser of its own, a gigabyte in all."""

PARTS = ("tests/e2e/test_[a-o]*", "tests/e2e/test_[p-z]*", "tests/app/test_[!u]*")
"""What stays together although it is several files: all of it needs the same installation."""

LONG = (*PARTS, "tests/simulation/*", "tests/crash/*", "tests/app/*", "tests/runner/*", "tests/services/*")
"""What takes long, the longest first; the rest comes after."""

gc.disable()  # until all is collected: it would look at all of it again and again, a third of the work of collecting


def part_of(nodeid: str) -> str:
    file = nodeid.partition("::")[0]
    return next((part for part in PARTS if fnmatch(file, part)), file)


def place_of(item: pytest.Item) -> int:
    return next((place for place, part in enumerate(LONG) if fnmatch(item.nodeid, part)), len(LONG))


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    worker = getattr(session.config, "workerinput", None)
    if worker and len(session.config.args) == 1 and (given := Path(session.config.args[0])).is_dir():
        parts = sorted({path.relative_to(given).parts[0] for path in given.rglob("test_*.py")})
        first = int(worker["workerid"].removeprefix("gw")) * len(parts) // int(worker["workercount"])
        session.config.args = [str(given / part) for part in parts[first:] + parts[:first]]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: (place_of(item), item.path))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    return min(MOST, 2 * (os.cpu_count() or 1))


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    if config.getoption("dist") != "loadscope":
        return None

    from xdist.scheduler import LoadScopeScheduling

    class ByParts(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return part_of(nodeid)

    config.option.loadscopereorder = False  # by the number of tests, which says little
    return ByParts(config, log)
