"""A step that is executed in a child as a whole asks its worker for what only he has."""

import asyncio
from typing import Any

from engine.core.rates import Rate
from engine.isolation.pool import Children
from engine.supply import Sources
from tests.fixtures.contexts import a_context

RATED = '''
"""A tool that may be called once a minute."""

from pydantic import Field

from engine.core.catalogue import Effect, Rate, StepContext, tool
from engine.core.document import Frozen


class Params(Frozen):
    text: str = Field(description="what comes back")


@tool(Params, title="Say", category="text", effect=Effect.EXTERNAL, rate=Rate(1, 60), timeout_s=5)
async def say(params: Params, ctx: StepContext) -> str:
    """Say it."""
    return params.text


@tool(Params, title="Spent", category="text", effect=Effect.EXTERNAL)
async def spent(params: Params, ctx: StepContext) -> float:
    """What the run has cost once this is on record."""
    ctx.note({"t": "AGENT_RESPONSE", "d": {}})
    return ctx.spent["run"]
'''


class Counting:
    def __init__(self) -> None:
        self.asked: list[tuple[Rate, str]] = []

    async def take(self, rate: Rate, what: str) -> float:
        self.asked.append((rate, what))
        return 0.0 if len(self.asked) == 1 else 30.0


class Recording:
    """A record; while a note is put there, a branch beside the step pays 2 dollars."""

    def __init__(self, spent: dict[str, float]) -> None:
        self.spent = spent

    def add(self, note: dict[str, Any]) -> None:
        del note
        self.spent["run"] += 2

    async def kept(self) -> None:
        pass


def test_addresses_rates_and_costs_are_the_workers(tmp_path):
    (tmp_path / "say.py").write_text(RATED)
    limiter, spent = Counting(), {"run": 0.5}
    ctx = a_context(limiter=limiter, signal_url=lambda signal, until_us: f"/{signal}/{until_us}")
    ctx.spent, ctx.recorder = spent, Recording(spent)

    async def steps() -> list[Any]:
        children = Children(most=1, memory_mb=1024, patience_s=5, sources=Sources(tools_dir=str(tmp_path)))
        kind = ctx.catalogue.node_types["TOOL_EXECUTION"]

        async def step(tool: str, **arguments: Any) -> Any:
            return await children.call_step(kind, {"tool": tool, "arguments": arguments}, ctx)

        try:
            made = await step("wait_for_webhook", signal="go", expires_s=1)
            said = await step("say", text="hi")
            cost = await step("spent", text="")
            again = await asyncio.gather(step("say", text="ho"), return_exceptions=True)
            return [made["url"], said, cost, again[0].code, again[0].retry_after_s]
        finally:
            await children.close()

    assert asyncio.run(steps()) == [f"/go/{ctx.now_us + 1_000_000}", "hi", 2.5, "rate_limited", 30.0]
    assert limiter.asked == [(Rate(1, 60), "say")] * 2
