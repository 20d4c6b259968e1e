"""Tools in a folder of Python files: loaded by path, loaded again when a file changes; a broken one changes nothing."""

from __future__ import annotations

import importlib.util
import logging
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from engine.core.catalogue import Catalogue, Tool
from engine.supply.sources import BadSource, trusted

log = logging.getLogger(__name__)

Mark = tuple[int, int, int]


@dataclass(slots=True)
class _File:
    mark: Mark
    names: frozenset[str] = frozenset()
    """The tools that it has brought."""


class ToolFolder:
    """One folder's tools in one catalogue. `look` may be called from one thread at a time."""

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        self._folder = folder
        self._catalogue = catalogue
        self._files: dict[str, _File] = {}
        self.faults: dict[str, str] = {}
        """By file: why its newest text is not what is used."""

    def look(self) -> bool:
        """Take over what has changed since the last look; True when tools have."""
        try:
            found = dict(self._marks())
            self.faults.pop(str(self._folder), None)
        except (BadSource, OSError) as error:
            self.faults[str(self._folder)] = str(error)
            return False
        changed = [
            name for name, mark in found.items() if name not in self._files or self._files[name].mark != mark
        ]
        gone = [name for name in self._files if name not in found]
        has_changed = [self._forget(name) for name in gone]
        has_changed += [self._load(name, found[name]) for name in changed]
        return any(has_changed)

    def _marks(self) -> Iterator[tuple[str, Mark]]:
        for path in sorted(trusted(self._folder).glob("*.py")):
            if not path.name.startswith("_"):
                status = path.stat()
                yield path.name, (status.st_mtime_ns, status.st_size, status.st_ino)

    def _load(self, name: str, mark: Mark) -> bool:
        """Execute a file anew and put its tools in the place of its old ones; they stay if it is broken."""
        file = self._files.setdefault(name, _File(mark))
        file.mark = mark
        try:
            module = _executed(trusted(self._folder / name))
            tools = [replace(tool, origin=f"file {name}") for tool in _tools_in(module)]
            self._catalogue.tools.exchange(file.names, tools)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - it is other people's code
            self.faults[name] = _told(error)
            log.error("the tools in %s are not used, the old ones stay: %s", name, self.faults[name])
            return False
        self.faults.pop(name, None)
        file.names = frozenset(tool.name for tool in tools)
        log.info("%s brings the tools %s", name, ", ".join(sorted(file.names)) or "none")
        return True

    def _forget(self, name: str) -> bool:
        self.faults.pop(name, None)
        names = self._files.pop(name).names
        self._catalogue.tools.exchange(names, ())
        return bool(names)


def _executed(path: Path) -> ModuleType:
    """The file as a module of its own name space, always from its text: a change within a second is seen."""
    name = f"openrooms_tools.{path.stem}"
    loader = importlib.util.spec_from_file_location(name, path)
    if loader is None or loader.loader is None:
        raise BadSource(f"{path.name} is no Python file.")
    module = importlib.util.module_from_spec(loader)
    before = sys.modules.get(name)
    sys.modules[name] = module  # pydantic resolves annotations through it
    Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
    try:
        loader.loader.exec_module(module)
    except BaseException:
        if before is not None:
            sys.modules[name] = before
        raise
    return module


def _tools_in(module: ModuleType) -> list[Tool]:
    return [item for item in vars(module).values() if isinstance(item, Tool)]


def _told(error: BaseException) -> str:
    """What is wrong and in which line, in one line."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename
    ]
    where = f" (line {frames[-1].lineno} of {Path(frames[-1].filename).name})" if len(frames) > 1 else ""
    return f"{type(error).__name__}: {error}{where}"
