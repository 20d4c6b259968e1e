"""Rooms. Their status is written by the runner, in the transaction that moves their run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import Row, Select, delete, func, select, tuple_, update
from sqlmodel import Session, col

from engine.core.room import LATEST, Room, RoomConfig, RoomStatus
from engine.store.database import Hot
from engine.store.tables import RoomRow, WorkflowRow


class Order(StrEnum):
    NEWEST = "newest"
    """Made last, first."""
    ACTIVE = "active"
    """Run or changed last, first."""
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Sought:
    """Which rooms are asked for; `text` is part of the name, `passing` None takes lasting and passing ones alike."""

    status: RoomStatus | None = None
    workflow_id: str | None = None
    text: str = ""
    passing: bool | None = False
    order: Order = Order.NEWEST


LASTING = Sought()


def add(session: Session, room: Room) -> None:
    session.add(
        RoomRow(
            id=room.id,
            workflow_id=room.workflow_id,
            created_us=room.created_at,
            updated_us=room.updated_at,
            created_by=room.created_by,
            **_columns(room),
        )
    )
    session.flush()


def get(session: Session, room_id: str, *, lock: bool = False) -> Room | None:
    """The room; with `lock` no run starts in it until the commit."""
    query = _rooms().where(col(RoomRow.id) == room_id)
    if lock:
        query = query.with_for_update(of=RoomRow)
    row = session.execute(query).one_or_none()
    return _room(row) if row else None


def exists(session: Session | Hot, room_id: str, *, lock: bool = False) -> bool:
    """Whether there is such a room; with `lock` nobody deletes it until the commit, for what is put into it."""
    hot = Hot.of(session)
    locked = " FOR KEY SHARE" if lock and not hot.is_sqlite else ""
    return hot.one(f"SELECT 1 FROM room WHERE id = ?{locked}", room_id) is not None


def list_after(session: Session, sought: Sought, last: str | None, limit: int) -> list[Room]:
    """In the order that is sought, those after the one whose `place_of` is `last`."""
    query = _in_order(sought.order, last).limit(limit)
    if sought.status is not None:
        query = query.where(col(RoomRow.status) == sought.status.value)
    if sought.workflow_id is not None:
        query = query.where(col(RoomRow.workflow_id) == sought.workflow_id)
    if sought.passing is not None:
        query = query.where(col(RoomRow.is_passing) == sought.passing)
    if sought.text:
        query = query.where(func.lower(col(RoomRow.name)).contains(sought.text.lower(), autoescape=True))
    return [_room(row) for row in session.execute(query)]


def place_of(room: Room, order: Order) -> str:
    """Where it stands in a list in that order."""
    beside = {Order.NEWEST: "", Order.ACTIVE: f" {room.updated_at}", Order.NAME: f" {room.name}"}
    return room.id + beside[order]


def _in_order(order: Order, last: str | None) -> Select[RoomRow, str]:
    id_, (last_id, _, beside) = col(RoomRow.id), (last or "").partition(" ")
    if order is Order.NAME:
        name = func.lower(col(RoomRow.name))
        query = _rooms().order_by(name, id_)
        return query if last is None else query.where(tuple_(name, id_) > tuple_(func.lower(beside), last_id))
    if order is Order.ACTIVE:
        changed = col(RoomRow.updated_us)
        query = _rooms().order_by(changed.desc(), id_.desc())
        before_us = int(beside) if beside.isdecimal() else 0
        return query if last is None else query.where(tuple_(changed, id_) < tuple_(before_us, last_id))
    query = _rooms().order_by(id_.desc())
    return query if last is None else query.where(id_ < last_id)


def save(session: Session, room: Room) -> None:
    """Write what people can change of a room; its status and counters are the runner's."""
    session.execute(
        update(RoomRow).where(col(RoomRow.id) == room.id).values(updated_us=room.updated_at, **_columns(room))
    )


def remove(session: Session, room_id: str) -> None:
    """The room with its runs, their events, its memory and conversation."""
    session.execute(delete(RoomRow).where(col(RoomRow.id) == room_id))


def _columns(room: Room) -> dict[str, Any]:
    return {
        "name": room.name,
        "version": None if room.version == LATEST else room.version,
        "config": orjson.dumps(room.config.model_dump(mode="json", exclude_none=True)).decode(),
        "meta": orjson.dumps(room.metadata).decode(),
        "queue_runs": room.queue_runs,
        "is_passing": room.is_passing,
    }


def _rooms() -> Select[RoomRow, str]:
    return select(RoomRow, col(WorkflowRow.name)).join(
        WorkflowRow, col(WorkflowRow.id) == col(RoomRow.workflow_id)
    )


def _room(found: Row[RoomRow, str]) -> Room:
    row, workflow_name = found
    return Room(
        id=row.id,
        name=row.name,
        workflow_id=row.workflow_id,
        workflow_name=workflow_name,
        version=LATEST if row.version is None else row.version,
        config=RoomConfig.of(orjson.loads(row.config)),
        metadata=orjson.loads(row.meta),
        queue_runs=row.queue_runs,
        status=RoomStatus(row.status),
        last_run_number=row.last_run_number,
        created_at=row.created_us,
        updated_at=row.updated_us,
        created_by=row.created_by,
        is_passing=row.is_passing,
    )


_OUTLIVED = (
    " FROM room WHERE is_passing AND created_us < ?"
    " AND NOT EXISTS (SELECT 1 FROM run WHERE room_id = room.id AND (ended_us IS NULL OR ended_us >= ?))"
    " AND NOT EXISTS (SELECT 1 FROM hook WHERE room_id = room.id)"
    " AND NOT EXISTS (SELECT 1 FROM schedule WHERE room_id = room.id)"
)


def outlived(hot: Hot, before_us: int, limit: int) -> list[str]:
    """Passing rooms whose runs were over by then; those that can be run again by a hook or a schedule stay."""
    rows = hot.all(f"SELECT id{_OUTLIVED} ORDER BY created_us LIMIT ?", before_us, before_us, limit)
    return [str(row[0]) for row in rows]


def remove_outlived(hot: Hot, room_id: str, before_us: int) -> str | None:
    """The name of the room, which is gone with its runs; None if it is gone already or is to stay after all."""
    if not hot.is_sqlite:  # then look: somebody may be starting a run in it
        hot.all("SELECT 1 FROM room WHERE id = ? FOR UPDATE", room_id)
    found = hot.one(f"SELECT name{_OUTLIVED} AND id = ?", before_us, before_us, room_id)
    if found is None:
        return None
    hot.run("DELETE FROM room WHERE id = ?", room_id)
    return str(found[0])


def run_after(session: Session | Hot, room_id: str, number: int) -> tuple[str, int] | None:
    """Id and number of the room's first run after this number."""
    hot = Hot.of(session)
    found = hot.one(
        "SELECT id, number FROM run WHERE room_id = ? AND number > ? ORDER BY number LIMIT 1", room_id, number
    )
    return (found[0], found[1]) if found else None
