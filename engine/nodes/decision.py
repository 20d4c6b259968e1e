"""DECISION: the run goes the first way whose condition is true."""

from typing import Any

from engine.core.catalogue import Behaviour, Effect, StepContext, node_type
from engine.core.document import Frozen


class Params(Frozen):
    """The choice stands on the transitions that leave the node."""


@node_type(
    Params, name="DECISION", title="Decision", icon="split", behaviour=Behaviour.DECISION, effect=Effect.NONE
)
async def decision(params: Params, ctx: StepContext) -> Any:
    """Choose a way: its conditions are asked in their order, the first true one is taken, else “otherwise”."""
