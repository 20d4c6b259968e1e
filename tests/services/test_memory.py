"""Room memory from outside: named values, bounded, searched."""

from dataclasses import replace
from itertools import pairwise

import pytest

from engine.core.embedding import NoEmbedding, chunks_of
from engine.core.errors import InvalidInput, NotFound
from engine.core.memory import MAX_ROOM_ENTRIES, Kind, MemoryFull
from engine.core.page import Paging
from engine.core.room import NewRoom
from engine.services import memory, rooms, workflows
from engine.services.permission import Forbidden
from engine.store import conversation
from engine.store import memory as store
from tests.fixtures.embedding_server import embedding_server
from tests.fixtures.runtimes import SECOND


@pytest.fixture
def room(rt, editor):
    workflow = workflows.create_empty(rt, editor, "W")
    return rooms.create(rt, editor, NewRoom(name="Desk", workflow_id=workflow.id)).id


def test_an_entry_is_written_read_and_counted(rt, editor, room):
    first = memory.put(rt, editor, room, "customer", {"name": "Zoë", "tier": 1.0})
    second = memory.put(rt, editor, room, "customer", None)

    assert (first.value, first.revision, first.run_id) == ({"name": "Zoë", "tier": 1.0}, 1, None)
    assert (second.value, second.revision) == (None, 2)
    assert memory.get(rt, editor, room, "customer") == second


def test_entries_are_listed_by_key_in_pages(rt, editor, room):
    for key in ("b", "d", "a", "c"):
        memory.put(rt, editor, room, key, key)

    first = memory.list_entries(rt, editor, room, Paging(limit=3))
    last = memory.list_entries(rt, editor, room, Paging(limit=3, cursor=first.next_cursor))

    assert [entry.key for entry in first.items + last.items] == ["a", "b", "c", "d"]


def test_a_deleted_entry_is_gone(rt, editor, room):
    memory.put(rt, editor, room, "key", 1)
    memory.delete(rt, editor, room, "key")

    for ask in (memory.get, memory.delete):
        with pytest.raises(NotFound):
            ask(rt, editor, room, "key")


@pytest.mark.parametrize("key", ["", "A", "1a", "a-b", "a" * 65, "memory", "true", "a\n", "ä", "a.b", "a\0"])
def test_a_key_that_no_expression_could_name_is_refused(rt, editor, room, key):
    with pytest.raises(InvalidInput):
        memory.put(rt, editor, room, key, 1)


def test_a_value_has_a_mebibyte_and_not_a_byte_more(rt, editor, room):
    fits = "x" * (1024 * 1024 - 2)
    assert memory.put(rt, editor, room, "key", fits).value == fits
    with pytest.raises(InvalidInput, match="1,048,577 bytes"):
        memory.put(rt, editor, room, "key", fits + "x")


@pytest.mark.parametrize("value", ["\ud800", 2**70, {1: 2}])
def test_a_value_that_is_no_json_is_refused(rt, editor, room, value):
    with pytest.raises(InvalidInput):
        memory.put(rt, editor, room, "key", value)


def test_a_room_holds_8_mebibytes_counted_in_bytes(rt, editor, room):
    full = "ü" * (512 * 1024 - 1)
    for number in range(8):
        memory.put(rt, editor, room, f"k{number}", full)

    with pytest.raises(MemoryFull, match="8,388,608 are the most"):
        memory.put(rt, editor, room, "more", 1)
    memory.put(rt, editor, room, "k0", full)
    memory.put(rt, editor, room, "k0", "small")
    assert memory.put(rt, editor, room, "more", 1)


def test_a_search_finds_words_parts_of_words_and_misspelt_ones(rt, editor, room):
    memory.put(rt, editor, room, "invoice_policy", "Refunds of invoices take 14 days")
    memory.put(rt, editor, room, "shipping", {"carrier": "DHL", "days": 3})
    memory.put(rt, editor, room, "greeting", "Hello and welcome")

    def found(query):
        return [hit["key"] for hit in memory.search(rt, editor, room, query)]

    assert found("refunds") == ["invoice_policy"]
    assert found("DAYS")[0] == "shipping"
    assert found("voice") == ["invoice_policy"]
    assert found("refnuds invoces") == ["invoice_policy"]
    assert found("zebra") == found("") == found("%") == []
    assert memory.search(rt, editor, room, "dhl")[0]["value"] == {"carrier": "DHL", "days": 3}


def test_a_search_gives_at_most_what_is_asked_for(rt, editor, room):
    for number in range(5):
        memory.put(rt, editor, room, f"k{number}", "same words")

    assert [hit["key"] for hit in memory.search(rt, editor, room, "words", limit=2)] == ["k0", "k1"]


def test_a_room_that_is_not_there_is_not_found(rt, editor):
    for ask in (
        lambda: memory.list_entries(rt, editor, "ghost"),
        lambda: memory.get(rt, editor, "ghost", "key"),
        lambda: memory.put(rt, editor, "ghost", "key", 1),
        lambda: memory.delete(rt, editor, "ghost", "key"),
        lambda: memory.search(rt, editor, "ghost", "x"),
    ):
        with pytest.raises(NotFound):
            ask()


def test_a_viewer_reads_and_does_not_write(rt, editor, viewer, room):
    memory.put(rt, editor, room, "key", 1)

    assert memory.get(rt, viewer, room, "key").value == 1
    assert memory.search(rt, viewer, room, "key")
    for forbidden in (
        lambda: memory.put(rt, viewer, room, "key", 2),
        lambda: memory.delete(rt, viewer, room, "key"),
    ):
        with pytest.raises(Forbidden):
            forbidden()


