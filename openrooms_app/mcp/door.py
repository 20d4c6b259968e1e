"""The address of the MCP server on our port: behind the gate, which has asked who comes.

The protocol's library takes a second to import; that is spent when somebody comes, not at every start.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from engine.core.identity import Scope as KeyScope
from engine.core.identity import User
from engine.runtime import get_runtime
from openrooms_app.api.problems import NotLoggedIn, answer
from openrooms_app.mcp.ending import Ending
from openrooms_app.scopes import ScopeMissing

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

PATH: Final = "/mcp"
MAX_BODY_BYTES: Final = 1_310_720
MAX_SESSIONS: Final = 1000
IDLE_S: Final = 1800


class _Sessions:
    """This process's sessions of clients; opened by the first one that comes."""

    def __init__(self) -> None:
        self.wanted = asyncio.Event()
        self.manager: asyncio.Future[StreamableHTTPSessionManager] = (
            asyncio.get_running_loop().create_future()
        )

    async def run(self) -> None:
        """Hold what the sessions need, in a task of its own: whoever opens it has to close it."""
        await self.wanted.wait()
        server: Any = await asyncio.to_thread(importlib.import_module, "openrooms_app.mcp.server")
        manager = server.make_manager(MAX_BODY_BYTES, IDLE_S, MAX_SESSIONS)
        async with manager.run():
            self.manager.set_result(manager)
            await asyncio.Event().wait()


_sessions: _Sessions | None = None


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[None]:
    """From the process's start to its end: sessions of clients, and the operator's own tools kept up to date."""
    global _sessions  # noqa: PLW0603 - one for the process
    Ending.is_near = False
    get_runtime().look_after_tools()
    _sessions = _Sessions()
    task = asyncio.create_task(_sessions.run())
    try:
        yield
    finally:
        end_calls()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def end_calls() -> None:
    """Calls that are cut off from now on leave their runs alone."""
    Ending.is_near = True


class McpDoor:
    """Answers at its own address and passes everything else on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].rstrip("/") != PATH:
            await self._app(scope, receive, send)
            return
        user, holder = (scope.get("state", {}).get(name) for name in ("user", "holder"))
        if not isinstance(user, User):
            await answer(401, NotLoggedIn.code, str(NotLoggedIn()))(scope, receive, send)
        elif holder is not None and not holder.may(KeyScope.RUN):
            refused = ScopeMissing(KeyScope.RUN, holder.scopes)
            await answer(403, refused.code, str(refused))(scope, receive, send)
        elif _sessions is None or Ending.is_near:
            stopped = answer(503, "not_ready", "The server is starting or stopping. Try again.")
            await stopped(scope, receive, send)
        else:
            _sessions.wanted.set()
            manager = await asyncio.shield(_sessions.manager)
            await manager.handle_request({**scope, "user": _holder(user)}, receive, send)


def _holder(user: User) -> Any:
    """Whose session it is: nobody else may use it, even if he knows its id."""
    from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
    from mcp.server.auth.provider import AccessToken

    return AuthenticatedUser(AccessToken(token="", client_id=user.id, scopes=[], subject=user.id))
