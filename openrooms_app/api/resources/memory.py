"""The memory of a room: list, search, read, write and delete its entries; its conversation."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from engine.core.memory import MAX_TTL_S, Kind, MemoryEntry, Turn
from engine.core.page import Page
from engine.services import memory
from openrooms_app.api.bodies import StrictRoute
from openrooms_app.api.deps import By, PageAsked

router = APIRouter(prefix="/api/rooms/{room_id}", tags=["memory"], route_class=StrictRoute)


class Value(BaseModel):
    model_config = ConfigDict(extra="forbid")

    value: JsonValue
    kind: Kind = Field(
        Kind.LONG_TERM, description="LONG_TERM, or SEMANTIC for a text to be found by its meaning"
    )
    ttl_s: float | None = Field(None, gt=0, le=MAX_TTL_S, description="seconds until nobody sees it")
    metadata: dict[str, JsonValue] = Field({}, description="given back by searches; up to 4 KiB")


@router.get("/memory")
def list_entries(  # noqa: PLR0913 - the query's parameters
    room_id: str,
    by: By,
    page: PageAsked,
    *,
    query: Annotated[str | None, Query(max_length=1000, description="what to look for")] = None,
    kind: Annotated[Kind | None, Query(description="entries of this kind only")] = None,
    search_by: Annotated[
        Literal["words", "meaning"] | None, Query(alias="by", description="one way of searching only")
    ] = None,
    min_score: Annotated[float | None, Query(ge=0, description="leave out worse matches")] = None,
) -> Page[MemoryEntry] | Page[dict[str, Any]]:
    """Entries in order of their keys; with `query` those that fit best, each with its `score`."""
    if query is None:
        return memory.list_entries(*by, room_id, page, kind)
    wanted = memory.Search(query=query, kind=kind, by=search_by, min_score=min_score, limit=page.limit)
    return Page(items=tuple(memory.search(*by, room_id, wanted)))


@router.get("/memory/{key}")
def get_entry(room_id: str, key: str, by: By) -> MemoryEntry:
    return memory.get(*by, room_id, key)


@router.put("/memory/{key}")
def put_entry(room_id: str, key: str, body: Value, by: By) -> MemoryEntry:
    """Set the entry, whatever it was."""
    kept = memory.Kept(kind=body.kind, ttl_s=body.ttl_s, metadata=body.metadata)
    return memory.put(*by, room_id, key, body.value, kept=kept)


@router.delete("/memory/{key}", status_code=204)
def delete_entry(room_id: str, key: str, by: By) -> None:
    memory.delete(*by, room_id, key)


@router.get("/conversation")
def list_turns(room_id: str, by: By, page: PageAsked) -> Page[Turn]:
    """What was said in the room to its agents and by them, the newest first; a summary stands for what is older."""
    return memory.list_turns(*by, room_id, page)


@router.delete("/conversation", status_code=204)
def forget_conversation(room_id: str, by: By) -> None:
    """Let the room's agents forget what was said."""
    memory.forget_conversation(*by, room_id)
