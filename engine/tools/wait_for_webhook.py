"""Make an address for somebody else's program to call when it is done; the WAIT on its signal rests until then.

The address has to be known before the run rests, so that a step in between can hand it over. A call that comes
before the WAIT is kept for it.
"""

from typing import Any

from pydantic import Field

from engine.core.catalogue import Effect, StepContext, StepError, tool
from engine.core.document import Frozen, Id
from engine.core.times import rfc3339

MAX_LIFE_S = 366 * 86_400
DAY_S = 86_400


class Params(Frozen):
    signal: Id = Field(description="the signal that a WAIT node of this workflow waits for")
    expires_s: float = Field(
        30 * DAY_S, ge=1, le=MAX_LIFE_S, description="how long the address is good, in seconds"
    )


class Result(Frozen):
    url: str = Field(
        description="POST anything here, once: it becomes the WAIT's output. "
        "Only a path where the installation does not know its own address"
    )
    signal: str
    expires_at: str


@tool(
    Params,
    title="Wait for a webhook",
    category="flow",
    effect=Effect.NONE,
    returns=Result,
    timeout_s=5,
    examples=({"arguments": {"signal": "payment_done"}},),
)
def wait_for_webhook(params: Params, ctx: StepContext) -> Any:
    """Make an address that another program calls when it is done; a WAIT node with this signal waits for that."""
    if ctx.signal_url is None:
        raise StepError(
            "An address belongs to a run: call this tool in a workflow.", code="run_needed", retryable=False
        )
    until_us = ctx.now_us + round(params.expires_s * 1_000_000)
    url = ctx.signal_url(params.signal, until_us)
    return {"url": url, "signal": params.signal, "expires_at": rfc3339(until_us)}
