"""Forks and joins: who goes, who arrives, what each branch reads, and how their writes become one."""

from typing import Any

import pytest

from engine.core.inputs import Abort, Result, Signalled
from engine.core.run import RunStatus
from tests.core.drawing import Passage, begun, chain, drawn, forked, node, plan_of, ran, tool, way, where

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


def nested(inner: dict[str, Any] | None = None) -> dict[str, Any]:
    """A fork with a fork in its first branch: (a | b) beside c."""
    document = forked(
        [node("fork2", "PARALLEL", config=inner or {}), node("join2", "PARALLEL")], [tool("c")], end=VARS
    )
    document["nodes"] += [tool("a"), tool("b")]
    document["transitions"] = [item for item in document["transitions"] if item["source"] != "fork2"]
    document["transitions"] += [way("fork2", "a"), way("fork2", "b")]
    document["transitions"] += [way("a", "join2", "SUCCESS"), way("b", "join2", "SUCCESS")]
    return document


def test_forks_nest_and_inner_writes_come_out_through_both_joins() -> None:
    passage = ran(nested())

    assert {"a", "b", "c", "join", "join2"} == set(passage.state.output)
    assert {fact.get("b") for fact in passage.told("NODE_ENTERED")} == {
        None,
        "2.0",
        "2.0.1.0",
        "2.0.1.1",
        "2.1",
    }


def test_an_inner_memory_reaches_the_room_at_the_outer_join_only() -> None:
    document = nested()
    document["nodes"][-1]["remember"] = {"deep": "1"}
    passage = begun(document)
    for name in "ab":
        passage.answer(passage.step(name), output=1)
        passage.move()
    assert passage.remembered == {}

    passage.answer(passage.step("c"), output=1)

    assert passage.remembered == {"deep": 1}


def test_cancelling_a_branch_cancels_the_forks_inside_it() -> None:
    document = nested()
    document["nodes"][2]["config"] = {"wait_for": "any"}
    passage = begun(document)
    passage.answer(passage.step("c"), output=1)

    assert passage.state.forks == {}
    assert sorted(fact["n"] for fact in passage.told("BRANCH_CANCELLED")) == ["a", "b"]
    assert passage.go().state.status is RunStatus.COMPLETED


def test_a_fork_in_a_loop_forks_anew_each_round() -> None:
    document = forked([tool("a")], [tool("b")], end=VARS)
    document["nodes"].append(node("more", "DECISION"))
    document["transitions"] = [item for item in document["transitions"] if item["source"] != "join"]
    document["transitions"] += chain("join", "more", "end")
    document["transitions"].append(way("more", "fork", "CONDITION_MET", when="run.step < 16"))

    passage = ran(document)

    assert passage.entered() == ["start", *["fork", "a", "b", "join", "more"] * 3, "end"]
    activations = [fact["d"]["activation"] for fact in passage.told("NODE_ENTERED")]
    assert len(set(activations)) == len(activations)


def test_a_branch_may_loop_and_wait() -> None:
    wait = asks("wait", remember={"asked": "has(memory.asked) ? memory.asked + 1 : 1"})
    document = forked([wait, node("more", "DECISION")], [tool("b")], end={"output": "{{ memory.asked }}"})
    document["transitions"] = [item for item in document["transitions"] if item["source"] != "more"]
    document["transitions"] += [
        way("more", "wait", "CONDITION_MET", when="memory.asked < 3"),
        way("more", "join"),
    ]
    passage = ran(document)
    for _ in range(3):
        assert not passage.state.is_over
        passage.give(Signalled("wait"))
        passage.go()

    assert passage.state.output == 3


def two_in_a_row(**middle: Any) -> dict[str, Any]:
    """fork → (a | b) → both, which joins and forks at once → (c | d) → join."""
    document = forked([tool("c")], [tool("d")], end=VARS)
    document["nodes"][1]["id"] = "both"
    document["nodes"][1]["config"] = middle
    for item in document["transitions"]:
        item["source"] = "both" if item["source"] == "fork" else item["source"]
    document["transitions"][0]["target"] = "first"
    document["nodes"] += [node("first", "PARALLEL"), tool("a"), tool("b")]
    document["transitions"] += [
        way("first", "a"),
        way("first", "b"),
        *chain("a", "both"),
        *chain("b", "both"),
    ]
    return document


def test_one_node_can_join_and_fork_at_once() -> None:
    passage = ran(two_in_a_row())

    assert passage.entered() == ["start", "first", "a", "b", "both", "c", "d", "join", "end"]
    assert passage.state.output["both"] == [
        {"branch": 0, "outcome": "SUCCESS"},
        {"branch": 1, "outcome": "SUCCESS"},
    ]


def test_a_node_that_joins_and_forks_speaks_of_waiting_for_its_join_and_of_merging_for_its_fork() -> None:
    document = two_in_a_row(wait_for="any", merge="list")
    document["nodes"] = [
        item | ({"save_as": "x" if item["id"] in "ab" else "y"} if item["id"] in tuple("abcd") else {})
        for item in document["nodes"]
    ]

    passage = ran(document)

    assert passage.state.output["x"] == "a"
    assert passage.state.output["y"] == ["c", "d"]


