"""A room's memory as one step sees it: what the room keeps, and what this run wrote on its branch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from engine.core.embedding import candidate
from engine.core.memory import Candidate, Kind, best
from engine.core.tokens import State, Token
from engine.store import conversation, memory
from engine.store.database import Database


@dataclass(frozen=True, slots=True)
class Own:
    """What a run remembers at one place and time: values by key, and what is not plain about them."""

    values: Mapping[str, Any]
    about: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, state: State, token: Token, now_us: int) -> Self:
        about = state.about_memory(token)
        return cls(state.memory_of(token, now_us), about)

    def over(self, kept: Iterable[Candidate], how: Mapping[str, Any]) -> list[Candidate]:
        """What the room keeps, as this run sees it, and what the run wrote that is not the room's."""
        true = {one.key: one for one in kept if self._agrees(one)}
        return [*true.values(), *(self._candidate(key, how) for key in self.values if key not in true)]

    def _agrees(self, one: Candidate) -> bool:
        if one.key not in self.values:
            return True
        seen = self.values[one.key]
        return bool(seen == one.value or (one.kind == Kind.SEMANTIC and str(one.value) in str(seen)))

    def _candidate(self, key: str, how: Mapping[str, Any]) -> Candidate:
        return candidate(key, self.values[key], self.about.get(key, {}), how)


OwnAt = Callable[[str, int], Own]
"""What the run remembers, as the step of an activation sees it at a time."""


class StepMemory:
    """Reads the store when asked; the run's own writes lie over what is found there."""

    __slots__ = ("_activation", "_db", "_now_us", "_own", "_room_id")

    def __init__(self, db: Database, room_id: str, activation: str, now_us: int, own: OwnAt) -> None:
        self._db = db
        self._room_id = room_id
        self._activation = activation
        self._now_us = now_us
        """When the step began, as recorded: it decides which entries have expired."""
        self._own = own

    def get(self, key: str) -> Any:
        own = self._own(self._activation, self._now_us).values
        if key in own:
            return own[key]
        with self._db.read() as session:
            values, _ = memory.snapshot(session, self._room_id, [key], now_us=self._now_us)
        return values.get(key)

    def search(self, query: str, limit: int, how: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The entries that fit best, [{key, value, kind, score}]; `how` as in engine.core.memory."""
        how = how or {}
        with self._db.read() as session:
            kept = memory.candidates(session, self._room_id, query, now_us=self._now_us, how=how)
        return best(query, self._own(self._activation, self._now_us).over(kept, how), limit, how)

    def size(self, without: str) -> dict[str, int]:
        """{entries, bytes} of what the room keeps besides."""
        with self._db.read() as session:
            return memory.size(session, self._room_id, without, self._now_us)

    def history(self, limit: int) -> list[dict[str, str]]:
        """The room's last conversation turns, oldest first: [{role, content}]."""
        with self._db.read() as session:
            return conversation.latest(session, self._room_id, limit)

    def conversation(self, limit: int) -> dict[str, Any]:
        """{summary, turns}: the last turns since the summary, oldest first, each {id, role, content}."""
        with self._db.read() as session:
            return conversation.recalled(session, self._room_id, limit)
