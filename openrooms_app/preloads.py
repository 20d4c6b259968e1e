"""What a page asks for next, named in the answer that brings it: its scripts, its styles and its data.

A browser that reads these names fetches at once what it would find out one round after the other. Pages whose
address names a thing have this; the others are rendered when they are built, and their HTML says it.
"""

import json
import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from openrooms_app import routes

DATA: Final = {
    routes.WORKFLOW: ("/api/workflows/{}", "/api/catalogue"),
    routes.ROOM: ("/api/rooms/{}", "/api/catalogue"),
    routes.RUN: ("/api/runs/{}", "/api/catalogue"),
}
"""What the browser's own pages fetch first, in the very words in which they ask."""
HERE: Final = "data"
FONT: Final = "/fonts/inter-latin.woff2"

_MANIFEST: Final = re.compile(r"__reactRouterManifest=(\{.*\})", re.DOTALL)
_LAZY: Final = re.compile(r"__vite__mapDeps=.*?m\.f=(\[[^\]]*\])")
_ASSET: Final = re.compile(r'"(/assets/[^"]+\.(?:js|css))"')
_PARAMETER: Final = re.compile(r":(\w+)")


class NoPreloads(RuntimeError):
    """The build has another shape than the one that is read here."""


def of_build(client: Path) -> dict[str, list[str]]:
    """What the `Link` header of each page with a thing in its address says, by its route; `HERE` where data belongs.

    Raises:
        NoPreloads
    """
    start = dict.fromkeys(_ASSET.findall((client / "404.html").read_text("utf-8")))
    manifests = list((client / "assets").glob("manifest-*.js"))
    found = _MANIFEST.search(manifests[0].read_text("utf-8")) if manifests else None
    if not start or not found:
        raise NoPreloads("The build names no scripts, or has no manifest of its routes.")
    pages = [route for route in json.loads(found[1])["routes"].values() if ":" in route.get("path", "")]
    return {_PARAMETER.sub(r"[\1]", f"/{page['path']}"): _links(client, list(start), page) for page in pages}


def _links(client: Path, start: list[str], page: dict[str, Any]) -> list[str]:
    """Styles first: nothing is drawn without them. Then what starts every page, so that it runs while the rest comes."""
    own = [file for file in dict.fromkeys(_of_page(client, page)) if file not in start]
    return [
        *(f'<{file}>; rel="preload"; as="style"' for file in start if file.endswith(".css")),
        *(f'<{file}>; rel="preload"; as="style"; crossorigin' for file in own if file.endswith(".css")),
        *(f'<{file}>; rel="modulepreload"' for file in start if file.endswith(".js")),
        HERE,
        *(f'<{file}>; rel="modulepreload"' for file in own if file.endswith(".js")),
        f'<{FONT}>; rel="preload"; as="font"; type="font/woff2"; crossorigin',
    ]


def _of_page(client: Path, page: dict[str, Any]) -> list[str]:
    """The page's script with all that it imports, and with the islands that it fetches as soon as it runs."""
    script = client / str(page["module"]).removeprefix("/")
    islands = _LAZY.search(script.read_text("utf-8"))
    lazy = [f"/{name}" for name in json.loads(islands[1])] if islands else []
    return [page["module"], *page["imports"], *page["css"], *lazy]


class Preloads:
    """The `Link` header of each page that has one."""

    def __init__(self, file: Path) -> None:
        pages: dict[str, list[str]] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
        self._pages = [(_address(route), links, DATA.get(route, ())) for route, links in pages.items()]

    def header(self, path: str) -> str | None:
        for address, links, data in self._pages:
            if match := address.fullmatch(path):
                thing = quote(match[1], safe="")
                here = [f'<{each.format(thing)}>; rel="preload"; as="fetch"; crossorigin' for each in data]
                at = links.index(HERE)
                return ", ".join([*links[:at], *here, *links[at + 1 :]])
        return None


def _address(route: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\[\w+\\\]", "([^/]+)", re.escape(route)) + "/?")
