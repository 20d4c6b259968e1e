"""What a run did and where it stands: its events, steps, status, and its replay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from typing import Any, NamedTuple

from engine.core.errors import InvalidInput, NotFound
from engine.core.identity import Role, User
from engine.core.log import Stored
from engine.core.plan import Plan, PlanNode
from engine.core.replaying import Replayed, fold, replay
from engine.core.runview import Run
from engine.core.steps import Step, steps_of
from engine.core.times import rfc3339
from engine.core.tokens import Phase, State
from engine.core.waiting import signal_of
from engine.runtime import Runtime
from engine.services import runs as run_services
from engine.services.permission import require
from engine.store import journal, rooms, runs, timers
from engine.store.database import Session

Event = dict[str, Any]


def events(rt: Runtime, user: User, run_id: str, *, after_seq: int = 0, limit: int = 1000) -> list[Event]:
    """The run's public events after `after_seq`, oldest first, at most `limit`."""
    require(rt, user, Role.VIEWER, "read a run's events")
    with rt.db.read() as session:
        if runs.get(session, run_id) is None:
            raise NotFound("run", run_id)
        rows = journal.rows_of_facts(session, run_id, after_seq, after_seq + limit)
    return [event for row in rows for event in row.events(run_id) if event["seq"] > after_seq][:limit]


def latest_events(rt: Runtime, user: User, run_id: str, limit: int) -> list[Event]:
    """The run's last events, oldest first."""
    seq = run_services.get(rt, user, run_id).seq
    return events(rt, user, run_id, after_seq=max(0, seq - limit), limit=limit)


def steps(rt: Runtime, user: User, run_id: str, *, first: int = 0, most: int | None = None) -> list[Step]:
    """The run's steps in the order they were entered: at most so many, after the first ones."""
    run_services.get(rt, user, run_id)
    return steps_of((event for row in rows_of(rt, run_id) for event in row.events(run_id)), first, most)


def rows_of(
    rt: Runtime,
    run_id: str,
    after_seq: int = 0,
    upto_seq: int = journal.NEVER,
    within: Session | None = None,
) -> Iterator[Stored]:
    """The run's log, read as it is taken; `within` a transaction by its own connection, so that none is waited for."""
    while True:
        with rt.db.read() if within is None else nullcontext(within) as session:
            rows = journal.piece_after(session, run_id, after_seq, upto_seq)
        if not rows:
            return
        yield from rows
        after_seq = rows[-1].seq


def status(rt: Runtime, user: User, room_id: str) -> dict[str, Any]:
    """Where a room stands: {room_id, status, run, tokens, vars, memory, signals, next_wake_up}."""
    require(rt, user, Role.VIEWER, "see a room's status")
    with rt.db.read() as session:
        room = rooms.get(session, room_id)
        if room is None:
            raise NotFound("room", room_id)
        current = runs.current_run(session, room_id)
        due_us = timers.next_of(session, current.run.id) if current else None
    state = state_of(rt, current) if current else State()
    return {
        "room_id": room.id,
        "name": room.name,
        "status": current.run.status if current else "IDLE",
        "run": current.run.plain() if current else None,
        **_standing(state, _nodes(rt, current.run) if current else {}),
        "next_wake_up": rfc3339(due_us) if due_us else None,
    }


def run_standing(
    rt: Runtime, user: User, run_id: str, *, at_seq: int | None = None, at_step: int | None = None
) -> dict[str, Any]:
    """Where a run stood after event `at_seq`, or when it entered a step, re-decided from its record; now, without either.

    When it entered a step, `vars` are those that the step could read.

    Raises:
        InvalidInput: there is no such step.
    """
    run = run_services.get(rt, user, run_id)
    if at_step is not None:
        entered = _entered(rt, run, at_step)
        state = _replayed(rt, run, entered["seq"] - 1).state
        seen = state.vars_of(state.tokens[entered["branch"]])
        return {"run": run.plain(), **_standing(state, _nodes(rt, run)), "vars": dict(seen)}
    with rt.db.read() as session:
        found = runs.standing(session, run_id)
    if found is None:
        raise NotFound("run", run_id)
    state = state_of(rt, found) if at_seq is None else _replayed(rt, run, at_seq).state
    return {"run": run.plain(), **_standing(state, _nodes(rt, run))}


def state_of(rt: Runtime, standing: runs.Standing, within: Session | None = None) -> State:
    """The run's state now: its last snapshot and what the log has beyond it."""
    run, state = standing.run, State.of(standing.state)
    if run.seq == standing.state_seq:
        return state
    plan = rt.plan(run.workflow_id, run.version, within)
    return fold(plan, state, rows_of(rt, run.id, standing.state_seq, run.seq, within))


