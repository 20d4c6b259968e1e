import random
import time
from itertools import pairwise

import pytest

from engine.core.structure import JoinRules, analyse, join_rules
from tests.fixtures.drawings import drawn

ONE_FORK = "start > fork > a > join > end; fork > b > c > join"


def codes(structure):
    return [(problem.code, problem.node_id, problem.transition_id) for problem in structure.problems]


def test_a_document_without_parallels_has_no_forks():
    structure = analyse(drawn("start > a > end"))

    assert (structure.join_of, structure.branches, structure.problems) == ({}, {}, [])
    assert structure.depth == {"start": 0, "a": 0, "end": 0}


def test_a_fork_is_matched_with_the_parallel_where_all_its_branches_meet():
    structure = analyse(drawn(ONE_FORK))

    assert structure.join_of == {"fork": "join"}
    assert structure.fork_of == {"join": "fork"}
    assert structure.branches == {"fork": (frozenset("a"), frozenset("bc"))}
    assert structure.depth == {"start": 0, "fork": 0, "a": 1, "b": 1, "c": 1, "join": 0, "end": 0}
    assert structure.problems == []


def test_branches_are_numbered_in_document_order_whatever_their_priority():
    document = drawn("start > fork > b > join > end; fork > a > join")
    ways = [t.model_copy(update={"priority": -n}) for n, t in enumerate(document.transitions)]

    structure = analyse(document.model_copy(update={"transitions": tuple(ways)}))

    assert structure.branches["fork"] == (frozenset("b"), frozenset("a"))


def test_a_way_straight_from_fork_to_join_is_an_empty_branch():
    assert analyse(drawn("start > fork > a > join > end; fork > join")).branches == {
        "fork": (frozenset("a"), frozenset())
    }


def test_success_opens_a_branch_as_always_does_and_failure_does_not():
    structure = analyse(
        drawn("start > fork -SUCCESS> a > join > end; fork -SUCCESS> b > join; fork -FAILURE> end")
    )

    assert structure.branches == {"fork": (frozenset("a"), frozenset("b"))}
    assert structure.problems == []


def test_a_join_may_open_the_next_fork_at_once():
    structure = analyse(drawn("start > fork > a > join > c > join2 > end; fork > b > join > d > join2"))

    assert structure.join_of == {"fork": "join", "join": "join2"}
    assert structure.depth["c"] == 1
    assert structure.problems == []


def test_nested_forks_belong_to_the_branch_that_holds_them():
    structure = analyse(
        drawn("start > fork1 > fork2 > a > join2 > c > join1 > end; fork2 > b > join2; fork1 > d > join1")
    )

    assert structure.join_of == {"fork1": "join1", "fork2": "join2"}
    assert structure.branches["fork1"] == (
        frozenset(["fork2", "a", "b", "join2", "c"]),
        frozenset("d"),
    )
    assert structure.depth["a"] == 2
    assert structure.problems == []


def test_an_inner_fork_may_sit_right_at_the_ends_of_its_branch():
    structure = analyse(
        drawn("start > fork1 > fork2 > a > join2 > join1 > end; fork2 > join2; fork1 > join1")
    )

    assert structure.join_of == {"fork1": "join1", "fork2": "join2"}
    assert structure.problems == []


