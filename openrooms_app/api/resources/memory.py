"""The memory of a room: list, search, read, write and delete its entries."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, JsonValue

from engine.core.memory import MemoryEntry
from engine.core.page import Page
from engine.services import memory
from openrooms_app.api.bodies import StrictRoute
from openrooms_app.api.deps import By, PageAsked

router = APIRouter(prefix="/api/rooms/{room_id}/memory", tags=["memory"], route_class=StrictRoute)


class Value(BaseModel):
    model_config = ConfigDict(extra="forbid")

    value: JsonValue


@router.get("")
def list_entries(
    room_id: str,
    by: By,
    page: PageAsked,
    query: Annotated[str | None, Query(max_length=1000, description="words to look for")] = None,
) -> Page[MemoryEntry] | Page[dict[str, Any]]:
    """Entries in order of their keys; with `query` those that fit best, each with its `score`."""
    if query is None:
        return memory.list_entries(*by, room_id, page)
    return Page(items=tuple(memory.search(*by, room_id, query, page.limit)))


@router.get("/{key}")
def get_entry(room_id: str, key: str, by: By) -> MemoryEntry:
    return memory.get(*by, room_id, key)


@router.put("/{key}")
def put_entry(room_id: str, key: str, body: Value, by: By) -> MemoryEntry:
    """Set the entry, whatever it was."""
    return memory.put(*by, room_id, key, body.value)


@router.delete("/{key}", status_code=204)
def delete_entry(room_id: str, key: str, by: By) -> None:
    memory.delete(*by, room_id, key)
