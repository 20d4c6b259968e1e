"""What lists show beside a run's own columns: the names of its room and workflow; and the workers' heartbeats."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from engine.store.tables import RoomRow, WorkerRow, WorkflowRow
from engine.store.workers import Worker


@dataclass(frozen=True, slots=True)
class Names:
    room: str
    workflow: str


def names_of(session: Session, room_ids: Iterable[str]) -> dict[str, Names]:
    """The names of these rooms and their workflows, by room id."""
    query = (
        select(col(RoomRow.id), col(RoomRow.name), col(WorkflowRow.name))
        .join(WorkflowRow, col(WorkflowRow.id) == col(RoomRow.workflow_id))
        .where(col(RoomRow.id).in_(set(room_ids)))
    )
    return {room_id: Names(room, workflow) for room_id, room, workflow in session.execute(query)}


def all_workers(session: Session, limit: int = 100) -> list[Worker]:
    """Every worker whose row is kept, the dead ones too; the last started first."""
    query = select(WorkerRow).order_by(col(WorkerRow.started_us).desc()).limit(limit)
    rows = session.execute(query).scalars()
    return [Worker(**{name: getattr(row, name) for name in Worker.__slots__}) for row in rows]
