"""Forks and joins: who goes, who arrives, what each branch reads, and how their writes become one."""

from typing import Any

import pytest

from engine.core.inputs import Abort, Result, Signalled
from engine.core.run import RunStatus
from tests.core.drawing import Passage, begun, chain, forked, node, ran, tool, way

VARS = {"output": "{{ vars }}"}


def asks(name: str, **fields: Any) -> dict[str, Any]:
    return node(name, "WAIT", config={"signal": name}, **fields)


def arrived(passage: Passage) -> list[str]:
    """How each branch ended, as the join's output has it."""
    return [item["outcome"] for item in passage.state.final_vars["join"]]


def test_a_fork_sends_a_token_along_each_way_in_the_order_of_the_document_whatever_the_priorities() -> None:
    document = forked([tool("a")], [tool("b")], [tool("c")])
    for priority, item in enumerate(document["transitions"]):
        item["priority"] = -priority

    passage = begun(document)

    assert passage.entered() == ["start", "fork", "a", "b", "c"]
    branches = [(fact["n"], fact["b"]) for fact in passage.told("NODE_ENTERED") if fact.get("b")]
    assert branches == [("a", "2.0"), ("b", "2.1"), ("c", "2.2")]
    assert passage.told("BRANCH_FORKED")[0]["d"] == {"branches": 3, "join": "join"}


@pytest.mark.parametrize("order", ["abc", "cab", "bca"])
def test_a_join_waits_for_all_branches_and_goes_on_once(order: str) -> None:
    passage = begun(forked([tool("a")], [tool("b")], [tool("c")], end=VARS))
    for name in order:
        assert passage.entered()[-1] != "join"
        passage.answer(passage.step(name), output=name)
        passage.move()

    assert passage.entered()[-2:] == ["join", "end"]
    assert passage.state.output == {
        "a": "a",
        "b": "b",
        "c": "c",
        "join": [{"branch": index, "outcome": "SUCCESS"} for index in range(3)],
    }


def test_the_order_in_which_branches_end_does_not_show_in_the_fingerprint() -> None:
    def fingerprint(*order: str) -> str | None:
        passage = begun(forked([tool("a")], [tool("b")], [tool("c")], end=VARS))
        for name in order:
            passage.answer(passage.step(name), output=name)
            passage.move()
        return passage.state.fingerprint

    assert fingerprint("a", "b", "c") == fingerprint("c", "b", "a") == fingerprint("b", "a", "c")


@pytest.mark.parametrize("place", ["fork", "join"])
@pytest.mark.parametrize(("wait_for", "wanted"), [("any", 1), (1, 1), (2, 2), (3, 3), (100, 3)])
def test_a_join_passes_with_the_first_arrivals_and_the_rest_is_cancelled(
    place: str, wait_for: Any, wanted: int
) -> None:
    branches = [[tool("a")], [asks("b")], [tool("c")]]
    passage = begun(forked(*branches, end=VARS, **{place: {"wait_for": wait_for}}))
    running = passage.step("a").activation
    passage.answer(passage.step("c"), output=3)
    if wanted > 1:
        passage.give(Signalled("b", 2))
    if wanted > 2:
        passage.answer(passage.step("a"), output=1)
    cancelled = {fact["n"] for fact in passage.told("BRANCH_CANCELLED")}
    aborted = [item for _, _, step in passage.log for item in step.commands if isinstance(item, Abort)]

    assert passage.move().state.status is RunStatus.COMPLETED
    assert [name for name in "cba" if name in passage.state.output] == list("cba")[:wanted]
    assert cancelled == {"a", "b"} - set(list("cba")[:wanted])
    assert aborted == ([Abort(running)] if wanted < 3 else [])
    assert passage.executing == []
    assert arrived(passage).count("SUCCESS") == wanted
    assert arrived(passage).count("CANCELLED") == 3 - wanted


def test_what_the_join_says_of_waiting_goes_before_what_the_fork_says() -> None:
    branches = [[tool("a")], [asks("b")]]

    assert ran(forked(*branches, fork={"wait_for": "all"}, join={"wait_for": "any"})).state.status.is_over
    assert not ran(forked(*branches, fork={"wait_for": "any"}, join={"wait_for": "all"})).state.status.is_over


