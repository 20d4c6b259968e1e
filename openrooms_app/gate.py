"""The door to everything on the port: without a session or a key no API, without a session no page and no websocket."""

import asyncio
import ipaddress
import logging
from typing import Final
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from engine.core.errors import OpenRoomsError
from engine.core.identity import User
from engine.runtime import get_runtime
from engine.services import identity
from engine.unrepeated import Unrepeated
from openrooms_app import routes
from openrooms_app.api.problems import NotLoggedIn, answer, status_of, told
from openrooms_app.entrance_page import away_page, content_policy
from openrooms_app.program import BadKey, TooManyRequests, admit, key_in
from openrooms_app.session import session_token

PUBLIC: Final = frozenset({routes.LOGIN, routes.SETUP, "/api/health", "/favicon.ico", "/logo.svg", "/ping"})
PUBLIC_FOLDERS: Final = ("/assets/", "/fonts/", "/api/auth/", "/api/hooks/")
PAGES: Final = frozenset(
    {
        routes.HOME,
        routes.WORKFLOWS,
        routes.ROOMS,
        routes.RUNS,
        routes.TRIGGERS,
        routes.AGENTS,
        routes.TOOLS,
        routes.SETTINGS,
        routes.AUDIT,
    }
)
"""What the addresses of all pages begin with."""
log = logging.getLogger(__name__)
log.addFilter(Unrepeated())

AWAY_S: Final = 3
"""After which a page that found no database loads again."""
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Gate:
    """Outermost but for the headers; leaves the user, and the holder of a key, in `request.state` for those behind it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._has_admin = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        try:
            refusal = await self._refusal(scope)
        except OpenRoomsError as error:  # the database is away: nobody knows who asks
            refusal = None if _needs_no_database(scope["path"]) else _away(scope, error)
            scope.setdefault("state", {}).setdefault("user", None)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4403})  # before accept: the client sees HTTP 403
        else:
            await refusal(scope, receive, send)

    async def _refusal(self, scope: Scope) -> Response | None:
        """The answer for a request that may not pass, or None."""
        if not await self._is_open_to(scope):
            return answer(
                403, "loopback_only", "Until an administrator exists, only this machine may connect."
            )
        if not is_own_origin(scope):
            return answer(
                403, "foreign_origin", "The request comes from another site's page; it was not done."
            )
        if not is_public(scope["path"]) and (key := key_in(scope)) is not None:
            return await self._refusal_of_key(scope, key)
        user = None if _is_asset(scope["path"]) else await asyncio.to_thread(_who, scope)
        scope.setdefault("state", {})["user"] = user
        if user is None and not is_public(scope["path"]):
            return _please_log_in(scope, routes.LOGIN if self._has_admin else routes.SETUP)
        return None

    async def _refusal_of_key(self, scope: Scope, key: str) -> Response | None:
        try:
            holder = await admit(key)
        except (BadKey, TooManyRequests) as error:
            return told(error)
        scope.setdefault("state", {}).update(user=holder.user, holder=holder)
        return None

    async def _is_open_to(self, scope: Scope) -> bool:
        if not self._has_admin:
            self._has_admin = not await asyncio.to_thread(_needs_setup)
        return self._has_admin or is_loopback(scope)


def is_public(path: str) -> bool:
    return path in PUBLIC or (path.startswith(PUBLIC_FOLDERS) and ".." not in path)


def _needs_no_database(path: str) -> bool:
    """Whether the answer, to whoever asks, is the same with and without one, or says that it is away."""
    return _is_asset(path) or path in PUBLIC - {routes.LOGIN, routes.SETUP}


def is_loopback(scope: Scope) -> bool:
    client = scope.get("client")
    try:
        return client is not None and ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False


def is_own_origin(scope: Scope) -> bool:
    """Whether `Origin` is exactly the origin that was asked.

    Browsers send it with every websocket, unsafe method and request across origins. Programs need not, except
    for a websocket.
    """
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    if origin is None:
        return scope["type"] == "http"
    scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
    return origin == f"{scheme}://{headers.get('host', '')}"


def _please_log_in(scope: Scope, door: str) -> Response:
    if not _wants_page(scope):
        return answer(401, "not_logged_in", str(NotLoggedIn()))
    query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
    wanted = scope["path"] + query
    suffix = f"?next={quote(wanted, safe='')}" if door == routes.LOGIN and wanted != routes.HOME else ""
    return RedirectResponse(door + suffix, 303)


def _away(scope: Scope, error: OpenRoomsError) -> Response:
    """To whoever asks, though nobody knows who that is: the reason, which may name hosts, is the log's."""
    log.warning("%s", error)
    if not _wants_page(scope):
        detail = "The database can't be reached. Nothing was changed; try again."
        return answer(status_of(error), error.code, detail, extra={"dependency": "database"})
    headers = {
        "Content-Security-Policy": content_policy(),
        "Cache-Control": "no-store",
        "Refresh": str(AWAY_S),
    }
    return HTMLResponse(away_page(), status_of(error), headers)


def _wants_page(scope: Scope) -> bool:
    """Browsers say that they take HTML; whoever takes anything gets a page at the address of one."""
    if scope["type"] != "http" or scope["method"] not in SAFE_METHODS or scope["path"].startswith("/api"):
        return False
    accepted = Headers(scope=scope).get("accept", "*/*")
    is_page = f"/{scope['path'].split('/')[1]}" in PAGES or scope["path"] in (routes.LOGIN, routes.SETUP)
    return "text/html" in accepted or (is_page and "*/*" in accepted)


def _is_asset(path: str) -> bool:
    return path.startswith(("/assets/", "/fonts/"))


def _who(scope: Scope) -> User | None:
    return identity.who(get_runtime(), session_token(Headers(scope=scope).get("cookie")))


def _needs_setup() -> bool:
    return identity.needs_setup(get_runtime())
