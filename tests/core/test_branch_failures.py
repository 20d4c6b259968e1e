"""Failed branches: their siblings, the join's failure way, the failure that goes outward, and counts without hope."""

from typing import Any

import pytest

from engine.core.inputs import Signalled, WorkerLost
from engine.core.run import RunStatus
from tests.core.drawing import BROKEN, LATE, Passage, begun, chain, drawn, forked, node, ran, tool, way, where

SHOW = {"output": "{{ [outcome, error == null ? null : error.code] }}"}


def asks(name: str) -> dict[str, Any]:
    return node(name, "WAIT", config={"signal": name})


def joined(passage: Passage) -> list[str]:
    return [item["outcome"] for item in passage.state.final_vars["join"]]


def with_failure_way(document: dict[str, Any]) -> dict[str, Any]:
    document["nodes"].append(node("caught", "END", config=SHOW))
    document["transitions"].append(way("join", "caught", "FAILURE"))
    return document


@pytest.mark.parametrize(
    "stated", [{}, {"fork": {"on_branch_failure": "fail"}}, {"join": {"on_branch_failure": "fail"}}]
)
@pytest.mark.parametrize("ended", [BROKEN, LATE], ids=["failure", "timeout"])
def test_a_failed_branch_cancels_its_siblings_and_fails_the_run(
    stated: dict[str, Any], ended: dict[str, Any]
) -> None:
    passage = begun(forked([tool("a")], [tool("b"), tool("later")], [asks("c")], **stated))

    passage.answer(passage.step("b"), **ended)

    assert passage.state.status is RunStatus.FAILED
    assert passage.state.error == {**ended["error"], "node_id": "b"}
    assert sorted(fact["n"] for fact in passage.told("BRANCH_CANCELLED")) == ["a", "c"]
    assert passage.told("BRANCH_CANCELLED")[0]["d"]["reason"] == f"a sibling failed: {ended['error']['code']}"
    assert (passage.executing, passage.timers) == ([], {})


def test_the_failed_fork_takes_the_failure_way_of_its_join_with_the_branchs_error() -> None:
    passage = ran(with_failure_way(forked([tool("a")], [asks("b")])), world=where(a=BROKEN))

    assert passage.state.status is RunStatus.COMPLETED
    assert passage.entered()[-1] == "caught"
    assert passage.state.output == ["FAILURE", "broken"]
    assert passage.state.forks == {}


def test_a_fork_whose_failure_is_caught_is_over() -> None:
    passage = begun(with_failure_way(forked([tool("a")], [asks("b")])))
    passage.answer(passage.step("a"), **BROKEN)

    assert not passage.state.is_over
    assert passage.state.forks == {}
    assert list(passage.state.tokens) == [""]


def test_the_failed_fork_never_takes_the_always_of_its_join() -> None:
    passage = ran(forked([tool("a")], [asks("b")]), world=where(a=BROKEN))

    assert "end" not in passage.entered()
    assert passage.state.status is RunStatus.FAILED


def test_what_branches_of_a_failed_fork_wrote_is_gone() -> None:
    document = with_failure_way(forked([tool("a"), tool("bad")], [tool("b", remember={"x": "1"}), asks("c")]))
    document["nodes"][-1]["config"] = {"output": "{{ [vars, memory] }}"}

    passage = ran(document, world=where(bad=BROKEN))

    assert passage.state.output == [{}, {}]
    assert passage.remembered == {}


def test_a_failure_that_its_branch_takes_up_is_none_for_the_fork() -> None:
    document = forked([tool("a")], [tool("b")], end=SHOW)
    document["nodes"].append(tool("mend"))
    document["transitions"] += [way("a", "mend", "FAILURE"), way("mend", "join")]

    passage = ran(document, world=where(a=BROKEN))

    assert passage.state.output == ["SUCCESS", None]
    assert joined(passage) == ["SUCCESS", "SUCCESS"]


@pytest.mark.parametrize("place", ["fork", "join"])
@pytest.mark.parametrize("order", ["abc", "cba"])
def test_with_continue_the_others_go_on_and_the_join_tells_who_failed(place: str, order: str) -> None:
    policy = {place: {"on_branch_failure": "continue"}}
    passage = begun(forked([tool("a")], [tool("b")], [tool("c")], end={"output": "{{ vars }}"}, **policy))
    for name in order:
        passage.answer(passage.step(name), **(BROKEN if name == "b" else {"output": name}))

    passage.go()

    assert passage.state.status is RunStatus.COMPLETED
    assert joined(passage) == ["SUCCESS", "FAILURE", "SUCCESS"]
    assert "b" not in passage.state.output
    assert passage.told("BRANCH_JOINED")[0]["d"] == {"branches": 3, "arrived": 2, "failed": 1}


