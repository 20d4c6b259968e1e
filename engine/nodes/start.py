"""START: where a run begins."""

from typing import Any

from engine.core.catalogue import Behaviour, Effect, StepContext, node_type
from engine.core.document import Frozen, Outcome


class Params(Frozen):
    """START has no settings."""


@node_type(
    Params,
    name="START",
    title="Start",
    icon="play",
    behaviour=Behaviour.START,
    outcomes=(Outcome.SUCCESS,),
    effect=Effect.NONE,
)
async def start(params: Params, ctx: StepContext) -> Any:
    """Where a run begins. Exactly one per workflow; nothing leads into it."""
