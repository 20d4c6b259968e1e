"""Calls a tool with arguments that are checked first: one door for nodes, agents and try-outs."""

import asyncio
import inspect
from typing import Any

import orjson
from pydantic import ValidationError

from engine.core.catalogue import Runs, StepContext, StepError, Tool


def checked_arguments(tool: Tool, arguments: dict[str, Any]) -> Any:
    """The tool's own parameters from plain JSON.

    Raises:
        StepError: code `bad_arguments`, naming each fault; never worth a retry.
    """
    try:
        return tool.params.model_validate_json(orjson.dumps(arguments))
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'arguments'}: {fault['msg']}"
            for fault in error.errors()
        )
        raise StepError(
            f"The arguments of {tool.name!r} don't fit its parameters: {faults}.",
            code="bad_arguments",
            retryable=False,
        ) from None


async def call_tool(ctx: StepContext, name: str, arguments: dict[str, Any]) -> Any:
    """The tool's result as plain JSON, within the tool's own time limit.

    A tool that runs apart is called through `ctx.call_apart`, where there is one.

    Raises:
        StepError: the arguments don't fit, the tool failed, or it took too long.
    """
    tool = ctx.catalogue.tools[name]
    params = checked_arguments(tool, arguments)
    if tool.runs is Runs.APART and ctx.call_apart is not None:
        return await ctx.call_apart(ctx, tool, arguments)
    result = tool.call(params, ctx)
    if not inspect.isawaitable(result):
        return result
    try:
        async with asyncio.timeout(tool.timeout_s) as limit:
            return await result
    except TimeoutError:
        if limit.expired():
            raise too_long(tool) from None
        raise


def too_long(tool: Tool) -> StepError:
    return StepError(f"The tool {tool.name!r} took longer than {tool.timeout_s:g} s.", code="timeout")