def test_with_continue_what_a_failed_branch_wrote_before_is_gone() -> None:
    branches = [[tool("a", remember={"x": "1"}), tool("bad")], [tool("b", remember={"y": "2"})]]
    document = forked(*branches, fork={"on_branch_failure": "continue"}, end={"output": "{{ vars }}"})

    passage = ran(document, world=where(bad=BROKEN))

    assert sorted(passage.state.output) == ["b", "join"]
    assert passage.remembered == {"y": 2}


def test_with_continue_a_join_of_all_passes_though_nobody_arrived() -> None:
    document = forked([tool("a")], [tool("b")], fork={"on_branch_failure": "continue"}, end=SHOW)

    passage = ran(document, world=where(a=BROKEN, b=LATE))

    assert passage.state.output == ["SUCCESS", None]
    assert joined(passage) == ["FAILURE", "FAILURE"]


@pytest.mark.parametrize(("wait_for", "failures"), [("any", 3), (2, 2), (3, 1)])
def test_a_count_without_hope_is_given_up_at_once(wait_for: Any, failures: int) -> None:
    policy = {"wait_for": wait_for, "on_branch_failure": "continue"}
    passage = begun(with_failure_way(forked([tool("a")], [tool("b")], [tool("c")], join=policy)))
    for name in "abc"[:failures]:
        assert "caught" not in passage.move().entered()
        passage.answer(passage.step(name), **BROKEN)

    passage.move()

    assert passage.entered()[-1] == "caught"
    assert passage.state.output == ["FAILURE", "broken"]
    assert passage.executing == []


def test_a_count_without_hope_fails_the_run_where_no_failure_way_leaves_the_join() -> None:
    policy = {"wait_for": 2, "on_branch_failure": "continue"}

    passage = ran(forked([tool("a")], [asks("b")], join=policy), world=where(a=BROKEN))

    assert passage.state.status is RunStatus.FAILED
    assert passage.state.error == {**BROKEN["error"], "node_id": "a"}


def test_a_count_with_continue_can_do_without_those_that_failed() -> None:
    policy = {"wait_for": 2, "on_branch_failure": "continue"}
    passage = begun(forked([tool("a")], [tool("b")], [tool("c")], [asks("d")], join=policy))
    passage.answer(passage.step("a"), **BROKEN)
    passage.answer(passage.step("b"), output=1)
    passage.answer(passage.step("c"), output=1)

    passage.go()

    assert joined(passage) == ["FAILURE", "SUCCESS", "SUCCESS", "CANCELLED"]


def inside(outer: dict[str, Any], *, catch: bool) -> dict[str, Any]:
    """fork → (fork2 → (a | b) → join2, then c | d) → join; `catch`: a failure way from join2 to a step in its branch."""
    branch = [node("fork2", "PARALLEL"), node("join2", "PARALLEL"), tool("c")]
    document = forked(branch, [asks("d")], fork=outer, end=SHOW)
    document["nodes"] += [tool("a"), asks("b"), tool("mend")]
    document["transitions"] = [item for item in document["transitions"] if item["source"] != "fork2"]
    document["transitions"] += [way("fork2", "a"), way("fork2", "b")]
    document["transitions"] += [way("a", "join2", "SUCCESS"), way("b", "join2", "SUCCESS")]
    if catch:
        document["transitions"] += [way("join2", "mend", "FAILURE"), way("mend", "join")]
    return document


def test_a_failure_goes_outward_from_fork_to_fork_and_fails_the_run() -> None:
    passage = ran(inside({}, catch=False), world=where(a=BROKEN))

    assert passage.state.status is RunStatus.FAILED
    assert passage.state.error == {**BROKEN["error"], "node_id": "a"}
    assert [fact["n"] for fact in passage.told("BRANCH_CANCELLED")] == ["b", "d"]


def test_a_failure_that_an_inner_join_catches_leaves_the_outer_fork_alone() -> None:
    passage = ran(inside({}, catch=True), world=where(a=BROKEN))
    assert passage.entered()[-1] == "mend"

    passage.give(Signalled("d"))

    assert passage.go().state.output == ["SUCCESS", None]


def test_an_outer_continue_takes_an_inner_failure_as_that_of_one_branch() -> None:
    passage = ran(inside({"on_branch_failure": "continue"}, catch=False), world=where(a=BROKEN))
    assert passage.state.status is RunStatus.WAITING

    passage.give(Signalled("d"))

    assert passage.go().state.status is RunStatus.COMPLETED
    assert joined(passage) == ["FAILURE", "SUCCESS"]


