"""Tools: look at them, try one out. A try-out really does what the tool does."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import JsonValue

from engine.core.catalogue import Effect, Runs, StepContext, StepError, Tool
from engine.core.document import Frozen
from engine.core.errors import NotFound
from engine.core.identity import Role, User
from engine.core.tool_call import call_tool
from engine.hiding import HIDDEN
from engine.isolation.pool import Children
from engine.runner.roommemory import Own, StepMemory
from engine.runtime import Runtime
from engine.services import memory
from engine.services.permission import require
from engine.services.trial_places import a_place
from engine.store import audit, rooms
from engine.supply.supply import SERVERS

SourceKind = Literal["MCP server", "file", "list of servers"]


class RateView(Frozen):
    """So many calls in any `per_s` seconds, by the whole installation or by each room."""

    times: int
    per_s: int
    per: Literal["installation", "room"]


class ToolView(Frozen):
    """A tool; `parameters` and `returns` are JSON Schemas, `returns` is None where nothing is promised.

    `origin` says who brings it: openrooms, a package, a file of the tools folder, an MCP server.
    """

    name: str
    title: str
    description: str
    category: str
    effect: Effect
    timeout_s: float
    parameters: dict[str, Any]
    returns: dict[str, Any] | None
    rate: RateView | None
    origin: str
    examples: tuple[dict[str, Any], ...]


class SourceView(Frozen):
    """A place outside that brings tools; `fault` says why it, or its newest state, can't be used."""

    name: str
    kind: SourceKind
    tools: int
    fault: str = ""


class Tried(Frozen):
    """What a try-out gave; `remembered` holds what it wrote into the room's memory."""

    result: JsonValue
    remembered: dict[str, JsonValue]
    duration_ms: float


class NoRoom:
    """The memory of a try-out without a room."""

    def get(self, key: str) -> Any:
        raise _room_needed()

    def search(self, query: str, limit: int, how: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        raise _room_needed()

    def size(self, without: str) -> dict[str, int]:
        raise _room_needed()

    def history(self, limit: int) -> list[dict[str, str]]:
        raise _room_needed()

    def conversation(self, limit: int) -> dict[str, Any]:
        raise _room_needed()


def list_tools(rt: Runtime, user: User) -> tuple[ToolView, ...]:
    require(rt, user, Role.VIEWER, "list tools")
    return tuple(view(tool) for tool in rt.catalogue.tools)


def list_sources(rt: Runtime, user: User) -> tuple[SourceView, ...]:
    """What the operator has added, as this process last saw it: nobody is asked."""
    require(rt, user, Role.ADMIN, "see where tools come from")
    if rt.supply is None:
        return ()
    counts, faults = Counter(tool.origin for tool in rt.catalogue.tools), rt.supply.faults
    loaded = {origin.removeprefix("file ") for origin in counts if origin.startswith("file ")}
    places: list[tuple[SourceKind, str, str]] = [("MCP server", n, f"mcp {n}") for n in rt.supply.servers]
    places += [("file", n, f"file {n}") for n in sorted(loaded | rt.supply.folder_faults.keys())]
    if SERVERS in faults:
        places.append(("list of servers", "mcp.json", SERVERS))
    return tuple(
        SourceView(
            name=name, kind=kind, tools=counts[origin], fault=faults.get(origin) or faults.get(name, "")
        )
        for kind, name, origin in places
    )


def get(rt: Runtime, user: User, name: str) -> ToolView:
    require(rt, user, Role.VIEWER, "see a tool")
    return view(_there(rt, name))


def invoke(
    rt: Runtime, user: User, name: str, arguments: Mapping[str, Any], *, room_id: str | None = None
) -> Tried:
    """Call the tool in this thread, which must have no event loop; memory tools need a room.

    Raises:
        StepError: the arguments don't fit, or the tool failed; its `code` says which.
        NotFound: there is no such tool or room.
        TooManyTrials
    """
    require(rt, user, Role.EDITOR, "try out a tool")
    tool = _there(rt, name)
    ctx = context(rt, room_id)
    with rt.db.write() as session:
        if room_id is not None and not rooms.exists(session, room_id):
            raise NotFound("room", room_id)
        audit.append(session, rt.now_us(), user.id, "tool_tried", tool.name, room_id=room_id)
    begun = time.perf_counter()
    try:
        with a_place():
            result = HIDDEN.plain(asyncio.run(_called(rt, ctx, tool, dict(arguments))))
    except StepError as error:
        raise StepError(HIDDEN.text(str(error)), code=error.code, retryable=error.retryable) from None
    took_ms = round((time.perf_counter() - begun) * 1000, 3)
    if ctx.remember and room_id is None:
        raise _room_needed()
    for key, value in ctx.remember.items():
        memory.keep(rt, str(room_id), key, value, ctx.about.get(key, {}))
    return Tried(result=result, remembered=dict(ctx.remember), duration_ms=took_ms)


async def _called(rt: Runtime, ctx: StepContext, tool: Tool, arguments: dict[str, Any]) -> Any:
    """The tool's result; one that runs apart gets a child process of its own, which ends with it."""
    if tool.runs is not Runs.APART:
        return await call_tool(ctx, tool.name, arguments)
    settings = rt.settings
    children = Children(
        most=1,
        memory_mb=settings.child_memory_mb,
        patience_s=settings.watchdog_s,
        sources=rt.sources,
        reveal=rt.reveal_to_tools,
    )
    ctx.call_apart = children.call_tool
    try:
        return await call_tool(ctx, tool.name, arguments)
    finally:
        await children.close()


def view(tool: Tool) -> ToolView:
    return ToolView(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        category=tool.category,
        effect=tool.effect,
        timeout_s=tool.timeout_s,
        parameters=tool.parameters,
        returns=tool.returns,
        rate=None if tool.rate is None else RateView.model_validate(tool.rate.plain()),
        origin=tool.origin,
        examples=tool.examples,
    )


def context(rt: Runtime, room_id: str | None) -> StepContext:
    """What a try-out works with, in a room or without one."""
    once = rt.new_id()
    remember: dict[str, Any] = {}
    about: dict[str, dict[str, Any]] = {}
    now_us = rt.now_us()
    return StepContext(
        run_id="",
        room_id=room_id or "",
        node_id="try_out",
        activation=once,
        attempt=1,
        idempotency_key=f"or-try-{once}",
        now_us=now_us,
        memory=StepMemory(rt.db, room_id, "", now_us, lambda *_: Own(remember, about))
        if room_id
        else NoRoom(),
        catalogue=rt.catalogue,
        settings=rt.provider_settings,
        remember=remember,
        limiter=rt.rates,
        about=about,
    )


def _there(rt: Runtime, name: str) -> Tool:
    tool = rt.catalogue.tools.get(name)
    if tool is None:
        raise NotFound("tool", name)
    return tool


def _room_needed() -> StepError:
    return StepError(
        "This tool works on a room's memory: name the room it is to be tried in.",
        code="room_needed",
        retryable=False,
    )
