"""The whole API on a port of loopback, without the pages; everybody who asks is the tests' administrator."""

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from engine.core.identity import Role, User
from openrooms_app.api import create_api

ME = User(id="crash", name="Cress", role=Role.ADMIN)


class Entered:
    """Stands where the gate stands."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["user"] = ME
        await self._app(scope, receive, send)


APP = Entered(create_api())


def serve(port: int) -> None:
    uvicorn.run(APP, host="127.0.0.1", port=port, log_level="warning", lifespan="off")
