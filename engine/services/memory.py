"""A room's memory, as people read and write it; a run writes its own in the transaction of its events."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from pydantic import Field, JsonValue

from engine.core.document import Frozen
from engine.core.embedding import asked, configured, indexed
from engine.core.errors import InvalidInput, NotFound
from engine.core.identity import Role, User
from engine.core.memory import (
    MAX_TTL_S,
    Kind,
    MemoryEntry,
    Turn,
    about_entry,
    best,
    check_key,
    check_room,
    encoded,
    text_of,
)
from engine.core.page import FIRST_PAGE, Page, Paging
from engine.hiding import HIDDEN
from engine.runtime import Runtime
from engine.services.permission import require
from engine.store import conversation, memory, rooms

MAX_FOUND = 100
T = TypeVar("T")


class Kept(Frozen):
    """How an entry is kept: for good under its key, unless it says otherwise."""

    kind: Kind = Kind.LONG_TERM
    ttl_s: float | None = Field(None, gt=0, le=MAX_TTL_S, description="seconds after which nobody sees it")
    metadata: dict[str, JsonValue] = Field({}, description="given back by searches; up to 4 KiB")


class Search(Frozen):
    """How to search; a SEMANTIC entry is looked for by words and meaning unless `by` names one of them."""

    query: str
    kind: Kind | None = None
    by: str | None = None
    min_score: float | None = None
    limit: int = 20


def list_entries(
    rt: Runtime, user: User, room_id: str, paging: Paging = FIRST_PAGE, kind: Kind | None = None
) -> Page[MemoryEntry]:
    """In order of their keys.

    Raises:
        InvalidInput: SHORT_TERM entries are a run's, not the room's.
    """
    require(rt, user, Role.VIEWER, "read a room's memory")
    _check_kind(kind)
    with rt.db.read() as session:
        _check_room(rooms.exists(session, room_id), room_id)
        found = memory.list_after(
            session, room_id, paging.after(), paging.limit + 1, now_us=rt.now_us(), kind=kind
        )
    return paging.page(found, lambda item: item.key)


def get(rt: Runtime, user: User, room_id: str, key: str) -> MemoryEntry:
    require(rt, user, Role.VIEWER, "read a room's memory")
    with rt.db.read() as session:
        found = memory.get(session, room_id, key, rt.now_us())
    if found is None:
        raise NotFound("memory entry", key)
    return found


def put(  # noqa: PLR0913 - whose, which, what and how
    rt: Runtime, user: User, room_id: str, key: str, value: JsonValue, *, kept: Kept | None = None
) -> MemoryEntry:
    """Set the entry, whatever it was; a SEMANTIC one is embedded first, outside any transaction.

    Raises:
        InvalidInput: the key is no name, the value over 1 MiB of JSON or no text where one is wanted.
        MemoryFull: the room has 10,000 entries, or would hold more than 8 MiB.
        NoEmbedding, StepError: the embedding that is configured can't be used, or failed.
    """
    require(rt, user, Role.EDITOR, "write a room's memory")
    check_key(key)
    kept = kept or Kept()
    _check_kind(kept.kind)
    with rt.db.read() as session:
        _check_room(rooms.exists(session, room_id), room_id)
        rt.vault.learn(session)
    value = HIDDEN.loads(encoded(value).encode())
    expires_us = None if kept.ttl_s is None else rt.now_us() + round(kept.ttl_s * 1_000_000)
    about = about_entry(kept.kind, expires_us, HIDDEN.plain(kept.metadata))
    if kept.kind is Kind.SEMANTIC:
        chunks, _ = _ask(rt, indexed(rt.catalogue, rt.provider_settings, text_of(value)))
        about |= chunks
    return keep(rt, room_id, key, value, about)


def keep(rt: Runtime, room_id: str, key: str, value: JsonValue, about: Mapping[str, Any]) -> MemoryEntry:
    """Write the entry for whoever has been allowed to, within the room's limits; `about` as in engine.core.memory.

    Raises:
        MemoryFull
    """
    size, now_us = len(encoded(value).encode()), rt.now_us()
    with rt.db.write() as session:
        _check_room(rooms.exists(session, room_id, lock=True), room_id)
        check_room(memory.size(session, room_id, key, now_us), size)
        memory.write(session, room_id, key, value, run_id=None, now_us=now_us, about=about)
        kept = memory.get(session, room_id, key, now_us)
    if kept is None:
        raise NotFound("memory entry", key)
    return kept


def delete(rt: Runtime, user: User, room_id: str, key: str) -> None:
    require(rt, user, Role.EDITOR, "write a room's memory")
    with rt.db.write() as session:
        if not memory.delete_entry(session, room_id, key, rt.now_us()):
            raise NotFound("memory entry", key)


def search(
    rt: Runtime, user: User, room_id: str, query: str | Search, limit: int = 20
) -> list[dict[str, Any]]:
    """The entries that fit best: [{key, value, kind, score}], best first; of a text the part that fits best.

    Raises:
        NoEmbedding: it is to be searched by meaning and no embedding can be used.
    """
    require(rt, user, Role.VIEWER, "read a room's memory")
    wanted = Search(query=query, limit=limit) if isinstance(query, str) else query
    _check_kind(wanted.kind)
    with rt.db.read() as session:
        _check_room(rooms.exists(session, room_id), room_id)
    how: dict[str, Any] = wanted.model_dump(include={"kind", "by", "min_score"}, exclude_none=True)
    is_like = wanted.by is None and wanted.kind is Kind.SEMANTIC and rt.settings.embedding
    if wanted.query and (is_like or wanted.by == "meaning"):
        meaning, _ = _ask(rt, asked(rt.catalogue, rt.provider_settings, wanted.query))
        how |= meaning
    with rt.db.read() as session:
        found = memory.candidates(session, room_id, wanted.query, now_us=rt.now_us(), how=how)
    return best(wanted.query, found, max(1, min(wanted.limit, MAX_FOUND)), how)


def list_turns(rt: Runtime, user: User, room_id: str, paging: Paging = FIRST_PAGE) -> Page[Turn]:
    """The room's conversation with its agents, the newest first; summaries stand where they were made."""
    require(rt, user, Role.VIEWER, "read a room's conversation")
    after = paging.after()
    if after is not None and not after.isdecimal():
        raise InvalidInput("The cursor is none of this list.")
    with rt.db.read() as session:
        _check_room(rooms.exists(session, room_id), room_id)
        before = int(after) if after is not None else None
        found = conversation.list_before(session, room_id, before, paging.limit + 1)
    return paging.page(found, lambda turn: str(turn.id))


def forget_conversation(rt: Runtime, user: User, room_id: str) -> None:
    """Delete all turns and summaries; agents begin anew."""
    require(rt, user, Role.EDITOR, "clear a room's conversation")
    with rt.db.write() as session:
        _check_room(rooms.exists(session, room_id), room_id)
        conversation.clear(session, room_id)


def _ask(rt: Runtime, question: Coroutine[Any, Any, T]) -> T:
    """The provider's answer, asked in this thread, which must have no event loop."""

    async def answered() -> T:
        try:
            return await question
        finally:
            if rt.settings.embedding:
                provider, _ = configured(rt.catalogue, rt.provider_settings)
                if provider.close is not None:
                    await provider.close()

    return asyncio.run(answered())


def _check_kind(kind: Kind | None) -> None:
    if kind is Kind.SHORT_TERM:
        raise InvalidInput(
            "SHORT_TERM entries are a run's own: its steps write them, and its events show them until it ends."
        )


def _check_room(is_there: bool, room_id: str) -> None:
    if not is_there:
        raise NotFound("room", room_id)