def test_an_outer_join_may_catch_what_no_inner_one_does() -> None:
    passage = ran(with_failure_way(inside({}, catch=False)), world=where(a=BROKEN))

    assert passage.state.output == ["FAILURE", "broken"]


def test_a_fork_that_failed_can_be_entered_again() -> None:
    document = forked([tool("a")], [asks("b")])
    document["nodes"].append(node("again", "DECISION"))
    document["transitions"] += [
        way("join", "again", "FAILURE"),
        way("again", "fork", "CONDITION_MET", when="run.step < 8"),
        way("again", "end"),
    ]

    passage = ran(document, world=where(a=BROKEN))

    assert (
        passage.entered() == ["start", *["fork", "a", "b", "again"] * 4, "end"]
        or passage.state.output is None
    )
    assert passage.state.status is RunStatus.COMPLETED
    activations = [fact["d"]["activation"] for fact in passage.told("NODE_ENTERED")]
    assert len(set(activations)) == len(activations)


@pytest.mark.parametrize("on_branch_failure", ["fail", "continue"])
def test_branches_that_lose_their_worker_for_good_fail_as_others_do(on_branch_failure: str) -> None:
    branches = [[tool("a")], [tool("b")], [asks("c")]]
    passage = begun(forked(*branches, fork={"on_branch_failure": on_branch_failure}))

    passage.give(WorkerLost({command.activation: "at_most_once" for command in passage.executing}))
    passage.executing.clear()
    if on_branch_failure == "continue":
        assert passage.state.status is RunStatus.WAITING
        passage.give(Signalled("c"))
        assert passage.go().state.status is RunStatus.COMPLETED
        assert joined(passage) == ["FAILURE", "FAILURE", "SUCCESS"]
    else:
        assert passage.state.status is RunStatus.FAILED
        assert passage.state.error is not None
        assert passage.state.error["code"] == "unknown_outcome"
        assert passage.types().count("ROOM_FAILED") == 1
        assert passage.state.tokens == {}


def test_a_lost_worker_raises_no_branch_from_the_dead() -> None:
    """The failure of `a` is caught behind the join, so the run goes on: `b`, which was executed too, must not."""
    document = with_failure_way(forked([tool("a")], [tool("b")]))
    passage = begun(document)
    effects = {passage.step("a").activation: "at_most_once", passage.step("b").activation: "none"}

    passage.give(WorkerLost(effects))

    assert [token.at for token in passage.state.tokens.values()] == ["caught"]
    assert passage.move().state.output == ["FAILURE", "unknown_outcome"]


def test_a_failed_condition_inside_a_branch_fails_the_branch() -> None:
    document = forked([node("ask", "DECISION")], [asks("b")])
    document["transitions"] = [item for item in document["transitions"] if item["source"] != "ask"]
    document["transitions"] += [way("ask", "join", "CONDITION_MET", when="vars.nope"), way("ask", "join")]

    passage = ran(document)

    assert passage.state.status is RunStatus.FAILED
    assert passage.state.error is not None
    assert passage.state.error["code"] == "condition_error"


def test_a_step_without_a_way_out_fails_its_branch() -> None:
    document = forked([tool("a")], [tool("b")], fork={"on_branch_failure": "continue"})
    document["transitions"] = [item for item in document["transitions"] if item["source"] != "a"]
    document["transitions"].append(way("a", "join", "CONDITION_MET", when="false"))

    passage = ran(document)

    assert passage.state.status is RunStatus.COMPLETED
    assert joined(passage) == ["FAILURE", "SUCCESS"]


def test_a_join_that_forks_again_catches_the_failures_of_the_fork_it_joins() -> None:
    nodes = [node(name, "PARALLEL") for name in ("first", "both", "last")]
    nodes += [
        node("start", "START"),
        node("end", "END"),
        node("caught", "END"),
        *(tool(name) for name in "abcd"),
    ]
    ways = [way("start", "first"), way("last", "end"), way("both", "caught", "FAILURE")]
    for fork, join, names in (("first", "both", "ab"), ("both", "last", "cd")):
        for name in names:
            ways += [way(fork, name), *chain(name, join, on="SUCCESS")]

    assert ran(drawn(nodes, ways), world=where(a=BROKEN)).entered()[-1] == "caught"
    assert ran(drawn(nodes, ways), world=where(c=BROKEN)).state.status is RunStatus.FAILED
