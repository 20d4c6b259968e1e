"""Runs as people ask for them: begun, found, listed. Moving one is the journal's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from engine.core.events import Fact
from engine.core.fingerprint import link
from engine.core.log import encoded
from engine.core.replaying import QUEUED
from engine.core.run import RunStatus
from engine.core.runview import Run
from engine.core.trial import seen_of
from engine.store.database import Hot
from engine.store.tables import RunRow


class Taken(Exception):
    """Somebody else has the room, or sent the same request, at this very moment: look again."""


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to be begun. `options` holds limits, overrides, at_step where it does not begin at START, and what makes it a trial."""

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


@dataclass(frozen=True, slots=True)
class Startable:
    """A room as one needs it to start a run; `version` None follows the latest, `held_by` is (number, status) of the run that has
    the room or is the last in line for it.
    """

    name: str
    workflow_id: str
    version: int | None
    config: str
    queue_runs: bool
    workflow_name: str
    latest_version: int | None
    held_by: tuple[int, str] | None = None


def startable(hot: Hot, room_id: str) -> Startable | None:
    """The room, in which no other run starts until the commit."""
    locked = "" if hot.is_sqlite else " FOR UPDATE OF room"
    room = hot.one(
        "SELECT room.name, workflow_id, version, config, queue_runs, workflow.name, latest_version"
        f" FROM room JOIN workflow ON workflow.id = workflow_id WHERE room.id = ?{locked}",
        room_id,
    )
    if room is None:
        return None
    held = hot.one("SELECT number, status FROM run WHERE room_id = ? AND live", room_id)
    if held is None:  # between two runs: the next in line has it, though nobody has told it so yet
        last = hot.one(
            "SELECT number, status FROM run WHERE room_id = ? ORDER BY number DESC LIMIT 1", room_id
        )
        held = last if last is not None and last[1] == RunStatus.QUEUED else None
    found = Startable(*room)
    return found if held is None else replace(found, held_by=(held[0], held[1]))


def next_number(hot: Hot, room_id: str) -> int:
    """The room's next run number; taken in the same transaction as the run."""
    sql = "UPDATE room SET last_run_number = last_run_number + 1 WHERE id = ? RETURNING last_run_number"
    return int(hot.one(sql, room_id)[0])


_RUN = (
    "id, room_id, workflow_id, version, number, request_id, status, live, ready, fence, seq, state_seq,"
    " inbox_high, inbox_done, head_hash, kick_us, input, options, steps, tokens, cost_usd, retry_of,"
    " created_us, created_by"
)
_BEGIN = f"INSERT INTO run ({_RUN}) VALUES ({', '.join('?' * len(_RUN.split(',')))})"


def begin(hot: Hot, new: NewRun, number: int, facts: list[Fact], *, has_room: bool) -> Run:
    """Add a run with its first recorded facts; `has_room` lets it start, otherwise it stands in line.

    Raises:
        Taken: the room has another run, or the request id was used.
    """
    body = encoded([{"at": new.now_us, "in": {"k": QUEUED}, "ev": facts}])
    head, seq, status = link("", body), len(facts), RunStatus.QUEUED.value
    place = (new.id, new.room_id, new.workflow_id, new.version, number, new.request_id, status)
    marks = (True if has_room else None, has_room, 0, seq, 0, 0, 0, head, new.kick_us)
    given = (new.input.decode(), orjson.dumps(dict(new.options)).decode(), 0, 0, 0.0, new.retry_of)
    try:
        hot.run(_BEGIN, *place, *marks, *given, new.now_us, new.created_by)
    except IntegrityError as error:
        raise Taken from error
    hot.run(
        "INSERT INTO event (run_id, seq, facts, body, hash, at_us, fence, worker) VALUES (?, ?, ?, ?, ?, ?, 0, '')",
        new.id,
        seq,
        seq,
        body.decode(),
        head,
        new.now_us,
    )
    hot.run(
        "UPDATE room SET status = CASE WHEN ? THEN 'QUEUED' ELSE status END, updated_us = ? WHERE id = ?",
        has_room,
        new.now_us,
        new.room_id,
    )
    return _queued(new, number, seq)


def _queued(new: NewRun, number: int, seq: int) -> Run:
    return Run(
        id=new.id,
        room_id=new.room_id,
        workflow_id=new.workflow_id,
        version=new.version,
        number=number,
        status=RunStatus.QUEUED,
        input=orjson.loads(new.input),
        seq=seq,
        retry_of=new.retry_of,
        trial=seen_of(new.options.get("trial", {})),
        created_at=new.now_us,
    )


def get(session: Session, run_id: str) -> Run | None:
    row = session.get(RunRow, run_id)
    return run_of(row) if row else None


def standing(session: Session, run_id: str) -> Standing | None:
    row = session.get(RunRow, run_id)
    return _standing(row) if row else None


