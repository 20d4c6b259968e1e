"""Remember something in the room: written together with the step's result, or not at all."""

from typing import Any

from pydantic import Field, JsonValue, field_validator

from engine.core.catalogue import Effect, StepContext, StepError, tool
from engine.core.document import RESERVED_NAMES, Frozen, Key
from engine.core.errors import InvalidInput
from engine.core.memory import encoded


class Params(Frozen):
    key: Key = Field(description="the name under which it is kept: memory.<key> in expressions")
    value: JsonValue = Field(description="any JSON up to 1 MiB; replaces what was there")

    @field_validator("key")
    @classmethod
    def _is_free(cls, key: str) -> str:
        if key in RESERVED_NAMES:
            raise ValueError(f"{key!r} is reserved in expressions; choose another key")
        return key


RETURNS = {
    "type": "object",
    "properties": {"key": {"type": "string"}, "stored": {"const": True}},
    "required": ["key", "stored"],
    "additionalProperties": False,
}


@tool(
    Params,
    title="Memory: remember",
    category="memory",
    effect=Effect.NONE,
    returns=RETURNS,
    timeout_s=10,
    examples=(
        {
            "arguments": {"key": "customer", "value": {"name": "Ada"}},
            "result": {"key": "customer", "stored": True},
        },
    ),
)
def memory_store(params: Params, ctx: StepContext) -> Any:
    """Keep a value in the room's memory under a key; later runs of the room find it there."""
    try:
        encoded(params.value)
    except InvalidInput as error:
        raise StepError(str(error), code=error.code, retryable=False) from None
    ctx.write(params.key, params.value)
    return {"key": params.key, "stored": True}