def _nodes(rt: Runtime, run: Run) -> Mapping[str, PlanNode]:
    return _plan(rt, run).nodes


def replay_run(rt: Runtime, user: User, run_id: str) -> dict[str, Any]:
    """Decide the run again from its record: {identical, fingerprint} or {identical, divergence}."""
    run = run_services.get(rt, user, run_id)
    return verdict(_plan(rt, run), rows_of(rt, run.id), End(run.seq, run.fingerprint, run.status.is_over))


class End(NamedTuple):
    """Where a run's log ends, by the run's own row."""

    seq: int
    fingerprint: str | None
    is_over: bool = True


def verdict(plan: Plan, rows: Iterable[Stored], end: End) -> dict[str, Any]:
    """What replaying these rows says of the run that ended so."""
    replayed = replay(plan, rows)
    divergence = replayed.divergence or _end_differs(replayed, end)
    if divergence is not None:
        return {"identical": False, "divergence": divergence}
    return {"identical": True, "fingerprint": replayed.fingerprint, "events": end.seq}


def _end_differs(replayed: Replayed, end: End) -> dict[str, Any] | None:
    """Whether the log ends where the run's own row says it does, with the same fingerprint."""
    last = replayed.seq
    if last < end.seq:
        told = {"reason": "the end of the log is missing", "recorded": end.seq, "derived": last}
    elif end.is_over and end.fingerprint != replayed.fingerprint:
        told = {
            "reason": "the run has another fingerprint",
            "recorded": end.fingerprint,
            "derived": replayed.fingerprint,
        }
    else:
        return None
    return {"seq": last, "kind": None, **told}


def resume_point(rt: Runtime, run: Run, from_step: int | None) -> dict[str, Any]:
    """Where a retried run begins: {node, vars} as they were when that step was entered.

    Without a step: the one that failed; inside a fork, the fork itself.
    """
    entered = _all_entered(rt, run)
    if not entered:
        return {}
    if from_step is None:
        failed_at = (run.error or {}).get("node_id")
        chosen = next((event for event in reversed(entered) if event["node_id"] == failed_at), entered[-1])
        while chosen["branch"]:
            fork = chosen["branch"].rpartition(".")[0]
            chosen = next(event for event in entered if event["data"].get("activation") == fork)
    else:
        chosen = _entered(rt, run, from_step)
        if chosen["branch"]:
            raise InvalidInput(f"Step {from_step} stands inside a fork; retry from the fork's own step.")
    before = _replayed(rt, run, chosen["seq"] - 1).state
    root = before.tokens.get("")
    return {"node": chosen["node_id"], "vars": dict(root.vars) if root else {}}


def _entered(rt: Runtime, run: Run, step: int) -> Event:
    """The event of entering the step."""
    entered = _all_entered(rt, run)
    found = next((event for event in entered if event["step"] == step), None)
    if found is None:
        raise InvalidInput(f"The run has no step {step}; it made {len(entered)}.")
    return found


def _all_entered(rt: Runtime, run: Run) -> list[Event]:
    rows = rows_of(rt, run.id)
    return [event for row in rows for event in row.events(run.id) if event["type"] == "NODE_ENTERED"]


def _replayed(rt: Runtime, run: Run, upto_seq: int | None) -> Replayed:
    return replay(_plan(rt, run), rows_of(rt, run.id), upto_seq=upto_seq)


def _plan(rt: Runtime, run: Run) -> Plan:
    return rt.plan(run.workflow_id, run.version)


def _standing(state: State, nodes: Mapping[str, PlanNode]) -> dict[str, Any]:
    root = state.tokens.get("")
    return {
        "tokens": [
            {
                "branch": token.branch,
                "node_id": token.at,
                "phase": token.phase.value,
                "step": token.step,
                "attempt": token.attempt,
                "since": rfc3339(token.entered_us) if token.entered_us else None,
            }
            for token in state.tokens.values()
        ],
        "joins": [
            {"node_id": fork.join, "arrived": len(fork.arrived), "of": fork.width}
            for fork in state.forks.values()
        ],
        "vars": dict(state.final_vars if state.is_over else state.vars_of(root) if root else _forked(state)),
        "signals": [
            {
                "name": name,
                "what": token.asks[0]["what"] if token.asks else name,
                "node_id": token.at,
                "form_schema": (token.asks[0] if token.asks else nodes[token.at].config).get("form_schema"),
                "since": rfc3339(token.entered_us),
            }
            for token in state.tokens.values()
            if token.phase is Phase.WAITING and (name := signal_of(token, nodes[token.at]))
        ],
    }


def _forked(state: State) -> dict[str, Any]:
    """What was set before the outermost fork that is open."""
    outside = [fork.parent for fork in state.forks.values() if not fork.parent.branch]
    return dict(outside[0].vars) if outside else {}
