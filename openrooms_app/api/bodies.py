"""Request bodies: their size is capped and their type known before they are parsed, and JSON is read strictly."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.core.parsing import parse_json
from openrooms_app.api.problems import UnsupportedMediaType, answer

MAX_BYTES: Final = 10 * 1024 * 1024
SMALL_BYTES: Final = 65_536
"""Parsed at once; larger bodies in a thread, so that the loop goes on."""
TOO_LARGE: Final = f"The body is larger than {MAX_BYTES:,} bytes."


class BodyLimit:
    """Refuses a body over the limit, announced or not, before anything reads it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isascii() and announced.isdecimal() and int(announced) > MAX_BYTES:
            await answer(413, "too_large", TOO_LARGE)(scope, receive, send)
            return
        read = 0

        async def receive_within() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MAX_BYTES:
                raise HTTPException(413, TOO_LARGE)
            return message

        await self._app(scope, receive_within, send)


class StrictRequest(Request):
    """A request whose JSON says one thing only: no key twice, no NaN, no integer beyond 64 bits."""

    async def json(self) -> Any:
        body = await self.body()
        if len(body) <= SMALL_BYTES:
            return parse_json(body)
        return await asyncio.to_thread(parse_json, body)


class StrictRoute(APIRoute):
    """Reads bodies by `StrictRequest`, and refuses those that don't say they are JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        wants_json = self.body_field is not None

        async def handle_strictly(request: Request) -> Response:
            request = StrictRequest(request.scope, request.receive)
            given = media_type(request)
            is_json = given == "application/json" or (
                given.startswith("application/") and given.endswith("+json")
            )
            if wants_json and not is_json and await request.body():
                raise UnsupportedMediaType(given, "application/json")
            return await handle(request)

        return handle_strictly


def media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _raw(request: Request) -> bytes:
    return await request.body()


RawBody = Annotated[bytes, Depends(_raw)]
