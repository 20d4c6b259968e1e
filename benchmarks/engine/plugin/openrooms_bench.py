"""Tools that do next to nothing, so that what is measured is the engine."""

import asyncio
import time
from typing import Any

from pydantic import Field

from engine.core.catalogue import Effect, Runs, StepContext, tool
from engine.core.document import Frozen


class Counted(Frozen):
    x: int


class Rest(Frozen):
    x: int
    seconds: float = Field(ge=0, le=600)


class Nothing(Frozen):
    """No parameters."""


@tool(Counted, title="Increment", category="bench", effect=Effect.NONE)
def bench_increment(params: Counted, ctx: StepContext) -> Any:
    """x + 1, pure."""
    return params.x + 1


@tool(Counted, title="Touch", category="bench", effect=Effect.EXTERNAL)
async def bench_touch(params: Counted, ctx: StepContext) -> Any:
    """x + 1, as an effect on the world that takes no time."""
    return params.x + 1


@tool(Counted, title="Touch at once", category="bench", effect=Effect.EXTERNAL, runs=Runs.AT_ONCE)
def bench_touch_at_once(params: Counted, ctx: StepContext) -> Any:
    """x + 1, as an effect on the world that takes no time and never waits."""
    return params.x + 1


@tool(Rest, title="Rest", category="bench", effect=Effect.EXTERNAL, timeout_s=600)
async def bench_rest(params: Rest, ctx: StepContext) -> Any:
    """x + 1 after some seconds, as an effect."""
    await asyncio.sleep(params.seconds)
    return params.x + 1


@tool(Rest, title="Block", category="bench", effect=Effect.EXTERNAL, timeout_s=600)
def bench_block(params: Rest, ctx: StepContext) -> Any:
    """x + 1 after some seconds in which its process can do nothing else."""
    time.sleep(params.seconds)
    return params.x + 1


@tool(Nothing, title="Clock", category="bench", effect=Effect.EXTERNAL)
async def bench_clock(params: Nothing, ctx: StepContext) -> Any:
    """The moment at which an effect begins, in microseconds."""
    return time.time_ns() // 1000
