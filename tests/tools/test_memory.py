import asyncio

import pytest

from engine.core.catalogue import Runs, StepError
from engine.core.embedding import NoEmbedding
from engine.core.step_call import told
from engine.core.tool_call import call_tool
from tests.fixtures.contexts import MemoryInHand, a_context, built_ins

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


def test_how_long_and_how_an_entry_is_kept_stands_beside_it_by_the_recorded_time(ctx):
    call(ctx, "memory_store", key="draft", value=1, kind="SHORT_TERM", ttl_s=1.5, metadata={"by": "Ada"})
    assert ctx.about["draft"] == {
        "kind": "SHORT_TERM",
        "expires_us": ctx.now_us + 1_500_000,
        "meta": {"by": "Ada"},
    }

    call(ctx, "memory_store", key="draft", value=2)
    assert (ctx.remember, ctx.about) == ({"draft": 2}, {})


def test_a_text_may_go_without_a_key_and_is_kept_once(ctx):
    first = call(ctx, "memory_store", value="Refunds take 14 days.", kind="SEMANTIC", metadata={"page": 3})
    again = call(ctx, "memory_store", value="Refunds take 14 days.", kind="SEMANTIC", metadata={"page": 3})

    assert first == again
    assert list(ctx.remember) == [first["key"]]
    (match,) = call(ctx, "memory_query", query="refunds", kind="SEMANTIC")["matches"]
    assert (match["kind"], match["metadata"], match["score"] > 0) == ("SEMANTIC", {"page": 3}, True)
    assert call(ctx, "memory_query", query="refunds", kind="SHORT_TERM")["matches"] == []
    assert call(ctx, "memory_query", query="refunds", min_score=99)["matches"] == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"value": 1}, "bad_arguments"),
        ({"value": 1, "kind": "SEMANTIC"}, "invalid_input"),
        ({"key": "k", "value": 1, "ttl_s": 0}, "bad_arguments"),
        ({"key": "k", "value": 1, "metadata": {"x": "y" * 5000}}, "invalid_input"),
        ({"key": "k", "value": 1, "kind": "FOR_EVER"}, "bad_arguments"),
    ],
)
def test_what_can_not_be_kept_is_refused(ctx, arguments, code):
    with pytest.raises(StepError) as refused:
        call(ctx, "memory_store", **arguments)

    assert (refused.value.code, refused.value.retryable, ctx.remember) == (code, False, {})


def test_a_room_that_is_full_takes_no_more_but_what_replaces_or_ends_with_the_run():
    values = {f"k{number}": 0 for number in range(9999)}
    ctx = a_context(memory=MemoryInHand(values))
    call(ctx, "memory_store", key="last", value=1)

    with pytest.raises(StepError) as refused:
        call(ctx, "memory_store", key="more", value=1)

    assert (refused.value.code, refused.value.retryable) == ("memory_full", False)
    call(ctx, "memory_store", key="last", value=2)
    call(ctx, "memory_store", key="more", value=1, kind="SHORT_TERM")


def test_to_look_for_a_meaning_without_an_embedding_says_what_is_missing(ctx):
    with pytest.raises(NoEmbedding) as refused:
        call(ctx, "memory_query", query="Ada", by="meaning")

    assert told(refused.value) == {
        "code": "no_embedding",
        "message": str(refused.value),
        "retryable": False,
    }


@pytest.mark.parametrize(
    ("tool", "arguments", "waits"),
    [
        ("memory_store", {"key": "k", "value": 1}, False),
        ("memory_store", {"key": "k", "value": 1, "kind": "SHORT_TERM"}, False),
        ("memory_store", {"value": "x", "kind": "SEMANTIC"}, True),
        ("memory_store", {"value": "x", "kind": "{{ input.kind }}"}, True),
        ("memory_query", {"query": "x"}, False),
        ("memory_query", {"key": "x", "kind": "SEMANTIC"}, False),
        ("memory_query", {"query": "x", "kind": "SEMANTIC"}, True),
        ("memory_query", {"query": "x", "kind": "SEMANTIC", "by": "words"}, False),
        ("memory_query", {"query": "x", "by": "meaning"}, True),
    ],
)
def test_a_step_waits_on_the_loop_only_where_something_may_have_to_be_embedded(tool, arguments, waits):
    kind = built_ins().node_types["TOOL_EXECUTION"]

    runs = kind.runs({"tool": tool, "arguments": arguments}, built_ins())

    assert runs is (Runs.ON_LOOP if waits else Runs.AT_ONCE)
