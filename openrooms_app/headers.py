"""The headers that every answer carries: what a browser may run, and what it may keep."""

import json
from pathlib import Path
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from openrooms_app.frontend import PRELOADS
from openrooms_app.preloads import Preloads

ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
FOREVER: Final = "public, max-age=31536000, immutable"
ASK_EACH_TIME: Final = "no-cache"
KEEP_NOTHING: Final = "no-store"
A_WEEK: Final = "public, max-age=604800"


def content_policy(script_hashes: list[str]) -> str:
    """Scripts from our own files and the build's inline ones, by their hash; nothing from elsewhere, no `eval`.

    Styles may be inline: the React libraries set them on elements.
    """
    scripts = " ".join(["'self'", *(f"'{digest}'" for digest in script_hashes)])
    return (
        f"default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


class ResponseHeaders:
    """Adds the security headers and, where the answer has none, its `Cache-Control`."""

    def __init__(self, app: ASGIApp, hashes_file: Path) -> None:
        self._app = app
        hashes = json.loads(hashes_file.read_text("utf-8")) if hashes_file.is_file() else []
        self._policy = content_policy(hashes)
        self._preloads = Preloads(hashes_file.with_name(PRELOADS))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**ALWAYS, "Content-Security-Policy": self._policy}.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", cache_control(scope["path"], message["status"]))
                if message["status"] == 200 and (link := self._preloads.header(scope["path"])):
                    headers.setdefault("Link", link)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def cache_control(path: str, status: int) -> str:
    """How long the answer may be kept; names under /assets/ hold a hash of their content."""
    if path.startswith("/api/"):
        return KEEP_NOTHING
    if status not in {200, 206, 304}:
        return ASK_EACH_TIME
    if path.startswith("/assets/") and not path.startswith("/assets/reflex-env-"):
        return FOREVER
    return A_WEEK if path.startswith("/fonts/") else ASK_EACH_TIME