@pytest.mark.parametrize(
    "text",
    [
        "start > fork > decide > a > join > end; decide -x?> decide; fork > b > join",
        "start > fork > a > decide > join > end; decide -x?> a; fork > b > join",
        "start > fork > decide > a > join > end; decide -x?> c > join; fork > b > join",
        "start > fork > a > join > decide > end; fork > b > join; decide -x?> fork",
        "start > decide0 > fork > a > join > decide > end; decide0 -x?> fork; fork > b > join; decide -x?> fork",
        "start > fork > a > join > end; a -FAILURE> c > join; fork > b > join",
        "start > fork > a > join > end; fork > b > join; join -FAILURE> c > end",
        "start > fork1 > decide > fork2 > a > join2 > decide; fork2 > b > join2; decide -x?> join1 > end; fork1 > c > join1",
    ],
    ids=[
        "loop on one node in a branch",
        "loop in a branch",
        "choice in a branch",
        "fork and join in a loop",
        "fork with several ways in",
        "failure path in a branch",
        "failure path of the join",
        "fork in a loop in a branch",
    ],
)
def test_branches_may_choose_loop_fail_and_be_repeated(text):
    structure = analyse(drawn(text))

    assert structure.problems == []
    assert structure.join_of["fork1" if "fork1" in text else "fork"] == (
        "join1" if "join1" in text else "join"
    )


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        (
            "start > fork > a > join > end; fork > b > end",
            ("fork", None),
            "do not all meet again",
        ),
        (
            "start > fork > a > join > end; fork > b > join; b -x?> end2",
            ("fork", "t7"),
            "ends the run at 'end2'",
        ),
        ("start > fork > a > join > end; fork > b > join; b -x?> fork", ("fork", "t7"), "into its own fork"),
        (
            "start > c > fork > a > join > end; fork > b > join; b -x?> c",
            ("fork", "t8"),
            "leaves the branch for 'c'",
        ),
        ("start > fork > a > join > end; fork > b > join; b -x?> a", ("fork", "t7"), "another branch passes"),
        ("start > fork > a > c > join > end; fork > b > c", ("fork", "t7"), "another branch passes"),
        ("start > fork > a > end; fork > b > end", ("fork", None), "do not all meet again"),
        ("start > fork > a > join > end; fork > a; join > end2", ("fork", "t5"), "another branch passes"),
        (
            "start > decide > fork > a > join > end; decide -x?> a; fork > b > join",
            ("fork", "t6"),
            "comes into a branch from 'decide'",
        ),
        (
            "start > fork > a > join > decide > end; fork > b > join; decide -x?> join",
            ("fork", "t8"),
            "comes into the join 'join' from 'decide'",
        ),
        (
            "start > fork > a > join > end; fork > b > join; fork -FAILURE> b",
            ("fork", "t7"),
            "comes into a branch from 'fork'",
        ),
        (
            "start > fork1 > fork2 > a > join > end; fork2 > b > join; fork1 > c > join",
            ("fork2", "t9"),
            "give the fork a join of its own",
        ),
        (
            "start > decide > a > join > end; decide -x?> b > join",
            ("join", None),
            "joins ways that no fork opened",
        ),
        ("start > fork > a > join > end; fork > b > join; fork -x?> join", ("fork", "t7"), "is a condition"),
    ],
)
def test_what_does_not_nest_is_named_with_its_place(text, place, says):
    structure = analyse(drawn(text))

    assert ("parallel_unstructured", *place) in codes(structure)
    assert {problem.code for problem in structure.problems} == {"parallel_unstructured"}
    assert any(says in problem.message for problem in structure.problems)
    assert place[0] not in structure.join_of


def test_a_parallel_with_one_way_in_and_one_way_out_is_pointless():
    assert codes(analyse(drawn("start > fork > a > end"))) == [("parallel_single_branch", "fork", None)]


def test_a_failure_way_out_does_not_make_a_second_branch():
    structure = analyse(drawn("start > fork > a > end; fork -FAILURE> end"))

    assert codes(structure) == [("parallel_single_branch", "fork", None)]


def test_a_branch_that_can_never_end_is_left_to_the_rule_about_traps():
    structure = analyse(drawn("start > fork > a > join > end; fork > b > b"))

    assert structure.join_of == {}
    assert structure.problems == []


def test_what_no_run_can_reach_does_not_spoil_a_fork():
    structure = analyse(drawn(ONE_FORK + "; lost > a; lost > join"))

    assert structure.join_of == {"fork": "join"}
    assert structure.problems == []


@pytest.mark.parametrize(("count", "found"), [(100, []), (101, [("too_large", "fork", None)])])
def test_a_fork_has_at_most_a_hundred_branches(count, found):
    branches = "; ".join(f"fork > a{number} > join" for number in range(count))

    assert codes(analyse(drawn(f"start > fork; {branches}; join > end"))) == found


def nested(levels: int) -> str:
    ins = " > ".join(f"fork{n}" for n in range(levels))
    outs = " > ".join(f"join{n}" for n in reversed(range(levels)))
    others = "; ".join(f"fork{n} > b{n} > join{n}" for n in range(levels))
    return f"start > {ins} > a > {outs} > end; {others}"


def test_forks_nest_at_most_eight_deep():
    assert codes(analyse(drawn(nested(8)))) == []
    assert codes(analyse(drawn(nested(9)))) == [("too_large", "fork0", None)]
    assert codes(analyse(drawn(nested(12)))) == [("too_large", "fork3", None)]


def test_steps_write_their_variable_and_what_they_remember_unless_disabled():
    document = drawn(
        ONE_FORK,
        a={"save_as": "total", "remember": {"last": "vars.total"}},
        b={"disabled": True, "remember": {"other": "1"}},
    )
    structure = analyse(document)

    names = structure.written_by(["start", "fork", "a", "b", "c", "join", "end"])

    assert names == {("vars", "total"), ("memory", "last"), ("vars", "c"), ("vars", "join")}


def test_only_a_wait_for_a_signal_has_an_output():
    document = drawn("start > wait1 > wait2 > end", wait2={"config": {"signal": "go"}})

    assert analyse(document).written_by(["wait1", "wait2"]) == {("vars", "wait2")}


def test_names_that_two_branches_write_are_shared():
    document = drawn(
        ONE_FORK, a={"save_as": "x", "remember": {"k": "1"}}, b={"save_as": "x"}, c={"remember": {"k": "2"}}
    )

    assert analyse(document).shared_writes("fork") == {("vars", "x"), ("memory", "k")}


def test_two_writes_within_one_branch_are_not_shared():
    document = drawn(ONE_FORK, b={"save_as": "x"}, c={"save_as": "x"})

    assert analyse(document).shared_writes("fork") == frozenset()


