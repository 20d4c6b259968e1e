"""The one commit primitive: a run's move with its events, timers and memory, for many runs in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Select, bindparam, case, delete, func, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from engine.store import conversation, inbox, memory
from engine.store.tables import BlobRow, EventRow, RoomRow, RunRow, TimerRow

BLOB_OVER = 8_192
"""Bytes of a body from which it is kept by its hash, apart from the event."""


@dataclass(frozen=True, slots=True)
class Row:
    """One recorded input with its facts; `seq` is the number of the last one."""

    seq: int
    facts: int
    kind: str
    body: bytes
    hash: str
    at_us: int


@dataclass(slots=True)
class Move:
    """What a driver wants to commit for its run. `columns` are those of the run that change besides."""

    run_id: str
    room_id: str
    fence: int
    base_seq: int
    worker: str
    rows: Sequence[Row]
    columns: dict[str, Any]
    inbox_done: int
    release: bool = False
    has_read: bool = False
    """Wishes up to `inbox_done` were applied since the last commit."""
    set_timers: list[tuple[str, str, int]] = field(default_factory=list)
    clear_timers: list[str | None] = field(default_factory=list)
    remember: dict[str, Any] = field(default_factory=dict)
    say: list[dict[str, str]] = field(default_factory=list)

    @property
    def is_last(self) -> bool:
        """The run is over with it."""
        return "ended_us" in self.columns

    @property
    def seq(self) -> int:
        return self.rows[-1].seq if self.rows else self.base_seq


def commit(session: Session, moves: Iterable[Move], now_us: int) -> dict[str, int | None]:
    """Apply the moves; for each run its inbox's newest id, or None when its driver has been fenced.

    A fenced move leaves no trace; the others are not disturbed by it.
    """
    answers: dict[str, int | None] = {}
    events: list[dict[str, Any]] = []
    blobs: dict[str, bytes] = {}
    for move in moves:
        answers[move.run_id] = high = _advance_run(session, move)
        if high is None:
            continue
        for row in move.rows:
            events.append(_event(move, row, blobs))
        _keep_timers(session, move)
        if move.has_read or move.is_last:
            inbox.clear(session, move.run_id, None if move.is_last else move.inbox_done)
        for key, value in move.remember.items():
            memory.write(session, move.room_id, key, value, run_id=move.run_id, now_us=now_us)
        if move.say:
            conversation.append(session, move.room_id, move.run_id, move.say, now_us)
    if blobs:
        _keep_blobs(session, blobs)
    if events:
        session.execute(insert(EventRow), events)
    return answers


def _advance_run(session: Session, move: Move) -> int | None:
    """Compare and set on fence and seq."""
    values: dict[str, Any] = {"seq": move.seq, "inbox_done": move.inbox_done, **move.columns}
    if move.release:
        values["owner"] = None
        values["ready"] = case(
            (col(RunRow.inbox_high) > move.inbox_done, literal(True)), else_=literal(False)
        )
    moved = session.execute(
        update(RunRow)
        .where(
            col(RunRow.id) == move.run_id,
            col(RunRow.fence) == move.fence,
            col(RunRow.seq) == move.base_seq,
            col(RunRow.live).is_(True),
        )
        .values(**values)
        .returning(col(RunRow.inbox_high)),
        execution_options={"synchronize_session": False},
    ).scalar_one_or_none()
    if moved is not None and "status" in move.columns:
        session.execute(
            update(RoomRow)
            .where(col(RoomRow.id) == move.room_id)
            .values(status=move.columns["status"], updated_us=move.rows[-1].at_us),
            execution_options={"synchronize_session": False},
        )
    return moved


def _event(move: Move, row: Row, blobs: dict[str, bytes]) -> dict[str, Any]:
    is_large = len(row.body) > BLOB_OVER
    if is_large:
        blobs[row.hash] = row.body
    return {
        "run_id": move.run_id,
        "seq": row.seq,
        "facts": row.facts,
        "kind": row.kind,
        "body": None if is_large else row.body.decode(),
        "blob": row.hash if is_large else None,
        "hash": row.hash,
        "at_us": row.at_us,
        "fence": move.fence,
        "worker": move.worker,
    }


def _keep_blobs(session: Session, blobs: dict[str, bytes]) -> None:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(
        dialect.insert(BlobRow).on_conflict_do_nothing(),
        [{"hash": hash_, "body": body} for hash_, body in blobs.items()],
    )


def _keep_timers(session: Session, move: Move) -> None:
    for activation in move.clear_timers:
        which = col(TimerRow.run_id) == move.run_id
        if activation is not None:
            which &= col(TimerRow.activation) == activation
        session.execute(delete(TimerRow).where(which), execution_options={"synchronize_session": False})
    if move.set_timers:
        session.execute(
            insert(TimerRow),
            [
                {"run_id": move.run_id, "activation": activation, "kind": kind, "due_us": due_us}
                for activation, kind, due_us in move.set_timers
            ],
        )


def rows_after(session: Session, run_id: str, seq: int, limit: int = 10_000) -> list[dict[str, Any]]:
    """Stored rows with facts after `seq`, in order: {seq, kind, body, hash, at_us, fence, worker}."""
    return _rows(
        session,
        select(EventRow)
        .where(col(EventRow.run_id) == run_id, col(EventRow.seq) > seq)
        .order_by(col(EventRow.seq))
        .limit(limit),
    )


def rows_of_facts(session: Session, run_id: str, after_seq: int, upto_seq: int) -> list[dict[str, Any]]:
    """The rows that hold the facts after `after_seq` up to `upto_seq`, as `rows_after` gives them, and no others.

    A row is numbered by its last fact, so the last row wanted may have a higher number than `upto_seq`.
    """
    mine = col(EventRow.run_id) == run_id
    reaching = select(func.min(col(EventRow.seq))).where(mine, col(EventRow.seq) >= upto_seq)
    last = session.execute(reaching).scalar_one_or_none() or upto_seq
    return _rows(
        session,
        select(EventRow)
        .where(mine, col(EventRow.seq) > after_seq, col(EventRow.seq) <= last)
        .order_by(col(EventRow.seq)),
    )


def _rows(session: Session, wanted: Select[EventRow]) -> list[dict[str, Any]]:
    found = session.execute(wanted).scalars()
    return [
        {
            "seq": row.seq,
            "kind": row.kind,
            "body": orjson.loads(row.body if row.body is not None else _blob(session, row.blob)),
            "hash": row.hash,
            "at_us": row.at_us,
            "fence": row.fence,
            "worker": row.worker,
        }
        for row in found
    ]


def _blob(session: Session, hash_: str | None) -> bytes:
    found = session.execute(
        select(col(BlobRow.body)).where(col(BlobRow.hash) == bindparam("hash")), {"hash": hash_}
    ).scalar_one()
    return bytes(found)
