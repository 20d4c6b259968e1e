"""From what an MCP server says of its tools to entries of the catalogue, and what it says kept in a file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import orjson

from engine.core.catalogue import Effect, Runs, StepContext, Tool
from engine.core.shapes import Described
from engine.core.validation.schemas import schema_faults
from engine.supply.servers import Server, plain_name

MAX_NAME = 64
"""What every model's vendor accepts as the name of a function."""
MAX_TOOLS = 500
MAX_TEXT = 4000

Told = dict[str, Any]
"""A tool as the protocol writes it: name, description, inputSchema …"""
Caller = Callable[[str, dict[str, Any], StepContext], Awaitable[Any]]


def tools_of(name: str, server: Server, told: Iterable[Told], call: Caller) -> list[Tool]:
    """The catalogue's entries for the server's tools, each under a name of its own."""
    tools: dict[str, Tool] = {}
    for one in list(told)[:MAX_TOOLS]:
        if server.tools is not None and one["name"] not in server.tools:
            continue
        known_as = tool_name(name, one["name"])
        if known_as in tools:
            known_as = tool_name(name, one["name"], is_taken=True)
        tools[known_as] = _tool(name, server, known_as, one, call)
    return list(tools.values())


def tool_name(server: str, tool: str, *, is_taken: bool = False) -> str:
    """`mcp_<server>_<tool>` by our rules; a long name, or one that is taken, ends in some digits of its own."""
    name = f"mcp_{server}_{plain_name(tool)}"
    if len(name) <= MAX_NAME and not is_taken:
        return name
    return f"{name[: MAX_NAME - 9]}_{hashlib.sha256(tool.encode()).hexdigest()[:8]}"


def _tool(origin: str, server: Server, known_as: str, told: Told, call: Caller) -> Tool:
    its_name = str(told["name"])
    hints = told.get("annotations") or {}

    async def called(arguments: dict[str, Any], ctx: StepContext) -> Any:
        return await call(its_name, arguments, ctx)

    return Tool(
        name=known_as,
        title=str(told.get("title") or hints.get("title") or its_name)[:200],
        description=str(told.get("description") or told.get("title") or its_name)[:MAX_TEXT],
        category="mcp",
        effect=server.effects.get(its_name) or _effect(hints),
        runs=Runs.ON_LOOP,
        params=_shape(told.get("inputSchema") or {"type": "object"}),
        result=_shape(told["outputSchema"]) if told.get("outputSchema") else None,
        timeout_s=server.timeout_s,
        examples=(),
        call=called,
        rate=server.rate.rate() if server.rate else None,
        origin=f"mcp {origin}",
    )


def _shape(schema: dict[str, Any]) -> Described:
    """Told in any case, and checked here if that can be done safely; the server checks for itself besides."""
    return Described(schema, is_checked=next(schema_faults(schema), None) is None)


def _effect(hints: dict[str, Any]) -> Effect:
    return Effect.IDEMPOTENT if hints.get("readOnlyHint") or hints.get("idempotentHint") else Effect.EXTERNAL


class Kept:
    """The tools a server had when it was last asked: known at the next start, even if it is down then."""

    def __init__(self, folder: Path, server: str) -> None:
        self._file = folder / f"{server}.json"

    def mark(self) -> int:
        """Changes when the file does; 0 where there is none."""
        try:
            return self._file.stat().st_mtime_ns
        except OSError:
            return 0

    def age_s(self, now_s: float) -> float:
        return now_s - self.mark() / 1e9

    def read(self) -> list[Told]:
        try:
            found = orjson.loads(self._file.read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return []
        return [one for one in found if isinstance(one, dict) and isinstance(one.get("name"), str)]

    def write(self, told: list[Told]) -> None:
        """Whole or not at all; what a server offers may be nobody else's business."""
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self._file.with_suffix(f".{os.getpid()}.tmp")
        fresh.write_bytes(orjson.dumps(told))
        fresh.replace(self._file)
