"""Begins runs in the transaction of whoever asks: a person, a schedule, an address that others call."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import orjson
from pydantic import JsonValue

from engine.core.depth import MOST, is_too_deep
from engine.core.errors import InvalidInput, NotFound, OpenRoomsError
from engine.core.events import EventType, fact
from engine.core.plan import Plan
from engine.core.runview import Run
from engine.core.sample import with_defaults
from engine.core.shapes import Described
from engine.core.trial import Trial, check
from engine.failpoints import Point, reach
from engine.hiding import HIDDEN, hidden_name
from engine.live.feed import Published
from engine.runtime import Runtime
from engine.store import audit, runs
from engine.store.claims import KICK_AGAIN_US
from engine.store.database import Hot

MAX_INPUT_BYTES = 1_048_576
FAULTS_TOLD = 5
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


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a new run is to be; `by` is the id of who or what starts it."""

    by: str
    input: JsonValue = None
    request_id: str | None = None
    version: int | None = None
    at_step: dict[str, Any] | None = None
    trial: Trial | None = None
    retry_of: str | None = None
    in_line: bool | None = None
    """Whether it may stand in line, whatever the room says; None leaves it to the room."""
    cause: dict[str, str] = field(default_factory=dict)
    """What starts it when that is no person, for the audit log."""


def begin(rt: Runtime, hot: Hot, room_id: str, wanted: Wanted) -> Run | str:
    """Add a run to the room; the id of the first one for a request that was made before. Call it last in a transaction.

    Secrets in its input are masked before anything else sees it.

    Raises:
        NotFound, NoVersion, RoomBusy, InvalidInput, UnknownNode, BadTrial
        runs.Taken: somebody else begins one at this very moment; the transaction is lost, look again.
    """
    room = runs.startable(hot, room_id)
    if room is None:
        raise NotFound("room", room_id)
    wanted = _hidden(rt, hot, wanted)
    first = runs.by_request(hot, room_id, wanted.request_id) if wanted.request_id else None
    if first is not None:
        return first
    version = wanted.version or room.version or room.latest_version
    if version is None:
        raise NoVersion(room.workflow_name)
    may_wait = room.queue_runs if wanted.in_line is None else wanted.in_line
    if room.held_by is not None and not may_wait:
        raise RoomBusy(room.name, *room.held_by)
    given = fitting(rt, room.workflow_id, version, wanted.input, hot)
    if wanted.trial is not None:
        _check_trial(wanted.trial, rt.plan(room.workflow_id, version, hot))
    new = _new(rt, room, wanted, room_id=room_id, version=version, given=given)
    number = runs.next_number(hot, room_id)
    facts = [fact(EventType.RUN_QUEUED, d={"number": number, "version": version})]
    if number == 1:
        facts.insert(0, fact(EventType.ROOM_CREATED, d={"name": room.name}))
    run = runs.begin(hot, new, number, facts, has_room=room.held_by is None)
    user_id = None if wanted.cause else wanted.by
    told = {"name": f"{room.name} #{number}", "room_id": room_id, "number": number, **wanted.cause}
    audit.append(hot, new.now_us, user_id, "run", run.id, **told)
    reach(Point.IN_START)
    return run


def call(rt: Runtime, begun: Run | str) -> None:
    """Ring for what `begin` gave, once that is committed, and tell whoever watches: perhaps no worker takes it."""
    if isinstance(begun, str):
        rt.bell.ring(begun)
        return
    rt.bell.ring(begun.id)
    rt.feed.publish([notice(begun)])


def notice(run: Run) -> Published:
    """What is told of a run that has been queued to whoever watches: that there is news, which stands in SQL."""
    summary = {"status": run.status.value, "steps": run.steps, "room_id": run.room_id}
    return Published(run.id, run.room_id, run.seq, run.status.value, b"null", summary, first=1)


