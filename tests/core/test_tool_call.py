"""One door for all calls of tools: arguments, rate and result are checked there, whoever calls."""

import asyncio
import time
from typing import Any

import pytest
from pydantic import Field

from engine.core.catalogue import Catalogue, Effect, Rate, Runs, StepContext, StepError, tool
from engine.core.document import Frozen
from engine.core.shapes import Described, faults_in, schema_of
from engine.core.tool_call import call_at_once, call_tool
from tests.fixtures.contexts import a_context

ANY = {"type": "object", "properties": {"give": {}}, "required": ["give"], "additionalProperties": False}


class Params(Frozen):
    give: Any = Field(description="what comes back")


class Given(Frozen):
    n: int


def giver(**changes: Any) -> StepContext:
    """A context that knows a tool which gives what it is told to."""
    declared: dict[str, Any] = {"title": "Give", "category": "test", "effect": Effect.NONE, "returns": Given}
    params = changes.pop("params", Params)

    @tool(params, **declared | changes.pop("declared", {}))
    def give(params: Any, ctx: StepContext) -> Any:
        """Give it back."""
        return params["give"] if isinstance(params, dict) else params.give

    catalogue = Catalogue()
    catalogue.add(give)
    return a_context(catalogue=catalogue, **changes)


def call(ctx: StepContext, arguments: dict[str, Any]) -> Any:
    return asyncio.run(call_tool(ctx, "give", arguments))


def refused(ctx: StepContext, arguments: dict[str, Any]) -> StepError:
    with pytest.raises(StepError) as failed:
        call(ctx, arguments)
    return failed.value


@pytest.mark.parametrize("returns", [Given, {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}])  # fmt: skip
@pytest.mark.parametrize("result", [{"n": "1"}, {}, {"n": 1, "m": 2}, None, [1]])
def test_a_result_that_breaks_its_promise_is_a_failure(returns, result):
    ctx = giver(declared={"returns": returns})
    assert call(ctx, {"give": {"n": 1}}) == {"n": 1}

    error = refused(ctx, {"give": result})
    assert (error.code, error.retryable) == ("bad_result", False)
    with pytest.raises(StepError, match="promises"):
        call_at_once(ctx, ctx.catalogue.tools["give"], {"give": result})


def test_a_result_is_judged_as_the_json_that_it_becomes():
    ctx = giver(declared={"returns": {"type": "array"}})
    assert faults_in(Described({"type": "array"}), [1]) == []
    tool_ = ctx.catalogue.tools["give"]
    assert tool_.returns == {"type": "array"}
    assert call(giver(declared={"returns": None}), {"give": 5}) == 5

    @tool(Params, title="t", category="c", effect=Effect.NONE, returns={"type": "array"})
    def pair(params: Params, ctx: StepContext) -> Any:
        """A pair."""
        return (1, 2)

    assert call_at_once(ctx, pair, {"give": 1}) == (1, 2)


def test_parameters_may_be_told_by_a_json_schema():
    ctx = giver(params=ANY)
    assert call(ctx, {"give": {"n": 3}}) == {"n": 3}
    assert ctx.catalogue.tools["give"].parameters == ANY

    error = refused(ctx, {"gve": 1})
    assert error.code == "bad_arguments"
    assert "give: is missing" in str(error)
    assert "'gve' was unexpected" in str(error)


class Free:
    """Has so many places and then says when the next is free."""

    def __init__(self, places: int, rest_s: float) -> None:
        self.places, self.rest_s, self.asked = places, rest_s, []

    async def take(self, rate: Rate, what: str) -> float:
        self.asked.append(what)
        self.places -= 1
        return 0 if self.places >= 0 else self.rest_s


def limited(limiter: Free, *, timeout_s: float = 1, **declared: Any) -> StepContext:
    rate = Rate(1, 60, **declared)
    return giver(limiter=limiter, declared={"rate": rate, "runs": Runs.ON_LOOP, "timeout_s": timeout_s})


def test_a_call_beyond_the_rate_waits_for_its_turn():
    limiter = Free(1, 0.05)
    ctx = limited(limiter, timeout_s=20)
    assert call(ctx, {"give": {"n": 1}}) == {"n": 1}

    begun = time.monotonic()

    async def second() -> Any:
        waiting = asyncio.create_task(call_tool(ctx, "give", {"give": {"n": 2}}))
        await asyncio.sleep(0.01)
        limiter.places = 1
        return await waiting

    assert asyncio.run(second()) == {"n": 2}
    assert time.monotonic() - begun > 0.04
    assert limiter.asked == ["give", "give", "give"]


def test_a_wait_longer_than_the_tool_may_take_is_a_failure_worth_a_retry_then():
    error = refused(limited(Free(0, 30)), {"give": {"n": 1}})
    assert (error.code, error.retryable, error.retry_after_s) == ("rate_limited", True, 30)
    error = refused(limited(Free(0, 0.4)), {"give": {"n": 1}})  # again and again there is none
    assert error.code == "rate_limited"


def test_a_rate_may_be_each_rooms_own_and_wrong_arguments_take_no_place():
    limiter = Free(1, 30)
    ctx = limited(limiter, per_room=True)
    assert refused(ctx, {}).code == "bad_arguments"
    call(ctx, {"give": {"n": 1}})
    assert limiter.asked == ["give:m1"]


def test_what_runs_at_once_can_not_wait_and_has_no_rate():
    with pytest.raises(ValueError, match="at once"):
        giver(declared={"rate": Rate(1, 1)})
    with pytest.raises(ValueError, match="whole numbers"):
        Rate(0, 1)


def test_a_models_schema_is_the_callers_own():
    schema_of(Params)["properties"].clear()
    assert schema_of(Params) == Params.model_json_schema()
