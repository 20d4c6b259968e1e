"""Registers TypeScript that lives beside a Python module, so that Reflex builds it into the page."""

from pathlib import Path
from typing import Final

from reflex_base.environment import environment

from openrooms_app.frontend import ROOT

BUILT_IN: Final = {".ts", ".tsx", ".css"}


def tsx_module(python_file: str, entry: str) -> str:
    """The import path of `entry`, for a component's `library`; what it imports comes along.

    Registers every TypeScript and CSS file in or below the folder of `python_file`, so relative imports work
    there. Call as `tsx_module(__file__, "canvas.tsx")`; the exported functions are the components' tags.
    """
    folder = Path(python_file).resolve().parent
    home = Path("external") / folder.relative_to(ROOT)
    if not environment.REFLEX_BACKEND_ONLY.get():
        for source in sorted(folder.rglob("*")):
            if source.suffix in BUILT_IN and not source.name.endswith(".d.ts"):
                _link(ROOT / "assets" / home / source.relative_to(folder), source)
    return f"$/public/{(home / entry).as_posix()}"


def _link(link: Path, source: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_symlink() and link.resolve() == source:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(source)
