"""A room's memory as one step sees it: what the room keeps, and what this run wrote on its branch."""

from collections.abc import Callable, Mapping
from typing import Any

from engine.store import conversation, memory
from engine.store.database import Database


class StepMemory:
    """Reads the store when asked; the run's own writes lie over what is found there."""

    def __init__(self, db: Database, room_id: str, own: Callable[[], Mapping[str, Any]]) -> None:
        self._db = db
        self._room_id = room_id
        self._own = own

    def get(self, key: str) -> Any:
        own = self._own()
        if key in own:
            return own[key]
        with self._db.read() as session:
            return memory.snapshot(session, self._room_id, [key]).get(key)

    def search(self, query: str, limit: int) -> list[dict[str, Any]]:
        """Entries whose key or value holds the query, the newest first: [{key, value}]."""
        needle, written = query.casefold(), self._own()
        own = [
            {"key": key, "value": value}
            for key, value in written.items()
            if needle in key.casefold() or needle in str(value).casefold()
        ]
        with self._db.read() as session:
            kept = memory.search(session, self._room_id, query, limit)
        return [*own, *(entry for entry in kept if entry["key"] not in written)][:limit]

    def history(self, limit: int) -> list[dict[str, str]]:
        """The room's last conversation turns, oldest first: [{role, content}]."""
        with self._db.read() as session:
            return conversation.latest(session, self._room_id, limit)
