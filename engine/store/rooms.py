"""Rooms. Their status is written by the runner, in the transaction that moves their run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Row, Select, delete, func, select, update
from sqlmodel import Session, col

from engine.core.room import LATEST, Room, RoomConfig, RoomStatus
from engine.store.database import Hot
from engine.store.tables import RoomRow, WorkflowRow


@dataclass(frozen=True, slots=True)
class Sought:
    """Which rooms are asked for; `text` is part of the name."""

    status: RoomStatus | None = None
    workflow_id: str | None = None
    text: str = ""


ALL = Sought()


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


def exists(session: Session | Hot, room_id: str) -> bool:
    hot = Hot.of(session)
    return hot.one("SELECT 1 FROM room WHERE id = ?", room_id) is not None


def list_after(session: Session, sought: Sought, last_id: str | None, limit: int) -> list[Room]:
    """Newest first."""
    query = _rooms().order_by(col(RoomRow.id).desc()).limit(limit)
    if last_id is not None:
        query = query.where(col(RoomRow.id) < last_id)
    if sought.status is not None:
        query = query.where(col(RoomRow.status) == sought.status.value)
    if sought.workflow_id is not None:
        query = query.where(col(RoomRow.workflow_id) == sought.workflow_id)
    if sought.text:
        query = query.where(func.lower(col(RoomRow.name)).contains(sought.text.lower(), autoescape=True))
    return [_room(row) for row in session.execute(query)]


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
    )


def run_after(session: Session | Hot, room_id: str, number: int) -> tuple[str, int] | None:
    """Id and number of the room's first run after this number."""
    hot = Hot.of(session)
    found = hot.one(
        "SELECT id, number FROM run WHERE room_id = ? AND number > ? ORDER BY number LIMIT 1", room_id, number
    )
    return (found[0], found[1]) if found else None
