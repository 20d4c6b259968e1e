"""Forks inside forks, in loops, in a row, with empty branches: their shape does not change what they mean."""

from typing import Any

import pytest

from engine.core.inputs import Signalled
from engine.core.run import RunStatus
from tests.core.drawing import Passage, begun, chain, drawn, forked, node, plan_of, ran, tool, way, where
from tests.core.test_parallel import VARS, arrived, asks


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