def test_the_result_of_a_cancelled_branch_is_discarded() -> None:
    passage = begun(forked([tool("a")], [tool("b")], join={"wait_for": "any"}, end=VARS))
    slow = passage.step("b")
    passage.answer(passage.step("a"), output=1)

    passage.give(Result(activation=slow.activation, output=2))

    assert "b" not in passage.move().state.output


def test_a_branch_reads_what_was_set_before_the_fork_and_its_own_but_never_a_siblings() -> None:
    reader = node("reader", "DECISION")
    seen = "has(vars.first) && has(vars.own) && !has(vars.sibling) && !has(memory.theirs) && memory.mine == 1"
    branches = [[tool("sibling", remember={"theirs": "1"})], [tool("own", remember={"mine": "1"}), reader]]
    document = forked(*branches, end=VARS)
    document["nodes"] += [tool("first"), tool("apart")]
    document["transitions"] = [
        item for item in document["transitions"] if item["source"] not in ("start", "reader")
    ]
    document["transitions"] += chain("start", "first", "fork")
    document["transitions"] += [
        way("reader", "apart", "CONDITION_MET", when=seen),
        way("reader", "join"),
        way("apart", "join"),
    ]

    assert "apart" in ran(document).state.output


def test_branches_remember_for_the_room_when_they_have_joined_and_not_before() -> None:
    passage = begun(forked([tool("a", remember={"x": "1"})], [tool("b", remember={"y": "2"})]))
    passage.answer(passage.step("a"), output=1)
    assert passage.remembered == {}

    passage.answer(passage.step("b"), output=2)

    assert passage.remembered == {"x": 1, "y": 2}
    told = [(fact.get("b"), fact["d"]["key"]) for fact in passage.told("MEMORY_UPDATED")]
    assert told == [("2.0", "x"), ("2.1", "y"), (None, "x"), (None, "y")]


def test_what_a_cancelled_branch_wrote_is_gone() -> None:
    branches = [[tool("a", remember={"x": "1"}), asks("never")], [tool("b")]]

    passage = ran(forked(*branches, join={"wait_for": "any"}, end={"output": "{{ [vars, memory] }}"}))

    assert passage.remembered == {}
    assert "a" not in passage.state.output[0]
    assert passage.state.output[1] == {}


@pytest.mark.parametrize("order", ["abc", "cba"])
@pytest.mark.parametrize("place", ["fork", "join"])
@pytest.mark.parametrize(("merge", "merged"), [("last", "c"), ("list", ["a", "b", "c"])])
def test_names_that_branches_share_merge_in_the_order_of_the_branches(
    merge: str, merged: Any, place: str, order: str
) -> None:
    branches = [[tool(name, save_as="x", remember={"m": "vars.x"})] for name in "abc"]
    passage = begun(
        forked(*branches, end={"output": "{{ [vars.x, memory.m] }}"}, **{place: {"merge": merge}})
    )
    for name in order:
        passage.answer(passage.step(name), output=name)

    assert passage.go().state.output == [merged, merged]
    assert passage.remembered == {"m": merged}


def test_what_the_fork_says_of_merging_goes_before_what_the_join_says() -> None:
    branches = [[tool(name, save_as="x")] for name in "ab"]

    passage = ran(forked(*branches, fork={"merge": "list"}, join={"merge": "last"}, end=VARS))

    assert passage.state.output["x"] == ["a", "b"]


def test_a_list_holds_only_those_that_wrote_and_names_of_one_branch_stay_as_they_are() -> None:
    branches = [[tool("a", save_as="x"), tool("own")], [asks("b", save_as="x")], [tool("c", save_as="x")]]

    passage = ran(forked(*branches, fork={"merge": "list"}, join={"wait_for": 2}, end=VARS))

    assert passage.state.output["x"] == ["a", "c"]
    assert passage.state.output["own"] == "own"


def test_memory_that_tools_of_several_branches_store_without_a_merge_is_the_highest_branchs() -> None:
    passage = begun(forked([tool("a")], [tool("b")]))
    passage.answer(passage.step("b"), output=1, remember={"note": "b"})
    passage.answer(passage.step("a"), output=1, remember={"note": "a"})

    assert passage.remembered == {"note": "b"}
