"""Pause, resume, cancel and signal: wishes put into a run's inbox, applied by its driver in their order."""

from __future__ import annotations

import jsonschema
import orjson
from pydantic import JsonValue
from sqlmodel import Session

from engine.core.document import Document, Frozen
from engine.core.errors import IllegalTransition, InvalidInput, NotFound
from engine.core.identity import Role, User
from engine.core.run import MOVES, RunStatus
from engine.core.runview import Run
from engine.runtime import Runtime
from engine.services.permission import require
from engine.services.runs import as_run
from engine.store import inbox, runs
from engine.store.tables import RoomRow, RunRow

MAX_PAYLOAD_BYTES = 262_144


class UnknownSignal(NotFound):
    def __init__(self, name: str, known: list[str]) -> None:
        names = ", ".join(known) or "none"
        Exception.__init__(self, f"No WAIT of this run's version waits for {name[:80]!r}. It knows: {names}.")


def pause(rt: Runtime, user: User, room_id: str) -> Run:
    """Hold the room's run at its next step boundary; a step under way may finish.

    Raises:
        IllegalTransition: there is no run that could be paused.
    """
    return _wish(rt, user, room_id, "pause", RunStatus.PAUSED)


def resume(rt: Runtime, user: User, room_id: str) -> Run:
    """Let a paused run go on."""
    return _wish(rt, user, room_id, "resume", RunStatus.RUNNING)


def cancel(rt: Runtime, user: User, room_id: str) -> Run:
    """End the room's run; a step under way is aborted."""
    return _wish(rt, user, room_id, "cancel", RunStatus.CANCELLED)


class Signal(Frozen):
    """What is sent to a WAIT; the same `request_id` delivers it once, however often it is sent."""

    name: str
    payload: JsonValue = None
    request_id: str | None = None


def signal(rt: Runtime, user: User, room_id: str, sent: Signal) -> Run:
    """Deliver a signal; one that comes before its WAIT is kept.

    Raises:
        IllegalTransition: the room has no run to send it to.
        UnknownSignal: no WAIT of the run's version has this name.
        InvalidInput: the payload is too large or does not fit the WAIT's form_schema.
    """
    require(rt, user, Role.EDITOR, "send a signal")
    if len(orjson.dumps(sent.payload)) > MAX_PAYLOAD_BYTES:
        raise InvalidInput(f"The payload is larger than {MAX_PAYLOAD_BYTES:,} bytes.")
    with rt.db.write() as session:
        row = _live(session, room_id, "SIGNALLED")
        _check_payload(session, row, sent)
        body = {"name": sent.name, "payload": sent.payload, "by": user.name}
        wish = inbox.Wish("signal", body, rt.now_us(), sent.request_id)
        inbox.put(session, row.id, wish)
        run = as_run(row)
        owner = row.owner
    _ring(rt, run.id, owner)
    return run


def _wish(rt: Runtime, user: User, room_id: str, kind: str, wanted: RunStatus) -> Run:
    require(rt, user, Role.EDITOR, f"{kind} a run")
    with rt.db.write() as session:
        row = _live(session, room_id, wanted)
        now = _status_to_come(session, row)
        is_legal = wanted in MOVES[now] and (kind != "resume" or now is RunStatus.PAUSED)
        if not is_legal:
            raise IllegalTransition(f"The room's run #{row.number}", now, wanted, MOVES[now])
        inbox.put(session, row.id, inbox.Wish(kind, {"by": user.name}, rt.now_us()))
        run = as_run(row)
        owner = row.owner
    _ring(rt, run.id, owner)
    return run


def _live(session: Session, room_id: str, wanted: str) -> RunRow:
    room = session.get(RoomRow, room_id)
    if room is None:
        raise NotFound("room", room_id)
    row = runs.live_run(session, room_id)
    if row is None:
        raise IllegalTransition(f"The room {room.name!r}", room.status, wanted, ["RUNNING once it is run"])
    return row


def _status_to_come(session: Session, row: RunRow) -> RunStatus:
    """The status once what is in the inbox already has been applied."""
    status = RunStatus(row.status)
    for _, kind, _ in inbox.unread(session, row.id, row.inbox_done):
        if kind == "cancel":
            return RunStatus.CANCELLED
        if kind == "pause" and not status.is_over:
            status = RunStatus.PAUSED
        elif kind == "resume" and status is RunStatus.PAUSED:
            status = RunStatus.RUNNING
    return status


def _check_payload(session: Session, row: RunRow, sent: Signal) -> None:
    text = runs.version_document(session, row.workflow_id, row.version)
    document = Document.of(orjson.loads(text or "{}"))
    waits = {
        node.config["signal"]: node.config.get("form_schema")
        for node in document.nodes
        if node.config.get("signal")
    }
    if sent.name not in waits:
        raise UnknownSignal(sent.name, sorted(waits))
    schema = waits[sent.name]
    if schema is None:
        return
    fault = next(iter(jsonschema.Draft202012Validator(schema).iter_errors(sent.payload)), None)
    if fault is not None:
        raise InvalidInput(f"The payload of {sent.name!r} does not fit its form: {fault.message[:300]}.")


def _ring(rt: Runtime, run_id: str, owner: str | None) -> None:
    """Wake whoever drives the run, or anybody who could."""
    if owner is not None:
        rt.feed.control(owner, {"run": run_id})
    rt.bell.ring(run_id, priority=10)
