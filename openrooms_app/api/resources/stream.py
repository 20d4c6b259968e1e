"""Live events as Server-Sent Events: none lost or repeated over reconnects, ended by whoever leaves and by a log-out."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Final
from weakref import WeakKeyDictionary

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from engine.core.errors import InvalidInput, NotFound, OpenRoomsError
from engine.core.identity import User
from engine.runtime import Runtime, get_runtime
from engine.services import api_keys, identity, live, runs, watching
from engine.services.live import Place
from engine.services.watching import Told
from openrooms_app.api.bodies import StrictRoute
from openrooms_app.api.deps import By, Caller
from openrooms_app.program import key_in
from openrooms_app.session import session_token

HEARTBEAT_S: Final = 15.0
SESSION_S: Final = 5.0
"""How late a log-out ends the stream."""
HEARTBEAT: Final = b": still here\n\nevent: beat\ndata: {}\n\n"
"""A comment for proxies, and an event for pages, which can't see comments."""

_EVENT: Final = {
    "type": "object",
    "properties": {
        "event": {"enum": ["event", "status", "delta", "beat"]},
        "id": {"type": "string", "description": "of an `event`: where to go on, as Last-Event-ID"},
        "data": {"type": "string", "description": "JSON"},
        "retry": {},
    },
}
STREAM: Final = {"content": {"text/event-stream": {"schema": _EVENT}}}

log = logging.getLogger(__name__)
router = APIRouter(prefix="/api", tags=["live"], route_class=StrictRoute)

After = Annotated[
    str,
    Query(max_length=100, description="the id of the last event seen, where no Last-Event-ID can be sent"),
]
RunId = Annotated[str, Query(max_length=100, description="no events but those of this run")]


@router.get("/rooms/{room_id}/stream", response_class=StreamingResponse, responses={200: STREAM})
async def stream_room(
    request: Request, room_id: str, by: By, run_id: RunId = "", after: After = ""
) -> Response:
    """The room's events live, run after run, or those of one run; `status` events tell how the room fares."""
    reader = _reader(request, by)
    last_id = request.headers.get("last-event-id") or after
    place = await asyncio.to_thread(_place, reader, room_id, run_id, last_id)
    told = watching.watch_room(reader.rt, reader.user, room_id, place, one_run=bool(run_id))
    return _streaming(reader, told)


@router.get(
    "/runs/{run_id}/stream",
    response_class=StreamingResponse,
    responses={200: STREAM, 204: {"description": "all has been seen"}},
)
async def stream_run(request: Request, run_id: str, by: By, after: After = "") -> Response:
    """The run's events live; ends with the run. 204 when all has been seen, which stops a browser asking."""
    reader = _reader(request, by)
    run = await asyncio.to_thread(runs.get, reader.rt, reader.user, run_id)
    last_id = request.headers.get("last-event-id") or after
    place = await asyncio.to_thread(_place, reader, run.room_id, run_id, last_id)
    if run.status.is_over and place.seq >= run.seq:
        return Response(status_code=204)
    return _streaming(reader, watching.watch_run(reader.rt, reader.user, run, place.seq))


@asynccontextmanager
async def listening() -> AsyncIterator[None]:
    """The process's one ear at Redis, open from its start to its end."""
    _stopping().clear()
    yield
    await live.hub(get_runtime()).close()


def end_streams() -> None:
    """End every stream: a server that stops waits for its answers, and these would never end."""
    _stopping().set()


@dataclass(frozen=True, slots=True)
class _Reader:
    """Whoever reads: by a key, or else by a session."""

    rt: Runtime
    user: User
    key: str | None
    token: str | None

    def is_welcome(self) -> bool:
        """Whether the key or session lives, of the same user with the same role."""
        if self.key is None:
            return identity.who(self.rt, self.token) == self.user
        holder = api_keys.holder(self.rt, self.key)
        return holder is not None and holder.user == self.user


