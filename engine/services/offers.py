"""Published workflows as things that other programs call by name, each call a run in a room."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson
from pydantic import JsonValue

from engine.core.document import Frozen
from engine.core.errors import NotFound
from engine.core.events import EventType
from engine.core.identity import Role, User
from engine.core.room import MAX_NAME, NewRoom
from engine.core.run import RunStatus
from engine.core.runview import Run
from engine.runtime import Runtime
from engine.services import control, history, rooms, runs
from engine.services.control import Signal
from engine.services.permission import require
from engine.services.rooms import Sought
from engine.store import workflows

MAX_OFFERS = 1000
RECENT = 1000
"""Events among which the words of a WAIT are looked for."""
MAX_SLUG = 48
RESERVED = "answer_run"
"""The name under which a run that waits is answered."""


class Offer(Frozen):
    """The latest version of a workflow; `takes_object` says whether its input is the arguments as they are."""

    name: str
    title: str
    description: str
    input_schema: dict[str, Any]
    takes_object: bool
    workflow_id: str
    version: int


class Asked(Frozen):
    """A signal that a run waits for."""

    signal: str
    message: str | None = None
    form_schema: dict[str, Any] | None = None


def list_offers(rt: Runtime, user: User) -> tuple[Offer, ...]:
    """One for each published workflow, oldest first; names are made from the workflows' and differ."""
    require(rt, user, Role.VIEWER, "list what can be called")
    with rt.db.read() as session:
        found = workflows.latest_versions(session, MAX_OFFERS)
    return tuple(_offers(found))


def start(rt: Runtime, user: User, name: str, arguments: dict[str, Any]) -> Run:
    """Begin a run of the workflow that is offered under this name, in a room for it.

    Raises:
        NotFound: nothing is offered under this name.
        InvalidInput: the arguments don't fit its input_schema.
    """
    require(rt, user, Role.EDITOR, "call a workflow")
    offer = next((offer for offer in list_offers(rt, user) if offer.name == name), None)
    if offer is None:
        raise NotFound("published workflow", name)
    given: JsonValue = arguments if offer.takes_object else arguments.get("input")
    return runs.start(rt, user, _room(rt, user, offer), given)


def answer(rt: Runtime, user: User, run_id: str, sent: Signal) -> Run:
    """Send a signal to a run that waits for it; the run as it is then."""
    run = runs.get(rt, user, run_id)
    control.signal(rt, user, run.room_id, sent)
    return runs.get(rt, user, run_id)


def cancel(rt: Runtime, user: User, run_id: str) -> None:
    """End the run, whether it has begun or waits in line."""
    control.cancel_run(rt, user, run_id)


def asked(rt: Runtime, user: User, run: Run) -> tuple[Asked, ...]:
    """The signals that the run rests for; none unless all of it rests."""
    if run.status is not RunStatus.WAITING:
        return ()
    signals = history.run_standing(rt, user, run.id)["signals"]
    texts = {
        event["node_id"]: event["data"].get("text")
        for event in history.latest_events(rt, user, run.id, RECENT)
        if event["type"] == EventType.WAIT_STARTED
    }
    return tuple(
        Asked(signal=one["name"], message=texts.get(one["node_id"]), form_schema=one["form_schema"])
        for one in signals
    )


def _offers(found: list[tuple[str, str, int, str]]) -> Iterator[Offer]:
    taken = {RESERVED}
    for workflow_id, title, version, text in found:
        document = orjson.loads(text)
        name = _slug(title)
        if name in taken:
            name = f"{name}_{workflow_id[-6:]}"
        taken.add(name)
        schema = document.get("input_schema")
        takes_object = schema is None or schema.get("type") == "object"
        yield Offer(
            name=name,
            title=title,
            description=document.get("description") or f"Run the workflow {title!r}.",
            input_schema=_arguments(schema, takes_object),
            takes_object=takes_object,
            workflow_id=workflow_id,
            version=version,
        )


def _arguments(schema: dict[str, Any] | None, takes_object: bool) -> dict[str, Any]:
    """The schema of the arguments, which are an object always: another kind of input goes by the name `input`."""
    if schema is None:
        return {"type": "object"}
    if takes_object:
        return schema
    return {"type": "object", "properties": {"input": schema}, "required": ["input"]}


def _slug(title: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:MAX_SLUG].strip("_")
    return plain or "workflow"


def _room(rt: Runtime, user: User, offer: Offer) -> str:
    """A room for one call, or the workflow's own one for all calls, as the installation is set up."""
    is_one = rt.settings.mcp_rooms == "one"
    name = f"{offer.title[: MAX_NAME - 6]} (MCP)"
    if is_one:
        sought = Sought(workflow_id=offer.workflow_id, text=name)
        for room in rooms.list_rooms(rt, user, sought).items:
            if room.name == name and room.queue_runs:
                return room.id
    new = NewRoom(name=name, workflow_id=offer.workflow_id, metadata={"made_by": "mcp"}, queue_runs=is_one)
    return rooms.create(rt, user, new, is_passing=not is_one).id
