"""Reads what runs left behind and names every promise that is not kept. Changes nothing, knows no cause."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import orjson
from sqlalchemy import text

from engine.core.runview import Run
from engine.core.tokens import State
from engine.runtime import Runtime
from engine.services import history, runs
from engine.store import runs as stored_runs
from tests.crash.installation import ME
from tests.crash.ledger import Entry

ENDS = frozenset({"ROOM_COMPLETED", "ROOM_FAILED", "ROOM_CANCELLED"})
STEP_RESULTS = frozenset({"TOOL_COMPLETED", "TOOL_FAILED", "AGENT_RESPONSE", "AGENT_ERROR"})
INTENTS = frozenset({"TOOL_INVOKED", "AGENT_INVOKED"})
NEVER_BEGUN = frozenset({"tool_not_allowed", "not_approved"})
"""Codes of calls that were answered without being made."""

Events = list[dict[str, Any]]


@dataclass
class Findings:
    """`violations` is empty when all is well; `counts` tells what was seen."""

    violations: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    fingerprints: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By workflow: those of completed runs in which no step's outcome depended on a kill."""

    def expect(self, is_so: bool, run_id: str, promise: str, **seen: Any) -> None:
        if not is_so:
            told = ", ".join(f"{name} {value!r}" for name, value in seen.items())
            self.violations.append(f"{run_id}: {promise}" + (f" ({told})" if told else ""))

    def __str__(self) -> str:
        shown = "\n".join(self.violations[:50])
        return f"{len(self.violations)} violations\n{shown}\n{dict(self.counts)}"


@dataclass
class Turns:
    """What the log says of the turns and calls inside of a step."""

    begun: set[tuple[int, int | None]] = field(default_factory=lambda: {(1, None)})
    """By turn and call; the first turn begins with the step."""
    ended: set[tuple[Any, ...]] = field(default_factory=set)

    def take(self, event: dict[str, Any]) -> list[str]:
        type_, data, step = event["type"], event["data"], event["step"]
        which = data["turn"], data.get("call")
        if type_ in INTENTS:
            self.begun.add(which)
            return []
        if type_ not in STEP_RESULTS:
            return []
        faults = []
        if which not in self.begun and (event["error"] or {}).get("code") not in NEVER_BEGUN:
            faults.append(f"step {step}: a result of {which} without intent")
        once = (*which, event["attempt"]) if which[1] is None else which
        if once in self.ended:
            faults.append(f"step {step}: two results of {once}")
        self.ended.add(once)
        return faults


