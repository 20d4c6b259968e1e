"""Calls a tool with arguments that are checked first: one door for nodes, agents and try-outs."""

import asyncio
import inspect
from typing import Any

import orjson
from pydantic import ValidationError

from engine.core.catalogue import Runs, StepContext, StepError, Tool
from engine.core.rates import Limiter, Rate
from engine.core.shapes import Described, Shape, Wrong, faults_in, wrongs_of

SHOWN = 5


def checked_arguments(tool: Tool, arguments: dict[str, Any]) -> Any:
    """The tool's own parameters from plain JSON: a value of its model, or what was given.

    Raises:
        StepError: code `bad_arguments`, naming each fault; never worth a retry.
    """
    if isinstance(tool.params, Described):
        wrongs = list(tool.params.faults(arguments))
        if wrongs:
            raise _bad_arguments(tool, wrongs)
        return arguments
    try:
        return tool.params.model_validate_json(orjson.dumps(arguments))
    except ValidationError as error:
        raise _bad_arguments(tool, wrongs_of(error)) from None


def checked_result(tool: Tool, result: Any) -> Any:
    """The result, if it is what the tool promises.

    Raises:
        StepError: code `bad_result`; never worth a retry, which could do twice what was done.
    """
    if tool.result is None:
        return result
    try:
        wrongs = _wrongs_in(tool.result, result)
    except (TypeError, UnicodeEncodeError) as error:
        wrongs = [Wrong((), f"it is no JSON: {error}", "json")]
    if not wrongs:
        return result
    raise StepError(
        f"What the tool {tool.name!r} gave is not what it promises: {_told(wrongs)}.",
        code="bad_result",
        retryable=False,
    )


def _wrongs_in(shape: Shape, result: Any) -> list[Wrong]:
    if not isinstance(shape, Described):
        return faults_in(shape, result)
    return faults_in(shape, orjson.loads(orjson.dumps(result)))  # a tuple becomes the list it will be


def _bad_arguments(tool: Tool, wrongs: list[Wrong]) -> StepError:
    return StepError(
        f"The arguments of {tool.name!r} don't fit its parameters: {_told(wrongs)}.",
        code="bad_arguments",
        retryable=False,
    )


def _told(wrongs: list[Wrong]) -> str:
    more = f"; and {len(wrongs) - SHOWN} more" if len(wrongs) > SHOWN else ""
    return "; ".join(str(wrong) for wrong in wrongs[:SHOWN]) + more


async def call_tool(ctx: StepContext, name: str, arguments: dict[str, Any]) -> Any:
    """The tool's result as plain JSON, within the tool's own time limit and its rate.

    A tool that runs apart is called through `ctx.call_apart`, where there is one.

    Raises:
        StepError: the arguments don't fit, the tool failed, it took too long, is called too often, or gave
            something else than it promises.
    """
    tool = ctx.catalogue.tools[name]
    params = checked_arguments(tool, arguments)
    if tool.rate is not None and ctx.limiter is not None:
        await _its_turn(ctx, ctx.limiter, tool, tool.rate)
    if tool.runs is Runs.APART and ctx.call_apart is not None:
        return await ctx.call_apart(ctx, tool, arguments)
    result = tool.call(params, ctx)
    if not inspect.isawaitable(result):
        return checked_result(tool, result)
    try:
        async with asyncio.timeout(tool.timeout_s) as limit:
            return checked_result(tool, await result)
    except TimeoutError:
        if limit.expired():
            raise too_long(tool) from None
        raise


async def _its_turn(ctx: StepContext, limiter: Limiter, tool: Tool, rate: Rate) -> None:
    """Wait for a free place, for as long as the tool itself may take: a task rests, no thread is held.

    Raises:
        StepError: code `rate_limited`, worth a retry once the place is free.
    """
    what = f"{tool.name}:{ctx.room_id}" if rate.per_room else tool.name
    left_s = tool.timeout_s
    while rest_s := await limiter.take(rate, what):
        if rest_s > left_s:
            raise StepError(
                f"The tool {tool.name!r} may be called {rate.times} times in {rate.per_s} s and was. "
                f"It is free again in {rest_s:.0f} s.",
                code="rate_limited",
                retry_after_s=rest_s,
            )
        left_s -= rest_s
        await asyncio.sleep(rest_s)


def call_at_once(ctx: StepContext, tool: Tool, arguments: dict[str, Any]) -> Any:
    """As `call_tool`, for tools that run at once: without an event loop."""
    return checked_result(tool, tool.call(checked_arguments(tool, arguments), ctx))


def too_long(tool: Tool) -> StepError:
    return StepError(f"The tool {tool.name!r} took longer than {tool.timeout_s:g} s.", code="timeout")