def trial_of(session: Session, run_id: str) -> dict[str, Any]:
    """What makes the run a trial, with the outputs of its pins; nothing for an ordinary one."""
    row = session.get(RunRow, run_id)
    trial: dict[str, Any] = orjson.loads(row.options).get("trial", {}) if row else {}
    return trial


def live_run(session: Session, room_id: str, *, lock: bool = False) -> Standing | None:
    """The run that holds the room now; with `lock` its driver can't end it before this transaction does."""
    found = select(RunRow).where(col(RunRow.room_id) == room_id, col(RunRow.live).is_(True))
    if lock:
        found = found.with_for_update()
    row = session.execute(found).scalar_one_or_none()
    return _standing(row) if row else None


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a run stands, in short."""

    id: str
    number: int
    version: int
    status: RunStatus
    seq: int


MOST_COUNTED = 1000
_MARK = "SELECT id, number, version, status, seq FROM run WHERE"


def mark(hot: Hot, run_id: str) -> Mark | None:
    return _mark(hot.one(f"{_MARK} id = ?", run_id))


def current_mark(hot: Hot, room_id: str) -> Mark | None:
    """Of the run that holds the room, or else of its last one."""
    held = hot.one(f"{_MARK} room_id = ? AND live", room_id)
    return _mark(held or hot.one(f"{_MARK} room_id = ? ORDER BY number DESC LIMIT 1", room_id))


def count_behind(hot: Hot, room_id: str, number: int) -> int:
    """How many runs stand in line behind the room's run of that number; nobody counts more than MOST_COUNTED."""
    behind = (
        "SELECT 1 FROM run WHERE room_id = ? AND number > ? AND live IS NULL AND status = 'QUEUED' LIMIT ?"
    )
    return int(hot.one(f"SELECT count(*) FROM ({behind}) AS behind", room_id, number, MOST_COUNTED)[0])


def _mark(row: Any) -> Mark | None:
    return None if row is None else Mark(row[0], row[1], row[2], RunStatus(row[3]), row[4])


def current_run(session: Session, room_id: str) -> Standing | None:
    """The run that holds the room, or else its last one."""
    latest = select(RunRow).where(col(RunRow.room_id) == room_id).order_by(col(RunRow.number).desc()).limit(1)
    row = session.execute(latest).scalar_one_or_none()
    return live_run(session, room_id) or (_standing(row) if row else None)


@dataclass(frozen=True, slots=True)
class InLine:
    """A run that waits for another of its room to end."""

    run_id: str
    room_id: str
    seq: int
    head_hash: str
    fence: int


def in_line(hot: Hot, run_id: str) -> InLine | None:
    """The run, if it stands in line; it stays there until the commit."""
    locked = "" if hot.is_sqlite else " FOR UPDATE"
    row = hot.one(
        "SELECT id, room_id, seq, head_hash, fence FROM run"
        f" WHERE id = ? AND live IS NULL AND status = 'QUEUED'{locked}",
        run_id,
    )
    return None if row is None else InLine(*row)


def by_request(hot: Hot, room_id: str, request_id: str) -> str | None:
    """The id of the run that this request started."""
    row = hot.one("SELECT id FROM run WHERE room_id = ? AND request_id = ?", room_id, request_id)
    return None if row is None else str(row[0])


def room_of(hot: Hot, run_id: str) -> str | None:
    row = hot.one("SELECT room_id FROM run WHERE id = ?", run_id)
    return None if row is None else str(row[0])


def is_in_line(hot: Hot, run_id: str) -> bool:
    """Whether it waits for another run of its room to end."""
    return (
        hot.one("SELECT 1 FROM run WHERE id = ? AND live IS NULL AND status = 'QUEUED'", run_id) is not None
    )


def cost_since(session: Session, room_id: str, since_us: int, *, but: str) -> float:
    """What the room's runs begun since then have cost in US dollars, without the run `but`."""
    own = col(RunRow.room_id) == room_id, col(RunRow.created_us) >= since_us, col(RunRow.id) != but
    return float(session.execute(select(func.sum(col(RunRow.cost_usd))).where(*own)).scalar() or 0.0)


def count_by_status(session: Session) -> dict[str, int]:
    rows = session.execute(select(col(RunRow.status), func.count()).group_by(col(RunRow.status)))
    return {str(status): int(count) for status, count in rows}


def version_document(session: Session | Hot, workflow_id: str, number: int) -> str | None:
    """The exact document of a version, as JSON text."""
    sql = "SELECT document FROM workflow_version WHERE workflow_id = ? AND number = ?"
    row = Hot.of(session).one(sql, workflow_id, number)
    return None if row is None else str(row[0])


def _standing(row: RunRow) -> Standing:
    state = orjson.loads(row.state) if row.state else {}
    return Standing(run_of(row), state, row.state_seq, row.owner, row.inbox_done)


def run_of(row: RunRow) -> Run:
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
        trial=seen_of(orjson.loads(row.options).get("trial", {})) if '"trial"' in row.options else None,
        created_at=row.created_us,
        started_at=row.started_us,
        ended_at=row.ended_us,
    )
