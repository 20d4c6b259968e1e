"""Look something up in the room's memory: what earlier runs and this one remembered."""

import json
from typing import Any, Self

from pydantic import Field, model_validator

from engine.core.catalogue import Effect, StepContext, tool
from engine.core.document import Frozen, Key
from engine.core.memory import ranked


class Params(Frozen):
    query: str | None = Field(
        None,
        min_length=1,
        max_length=1000,
        description="words to look for in keys and values",
        json_schema_extra={"template": True},
    )
    key: Key | None = Field(None, description="the one key to read, instead of a search")
    limit: int = Field(10, ge=1, le=100, description="the most matches a search gives")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.query is None) == (self.key is None):
            raise ValueError("give either query, to search, or key, to read one entry")
        return self


RETURNS = {
    "type": "object",
    "properties": {
        "matches": {
            "type": "array",
            "description": "best first; empty when nothing fits",
            "items": {
                "type": "object",
                "properties": {"key": {"type": "string"}, "value": {}},
                "required": ["key", "value"],
                "additionalProperties": False,
            },
        },
        "value": {"description": "the first match's value, or null"},
    },
    "required": ["matches", "value"],
    "additionalProperties": False,
}


@tool(
    Params,
    title="Memory: look up",
    category="memory",
    effect=Effect.NONE,
    returns=RETURNS,
    timeout_s=10,
    examples=({"arguments": {"query": "invoice address"}}, {"arguments": {"key": "customer"}}),
)
def memory_query(params: Params, ctx: StepContext) -> Any:
    """Look into the room's memory: search it by words, or read one key."""
    matches = _read(ctx, params.key) if params.key else _search(ctx, params.query or "", params.limit)
    return {"matches": matches, "value": matches[0]["value"] if matches else None}


def _read(ctx: StepContext, key: str) -> list[dict[str, Any]]:
    value = ctx.remember[key] if key in ctx.remember else ctx.memory.get(key)
    return [] if value is None else [{"key": key, "value": value}]


def _search(ctx: StepContext, query: str, limit: int) -> list[dict[str, Any]]:
    """What this step itself stored comes first: the room does not have it yet."""
    texts = [(key, json.dumps(value, ensure_ascii=False)) for key, value in ctx.remember.items()]
    fresh = [{"key": key, "value": ctx.remember[key]} for key, _ in ranked(query, texts, limit)]
    kept = ctx.memory.search(query, limit + len(ctx.remember))
    older = [{"key": hit["key"], "value": hit["value"]} for hit in kept if hit["key"] not in ctx.remember]
    return [*fresh, *older][:limit]