def _hidden(rt: Runtime, hot: Hot, wanted: Wanted) -> Wanted:
    """The same without secrets."""
    rt.vault.learn(hot)
    request_id = wanted.request_id and hidden_name(wanted.request_id)
    trial = wanted.trial
    if trial is not None:
        trial = trial.model_copy(
            update={name: HIDDEN.plain(getattr(trial, name)) for name in ("pins", "vars")}
        )
    return replace(wanted, input=HIDDEN.plain(wanted.input), trial=trial, request_id=request_id)


@dataclass(frozen=True, slots=True)
class _Schema:
    """The input_schema of a version, None where any input will do."""

    schema: dict[str, Any] | None
    shape: Described | None


_schemas: dict[tuple[str, int], _Schema] = {}
SCHEMAS_KEPT = 512


def _schema(rt: Runtime, workflow_id: str, version: int, within: Hot | None) -> _Schema:
    """That of the version; versions never change, so the last ones are kept."""
    found = _schemas.get((workflow_id, version))
    if found is None:
        with rt.db.look() if within is None else nullcontext(within) as hot:
            text = runs.version_document(hot, workflow_id, version)
        if text is None:
            raise NotFound("version", version)
        schema = orjson.loads(text).get("input_schema")
        found = _Schema(schema, None if schema is None else Described(schema))
        if len(_schemas) >= SCHEMAS_KEPT:
            _schemas.clear()
        _schemas[(workflow_id, version)] = found
    return found


def fitting(
    rt: Runtime, workflow_id: str, version: int, given_input: JsonValue, within: Hot | None = None
) -> bytes:
    """The input as JSON: what is given, completed by the defaults of the version's input_schema.

    Whoever is `within` a transaction reads in that: one who holds a lock must not wait for another connection.

    Raises:
        InvalidInput: it is no JSON, too large, or does not fit the version's input_schema.
    """
    known = _schema(rt, workflow_id, version, within)
    value = with_defaults({} if given_input is None else given_input, known.schema)
    try:
        given = orjson.dumps(value)
    except TypeError as error:
        raise InvalidInput(f"The input can't be kept as JSON: {error}.") from None
    if len(given) > MAX_INPUT_BYTES:
        raise InvalidInput(f"The input takes {len(given):,} bytes; {MAX_INPUT_BYTES:,} are the most.")
    if is_too_deep(given):
        raise InvalidInput(f"The input is nested more than {MOST} levels deep.")
    faults = list(islice(known.shape.faults(value), FAULTS_TOLD)) if known.shape is not None else []
    if faults:
        told = "; ".join(map(str, faults))
        raise InvalidInput(f"The input does not fit the workflow's input_schema: {told}.")
    return given


def _check_trial(trial: Trial, plan: Plan) -> None:
    raw = orjson.dumps([trial.pins, trial.vars])
    if len(raw) > MAX_INPUT_BYTES or is_too_deep(raw):
        raise InvalidInput(
            f"Pinned outputs and variables take at most {MAX_INPUT_BYTES:,} bytes of JSON, {MOST} levels deep."
        )
    check(plan, trial)


def _new(  # noqa: PLR0913 - what a run is made of
    rt: Runtime, room: runs.Startable, wanted: Wanted, *, room_id: str, version: int, given: bytes
) -> runs.NewRun:
    config = {name: value for name, value in orjson.loads(room.config).items() if value is not None}
    options: dict[str, Any] = {
        "limits": {name: config[name] for name in LIMIT_NAMES if name in config},
        "overrides": {name: value for name, value in config.items() if name not in LIMIT_NAMES},
    }
    trial = wanted.trial
    if at_step := wanted.at_step or (trial and trial.at_step):
        options["at_step"] = at_step
    if trial and trial.options:
        options["trial"] = trial.options
    now_us = rt.now_us()
    return runs.NewRun(
        id=rt.new_id(),
        room_id=room_id,
        workflow_id=room.workflow_id,
        version=version,
        input=given,
        options=options,
        now_us=now_us,
        kick_us=now_us - KICK_AGAIN_US + FIRST_BELL_US,
        created_by=wanted.by,
        request_id=wanted.request_id,
        retry_of=wanted.retry_of,
    )
