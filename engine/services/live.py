"""A room's events as they are committed: each one once, in order, whatever Redis loses or repeats."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakKeyDictionary

from pydantic import ValidationError

from engine.core.document import Frozen
from engine.core.errors import InvalidInput, NotFound
from engine.core.identity import Role, User
from engine.live.frames import Batch
from engine.live.hub import Hub
from engine.runtime import Runtime
from engine.services import runs
from engine.services.history import Event
from engine.services.permission import require
from engine.store import journal, rooms
from engine.store import runs as run_store

PAGE = 1000
PAGES_KEPT = 64
KEPT_BYTES = 16_000_000
"""Of the log, in the pages kept: what steps give may be large."""
GATHER_S = 0.01
"""Between two looks of a watcher who has had many of late: what comes meanwhile is read together."""
AT_ONCE = 10
"""Looks in a tenth of a second that come without a rest: a short run is seen as it happens."""
SILENCE_S = 15.0
"""A watcher hears something at least this often."""


@dataclass(frozen=True, slots=True)
class Place:
    """The last event somebody has seen: in which run, and its seq there."""

    run_id: str = ""
    number: int = 0
    seq: int = 0

    @property
    def id(self) -> str:
        return f"{self.run_id}:{self.seq}"


def place_of(rt: Runtime, user: User, room_id: str, event_id: str) -> Place:
    """The place that an event's id names; a number alone is the `seq` of an event of the room's latest run.

    Raises:
        InvalidInput: it is the id of no event of this room.
    """
    run_id, _, seq = event_id.rpartition(":")
    if not run_id:
        run_id = first_place(rt, user, room_id, from_now=True).run_id
    try:
        run = runs.get(rt, user, run_id)
    except NotFound:
        run = None
    if run is None or run.room_id != room_id or not seq.isdecimal() or int(seq) > run.seq:
        raise InvalidInput(f"{event_id[:80]!r} is the id of no event of this room.")
    return Place(run.id, run.number, int(seq))


def first_place(rt: Runtime, user: User, room_id: str, *, from_now: bool) -> Place:
    """Before the first event of the room's latest run, or after its last."""
    require(rt, user, Role.VIEWER, "watch a room")
    with rt.db.read() as session:
        room = rooms.get(session, room_id)
        if room is None:
            raise NotFound("room", room_id)
        before = rooms.run_after(session, room_id, room.last_run_number - 1)
    if before is None:
        return Place()
    run = runs.get(rt, user, before[0])
    return Place(run.id, run.number, run.seq if from_now else 0)


Placed = list[tuple[Place, Event]]


class Read(NamedTuple):
    """A page of events, and how many bytes of the log they are made of."""

    events: Placed
    size: int


class Delta(Frozen):
    """What a model has just said; `at`: after how many characters of this turn. Lost without harm, stored nowhere."""

    run_id: str
    node_id: str
    step: int
    activation: str
    attempt: int
    turn: int
    at: int
    text: str


async def follow(rt: Runtime, user: User, room_id: str, place: Place) -> AsyncGenerator[Placed | Delta, None]:
    """The room's events after `place`, for ever; an empty list when none came of a call to look, or none called.

    What comes through Redis says when to look, never what to show: the events are SQL's. Only a model's words while
    it speaks are shown as they come: its answer will be an event.
    """
    require(rt, user, Role.VIEWER, "watch a room")
    loop = asyncio.get_running_loop()
    reading, pace = _readings.setdefault(loop, Reading()), Pace()
    async with hub(rt).subscribe(room_id=room_id) as subscription:
        while True:
            batch = await subscription.get(SILENCE_S)
            if batch is None:
                yield []
            elif batch.kind == "ephemeral":
                if delta := _delta_of(batch):
                    yield delta
            elif _may_be_news(batch, place):
                before = place
                while news := await reading.after(rt, room_id, place):
                    place = news[-1][0]
                    yield news
                    await asyncio.sleep(pace.rest_s(loop.time()))
                if place is before:
                    yield []


