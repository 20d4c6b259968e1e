import asyncio

import pytest

from engine.core.catalogue import StepError
from engine.core.tool_call import call_tool
from tests.fixtures.contexts import MemoryInHand, a_context

ROOM = {
    "customer": {"name": "Ada", "city": "London"},
    "invoice": "47.11 to be paid in May",
    "notes": "Ada likes short answers",
}


@pytest.fixture
def ctx():
    return a_context(memory=MemoryInHand(dict(ROOM)))


def call(ctx, tool, **arguments):
    return asyncio.run(call_tool(ctx, tool, arguments))


def test_a_search_finds_entries_by_their_words_best_first(ctx):
    found = call(ctx, "memory_query", query="Ada London")

    assert [match["key"] for match in found["matches"]] == ["customer", "notes"]
    assert found["value"] == ROOM["customer"]


def test_a_search_is_limited_and_may_find_nothing(ctx):
    assert len(call(ctx, "memory_query", query="Ada", limit=1)["matches"]) == 1
    assert call(ctx, "memory_query", query="zebra") == {"matches": [], "value": None}


def test_a_key_is_read_directly(ctx):
    assert call(ctx, "memory_query", key="invoice") == {
        "matches": [{"key": "invoice", "value": ROOM["invoice"]}],
        "value": ROOM["invoice"],
    }
    assert call(ctx, "memory_query", key="ghost") == {"matches": [], "value": None}


def test_what_a_step_stored_it_finds_at_once_and_the_room_has_only_with_its_result(ctx):
    assert call(ctx, "memory_store", key="notes", value={"mood": "Ada is in a hurry"}) == {
        "key": "notes",
        "stored": True,
    }

    assert ctx.remember == {"notes": {"mood": "Ada is in a hurry"}}
    assert ctx.memory.values == ROOM
    assert call(ctx, "memory_query", key="notes")["value"] == {"mood": "Ada is in a hurry"}
    found = call(ctx, "memory_query", query="Ada")["matches"]
    assert [(match["key"], match["value"] == ROOM.get(match["key"])) for match in found] == [
        ("notes", False),
        ("customer", True),
    ]


def test_any_json_can_be_stored(ctx):
    for value in (None, False, 0, "", [], {}, [1, {"a": [None]}]):
        call(ctx, "memory_store", key="k", value=value)
        assert ctx.remember["k"] == value


@pytest.mark.parametrize("key", ["input", "memory", "null", "Upper", "1st", "", "a b", "x" * 65])
def test_keys_that_expressions_could_not_name_are_refused(ctx, key):
    with pytest.raises(StepError) as refused:
        call(ctx, "memory_store", key=key, value=1)

    assert refused.value.code == "bad_arguments"
    assert ctx.remember == {}


def test_a_value_that_is_too_large_is_refused(ctx):
    with pytest.raises(StepError, match="bytes") as refused:
        call(ctx, "memory_store", key="big", value="x" * (1 << 20))

    assert refused.value.code == "invalid_input"
    assert not refused.value.retryable
    assert ctx.remember == {}


@pytest.mark.parametrize(
    "arguments", [{}, {"query": "a", "key": "b"}, {"query": ""}, {"query": "a", "limit": 0}]
)
def test_a_lookup_needs_either_words_or_a_key(ctx, arguments):
    with pytest.raises(StepError) as refused:
        call(ctx, "memory_query", **arguments)

    assert refused.value.code == "bad_arguments"