def test_a_fork_after_a_join_knows_nothing_of_a_failure_before_both() -> None:
    document = two_in_a_row()
    document["nodes"].append(tool("work"))
    for name in "cd":
        step = next(item for item in document["nodes"] if item["id"] == name)
        step["config"] = {
            "tool": "calculator",
            "arguments": {"expression": "{{ outcome }} {{ error == null }}"},
        }
    document["transitions"] = [item for item in document["transitions"] if item["source"] != "start"]
    document["transitions"] += [
        way("start", "work"),
        way("work", "first", "FAILURE"),
        way("work", "end", "SUCCESS"),
    ]
    broken = {"outcome": "FAILURE", "error": {"code": "broken", "message": "!"}}

    passage = begun(document, world=where(work=broken))
    for name in ("work", "a", "b"):
        passage.answer(passage.step(name))
        passage.move()

    assert {command.params["arguments"]["expression"] for command in passage.executing} == {"SUCCESS true"}


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(
    ("wait_for", "done"), [("all", ["SUCCESS"] * 3), ("any", None), (2, None)], ids=["all", "any", "two"]
)
def test_a_branch_may_be_empty(place: int, wait_for: Any, done: list[str] | None) -> None:
    branches = [[tool("a")], [tool("b")]]
    branches.insert(place, [])

    passage = ran(forked(*branches, join={"wait_for": wait_for}, end=VARS))

    assert passage.state.status is RunStatus.COMPLETED
    assert arrived(passage)[place] == "SUCCESS"
    assert done in (None, arrived(passage))


@pytest.mark.parametrize("wait_for", ["any", 1, 2])
def test_branches_that_an_empty_one_has_overtaken_are_cancelled_and_said_so(wait_for: Any) -> None:
    passage = ran(forked([tool("a")], [], [], [], join={"wait_for": wait_for}))

    assert passage.state.status is RunStatus.COMPLETED
    assert "a" not in passage.entered()
    wanted = 1 if wait_for == "any" else wait_for
    assert len(passage.told("BRANCH_CANCELLED")) == 4 - wanted
    assert arrived(passage) == ["CANCELLED", *["SUCCESS"] * wanted, *["CANCELLED"] * (3 - wanted)]


def test_a_fork_remembers_before_its_branches_go_and_fails_before_they_do() -> None:
    document = forked([tool("a")], [tool("b")])
    document["nodes"][1]["remember"] = {"forked": "true"}
    assert begun(document).remembered == {"forked": True}

    document["nodes"][1]["remember"] = {"forked": "vars.nope"}
    passage = ran(document)

    assert passage.state.status is RunStatus.FAILED
    assert passage.entered() == ["start", "fork"]


def test_a_branch_on_the_failure_path_knows_the_error() -> None:
    document = forked([node("why", "DECISION")], [tool("b")], end=VARS)
    document["nodes"] += [tool("work"), tool("seen")]
    document["transitions"] = [
        item for item in document["transitions"] if item["source"] not in ("start", "why")
    ]
    document["transitions"] += [
        way("start", "work"),
        way("work", "fork", "FAILURE"),
        way("work", "end", "SUCCESS"),
    ]
    document["transitions"] += [
        way("why", "seen", "CONDITION_MET", when="error.code == 'broken'"),
        way("why", "join"),
    ]
    document["transitions"].append(way("seen", "join"))

    broken = {"outcome": "FAILURE", "error": {"code": "broken", "message": "!"}}

    assert "seen" in ran(document, world=where(work=broken)).state.output


def test_a_run_counts_the_steps_of_its_own_line_branches_included() -> None:
    counting = tool("a")
    counting["config"]["arguments"] = {"expression": "{{ run.step }}"}
    passage = begun(forked([tool("b"), tool("c")], [counting], end={"output": "{{ run.step }}"}))
    assert passage.step("a").params["arguments"]["expression"] == 3

    assert passage.go().state.output == 7


def test_a_hundred_branches_nest_eight_deep() -> None:
    """Each fork has 99 steps and the next fork; the innermost has 100 steps."""
    nodes = [node("start", "START"), node("end", "END", config={"output": "{{ size(vars) }}"})]
    ways = [way("start", "f0"), way("j0", "end")]
    for depth in range(8):
        fork, join = f"f{depth}", f"j{depth}"
        nodes += [node(fork, "PARALLEL"), node(join, "PARALLEL")]
        for index in range(100 if depth == 7 else 99):
            name = f"t{depth}x{index}"
            nodes.append(tool(name))
            ways += chain(fork, name, join)
        if depth < 7:
            ways += [way(fork, f"f{depth + 1}"), way(f"j{depth + 1}", join)]
    plan = plan_of(drawn(nodes, ways))
    assert all(plan.nodes[f"f{depth}"].join == f"j{depth}" for depth in range(8))

    passage = Passage(plan, is_stored=False).begin().go()

    assert passage.state.output == 793 + 8
    assert (passage.state.tokens, passage.state.forks) == ({}, {})