def test_an_entry_has_a_kind_an_end_and_metadata(rt, editor, room):
    kept = memory.Kept(kind=Kind.SEMANTIC, ttl_s=60, metadata={"page": 3})
    before_us = rt.now_us()
    made = memory.put(rt, editor, room, "rules", "Refunds take 14 days.", kept=kept)

    assert (made.kind, made.metadata, made.is_embedded) == (Kind.SEMANTIC, {"page": 3}, False)
    assert before_us + 60 * SECOND <= made.expires_at <= rt.now_us() + 60 * SECOND
    memory.put(rt, editor, room, "plain", 1)
    assert [e.key for e in memory.list_entries(rt, editor, room, kind=Kind.SEMANTIC).items] == ["rules"]
    rt.move_clock(61 * SECOND)
    assert [e.key for e in memory.list_entries(rt, editor, room).items] == ["plain"]
    assert memory.search(rt, editor, room, "refunds") == []
    for ask in (memory.get, memory.delete):
        with pytest.raises(NotFound):
            ask(rt, editor, room, "rules")
    again = memory.put(rt, editor, room, "rules", {"now": "plain"})
    assert (again.kind, again.expires_at, again.metadata) == (Kind.LONG_TERM, None, {})


def test_what_can_not_be_kept_is_refused_by_name(rt, editor, room):
    def refused(error, value, **kept):
        with pytest.raises(error):
            memory.put(rt, editor, room, "key", value, kept=memory.Kept(**kept))

    refused(InvalidInput, 1, kind=Kind.SHORT_TERM)
    refused(InvalidInput, 1, kind=Kind.SEMANTIC)
    refused(InvalidInput, " ", kind=Kind.SEMANTIC)
    refused(InvalidInput, 1, metadata={"x": "y" * 5000})
    with pytest.raises(NoEmbedding, match="OPENROOMS_EMBEDDING"):
        memory.search(rt, editor, room, memory.Search(query="x", by="meaning"))
    with rt.db.hot() as hot:
        values = {f"k{number}": 0 for number in range(MAX_ROOM_ENTRIES)}
        store.keep(hot, room, None, values, 1)
    with pytest.raises(MemoryFull, match="10,001 entries"):
        memory.put(rt, editor, room, "one_more", 1)
    assert memory.put(rt, editor, room, "k7", 1).revision == 2


HANDBOOK = {
    "refunds": "Refunds: the customer gets the money back within two weeks, paid to the same card.",
    "shipping": "Delivery by courier takes three days. A parcel to an island may arrive later.",
    "access": "When an account is locked, reset the password; the login works again at once.",
    "tone": "Begin with a greeting. Say hello by name, and welcome new customers.",
}


def test_texts_are_found_by_their_words_and_where_there_is_an_embedding_by_what_they_mean(rt, editor, room):
    def first(query, **how):
        hits = memory.search(rt, editor, room, memory.Search(query=query, kind=Kind.SEMANTIC, **how))
        return [hit["key"] for hit in hits][:1]

    with embedding_server() as server:
        changes = {"embedding": "openai:any", "openai_base_url": server.url}
        rt = replace(rt, settings=rt.settings.model_copy(update=changes))
        for key, text in HANDBOOK.items():
            memory.put(rt, editor, room, key, text, kept=memory.Kept(kind=Kind.SEMANTIC))
        asked = ["can I be reimbursed in cash", "where is my shipping", "credentials", "hi"]
        assert [first(query)[0] for query in asked] == list(HANDBOOK)
        assert [first(query, by="meaning")[0] for query in asked] == list(HANDBOOK)
        assert first("zebra", min_score=0.9) == []
        assert len(server.asked) == len(HANDBOOK) + 9

    rt = replace(rt, settings=rt.settings.model_copy(update={"embedding": ""}))
    assert [first(query) for query in ("refund", "courier island", "pass", "greeting")] == [
        [key] for key in HANDBOOK
    ]
    assert [first(query) for query in ("credentials", "reimbursed")] == [[], []]


def test_a_long_text_is_kept_in_chunks_and_the_one_that_fits_is_given(rt, editor, room):
    text = "\n\n".join(f"Chapter {n}. " + f"Nothing about topic{n} here. " * 20 for n in range(8))
    memory.put(rt, editor, room, "book", text, kept=memory.Kept(kind=Kind.SEMANTIC))

    (hit,) = memory.search(rt, editor, room, "topic5")

    assert (hit["key"], hit["kind"]) == ("book", "SEMANTIC")
    assert "topic5" in hit["value"]
    assert len(hit["value"]) <= 1200
    assert memory.get(rt, editor, room, "book").value == text
    places = chunks_of(text)
    assert places[0][0] == 0
    assert places[-1][1] == len(text)
    assert all(before[0] < after[0] < before[1] for before, after in pairwise(places))


def test_the_conversation_is_read_and_forgotten(rt, editor, viewer, room):
    with rt.db.hot() as hot:
        turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
        conversation.append(hot, room, "r1", turns, 1)

    first = memory.list_turns(rt, viewer, room, Paging(limit=1))
    rest = memory.list_turns(rt, viewer, room, Paging(limit=1, cursor=first.next_cursor))
    assert [turn.content for turn in first.items + rest.items] == ["b", "a"]
    assert rest.next_cursor is None
    with pytest.raises(Forbidden):
        memory.forget_conversation(rt, viewer, room)
    memory.forget_conversation(rt, editor, room)
    assert memory.list_turns(rt, viewer, room).items == ()