def test_either_end_may_say_how_branches_meet():
    def rules(fork=None, join=None):
        document = drawn(ONE_FORK, fork={"config": fork or {}}, join={"config": join or {}})
        return join_rules({node.id: node for node in document.nodes}, analyse(document), "fork")

    assert rules() == JoinRules("all", "fail", None)
    assert rules(fork={"wait_for": "any", "merge": "last"}) == JoinRules("any", "fail", "last")
    assert rules(join={"wait_for": 1, "on_branch_failure": "continue"}) == JoinRules(1, "continue", None)
    assert rules({"wait_for": "all", "merge": "last"}, {"wait_for": "any", "merge": "list"}) == JoinRules(
        "any", "fail", "last"
    )


def test_a_node_that_joins_and_forks_speaks_for_its_own_side_only():
    document = drawn(
        "start > fork > a > join > c > join2 > end; fork > b > join > d > join2",
        join={"config": {"wait_for": "any", "merge": "list", "on_branch_failure": "continue"}},
    )
    nodes, structure = {node.id: node for node in document.nodes}, analyse(document)

    assert join_rules(nodes, structure, "fork") == JoinRules("any", "fail", None)
    assert join_rules(nodes, structure, "join") == JoinRules("all", "continue", "list")


def random_block(rng: random.Random, depth: int, names) -> tuple[str, str, list[str]]:
    """A random sound block: its first node, its last node and its ways."""
    kind = rng.choice(["step", "chain", "choice", "loop", "fork"] if depth else ["step"])
    number = next(names)
    if kind == "step":
        return f"n{number}", f"n{number}", []
    parts = [random_block(rng, depth - 1, names) for _ in range(rng.randint(2, 3))]
    ways = [way for part in parts for way in part[2]]
    if kind == "chain":
        ways += [f"{a[1]} > {b[0]}" for a, b in pairwise(parts)]
        return parts[0][0], parts[-1][1], ways
    if kind == "loop":
        head, _, tail = f"n{number}h", None, f"n{number}t"
        ways += [f"{head} > {parts[0][0]}", f"{parts[0][1]} > {tail}", f"{tail} -x?> {head}"]
        return head, tail, ways[len(ways) - 3 :] + parts[0][2]
    opens, closes = (
        (f"fork{number}", f"join{number}") if kind == "fork" else (f"decide{number}", f"m{number}")
    )
    ways += [f"{opens} > {part[0]}" for part in parts] + [f"{part[1]} > {closes}" for part in parts]
    return opens, closes, ways


@pytest.mark.parametrize("seed", range(60))
def test_whatever_is_composed_of_nesting_blocks_is_matched_exactly(seed):
    rng = random.Random(seed)
    first, last, ways = random_block(rng, 4, iter(range(10_000)))
    rng.shuffle(ways)
    structure = analyse(drawn("; ".join([f"start > {first}", f"{last} > end", *ways])))

    assert structure.problems == []
    assert all(join == fork.replace("fork", "join") for fork, join in structure.join_of.items())
    assert len(structure.join_of) == len({way.split()[0] for way in ways if way.startswith("fork")})


@pytest.mark.parametrize("seed", range(200))
def test_random_graphs_never_raise_and_what_is_matched_has_one_way_in_and_out(seed):
    rng = random.Random(seed)
    names = ["start", "end", *(f"fork{n}" for n in range(4)), *(f"join{n}" for n in range(3)), *"abcd"]
    ways = [f"{rng.choice(names)} > {rng.choice(names)}" for _ in range(rng.randint(8, 26))]
    document = drawn("; ".join(["start > fork0", "join0 > end", *ways]))
    structure = analyse(document)

    for fork, join in structure.join_of.items():
        inside = frozenset().union(*structure.branches[fork])
        assert sum(map(len, structure.branches[fork])) == len(inside)
        assert not inside & {fork, join, "end"}
        for transition in document.transitions:
            if transition.source in inside:
                assert transition.target in inside | {join}
            elif transition.target in inside | {join} and transition.source in reached(document):
                assert transition.source == fork


def reached(document):
    found, todo = set(), ["start"]
    while todo:
        node = todo.pop()
        if node not in found:
            found.add(node)
            todo += [item.target for item in document.transitions if item.source == node]
    return found


@pytest.mark.parametrize("back", [False, True], ids=["sound", "each branch leads back to the first fork"])
def test_a_thousand_forks_are_matched_in_a_fraction_of_a_second(back):
    ways = [f"fork{n} > a{n} > join{n} > fork{n + 1}; fork{n} > b{n} > join{n}" for n in range(1200)]
    if back:
        ways += [f"a{n} -x?> fork0" for n in range(1, 1200)]
    document = drawn("; ".join(["start > fork0", *ways, "fork1200 > end"]))

    began = time.process_time()
    structure = analyse(document)

    assert time.process_time() - began < (3 if back else 1)
    assert bool(structure.problems) is True
    assert len(structure.join_of) >= (0 if back else 1200)
