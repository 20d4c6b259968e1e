"""Room memory from outside: named values, bounded, searched."""

import pytest

from engine.core.errors import InvalidInput, NotFound
from engine.core.memory import MemoryFull
from engine.core.page import Paging
from engine.core.room import NewRoom
from engine.services import memory, rooms, workflows
from engine.services.permission import Forbidden


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
