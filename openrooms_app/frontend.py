"""Where the built front end lies, and whether it was built from the sources that are here now."""

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Final

from engine.core.errors import OpenRoomsError

PACKAGE: Final = Path(__file__).resolve().parent
ROOT: Final = PACKAGE.parent
PACKED: Final = PACKAGE / "_web"
"""In a wheel: the build that was packed with it."""
READY: Final = ROOT / ".make" / "frontend"
"""In a checkout: one folder for each build, called by its fingerprint, so a running server keeps its own."""
SCRIPT_HASHES: Final = "script-hashes.json"
PRELOADS: Final = "preloads.json"
"""By page: what a browser may fetch while it still reads what every page needs (`openrooms_app.preloads`)."""

_SERVER_ONLY: Final = frozenset(
    {
        "ask.py",
        "assets.py",
        "build.py",
        "cli.py",
        "ending.py",
        "entrance.py",
        "entrance_page.py",
        "frontend.py",
        "gate.py",
        "guard.py",
        "headers.py",
        "preloads.py",
        "program.py",
        "roles.py",
        "scopes.py",
        "serve.py",
        "supervisor.py",
    }
)
"""Modules that leave no mark in the pages: a change of theirs needs no build."""
_NOT_BUILT_IN: Final = frozenset({"__pycache__", "_web", "api", "commands", "external"})


class FrontendMissing(OpenRoomsError):
    code = "frontend_missing"

    def __init__(self) -> None:
        super().__init__(
            "The web pages are not built for this state of the sources. Run `make up` or `make install`."
        )


def sources_fingerprint() -> str:
    """A digest of everything that ends up in the pages, except the lock of the packages."""
    digest = hashlib.sha256(version("reflex").encode())
    for path in sorted(_sources()):
        digest.update(f"\0{path.relative_to(ROOT).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def fingerprint(sources: str | None = None) -> str:
    """What a build is called: the sources and the lock of the packages."""
    digest = hashlib.sha256((sources or sources_fingerprint()).encode())
    for path in sorted((ROOT / "reflex.lock").glob("*.json")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:20]


def built() -> Path:
    """The folder of the front end that belongs to this code.

    Raises:
        FrontendMissing: it has not been built.
    """
    folder = PACKED if PACKED.is_dir() else READY / fingerprint()
    if not (folder / SCRIPT_HASHES).is_file():
        raise FrontendMissing
    return folder


def _sources() -> list[Path]:
    files = [ROOT / "rxconfig.py"]
    for folder in (PACKAGE, ROOT / "assets"):
        files += [path for path in folder.rglob("*") if path.is_file() and not _is_server_only(path, folder)]
    return files


def _is_server_only(path: Path, folder: Path) -> bool:
    parts = path.relative_to(folder).parts
    return bool(_NOT_BUILT_IN.intersection(parts)) or (folder == PACKAGE and parts[0] in _SERVER_ONLY)
