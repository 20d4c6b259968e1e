"""PARALLEL: fork into branches, or join them again."""

from typing import Annotated, Any, Literal

from pydantic import Field

from engine.core.catalogue import Behaviour, Effect, StepContext, node_type
from engine.core.document import Frozen


class Params(Frozen):
    wait_for: Literal["all", "any"] | Annotated[int, Field(ge=1, le=100)] = Field(
        "all", description="how many branches a join waits for"
    )
    on_branch_failure: Literal["fail", "continue"] = Field(
        "fail", description="what a failed branch does to its siblings: cancel them, or nothing"
    )
    merge: Literal["last", "list"] | None = Field(
        None, description="what happens to a name that several branches write"
    )
    distributed: bool = Field(False, description="hand each branch to any worker")


@node_type(
    Params,
    name="PARALLEL",
    title="Parallel",
    icon="git-fork",
    behaviour=Behaviour.PARALLEL,
    effect=Effect.NONE,
)
async def parallel(params: Params, ctx: StepContext) -> Any:
    """Several ways out fork the run into branches; several ways in join them."""
