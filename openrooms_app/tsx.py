"""TypeScript that lives beside a Python module: registered, so that Reflex builds it into the page, and fetched early."""

import re
from pathlib import Path
from typing import Final

from reflex.components.component import NoSSRComponent
from reflex_base.environment import environment

from openrooms_app.frontend import ROOT

BUILT_IN: Final = {".ts", ".tsx", ".css"}
_FETCHED: Final = re.compile(r"(const \w+ = ClientSide\()(\(\) => import\(.+\))(, \"\w+\"\))")
_AT_ONCE: Final = (
    '((load) => {{ const begun = typeof document === "undefined" ? null : load().catch(() => null);'
    " return async () => (await begun) ?? load(); }})({load})"
)


class Island(NoSSRComponent):
    """A component that only the browser draws; its script runs while Reflex starts, not when its page is first drawn."""

    def _get_dynamic_imports(self) -> str:
        fetched = _FETCHED.fullmatch(super()._get_dynamic_imports())
        if fetched is None:
            raise RuntimeError(
                "Reflex fetches a component of the browser's in another way than this was written for."
            )
        return f"{fetched[1]}{_AT_ONCE.format(load=fetched[2])}{fetched[3]}"


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
