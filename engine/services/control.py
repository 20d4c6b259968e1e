"""Pause, resume, cancel and signal: wishes put into a run's inbox, applied by its driver in their order."""

from __future__ import annotations

import orjson
from pydantic import JsonValue

from engine.core.advance import move
from engine.core.depth import MOST, is_too_deep
from engine.core.document import Document, Frozen
from engine.core.errors import IllegalTransition, InvalidInput, NotFound, OpenRoomsError
from engine.core.identity import Role, User
from engine.core.inputs import Cancelled
from engine.core.plan import NO_PLAN
from engine.core.run import MOVES, RunStatus
from engine.core.runview import Run
from engine.core.shapes import Described
from engine.core.tokens import State
from engine.core.waiting import SIGNALS_KEPT
from engine.hiding import HIDDEN, hidden_name
from engine.live.feed import Published
from engine.runner import outbox
from engine.runner.record import Record
from engine.runtime import Runtime
from engine.services import history
from engine.services.permission import require
from engine.store import inbox, journal, rooms, runs
from engine.store.database import Hot, Session
from engine.store.requests import own

MAX_PAYLOAD_BYTES = 262_144


class UnknownSignal(NotFound):
    def __init__(self, name: str, known: list[str]) -> None:
        names = ", ".join(known) or "none"
        Exception.__init__(self, f"No WAIT of this run's version waits for {name[:80]!r}. It knows: {names}.")


class TooManySignals(OpenRoomsError):
    code = "too_many_signals"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{SIGNALS_KEPT} signals named {name[:80]!r} lie there already and no WAIT has taken one. "
            "Send it again once the run waits for it."
        )


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


def cancel_run(rt: Runtime, user: User, run_id: str) -> Run:
    """End this very run: the one that has its room, or one that stands in line for it, which is over at once.

    Raises:
        IllegalTransition: it is over, or about to be.
    """
    require(rt, user, Role.EDITOR, "cancel a run")
    with rt.db.change() as hot:
        waiting = runs.in_line(hot, run_id)
        left = _leave_line(hot, waiting, user, rt.now_us()) if waiting is not None else None
    if left is not None:
        rt.feed.publish([left])
    with rt.db.read() as session:
        run = runs.get(session, run_id)
    if run is None:
        raise NotFound("run", run_id)
    return (
        run if waiting is not None else _wish(rt, user, run.room_id, "cancel", RunStatus.CANCELLED, only=run)
    )


def _leave_line(hot: Hot, waiting: runs.InLine, user: User, now_us: int) -> Published | None:
    """What its driver would write, if it had one; what to tell of it then."""
    given, state = Cancelled(user.name), State()
    facts, commands = move(NO_PLAN, state, given, now_us)
    record = Record(waiting.run_id, waiting.room_id, waiting.seq, waiting.head_hash, RunStatus.QUEUED)
    record.add(given, facts, commands, now_us)
    ended = record.move(state, fence=waiting.fence, worker="", inbox_done=0, release=True)
    ended.is_in_line, ended.room_status = True, None  # the room is another's
    if journal.commit(hot, [ended], now_us) == [None]:
        return None
    outbox.tell(hot, [ended], now_us)
    return record.shown(state)


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
    with rt.db.write() as session:
        standing = _live(session, room_id, "SIGNALLED")
        asked = sent.model_copy(update={"request_id": own(f"user {user.id}", sent.request_id)})
        leave(rt, session, standing, asked, by=user.name)
    return rung(rt, standing)