_stops: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Event] = WeakKeyDictionary()
_leaving: set[asyncio.Task[None]] = set()


def _stopping() -> asyncio.Event:
    """That of this server: an event belongs to a loop, and a process may serve on several, one after the other."""
    return _stops.setdefault(asyncio.get_running_loop(), asyncio.Event())


def _reader(request: Request, by: Caller) -> _Reader:
    return _Reader(*by, key_in(request.scope), session_token(request.headers.get("cookie")))


def _place(reader: _Reader, room_id: str, run_id: str, last_id: str) -> Place:
    """Where the reader goes on.

    Raises:
        NotFound: there is no such room, or it has no such run.
        InvalidInput: the last id is of no event of this room or run.
    """
    rt, user = reader.rt, reader.user
    run = runs.get(rt, user, run_id) if run_id else None
    if run is not None and run.room_id != room_id:
        raise NotFound("run", run_id)
    if last_id:
        if run is not None and last_id.isdecimal():
            last_id = f"{run.id}:{last_id}"
        place = live.place_of(rt, user, room_id, last_id)
        if run is not None and place.run_id != run.id:
            raise InvalidInput(f"{last_id!r} is the id of no event of run #{run.number}.")
        return place
    return Place(run.id, run.number) if run is not None else watching.begin(rt, user, room_id)


def _streaming(reader: _Reader, told: AsyncGenerator[Told, None]) -> Response:
    headers = {"X-Accel-Buffering": "no"}  # nginx would hold events back
    return StreamingResponse(_lines(reader, told), headers=headers, media_type="text/event-stream")


async def _lines(reader: _Reader, told: AsyncGenerator[Told, None]) -> AsyncGenerator[bytes, None]:
    """What is told, as bytes, until the reader is no longer welcome or the server stops."""
    stopping: asyncio.Future[Any] = asyncio.ensure_future(_stopping().wait())
    coming: asyncio.Future[Any] = asyncio.ensure_future(anext(told, None))
    spoke = checked = time.monotonic()
    try:
        yield b"retry: 1000\n\n"
        while True:
            await asyncio.wait({coming, stopping}, timeout=SESSION_S, return_when=asyncio.FIRST_COMPLETED)
            now = time.monotonic()
            if now - checked >= SESSION_S:
                checked = now
                if not await asyncio.to_thread(reader.is_welcome):
                    return
            if stopping.done() or (coming.done() and coming.result() is None):
                return
            lines = HEARTBEAT if now - spoke >= HEARTBEAT_S else b""
            said = coming.result() if coming.done() else Told()
            if lines or said.events or said.status:
                spoke = (
                    now  # words alone don't count: a reader that does not know them would take us for dead
                )
            if coming.done():
                lines += _written(said)
                coming = asyncio.ensure_future(anext(told, None))
            if lines:
                yield lines
    except OpenRoomsError as error:
        log.warning("a live stream has ended: %s", error)  # the reader comes back where it was
    finally:
        stopping.cancel()
        _leave(coming, told)


def _leave(coming: asyncio.Future[Any], told: AsyncGenerator[Told, None]) -> None:
    """Close the generator in a task of its own: the one that read it may be cancelled at this moment."""

    async def close() -> None:
        coming.cancel()
        await asyncio.wait({coming})
        await told.aclose()

    task = asyncio.get_running_loop().create_task(close())
    _leaving.add(task)
    task.add_done_callback(_leaving.discard)


def _written(told: Told) -> bytes:
    parts = [
        b"id: %b\nevent: event\ndata: %b\n\n" % (place.id.encode(), orjson.dumps(event))
        for place, event in told.events
    ]
    if told.status is not None:
        parts.append(b"event: status\ndata: %b\n\n" % orjson.dumps(told.status))
    if told.delta is not None:  # without an id: whoever comes back goes on from the last event
        parts.append(b"event: delta\ndata: %b\n\n" % told.delta.model_dump_json().encode())
    return b"".join(parts)
