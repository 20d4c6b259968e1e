"""Remember something in the room: written together with the step's result, or not at all."""

import hashlib
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, JsonValue, field_validator, model_validator

from engine.core.catalogue import Effect, StepContext, StepError, tool
from engine.core.document import RESERVED_NAMES, Frozen, Key
from engine.core.embedding import indexed
from engine.core.errors import InvalidInput
from engine.core.memory import MAX_TTL_S, Kind, MemoryFull, about_entry, check_room, encoded, text_of


class Params(Frozen):
    key: Key | None = Field(
        None,
        description="the name under which it is kept: memory.<key> in expressions; a text may go without",
    )
    value: JsonValue = Field(description="any JSON up to 1 MiB, for SEMANTIC a text; replaces what was there")
    kind: Literal["LONG_TERM", "SHORT_TERM", "SEMANTIC"] = Field(
        "LONG_TERM",
        description="LONG_TERM: the room keeps it; SHORT_TERM: gone when the run ends; SEMANTIC: a text that is "
        "found by its words and meaning",
    )
    ttl_s: float | None = Field(
        None, gt=0, le=MAX_TTL_S, description="seconds after which nobody sees it any more"
    )
    metadata: dict[str, JsonValue] = Field(
        {}, description="kept beside it, given back by searches; up to 4 KiB"
    )

    @field_validator("key")
    @classmethod
    def _is_free(cls, key: str | None) -> str | None:
        if key in RESERVED_NAMES:
            raise ValueError(f"{key!r} is reserved in expressions; choose another key")
        return key

    @model_validator(mode="after")
    def _has_a_name(self) -> Self:
        if self.key is None and self.kind != Kind.SEMANTIC:
            raise ValueError(f"a {self.kind} entry needs a key")
        return self


RETURNS = {
    "type": "object",
    "properties": {"key": {"type": "string"}, "stored": {"const": True}},
    "required": ["key", "stored"],
    "additionalProperties": False,
}


def _waits(arguments: Mapping[str, Any]) -> bool:
    """Texts may have to be embedded."""
    return arguments.get("kind", Kind.LONG_TERM) not in (Kind.LONG_TERM, Kind.SHORT_TERM)


@tool(
    Params,
    title="Memory: remember",
    category="memory",
    effect=Effect.NONE,
    returns=RETURNS,
    timeout_s=60,
    waits=_waits,
    examples=(
        {
            "arguments": {"key": "customer", "value": {"name": "Ada"}},
            "result": {"key": "customer", "stored": True},
        },
        {
            "title": "A text, for a month",
            "arguments": {
                "key": "refund_rules",
                "value": "Refunds take 14 days.",
                "kind": "SEMANTIC",
                "ttl_s": 2_592_000,
                "metadata": {"source": "handbook"},
            },
            "result": {"key": "refund_rules", "stored": True},
        },
    ),
)
def memory_store(params: Params, ctx: StepContext) -> Any:
    """Keep a value in the room's memory under a key, or a text that is found by what it means."""
    key = params.key or _name_of(params.value)
    expires_us = None if params.ttl_s is None else ctx.now_us + round(params.ttl_s * 1_000_000)
    try:
        size = len(encoded(params.value).encode())
        about = about_entry(Kind(params.kind), expires_us, params.metadata)
        if params.kind == Kind.SEMANTIC:
            text_of(params.value)
        if params.kind != Kind.SHORT_TERM:
            _check_room(ctx, key, size)
    except (InvalidInput, MemoryFull) as error:
        raise StepError(str(error), code=error.code, retryable=False) from None
    if params.kind == Kind.SEMANTIC:
        return _text_stored(ctx, key, str(params.value), about)
    ctx.write(key, params.value, about)
    return {"key": key, "stored": True}


async def _text_stored(ctx: StepContext, key: str, text: str, about: dict[str, Any]) -> Any:
    chunks, usage = await indexed(ctx.catalogue, ctx.settings, text)
    ctx.usage += usage
    ctx.write(key, text, about | chunks)
    return {"key": key, "stored": True}


def _name_of(text: Any) -> str:
    """The same text has the same name, so that it is kept once."""
    return f"text_{hashlib.sha256(str(text).encode()).hexdigest()[:16]}"


def _check_room(ctx: StepContext, key: str, size: int) -> None:
    """What this step has stored so far is counted, though the room does not have it yet."""
    room = ctx.memory.size(key)
    fresh = [value for name, value in ctx.remember.items() if name != key]
    taken = sum(len(encoded(value).encode()) for value in fresh)
    check_room({"entries": room["entries"] + len(fresh), "bytes": room["bytes"] + taken}, size)
