"""TOOL_EXECUTION: call one tool with arguments from the run."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, JsonValue

from engine.core.catalogue import Catalogue, Effect, Runs, StepContext, node_type
from engine.core.document import Frozen, Outcome
from engine.core.tool_call import call_at_once, call_tool


class Params(Frozen):
    tool: str = Field(min_length=1, max_length=128, description="the tool's name")
    arguments: dict[str, JsonValue] = Field(
        {},
        description="by the tool's parameters; {{ }} inside strings",
        json_schema_extra={"template": True},
    )


def _effect(config: Mapping[str, Any], catalogue: Catalogue) -> Effect:
    found = catalogue.tools.get(str(config.get("tool")))
    return found.effect if found else Effect.EXTERNAL


def _runs(config: Mapping[str, Any], catalogue: Catalogue) -> Runs:
    """A tool that runs apart does so by itself: the step then waits for it on the loop."""
    found = catalogue.tools.get(str(config.get("tool")))
    if found is None or found.runs is not Runs.AT_ONCE:
        return Runs.ON_LOOP
    waits = found.waits is not None and found.waits(config.get("arguments") or {})
    return Runs.ON_LOOP if waits else Runs.AT_ONCE


def _at_once(params: Mapping[str, Any], ctx: StepContext) -> Any:
    return call_at_once(ctx, ctx.catalogue.tools[params["tool"]], params.get("arguments", {}))


@node_type(
    Params,
    name="TOOL_EXECUTION",
    title="Tool",
    icon="wrench",
    category="work",
    outcomes=(Outcome.SUCCESS, Outcome.FAILURE, Outcome.TIMEOUT),
    effect=_effect,
    runs=_runs,
    at_once=_at_once,
)
async def tool_execution(params: Params, ctx: StepContext) -> Any:
    """Call a tool; its result is the step's output."""
    return await call_tool(ctx, params.tool, params.arguments)
