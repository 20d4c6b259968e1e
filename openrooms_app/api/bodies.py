"""Request bodies: their size is capped and their type known before they are parsed, and JSON is read strictly; files of lines."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from itertools import chain, islice
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Asked

from engine.core.apikey import Holder
from engine.core.identity import Scope
from engine.core.parsing import parse_json
from engine.runtime import get_runtime
from engine.services.permission import note_denial
from openrooms_app.api.problems import UnsupportedMediaType, answer
from openrooms_app.scopes import ScopeMissing, needed_scope

MAX_BYTES: Final = 10 * 1024 * 1024
SMALL_BYTES: Final = 65_536
"""Parsed at once; larger bodies in a thread, so that the loop goes on."""
LINES: Final = "application/x-ndjson"
FILE: Final = {"content": {LINES: {"schema": {"type": "string"}}}}
"""One JSON object a line, as an answer."""
TOO_LARGE: Final = f"The body is larger than {MAX_BYTES:,} bytes."


class BodyLimit:
    """Refuses a body over the limit, announced or not, before anything reads it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Asked, receive: Receive, send: Send) -> None:
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
    """Lets in only keys with the operation's scope, reads bodies by `StrictRequest`, and takes nothing but JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        wants_json = self.body_field is not None
        needed = needed_scope(self.name)

        async def handle_strictly(request: Request) -> Response:
            await _check_scope(request, needed)
            request = StrictRequest(request.scope, request.receive)
            given = media_type(request)
            is_json = given == "application/json" or (
                given.startswith("application/") and given.endswith("+json")
            )
            if wants_json and not is_json and await request.body():
                raise UnsupportedMediaType(given, "application/json")
            return await handle(request)

        return handle_strictly


async def _check_scope(request: Request, needed: Scope | None) -> None:
    """Before the body is read: a key that may not do this gets nothing parsed."""
    holder: Holder | None = getattr(request.state, "holder", None)
    if holder is None or needed is None or holder.may(needed):
        return
    action = f"use a key without the scope {needed}"
    await asyncio.to_thread(note_denial, get_runtime(), holder.user, action, key=holder.key_id)
    raise ScopeMissing(needed, holder.scopes)


def media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _raw(request: Request) -> bytes:
    return await request.body()


def file_of(lines: Iterator[Any], name: str) -> StreamingResponse:
    """The lines as a file of that name. Whoever may not have it, or asks for what can't be read, is told so instead."""
    first = list(islice(lines, 1))
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(chain(first, lines), headers=headers, media_type=LINES)


RawBody = Annotated[bytes, Depends(_raw)]
