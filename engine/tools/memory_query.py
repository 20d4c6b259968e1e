"""Look something up in the room's memory: what earlier runs and this one remembered."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from engine.core.catalogue import Effect, StepContext, tool
from engine.core.document import Frozen, Key
from engine.core.embedding import asked, candidate
from engine.core.memory import Kind, best


class Params(Frozen):
    query: str | None = Field(
        None,
        min_length=1,
        max_length=1000,
        description="what to look for in keys and values",
        json_schema_extra={"template": True},
    )
    key: Key | None = Field(None, description="the one key to read, instead of a search")
    limit: int = Field(10, ge=1, le=100, description="the most matches a search gives")
    kind: Literal["LONG_TERM", "SHORT_TERM", "SEMANTIC"] | None = Field(
        None, description="search entries of this kind only; SEMANTIC ones by words and meaning"
    )
    by: Literal["words", "meaning"] | None = Field(
        None, description="search by words alone or by meaning alone, instead of what fits the kind"
    )
    min_score: float | None = Field(
        None, ge=0, description="leave out worse matches: 0 to 1 for meaning, from 0 on for words"
    )

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
                "properties": {
                    "key": {"type": "string"},
                    "value": {"description": "of a text the part that fits best"},
                    "kind": {"type": "string"},
                    "score": {"type": "number"},
                    "metadata": {"type": "object"},
                },
                "required": ["key", "value"],
                "additionalProperties": False,
            },
        },
        "value": {"description": "the first match's value, or null"},
    },
    "required": ["matches", "value"],
    "additionalProperties": False,
}


def _waits(arguments: Mapping[str, Any]) -> bool:
    """The query may have to be embedded."""
    has_words_alone = arguments.get("kind") in (None, Kind.LONG_TERM, Kind.SHORT_TERM)
    by = arguments.get("by")
    return "query" in arguments and by != "words" and not (has_words_alone and by is None)


@tool(
    Params,
    title="Memory: look up",
    category="memory",
    effect=Effect.NONE,
    returns=RETURNS,
    timeout_s=60,
    waits=_waits,
    examples=(
        {"arguments": {"query": "invoice address"}},
        {"arguments": {"key": "customer"}},
        {"arguments": {"query": "how long do refunds take?", "kind": "SEMANTIC", "limit": 3}},
    ),
)
def memory_query(params: Params, ctx: StepContext) -> Any:
    """Look into the room's memory: search it by words or meaning, or read one key."""
    if params.key:
        return _answer(_read(ctx, params.key))
    how = params.model_dump(include={"kind", "by", "min_score"}, exclude_none=True)
    is_like = params.kind == Kind.SEMANTIC and params.by is None and bool(ctx.settings.get("embedding"))
    if is_like or params.by == "meaning":
        return _searched_by_meaning(params, ctx, how)
    return _answer(_search(ctx, params, how))


async def _searched_by_meaning(params: Params, ctx: StepContext, how: dict[str, Any]) -> Any:
    wanted, usage = await asked(ctx.catalogue, ctx.settings, params.query or "")
    ctx.usage += usage
    return _answer(_search(ctx, params, how | wanted))


def _answer(matches: list[dict[str, Any]]) -> dict[str, Any]:
    return {"matches": matches, "value": matches[0]["value"] if matches else None}


def _read(ctx: StepContext, key: str) -> list[dict[str, Any]]:
    value = ctx.remember[key] if key in ctx.remember else ctx.memory.get(key)
    return [] if value is None else [{"key": key, "value": value}]


def _search(ctx: StepContext, params: Params, how: dict[str, Any]) -> list[dict[str, Any]]:
    """What this step itself stored comes first: the room does not have it yet."""
    query = params.query or ""
    stored = [candidate(key, value, ctx.about.get(key, {}), how) for key, value in ctx.remember.items()]
    fresh = best(query, stored, params.limit, how)
    kept = ctx.memory.search(query, params.limit + len(stored), how)
    older = [hit for hit in kept if hit["key"] not in ctx.remember]
    return [*fresh, *older][: params.limit]
