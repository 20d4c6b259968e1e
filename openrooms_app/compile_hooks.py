"""What our build adds to Reflex's: the theme's CSS, one origin for everything, no sources in the output.

Pinned to Reflex 0.10.1; a changed shape of its output fails the build instead of shipping a dead page.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reflex.plugins import Plugin

from openrooms_app import theme

TYPESCRIPT = ("typescript@7.0.2", "@types/react@19.3.0", "@types/react-dom@19.3.0")

_URL = re.compile(r"[`\"'](ws|http)s?://[^/`\"']+(/[^`\"']*)[`\"']")
_ORIGIN = {
    "http": "globalThis.location.origin",
    "ws": "globalThis.location.origin.replace(/^http/,`ws`)",
}
_GROUPS = "groups: ["
_OUR_GROUPS = r"""
            { name: "icons", test: /node_modules[\\/]lucide-react[\\/]/ },
            {
              name: "shared",
              test: /openrooms_app[\\/]components[\\/](?!overlays)|canvas[\\/]state[\\/]api|use-sync-external-store|preload-helper/,
              minShareCount: 3,
            },"""
"""Overlays (menus, dialogs) are large, and the editor's canvas stands without them."""


class UnexpectedBuild(RuntimeError):
    """Reflex's output has another shape than the one this hook was written for."""


class ThemeStyles(Plugin):
    """Put theme.py's colours into the page as CSS variables."""

    def get_static_assets(self, **_context: Any) -> Sequence[tuple[Path, str | bytes]]:
        return [(Path("styles") / "theme.css", theme.stylesheet())]

    def get_stylesheet_paths(self, **_context: Any) -> Sequence[str]:
        return ["./theme.css"]

    def get_frontend_development_dependencies(self, **_context: Any) -> list[str]:
        return list(TYPESCRIPT)


class FewScripts(Plugin):
    """Put small modules that many pages share into few files: on a first visit each file is a request to wait for."""

    def pre_compile(self, **context: Any) -> None:
        context["add_modify_task"]("vite.config.js", _with_groups)


class SameOrigin(Plugin):
    """Let the built pages talk to whatever origin served them: any host, port or scheme."""

    def post_build(self, **context: Any) -> None:
        static: Path = context["static_dir"]
        chunks = list((static / "assets").glob("reflex-env-*.js"))
        if len(chunks) != 1:
            raise UnexpectedBuild(f"Expected one reflex-env chunk in the build, found {len(chunks)}.")
        rewritten, count = _URL.subn(_at_own_origin, chunks[0].read_text("utf-8"))
        if count < 2:
            raise UnexpectedBuild("The reflex-env chunk holds no absolute addresses any more.")
        chunks[0].write_text(rewritten, "utf-8")
        for source in (static / "external").rglob("*.ts*"):
            source.unlink()


def _with_groups(config: str) -> str:
    if config.count(_GROUPS) != 1:
        raise UnexpectedBuild("Vite's configuration has no groups of modules any more.")
    return config.replace(_GROUPS, f"{_GROUPS} {_OUR_GROUPS}")


def _at_own_origin(match: re.Match[str]) -> str:
    return f"{_ORIGIN[match[1]]}+`{match[2]}`"
