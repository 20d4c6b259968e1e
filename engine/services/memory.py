"""A room's memory, as people read and write it; a run writes its own in the transaction of its events."""

from typing import Any

from pydantic import JsonValue

from engine.core.errors import NotFound
from engine.core.identity import Role, User
from engine.core.memory import MAX_ROOM_BYTES, MemoryEntry, MemoryFull, check_key, encoded
from engine.core.page import FIRST_PAGE, Page, Paging
from engine.runtime import Runtime
from engine.services.permission import require
from engine.store import memory, rooms

MAX_FOUND = 100


def list_entries(rt: Runtime, user: User, room_id: str, paging: Paging = FIRST_PAGE) -> Page[MemoryEntry]:
    """In order of their keys."""
    require(rt, user, Role.VIEWER, "read a room's memory")
    with rt.db.read() as session:
        _check_room(rooms.exists(session, room_id), room_id)
        found = memory.list_after(session, room_id, paging.after(), paging.limit + 1)
    return paging.page(found, lambda item: item.key)


def get(rt: Runtime, user: User, room_id: str, key: str) -> MemoryEntry:
    require(rt, user, Role.VIEWER, "read a room's memory")
    with rt.db.read() as session:
        found = memory.get(session, room_id, key)
    if found is None:
        raise NotFound("memory entry", key)
    return found


def put(rt: Runtime, user: User, room_id: str, key: str, value: JsonValue) -> MemoryEntry:
    """Set the entry, whatever it was.

    Raises:
        InvalidInput: the key is no name, or the value is over 1 MiB of JSON.
        MemoryFull: the room's memory would grow past 8 MiB.
    """
    require(rt, user, Role.EDITOR, "write a room's memory")
    check_key(key)
    size = len(encoded(value).encode())
    with rt.db.write() as session:
        _check_room(rooms.exists(session, room_id), room_id)
        wanted = memory.size_without(session, room_id, key) + size
        if wanted > MAX_ROOM_BYTES:
            raise MemoryFull(wanted)
        memory.write(session, room_id, key, value, run_id=None, now_us=rt.now_us())
        kept = memory.get(session, room_id, key)
    if kept is None:
        raise NotFound("memory entry", key)
    return kept


def delete(rt: Runtime, user: User, room_id: str, key: str) -> None:
    require(rt, user, Role.EDITOR, "write a room's memory")
    with rt.db.write() as session:
        if not memory.delete_entry(session, room_id, key):
            raise NotFound("memory entry", key)


def search(rt: Runtime, user: User, room_id: str, query: str, limit: int = 20) -> list[dict[str, Any]]:
    """The entries that fit best: [{key, value, score}], best first."""
    require(rt, user, Role.VIEWER, "read a room's memory")
    with rt.db.read() as session:
        _check_room(rooms.exists(session, room_id), room_id)
        return memory.search(session, room_id, query, max(1, min(limit, MAX_FOUND)))


def _check_room(is_there: bool, room_id: str) -> None:
    if not is_there:
        raise NotFound("room", room_id)
