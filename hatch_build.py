"""Packs the built web pages into the wheel, so that it runs without Node and without a checkout."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PackPages(BuildHookInterface):
    """Needs the pages built before: `make wheel` does both."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        root = Path(self.root)
        for made in self._pages(root).rglob("*"):
            if made.is_file():
                inside = made.relative_to(self._pages(root))
                build_data["force_include"][str(made)] = f"openrooms_app/_web/{inside.as_posix()}"

    def _pages(self, root: Path) -> Path:
        current = root / ".make" / "frontend" / "current"
        if not current.is_dir():
            sys.exit("The web pages are not built: run `make wheel`, which builds them first.")
        return current.resolve()
