"""Answers for the built scripts and styles, from memory: on a first visit a page asks for a dozen of them at once.

Their names hold a hash of their content, so the file that was read once is the file for good.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

TYPES: Final = {".js": "text/javascript", ".css": "text/css"}
PACKED: Final = ".gz"


class Asset(NamedTuple):
    body: bytes
    headers: dict[str, str]


class Assets:
    """Answers what is asked for whole, and passes everything else on."""

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self._app = app
        self._files = {f"/assets/{file.name}": file for file in folder.iterdir() if file.suffix in TYPES}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = self._files.get(scope["path"]) if scope["type"] == "http" else None
        headers = Headers(scope=scope)
        if file is None or scope["method"] != "GET" or "range" in headers:
            return await self._app(scope, receive, send)
        asset = _read(file, takes_gzip(headers.get("accept-encoding", "")))
        return await _answer(asset, headers)(scope, receive, send)


def takes_gzip(accepted: str) -> bool:
    """Whether a client with this `Accept-Encoding` takes gzip; one that rates its wishes gets the file as it is."""
    return "gzip" in [coding.strip().lower() for coding in accepted.split(",")]


@cache
def _read(file: Path, is_packed: bool) -> Asset:
    packed = file.with_name(file.name + PACKED)
    is_packed = is_packed and packed.is_file()
    body = (packed if is_packed else file).read_bytes()
    headers = {
        "Content-Type": f"{TYPES[file.suffix]}; charset=utf-8",
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        "Vary": "Accept-Encoding",
    }
    return Asset(body, {**headers, "Content-Encoding": "gzip"} if is_packed else headers)


def _answer(asset: Asset, asked: Headers) -> Response:
    known = {tag.strip().removeprefix("W/") for tag in asked.get("if-none-match", "").split(",")}
    if asset.headers["ETag"] in known:
        return Response(status_code=304, headers={name: asset.headers[name] for name in ("ETag", "Vary")})
    return Response(asset.body, headers=asset.headers)
