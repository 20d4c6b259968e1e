"""What whoever watches a room or a run is told: its events, each once and in order, and its status whenever that moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from engine.core.errors import NotFound
from engine.core.identity import Role, User
from engine.core.run import RunStatus
from engine.core.runview import Run
from engine.runtime import Runtime
from engine.services import live, runs
from engine.services.history import Event
from engine.services.live import Delta, Place
from engine.services.permission import require
from engine.store import rooms, workers
from engine.store import runs as run_store

Status = dict[str, Any]
"""{room_id, status, run_id, number, version}; the last three are None in a room that was never run. Of a room also
`in_line`, how many runs wait for this one to end; `has_workers`, whether any is there to move a run that can be moved, and
`is_disk_full`, whether that has to wait for room."""


MOVING = (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.WAITING)
"""Of a run in one of these people expect that it goes on by itself, or as soon as they answer."""


@dataclass(frozen=True, slots=True)
class Told:
    """Events with their places, a status, or what a model says at this moment; nothing when a look found no news."""

    events: Sequence[tuple[Place, Event]] = ()
    status: Status | None = None
    delta: Delta | None = None


async def watch_room(
    rt: Runtime, user: User, room_id: str, place: Place, *, one_run: bool = False
) -> AsyncGenerator[Told, None]:
    """The room's status and its events after `place`, run after run, for ever.

    With `one_run` no events but those of the run that `place` is in; the status stays the room's.
    """
    status, _ = await asyncio.to_thread(_status_at, rt, user, room_id)
    yield Told(status=status)
    async with aclosing(_events(rt, user, room_id, place, one_run)) as events:
        async for news in events:
            if isinstance(news, Delta):
                yield Told(delta=news)
                continue
            if news:
                place = news[-1][0]
                yield Told(news)
            now, seq = await asyncio.to_thread(_status_at, rt, user, room_id)
            is_ahead = now["run_id"] == place.run_id and seq > place.seq
            if now != status and not (news and is_ahead):  # else the events that brought it come first
                status = now
                yield Told(status=status)
            elif not news:
                yield Told()


def begin(rt: Runtime, user: User, room_id: str) -> Place:
    """Before the first event of the room's run: the one that holds it, or else its last."""
    status = room_status(rt, user, room_id)
    return Place(status["run_id"], status["number"]) if status["run_id"] else Place()


async def watch_run(rt: Runtime, user: User, run: Run, after_seq: int) -> AsyncGenerator[Told, None]:
    """The run's status and its events after `after_seq`, until it is over and all is told."""
    status, seq = _status(run.room_id, run), after_seq
    yield Told(status=status)
    if run.status.is_over and seq >= run.seq:
        return
    async with aclosing(live.follow(rt, user, run.room_id, Place(run.id, run.number, seq))) as events:
        async for news in events:
            if isinstance(news, Delta):
                if news.run_id == run.id:
                    yield Told(delta=news)
                continue
            mine = [(place, event) for place, event in news if place.run_id == run.id]
            if mine:
                seq = mine[-1][0].seq
            if mine or not news:
                yield Told(mine)
            run = await asyncio.to_thread(runs.get, rt, user, run.id)
            if _status(run.room_id, run) != status:
                status = _status(run.room_id, run)
                yield Told(status=status)
            if run.status.is_over and seq >= run.seq:
                return


def room_status(rt: Runtime, user: User, room_id: str) -> Status:
    """The room's run, which is the one that holds it or else its last, and its status."""
    return _status_at(rt, user, room_id)[0]


def _status_at(rt: Runtime, user: User, room_id: str) -> tuple[Status, int]:
    """The room's status and the event that it stands at."""
    require(rt, user, Role.VIEWER, "watch a room")
    with rt.db.look() as hot:
        current = run_store.current_mark(hot, room_id)
        if current is None and not rooms.exists(hot, room_id):
            raise NotFound("room", room_id)
        in_line = run_store.count_behind(hot, room_id, current.number) if current else 0
        is_moving = current is not None and current.status in MOVING
        beside = {
            "in_line": in_line,
            "has_workers": not is_moving or workers.has_any(hot, rt.now_us()),
            "is_disk_full": is_moving and rt.db.is_full,
        }
    return {**_status(room_id, current), **beside}, current.seq if current else 0


async def _events(
    rt: Runtime, user: User, room_id: str, place: Place, one_run: bool
) -> AsyncGenerator[Sequence[tuple[Place, Event]] | Delta, None]:
    async with aclosing(live.follow(rt, user, room_id, place)) as following:
        async for news in following:
            if isinstance(news, Delta):
                if not one_run or news.run_id == place.run_id:
                    yield news
                continue
            if one_run and news and news[0][0].run_id != place.run_id:
                break  # that run is over; whatever comes now belongs to others
            yield news
    now = await asyncio.to_thread(live.first_place, rt, user, room_id, from_now=True)
    yield []
    async with aclosing(live.follow(rt, user, room_id, now)) as following:
        async for news in following:
            if not isinstance(news, Delta):
                yield []


def _status(room_id: str, run: Run | run_store.Mark | None) -> Status:
    return {
        "room_id": room_id,
        "status": run.status.value if run else "IDLE",
        "run_id": run.id if run else None,
        "number": run.number if run else None,
        "version": run.version if run else None,
    }
