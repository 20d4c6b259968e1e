"""Runs that store and look up texts: embedded once, found by their meaning, replayed without asking anybody."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.core.identity import User
from engine.core.memory import Kind
from engine.core.run import RunStatus
from engine.runtime import Runtime
from engine.services import history, memory
from tests.core.drawing import forked, line, node
from tests.fixtures.embedding_server import EmbeddingServer, embedding_server
from tests.fixtures.runtimes import HOUR, SECOND, MovableRuntime, open_movable
from tests.runner.conftest import Place

MODEL = "openai:text-embedding-3-small"


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with embedding_server() as server:
        yield server


@pytest.fixture
def rt(database_url: str, tmp_path: Path, server: EmbeddingServer) -> Iterator[Runtime]:
    opened = open_movable(database_url, f"unix://{tmp_path / 'nobody.sock'}", tmp_path)
    settings = opened.settings.model_copy(update={"embedding": MODEL, "openai_base_url": server.url})
    with closing(replace(opened, settings=settings)) as runtime:
        yield runtime


def stores(id_: str, key: str, value: Any, kind: Kind = Kind.SEMANTIC, **more: Any) -> dict[str, Any]:
    arguments = {"key": key, "value": value, "kind": kind.value, **more}
    return node(id_, "TOOL_EXECUTION", config={"tool": "memory_store", "arguments": arguments})


def looks(id_: str, query: str, **more: Any) -> dict[str, Any]:
    arguments = {"query": query, **more}
    return node(id_, "TOOL_EXECUTION", config={"tool": "memory_query", "arguments": arguments})


def ended(place: Place, room: str) -> Any:
    """The output of a run that went well and replays to the same."""
    run = place.over(place.start(room).id)
    assert run.status is RunStatus.COMPLETED, run.error
    replayed = history.replay_run(place.rt, place.user, run.id)
    assert replayed["identical"], replayed
    return run.output


def keys(place: Place, room: str) -> list[str]:
    return [entry.key for entry in memory.list_entries(place.rt, place.user, room).items]


def test_a_text_is_found_by_its_meaning_in_the_run_that_stored_it_and_in_later_ones(
    place: Place, server: EmbeddingServer, editor: User
) -> None:
    out = "{{ vars.seek.matches.map(m, m.key) }}"
    seek = looks("seek", "get my cash back", kind="SEMANTIC", by="meaning", limit=2)
    rules = stores("a", "rules", "Refunds take two weeks.", metadata={"page": 7})
    parcels = stores("b", "parcels", "The courier needs three days for delivery.")
    room = place.room(line(rules, parcels, seek, end={"output": out}))

    assert ended(place, room) == ["rules", "parcels"]
    asked = len(server.texts)
    assert asked == 3
    entry = memory.get(place.rt, editor, room, "rules")
    assert (entry.kind, entry.metadata, entry.is_embedded) == (Kind.SEMANTIC, {"page": 7}, True)
    best = memory.search(place.rt, editor, room, memory.Search(query="reimbursed", kind=Kind.SEMANTIC))[0]
    assert (best["key"], best["metadata"], best["score"] > 0.7) == ("rules", {"page": 7}, True)
    assert memory.search(place.rt, editor, room, "two weeks")[0]["key"] == "rules"
    assert len(server.texts) == asked + 1


def test_a_branch_finds_its_own_text_and_the_room_has_it_after_the_join(place: Place) -> None:
    mine = [
        stores("a", "mine", "My login is locked."),
        looks("seek", "credentials", kind="SEMANTIC", by="meaning", min_score=0.5),
    ]
    other = [looks("nothing", "credentials", kind="SEMANTIC", by="meaning", min_score=0.5)]
    output = {"mine": "{{ vars.seek.value }}", "theirs": "{{ size(vars.nothing.matches) }}"}
    room = place.room(forked(mine, other, end={"output": output}))

    assert ended(place, room) == {"mine": "My login is locked.", "theirs": 0}
    assert keys(place, room) == ["mine"]
    hits = memory.search(place.rt, place.user, room, memory.Search(query="password", kind=Kind.SEMANTIC))
    assert [hit["key"] for hit in hits] == ["mine"]


def test_short_term_ends_with_the_run_and_a_time_to_live_by_the_rooms_clock(
    place: Place, rt: MovableRuntime
) -> None:
    output = {
        "draft": "{{ memory.draft }}",
        "found": "{{ vars.seek.value }}",
        "brief": "{{ has(memory.brief) }}",
    }
    steps = [
        stores("a", "draft", "an idea", Kind.SHORT_TERM),
        stores("b", "brief", 1, Kind.LONG_TERM, ttl_s=3600),
        looks("seek", "idea"),
    ]
    room = place.room(line(*steps, end={"output": output}))
    later = place.room(line(looks("seek", "idea"), end={"output": "{{ has(memory.brief) }}"}))
    kept = memory.Kept(ttl_s=3600)
    memory.put(rt, place.user, later, "brief", 1, kept=kept)

    assert ended(place, room) == {"draft": "an idea", "found": "an idea", "brief": True}
    assert (keys(place, room), ended(place, later)) == (["brief"], True)
    rt.move_clock(HOUR + SECOND)
    assert (keys(place, room), ended(place, later)) == ([], False)


def test_a_failed_embedding_fails_the_step_and_stores_nothing(place: Place, server: EmbeddingServer) -> None:
    room = place.room(line(stores("a", "rules", "Refunds")))

    def code() -> str:
        run = place.over(place.start(room).id)
        return str(history.steps(place.rt, place.user, run.id)[1]["error"]["code"])

    server.status, server.answer = 500, {"error": {"message": "down"}}
    assert code() == "provider_unavailable"
    server.status, server.answer = 200, {"data": [{"index": 0, "embedding": []}], "model": "m"}
    assert code() == "bad_reply"
    assert keys(place, room) == []


def test_the_sweeper_takes_away_what_nobody_sees_any_more(place: Place, rt: MovableRuntime) -> None:
    room = place.room(line(looks("seek", "x")))
    memory.put(rt, place.user, room, "brief", 1, kept=memory.Kept(ttl_s=60))
    rt.move_clock(HOUR)

    def rows() -> int:
        with rt.db.look() as hot:
            return int(hot.one("SELECT count(*) FROM memory")[0])

    place.until(place.start(room).id, lambda _: rows() == 0)