@dataclass
class Steps:
    """What a run's log says of its executed steps."""

    activations: dict[int, str] = field(default_factory=dict)
    """By step."""
    intents: dict[tuple[int, int], int] = field(default_factory=dict)
    """The place in the log of each intent, by step and attempt."""
    results: dict[tuple[int, int], int] = field(default_factory=dict)
    lost: dict[int, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    unknown: set[int] = field(default_factory=set)
    turns: dict[int, Turns] = field(default_factory=dict)
    tools: dict[int, str] = field(default_factory=dict)


def check(rt: Runtime, run_ids: Iterable[str], entries: Iterable[Entry]) -> Findings:
    """Check each run by itself, its effects against the ledger, and the rooms they ran in."""
    found = Findings()
    by_run: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_run[entry.run].append(entry)
    ids = list(run_ids)
    rooms: dict[str, list[tuple[Run, Events]]] = defaultdict(list)
    for run_id in ids:
        run = runs.get(rt, ME, run_id)
        events = _all_events(rt, run_id)
        rooms[run.room_id].append((run, events))
        _check_log(found, rt, run, events)
        _check_steps(found, run, events, by_run[run_id])
        found.counts["runs"] += 1
        found.counts["events"] += len(events)
        found.counts[run.status.lower()] += 1
    for run_id in by_run.keys() - set(ids):
        found.expect(False, run_id, "an effect of a run that nobody started")
    for room_id, passages in rooms.items():
        _check_room(found, rt, room_id, passages)
    return found


def _all_events(rt: Runtime, run_id: str) -> Events:
    events: Events = []
    while page := history.events(rt, ME, run_id, after_seq=len(events), limit=10_000):
        events += page
    return events


def _check_log(found: Findings, rt: Runtime, run: Run, events: Events) -> None:
    def expect(is_so: bool, promise: str, **seen: Any) -> None:
        found.expect(is_so, run.id, promise, **seen)

    expect(run.status.is_over, "every accepted run ends", status=run.status.value, seq=run.seq)
    numbers = [event["seq"] for event in events]
    expect(numbers == list(range(1, len(events) + 1)), "seq has no gaps and nothing twice")
    expect(run.seq == len(events), "run.seq is that of the last event", run=run.seq, log=len(events))
    ends = [event["seq"] for event in events if event["type"] in ENDS]
    if run.status.is_over:
        expect(ends == [len(events)], "a run ends once, and nothing comes after", ends=ends)
        expect(
            events[-1]["type"] == f"ROOM_{run.status}", "the run's status is that of its end", run=run.status
        )
    _check_fold(found, rt, run)
    _check_rows(found, rt, run)


def _check_fold(found: Findings, rt: Runtime, run: Run) -> None:
    """The state is the fold of the log: hashes, facts and the stored state follow from the recorded inputs."""
    replayed = history._replayed(rt, run, None)
    found.expect(replayed.is_identical, run.id, "replay gives the same events", at=replayed.divergence)
    with rt.db.read() as session:
        standing = stored_runs.standing(session, run.id)
    assert standing is not None
    derived, stored = replayed.state, history.state_of(rt, standing)
    found.expect(_plain(stored) == _plain(derived), run.id, "the stored state is the fold of the log")
    found.expect(run.fingerprint == derived.fingerprint, run.id, "replay gives the same fingerprint")


def _plain(state: State) -> dict[str, Any]:
    plain: dict[str, Any] = orjson.loads(orjson.dumps(state.plain(), default=dict))
    return plain


def _check_rows(found: Findings, rt: Runtime, run: Run) -> None:
    """What the tables say besides: the end of the chain, fences, and that nothing is left over."""
    with rt.db.read() as session:
        row = session.execute(
            text("SELECT fence, owner, live, ready, head_hash FROM run WHERE id = :id"), {"id": run.id}
        ).one()
        rows = session.execute(
            text("SELECT seq, fence, worker, hash FROM event WHERE run_id = :id ORDER BY seq"), {"id": run.id}
        ).all()
        left = {
            table: session.execute(
                text(f"SELECT count(*) FROM {table} WHERE run_id = :id"), {"id": run.id}
            ).scalar_one()
            for table in ("timer", "inbox")
        }

    def expect(is_so: bool, promise: str, **seen: Any) -> None:
        found.expect(is_so, run.id, promise, **seen)

    fences = [item.fence for item in rows]
    expect(fences == sorted(fences), "the fence never falls along the log", fences=fences)
    expect(not rows or fences[-1] <= row.fence, "no event has a fence that was never given")
    owners = defaultdict(set)
    for item in rows:
        owners[item.fence].add(item.worker)
    expect(all(len(workers) == 1 for workers in owners.values()), "one fence has one worker", owners=owners)
    expect(bool(rows) and rows[-1].hash == row.head_hash, "the chain ends with the run's head hash")
    found.counts["claims"] += len(set(fences) - {0})
    if run.status.is_over:
        expect(row.owner is None and not row.live and not row.ready, "an ended run is nobody's")
        expect(left == {"timer": 0, "inbox": 0}, "an ended run leaves nothing to be done", left=left)


def _steps_of(events: Events) -> tuple[Steps, list[str]]:
    steps, faults = Steps(), []
    for place, event in enumerate(events):
        step, attempt, type_ = event["step"], event["attempt"], event["type"]
        if type_ == "NODE_ENTERED" and "activation" in event["data"]:
            steps.activations[step] = event["data"]["activation"]
        elif "resumed" in event["data"]:
            pass  # the same attempt goes on
        elif "turn" in event["data"]:
            faults += steps.turns.setdefault(step, Turns()).take(event)
        elif type_ in INTENTS:
            if (step, attempt) in steps.intents:
                faults.append(f"step {step} begins attempt {attempt} twice")
            steps.intents[step, attempt] = place
            steps.tools[step] = event["data"].get("tool", "")
        elif type_ in STEP_RESULTS:
            if (step, attempt) in steps.results:
                faults.append(f"two results of step {step}, attempt {attempt}")
            if (step, attempt) not in steps.intents:
                faults.append(f"a result of step {step}, attempt {attempt} without intent")
            steps.results[step, attempt] = place
        elif type_ == "WORKER_LOST":
            steps.lost[step].append(event)
        elif type_ == "EFFECT_UNKNOWN":
            steps.unknown.add(step)
    return steps, faults


def _check_steps(found: Findings, run: Run, events: Events, entries: list[Entry]) -> None:
    steps, faults = _steps_of(events)
    for fault in faults:
        found.expect(False, run.id, fault)
    for step, attempt in steps.intents:
        _check_attempt(found, run, events, steps, (step, attempt))
    by_activation: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_activation[entry.activation].append(entry)
    step_of = {activation: step for step, activation in steps.activations.items()}
    for activation, its in by_activation.items():
        found.expect(activation in step_of, run.id, "an effect of a step that was never entered", entries=its)
        if activation in step_of:
            for key in dict.fromkeys(entry.key for entry in its):
                _check_effects(found, run, steps, step_of[activation], [one for one in its if one.key == key])
    for step, attempt in steps.results:
        if steps.tools[step].startswith("ledger_"):
            done = [item.attempt for item in by_activation[steps.activations[step]]]
            found.expect(attempt in done, run.id, "a result whose effect did not happen", step=step)
    found.counts["worker_lost"] += sum(map(len, steps.lost.values()))
    found.counts["unknown_outcome"] += len(steps.unknown)
    poisoned = any((event["error"] or {}).get("code") == "worker_lost" for event in events)
    found.counts["poisoned"] += poisoned
    if run.status == "COMPLETED" and not steps.unknown and not poisoned and run.fingerprint:
        found.fingerprints[run.workflow_id].add(run.fingerprint)


def _check_attempt(found: Findings, run: Run, events: Events, steps: Steps, which: tuple[int, int]) -> None:
    """A further attempt needs a reason in the log: the failure of the one before, or the loss of its worker."""
    step, attempt = which
    if attempt == 1:
        return
    before = steps.intents.get((step, attempt - 1))
    found.expect(before is not None, run.id, "attempts are numbered without gaps", step=step)
    if before is None:
        return
    between = [event for event in events[before : steps.intents[which]] if event["step"] == step]
    reasons = {event["type"] for event in between} & {"WORKER_LOST", "NODE_RETRY_SCHEDULED"}
    found.expect(bool(reasons), run.id, "an attempt without a reason", step=step, attempt=attempt)


def _check_effects(found: Findings, run: Run, steps: Steps, step: int, entries: list[Entry]) -> None:
    """The ledger's lines for one step."""

    def expect(is_so: bool, promise: str) -> None:
        found.expect(is_so, run.id, promise, step=step, entries=entries)

    key = f"or-{run.id}-{steps.activations[step]}"
    is_call = step in steps.turns
    expect(
        entries[0].key.startswith(f"{key}-") if is_call else entries[0].key == key,
        "every attempt carries the same key",
    )
    attempts = Counter(entry.attempt for entry in entries)
    expect(max(attempts.values()) == 1, "one attempt takes effect once")
    for attempt in attempts:
        expect((step, attempt) in steps.intents, "an effect without intent")
    found.counts["effects"] += len(entries)
    repeated = [at for at in sorted(attempts)[:-1] if is_call or (step, at) not in steps.results]
    if entries[0].effect == "at_most_once":
        expect(not repeated, "at most once, but for retries after a failure that is known")
        return
    found.counts["repeated_effects"] += len(repeated)
    if repeated:
        said = {event["data"].get("consequence") for event in steps.lost[step]}
        wanted = "it may have run twice" if entries[0].effect == "external" else "it is repeated"
        expect(wanted in said or (is_call and bool(said)), "the log says that an effect was repeated")


def _check_room(found: Findings, rt: Runtime, room_id: str, passages: list[tuple[Run, Events]]) -> None:
    """One run at a time, and the memory that they left."""
    passages.sort(key=lambda passage: passage[0].number)
    with rt.db.read() as session:
        live = session.execute(
            text("SELECT count(*) FROM run WHERE room_id = :id AND live"), {"id": room_id}
        ).scalar_one()
        total = session.execute(
            text("SELECT count(*) FROM run WHERE room_id = :id"), {"id": room_id}
        ).scalar_one()
        rows = session.execute(text("SELECT key, value FROM memory WHERE room_id = :id"), {"id": room_id})
        kept = {key: orjson.loads(value) for key, value in rows}
    found.expect(live <= 1, room_id, "one live run a room", live=live)
    found.expect(total == len(passages), room_id, "no run that nobody asked for", runs=total)
    for (earlier, _), (later, _) in pairwise(passages):
        if earlier.ended_at and later.started_at:
            found.expect(earlier.ended_at <= later.started_at, room_id, "runs of a room do not overlap")
    folded: dict[str, Any] = {}
    for _, events in passages:
        for event in events:
            is_kept = event["type"] == "MEMORY_UPDATED" and event["data"].get("kind") != "SHORT_TERM"
            if is_kept and event["branch"] == "":
                folded[event["data"]["key"]] = event["data"]["value"]
    found.expect(kept == folded, room_id, "memory is the fold of its events", kept=kept, folded=folded)