def _delta_of(batch: Batch) -> Delta | None:
    try:
        delta = Delta.model_validate(batch.data)
    except ValidationError:
        return None
    return delta if delta.run_id == batch.run_id else None


def _may_be_news(batch: Batch, place: Place) -> bool:
    is_seen = batch.run_id == place.run_id and batch.seq <= place.seq
    return batch.kind == "gap" or (batch.kind == "events" and not is_seen)


class Pace:
    """When a watcher looks again: at once, unless there is much to see."""

    def __init__(self) -> None:
        self._looks: deque[float] = deque(maxlen=AT_ONCE)

    def rest_s(self, now: float) -> float:
        """Seconds to rest after a look at `now`."""
        is_busy = len(self._looks) == AT_ONCE and now - self._looks[0] < GATHER_S * AT_ONCE
        self._looks.append(now)
        return GATHER_S if is_busy else 0.0


class Reading:
    """Reads a room's events once for all who watch it from the same place."""

    def __init__(self) -> None:
        self._going: dict[tuple[str, Place], asyncio.Task[Read]] = {}
        self._kept: dict[tuple[str, Place], Read] = {}
        self.kept_bytes = 0

    async def after(self, rt: Runtime, room_id: str, place: Place) -> Placed:
        key = (room_id, place)
        if found := self._kept.get(key):  # events never change; what is newer follows after these
            return found.events
        going = self._going.get(key)
        if going is not None and (found := await asyncio.shield(going)).events:
            return found.events  # else it may have looked before there was news
        return (await asyncio.shield(self._begin(rt, key))).events

    def _begin(self, rt: Runtime, key: tuple[str, Place]) -> asyncio.Task[Read]:
        task = asyncio.create_task(asyncio.to_thread(_read, rt, *key))
        self._going[key] = task
        task.add_done_callback(lambda done: self._end(key, done))
        return task

    def _end(self, key: tuple[str, Place], done: asyncio.Task[Read]) -> None:
        if self._going.get(key) is done:
            del self._going[key]
        if not done.cancelled() and done.exception() is None and done.result().events:
            self._keep(key, done.result())

    def _keep(self, key: tuple[str, Place], read: Read) -> None:
        self._forget(key)
        self._kept[key] = read
        self.kept_bytes += read.size
        while len(self._kept) > PAGES_KEPT or self.kept_bytes > KEPT_BYTES:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: tuple[str, Place]) -> None:
        if (read := self._kept.pop(key, None)) is not None:
            self.kept_bytes -= read.size


def _read(rt: Runtime, room_id: str, place: Place) -> Read:
    """The events after `place` in its run; once that is over and told, those of the next."""
    with rt.db.look() as hot:
        while True:
            if place.run_id:
                run = run_store.mark(hot, place.run_id)  # asked first: the end comes last
                if run is None:
                    raise NotFound("run", place.run_id)
                rows = journal.piece_after(hot, run.id, place.seq, place.seq + PAGE)
                events = [event for row in rows for event in row.events(run.id) if event["seq"] > place.seq]
                if events or not run.status.is_over:
                    return Read(_placed(events[:PAGE], place), sum(len(row.body) for row in rows))
            following = rooms.run_after(hot, room_id, place.number)
            if following is None:
                return Read([], 0)
            place = Place(following[0], following[1])


def _placed(events: list[Event], place: Place) -> Placed:
    return [(Place(place.run_id, place.number, event["seq"]), event) for event in events]


_readings: WeakKeyDictionary[asyncio.AbstractEventLoop, Reading] = WeakKeyDictionary()
_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Hub]] = WeakKeyDictionary()


def hub(rt: Runtime) -> Hub:
    """This process's ear at Redis, one for all watchers on a loop."""
    hubs = _hubs.setdefault(asyncio.get_running_loop(), {})
    if rt.feed.url not in hubs:
        hubs[rt.feed.url] = Hub(rt.feed.url)
    return hubs[rt.feed.url]
