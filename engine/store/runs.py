"""Runs as people ask for them: begun, found, listed. Moving one is the journal's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from engine.core.events import Fact
from engine.core.fingerprint import link
from engine.core.log import encoded
from engine.core.replaying import QUEUED
from engine.core.run import RunStatus
from engine.core.runview import Run
from engine.store.tables import EventRow, RoomRow, RunRow, VersionRow


class Taken(Exception):
    """Somebody else has the room, or sent the same request, at this very moment: look again."""


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to be begun. `options` holds limits, overrides and, for a retried run, at_step."""

    id: str
    room_id: str
    workflow_id: str
    version: int
    input: bytes
    options: Mapping[str, Any]
    now_us: int
    kick_us: int
    created_by: str
    request_id: str | None = None
    retry_of: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A run with what only the engine needs of it: a snapshot of its state as plain JSON and the event it stands at,
    its owner, its inbox's mark.
    """

    run: Run
    state: dict[str, Any]
    state_seq: int
    owner: str | None
    inbox_done: int


def next_number(session: Session, room_id: str) -> int:
    """The room's next run number; taken in the same transaction as the run."""
    return int(
        session.execute(
            update(RoomRow)
            .where(col(RoomRow.id) == room_id)
            .values(last_run_number=col(RoomRow.last_run_number) + 1)
            .returning(col(RoomRow.last_run_number)),
            execution_options={"synchronize_session": False},
        ).scalar_one()
    )


def begin(session: Session, new: NewRun, number: int, facts: list[Fact], *, has_room: bool) -> Run:
    """Add a run with its first recorded facts; `has_room` lets it start, otherwise it stands in line.

    Raises:
        Taken: the room has another run, or the request id was used.
    """
    body = encoded([{"at": new.now_us, "in": {"k": QUEUED}, "ev": facts}])
    row = RunRow(
        id=new.id,
        room_id=new.room_id,
        workflow_id=new.workflow_id,
        version=new.version,
        number=number,
        request_id=new.request_id,
        status=RunStatus.QUEUED.value,
        live=True if has_room else None,
        ready=has_room,
        seq=len(facts),
        head_hash=link("", body),
        kick_us=new.kick_us,
        input=new.input.decode(),
        options=orjson.dumps(dict(new.options)).decode(),
        retry_of=new.retry_of,
        created_us=new.now_us,
        created_by=new.created_by,
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise Taken from error
    _first_event(session, row, body, len(facts))
    room: dict[str, Any] = {"updated_us": new.now_us}
    if has_room:
        room["status"] = RunStatus.QUEUED.value
    session.execute(
        update(RoomRow).where(col(RoomRow.id) == new.room_id).values(**room),
        execution_options={"synchronize_session": False},
    )
    return _run(row)


def _first_event(session: Session, row: RunRow, body: bytes, facts: int) -> None:
    session.add(
        EventRow(
            run_id=row.id,
            seq=row.seq,
            facts=facts,
            body=body.decode(),
            hash=row.head_hash,
            at_us=row.created_us,
            fence=0,
            worker="",
        )
    )


def get(session: Session, run_id: str) -> Run | None:
    row = session.get(RunRow, run_id)
    return _run(row) if row else None


def standing(session: Session, run_id: str) -> Standing | None:
    row = session.get(RunRow, run_id)
    return _standing(row) if row else None


def live_run(session: Session, room_id: str) -> Standing | None:
    """The run that holds the room now."""
    found = select(RunRow).where(col(RunRow.room_id) == room_id, col(RunRow.live).is_(True))
    row = session.execute(found).scalar_one_or_none()
    return _standing(row) if row else None


def current_run(session: Session, room_id: str) -> Standing | None:
    """The run that holds the room, or else its last one."""
    latest = select(RunRow).where(col(RunRow.room_id) == room_id).order_by(col(RunRow.number).desc()).limit(1)
    row = session.execute(latest).scalar_one_or_none()
    return live_run(session, room_id) or (_standing(row) if row else None)


def by_request(session: Session, room_id: str, request_id: str) -> Run | None:
    found = select(RunRow).where(col(RunRow.room_id) == room_id, col(RunRow.request_id) == request_id)
    row = session.execute(found).scalar_one_or_none()
    return _run(row) if row else None


def listed(session: Session, filters: Mapping[str, Any], *, before: str | None, limit: int) -> list[Run]:
    """Runs, newest first; `filters` by column name, `before` the id of the last one seen."""
    query = select(RunRow)
    for name, value in filters.items():
        query = query.where(getattr(RunRow, name) == value)
    if before:
        query = query.where(col(RunRow.id) < before)
    rows = session.execute(query.order_by(col(RunRow.id).desc()).limit(limit)).scalars()
    return [_run(row) for row in rows]


def count_by_status(session: Session) -> dict[str, int]:
    rows = session.execute(select(col(RunRow.status), func.count()).group_by(col(RunRow.status)))
    return {str(status): int(count) for status, count in rows}


def version_document(session: Session, workflow_id: str, number: int) -> str | None:
    """The exact document of a version, as JSON text."""
    row = session.get(VersionRow, (workflow_id, number))
    return row.document if row else None


def _standing(row: RunRow) -> Standing:
    state = orjson.loads(row.state) if row.state else {}
    return Standing(_run(row), state, row.state_seq, row.owner, row.inbox_done)


def _run(row: RunRow) -> Run:
    return Run(
        id=row.id,
        room_id=row.room_id,
        workflow_id=row.workflow_id,
        version=row.version,
        number=row.number,
        status=RunStatus(row.status),
        input=orjson.loads(row.input),
        output=orjson.loads(row.output) if row.output else None,
        error=orjson.loads(row.error) if row.error else None,
        steps=row.steps,
        tokens=row.tokens,
        cost_usd=row.cost_usd,
        seq=row.seq,
        fingerprint=row.fingerprint,
        retry_of=row.retry_of,
        created_at=row.created_us,
        started_at=row.started_us,
        ended_at=row.ended_us,
    )