def leave(rt: Runtime, session: Session, standing: runs.Standing, sent: Signal, *, by: str) -> int | None:
    """Put a signal into a run's inbox, in the transaction that found the run live; None for a repeated request.

    Secrets in its payload are masked before anything else sees it.

    Raises:
        UnknownSignal, InvalidInput, TooManySignals
    """
    raw = orjson.dumps(sent.payload)
    if len(raw) > MAX_PAYLOAD_BYTES:
        raise InvalidInput(f"The payload is larger than {MAX_PAYLOAD_BYTES:,} bytes.")
    if is_too_deep(raw):
        raise InvalidInput(f"The payload is nested more than {MOST} levels deep.")
    rt.vault.learn(session)
    sent = sent.model_copy(update={"payload": HIDDEN.loads(raw)})
    state = history.state_of(rt, standing, session)
    _check_payload(session, standing.run, state, sent)
    if len(state.signals.get(sent.name, ())) >= SIGNALS_KEPT:
        raise TooManySignals(sent.name)
    body = {"name": sent.name, "payload": sent.payload, "by": by}
    request_id = sent.request_id and hidden_name(sent.request_id)
    return inbox.put(session, standing.run.id, inbox.Wish("signal", body, rt.now_us(), request_id))


def _wish(  # noqa: PLR0913 - who, where, what, to which end
    rt: Runtime, user: User, room_id: str, kind: str, wanted: RunStatus, *, only: Run | None = None
) -> Run:
    """Put a wish to the room's run; to none but `only`, if it is given."""
    require(rt, user, Role.EDITOR, f"{kind} a run")
    with rt.db.write() as session:
        if only is not None and only.status.is_over:
            raise IllegalTransition(f"Run #{only.number}", only.status, wanted, MOVES[only.status])
        standing = _live(session, room_id, wanted)
        run = standing.run
        if only is not None and only.id != run.id:
            raise IllegalTransition(f"Run #{only.number}", "over", wanted, [])
        now = _status_to_come(session, standing)
        is_legal = wanted in MOVES[now] and (kind != "resume" or now is RunStatus.PAUSED)
        if not is_legal:
            raise IllegalTransition(f"The room's run #{run.number}", now, wanted, MOVES[now] - {wanted})
        inbox.put(session, run.id, inbox.Wish(kind, {"by": user.name}, rt.now_us()))
    return rung(rt, standing)


def _live(session: Session, room_id: str, wanted: str) -> runs.Standing:
    room = rooms.get(session, room_id)
    if room is None:
        raise NotFound("room", room_id)
    standing = runs.live_run(session, room_id, lock=True)
    if standing is None:
        raise IllegalTransition(f"The room {room.name!r}", room.status, wanted, ["QUEUED by its next run"])
    return standing


def _status_to_come(session: Session, standing: runs.Standing) -> RunStatus:
    """The status once what is in the inbox already has been applied."""
    status = standing.run.status
    for _, kind, _ in inbox.unread(session, standing.run.id, standing.inbox_done):
        if kind == "cancel":
            return RunStatus.CANCELLED
        if kind == "pause" and not status.is_over:
            status = RunStatus.PAUSED
        elif kind == "resume" and status is RunStatus.PAUSED:
            status = RunStatus.RUNNING
    return status


def _check_payload(session: Session, run: Run, state: State, sent: Signal) -> None:
    text = runs.version_document(session, run.workflow_id, run.version)
    document = Document.of(orjson.loads(text or "{}"))
    waits = {
        node.config["signal"]: node.config.get("form_schema")
        for node in document.nodes
        if node.config.get("signal")
    }
    waits |= {
        token.asks[0]["signal"]: token.asks[0].get("form_schema")
        for token in state.tokens.values()
        if token.asks
    }
    if sent.name not in waits:
        raise UnknownSignal(sent.name, sorted(waits))
    schema = waits[sent.name]
    if schema is None:
        return
    if fault := next(Described(schema).faults(sent.payload), None):
        raise InvalidInput(f"The payload of {sent.name!r} does not fit its form: {fault}.")


def rung(rt: Runtime, standing: runs.Standing) -> Run:
    """Wake whoever drives the run, or anybody who could."""
    if standing.owner is not None:
        rt.feed.control(standing.owner, {"run": standing.run.id})
    rt.bell.ring(standing.run.id, priority=10)
    return standing.run
