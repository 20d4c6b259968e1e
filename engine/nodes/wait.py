"""WAIT: rest for a time, until a time, or for a signal."""

from typing import Any, Self

from pydantic import Field, model_validator

from engine.core.catalogue import Behaviour, Effect, StepContext, node_type
from engine.core.document import ID_PATTERN, Frozen, Outcome


class Params(Frozen):
    duration_s: float | None = Field(None, ge=0, le=31_622_400, description="rest this long, in seconds")
    until: str | None = Field(
        None,
        max_length=4096,
        description="an expression that gives an RFC 3339 time with its zone",
        json_schema_extra={"expression": True},
    )
    signal: str | None = Field(
        None, pattern=ID_PATTERN, description="the name of the signal a person or a program sends"
    )
    form_schema: dict[str, Any] | None = Field(
        None, description="JSON Schema of the signal's payload; the room shows it as a form"
    )
    message: str | None = Field(
        None,
        max_length=65_536,
        description="what the room tells the person who answers",
        json_schema_extra={"template": True},
    )

    @model_validator(mode="after")
    def _one_reason(self) -> Self:
        given = [name for name in ("duration_s", "until", "signal") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"a WAIT needs exactly one of duration_s, until and signal; it has {', '.join(given) or 'none'}"
            )
        return self


@node_type(
    Params,
    name="WAIT",
    title="Wait",
    icon="clock",
    behaviour=Behaviour.WAIT,
    outcomes=(Outcome.SUCCESS, Outcome.TIMEOUT, Outcome.FAILURE),
    effect=Effect.NONE,
)
async def wait(params: Params, ctx: StepContext) -> Any:
    """Rest for a time, until a time, or until a signal comes. A waiting run holds no worker."""
