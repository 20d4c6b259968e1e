"""Runs: start, look up, list, try again. Starting is one transaction; the bell rings after it."""

from __future__ import annotations

from typing import Any

import jsonschema
import orjson
from pydantic import JsonValue
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from engine.core.errors import IllegalTransition, InvalidInput, NotFound, OpenRoomsError
from engine.core.events import EventType, fact
from engine.core.fingerprint import canonical, link
from engine.core.identity import Role, User
from engine.core.page import FIRST_PAGE, Page, Paging
from engine.core.run import RunStatus
from engine.core.runview import Run
from engine.runtime import Runtime
from engine.services.permission import require
from engine.store import audit, runs
from engine.store.tables import EventRow, RoomRow, RunRow, WorkflowRow

MAX_INPUT_BYTES = 1_048_576
FIRST_BELL_US = 300_000
"""Time for the first bell to be heard before a sweep rings again."""
LIMIT_NAMES = ("max_steps", "max_duration_s", "max_tokens", "max_cost_usd")


class RoomBusy(OpenRoomsError):
    code = "room_busy"

    def __init__(self, room: str, number: int, status: str) -> None:
        super().__init__(
            f"The room {room!r} is busy: its run #{number} is {status}. Wait for it, cancel it, "
            "or turn on queue_runs for the room."
        )


class NoVersion(OpenRoomsError):
    code = "no_version"

    def __init__(self, workflow: str) -> None:
        super().__init__(f"The workflow {workflow!r} has no published version yet. Publish it, then run.")


def start(
    rt: Runtime, user: User, room_id: str, input_: JsonValue = None, *, request_id: str | None = None
) -> Run:
    """Queue a run of the room; the same `request_id` gives the same run, however often it is sent.

    Raises:
        RoomBusy: another run has the room and the room does not queue.
        InvalidInput: the input does not fit the version's input_schema.
        NoVersion: nothing was published yet.
    """
    require(rt, user, Role.EDITOR, "run a room")
    run = _insert(rt, user, room_id, _Wanted(input_, request_id))
    rt.bell.ring(run.id)
    return run


def retry(rt: Runtime, user: User, run_id: str, *, from_step: int | None = None) -> Run:
    """A new run that goes on where `run_id` failed, or from the step asked for, with the variables of that moment.

    Raises:
        IllegalTransition: the run is not over, or was completed and no step is named.
        InvalidInput: there is no such step, or it stands inside a fork.
    """
    from engine.services.history import resume_point

    require(rt, user, Role.EDITOR, "retry a run")
    failed = get(rt, user, run_id)
    if not failed.status.is_over or (from_step is None and failed.status is RunStatus.COMPLETED):
        raise IllegalTransition(f"Run #{failed.number}", failed.status, "retried", ["RETRIED once FAILED"])
    at_step = resume_point(rt, failed, from_step)
    run = _insert(
        rt,
        user,
        failed.room_id,
        _Wanted(failed.input, None, version=failed.version, at_step=at_step, retry_of=failed.id),
    )
    rt.bell.ring(run.id)
    return run


def get(rt: Runtime, user: User, run_id: str) -> Run:
    require(rt, user, Role.VIEWER, "see a run")
    with rt.db.read() as session:
        row = runs.get(session, run_id)
        if row is None:
            raise NotFound("run", run_id)
        return as_run(row)


def list_runs(
    rt: Runtime, user: User, filters: dict[str, Any] | None = None, paging: Paging = FIRST_PAGE
) -> Page[Run]:
    """Runs, newest first; `filters` may name room_id, workflow_id and status."""
    require(rt, user, Role.VIEWER, "list runs")
    wanted = {name: value for name, value in (filters or {}).items() if value is not None}
    with rt.db.read() as session:
        rows = runs.listed(session, wanted, before=paging.after(), limit=paging.limit + 1)
        return paging.page([as_run(row) for row in rows], lambda run: run.id)


def as_run(row: RunRow) -> Run:
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


class _Wanted:
    """What a new run is to be."""

    def __init__(
        self,
        input_: JsonValue,
        request_id: str | None,
        *,
        version: int | None = None,
        at_step: dict[str, Any] | None = None,
        retry_of: str | None = None,
    ) -> None:
        self.input, self.request_id, self.version = input_, request_id, version
        self.at_step, self.retry_of = at_step, retry_of


def _insert(rt: Runtime, user: User, room_id: str, wanted: _Wanted) -> Run:
    try:
        return _insert_once(rt, user, room_id, wanted)
    except IntegrityError:
        # somebody else took the room, or sent the same request, between our look and our insert
        return _insert_once(rt, user, room_id, wanted)


