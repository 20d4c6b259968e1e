"""END: where a run is complete, and what its result is."""

from typing import Any

from pydantic import Field, JsonValue

from engine.core.catalogue import Behaviour, Effect, StepContext, node_type
from engine.core.document import Frozen


class Params(Frozen):
    output: JsonValue = Field(
        None, description="the run's result; {{ }} inside its strings", json_schema_extra={"template": True}
    )


@node_type(
    Params, name="END", title="End", icon="flag", behaviour=Behaviour.END, outcomes=(), effect=Effect.NONE
)
async def end(params: Params, ctx: StepContext) -> Any:
    """Where a run is complete. One or more per workflow; nothing leaves it."""
