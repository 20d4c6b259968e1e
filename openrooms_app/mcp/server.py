"""The protocol's two questions, which tools there are and call one, answered by services; a call is followed to its end.

A call that its client cancels cancels its run; one that is cut off because this process stops does not.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from importlib.metadata import version
from typing import Any, Final

import anyio
import orjson
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

from engine.core.errors import OpenRoomsError
from engine.core.identity import User
from engine.core.run import RunStatus
from engine.core.runview import Run
from engine.runtime import Runtime, get_runtime
from engine.services import offers, runs, watching
from engine.services.control import Signal
from engine.services.documents import OPERATOR
from engine.services.offers import Asked, Offer
from openrooms_app.mcp.ending import Ending

Context = ServerRequestContext[Any, Any]

ABOUT: Final = (
    "Each tool runs a workflow and gives its output. When one answers with status WAITING it waits for a person or "
    f"program: call {offers.RESERVED} with the run's id, the signal and its payload to go on."
)
ANSWER: Final = Tool(
    name=offers.RESERVED,
    title="Answer a run that waits",
    description="Send the signal that a run waits for, and follow the run from there.",
    input_schema={
        "type": "object",
        "properties": {
            "run_id": {"type": "string"},
            "signal": {"type": "string", "description": "one of waits_for"},
            "payload": {"description": "any JSON; by the signal's form_schema where it has one"},
        },
        "required": ["run_id", "signal"],
        "additionalProperties": False,
    },
)


def make_server() -> Server[Any]:
    """A server over this process's runtime."""
    return Server(
        "OpenRooms",
        version=version("openrooms"),
        instructions=ABOUT,
        on_list_tools=_list_tools,
        on_call_tool=_call_tool,
    )


def make_manager(max_body_bytes: int, idle_s: float, max_sessions: int) -> StreamableHTTPSessionManager:
    """Keeps the sessions of clients that come over HTTP."""
    return StreamableHTTPSessionManager(
        make_server(),
        max_request_body_size=max_body_bytes,
        session_idle_timeout=idle_s,
        max_sessions=max_sessions,
    )


async def _list_tools(ctx: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
    del params
    found = await asyncio.to_thread(offers.list_offers, get_runtime(), _user(ctx))
    return ListToolsResult(tools=[*(_tool(offer) for offer in found), ANSWER])


def _tool(offer: Offer) -> Tool:
    return Tool(
        name=offer.name,
        title=offer.title,
        description=offer.description,
        input_schema=offer.input_schema,
        annotations=ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=True),
    )


async def _call_tool(ctx: Context, params: CallToolRequestParams) -> CallToolResult:
    rt, user, arguments = get_runtime(), _user(ctx), params.arguments or {}
    if not _may_run(ctx):
        return _result(
            {"code": "scope_missing", "message": "This takes a key with the scope 'run'."}, is_error=True
        )
    try:
        run, seen = await asyncio.to_thread(_begun, rt, user, params.name, arguments)
    except OpenRoomsError as error:
        return _result({"code": error.code, "message": str(error)}, is_error=True)
    try:
        return await _followed(ctx, user, run, seen)
    except anyio.get_cancelled_exc_class():
        if not Ending.is_near:
            with anyio.CancelScope(shield=True):
                await asyncio.to_thread(_cancel, rt, user, run.id)
        raise


def _begun(rt: Runtime, user: User, name: str, arguments: dict[str, Any]) -> tuple[Run, int]:
    """The run that the call is about, and the last of its events that the caller knows of."""
    if name != offers.RESERVED:
        return offers.start(rt, user, name, arguments), 0
    run = runs.get(rt, user, str(arguments.get("run_id")))
    sent = Signal(name=str(arguments.get("signal")), payload=arguments.get("payload"))
    return offers.answer(rt, user, run.id, sent), run.seq


async def _followed(ctx: Context, user: User, run: Run, seen: int) -> CallToolResult:
    """The run's end, or what it waits for, with progress on the way."""
    rt = get_runtime()
    async with aclosing(watching.watch_run(rt, user, run, seen)) as watched:
        async for told in watched:
            for place, event in told.events:
                await ctx.session.report_progress(float(place.seq), None, event["message"])
            now, asked = await asyncio.to_thread(_standing, rt, user, run.id)
            if asked and now.seq > seen:
                return _result(
                    {
                        "status": now.status,
                        "run_id": now.id,
                        "room_id": now.room_id,
                        "waits_for": [one.plain() for one in asked],
                    }
                )
    return _ended(await asyncio.to_thread(runs.get, rt, user, run.id))


def _standing(rt: Runtime, user: User, run_id: str) -> tuple[Run, tuple[Asked, ...]]:
    run = runs.get(rt, user, run_id)
    return run, offers.asked(rt, user, run)


def _ended(run: Run) -> CallToolResult:
    if run.status is RunStatus.COMPLETED:
        output = run.output if isinstance(run.output, dict) else {"result": run.output}
        return _result(output)
    error = run.error or {"code": run.status.lower(), "message": f"The run was {run.status.lower()}."}
    return _result({**error, "run_id": run.id, "room_id": run.room_id}, is_error=True)


def _result(value: dict[str, Any], *, is_error: bool = False) -> CallToolResult:
    """As text too: older clients read nothing else."""
    text = orjson.dumps(value).decode()
    return CallToolResult(
        content=[TextContent(type="text", text=text)], structured_content=value, is_error=is_error
    )


def _cancel(rt: Runtime, user: User, run_id: str) -> None:
    try:
        offers.cancel(rt, user, run_id)
    except OpenRoomsError:
        return  # it is over, or another run has the room by now


def _may_run(ctx: Context) -> bool:
    """Whether the key that was shown, if any, is good for running; what its owner's role allows services ask."""
    holder = None if ctx.request is None else getattr(ctx.request.state, "holder", None)
    return holder is None or holder.may("run")


def _user(ctx: Context) -> User:
    """Who asks: the gate has found out; without HTTP it is whoever has started this process."""
    if ctx.request is None:
        return OPERATOR
    user = getattr(ctx.request.state, "user", None)
    if not isinstance(user, User):
        raise PermissionError("nobody may come here unknown: the door has let somebody through")
    return user