def _insert_once(rt: Runtime, user: User, room_id: str, wanted: _Wanted) -> Run:
    with rt.db.write() as session:
        room = session.get(RoomRow, room_id, with_for_update=True)
        if room is None:
            raise NotFound("room", room_id)
        if wanted.request_id and (first := runs.by_request(session, room_id, wanted.request_id)):
            return as_run(first)
        version = wanted.version or _version(session, room)
        given = _checked_input(session, room, version, wanted)
        busy = runs.live_run(session, room_id)
        if busy is not None and not room.queue_runs:
            raise RoomBusy(room.name, busy.number, busy.status)
        row = _row(rt, room, version, given, wanted)
        row.created_by = user.id
        row.number = runs.next_number(session, room_id)
        if busy is None:
            row.live, row.ready = True, True
            room.status = RunStatus.QUEUED
        _queue(session, row, room)
        audit.append(session, row.created_us, user.id, "run", row.id, room_id=room_id, number=row.number)
        return as_run(row)


def _version(session: Session, room: RoomRow) -> int:
    if room.version is not None:
        return room.version
    workflow = session.get(WorkflowRow, room.workflow_id)
    if workflow is None or workflow.latest_version is None:
        raise NoVersion(workflow.name if workflow else room.workflow_id)
    return workflow.latest_version


def _checked_input(session: Session, room: RoomRow, version: int, wanted: _Wanted) -> bytes:
    """The input as JSON, an empty object where none is given.

    Raises:
        InvalidInput: it is no JSON, too large, or does not fit the version's input_schema.
    """
    value = {} if wanted.input is None else wanted.input
    try:
        given = orjson.dumps(value)
    except TypeError as error:
        raise InvalidInput(f"The input can't be kept as JSON: {error}.") from None
    if len(given) > MAX_INPUT_BYTES:
        raise InvalidInput(f"The input takes {len(given):,} bytes; {MAX_INPUT_BYTES:,} are the most.")
    text = runs.version_document(session, room.workflow_id, version)
    if text is None:
        raise NotFound("version", version)
    schema = orjson.loads(text).get("input_schema")
    if schema is not None:
        faults = sorted(
            jsonschema.Draft202012Validator(schema).iter_errors(value), key=lambda e: list(e.path)
        )
        if faults:
            told = "; ".join(_fault(fault) for fault in faults[:5])
            raise InvalidInput(f"The input does not fit the workflow's input_schema: {told}.")
    return given


def _fault(fault: jsonschema.ValidationError) -> str:
    place = "/".join(str(part) for part in fault.absolute_path)
    return f"{place}: {fault.message[:200]}" if place else fault.message[:200]


def _row(rt: Runtime, room: RoomRow, version: int, given: bytes, wanted: _Wanted) -> RunRow:
    config = {name: value for name, value in orjson.loads(room.config).items() if value is not None}
    options: dict[str, Any] = {
        "limits": {name: config[name] for name in LIMIT_NAMES if name in config},
        "overrides": {name: value for name, value in config.items() if name not in LIMIT_NAMES},
    }
    if wanted.at_step:
        options["at_step"] = wanted.at_step
    return RunRow(
        id=rt.new_id(),
        room_id=room.id,
        workflow_id=room.workflow_id,
        version=version,
        number=0,
        request_id=wanted.request_id,
        status=RunStatus.QUEUED.value,
        kick_us=rt.now_us() - runs.KICK_AGAIN_US + FIRST_BELL_US,
        input=given.decode(),
        options=orjson.dumps(options).decode(),
        retry_of=wanted.retry_of,
        created_us=rt.now_us(),
    )


def _queue(session: Session, row: RunRow, room: RoomRow) -> None:
    """Add the run with its first recorded facts."""
    facts = [fact(EventType.RUN_QUEUED, d={"number": row.number, "version": row.version})]
    if row.number == 1:
        facts.insert(0, fact(EventType.ROOM_CREATED, d={"name": room.name}))
    body = canonical({"in": {"k": "queued"}, "ev": facts})
    row.seq, row.head_hash = len(facts), link("", body)
    room.updated_us = row.created_us
    session.add_all([row, room])
    session.flush()
    session.add(
        EventRow(
            run_id=row.id,
            seq=row.seq,
            facts=len(facts),
            kind="queued",
            body=body.decode(),
            hash=row.head_hash,
            at_us=row.created_us,
            fence=0,
            worker="",
        )
    )
