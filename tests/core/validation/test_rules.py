import pytest

from engine.core.problem import Problem

FORK = "start > fork > a -SUCCESS> join > end; fork > b -SUCCESS> join; join -FAILURE> end"


def places(problems: list[Problem]):
    return [(problem.code, problem.path) for problem in problems]


def test_a_node_of_unknown_type_is_told_with_the_types_there_are(find):
    problems = find("start > a -SUCCESS> end; a -FAILURE> end", a={"type": "LOOP", "config": {}})

    assert places(problems) == [("bad_document", "/nodes/1/type")]
    assert "known: AGENT_TASK, DECISION" in problems[0].message


def test_each_start_after_the_first_is_too_many(find):
    assert places(find("start > end; start2 > end; start3 > end")) == [
        ("start_count", "/nodes/2"),
        ("start_count", "/nodes/3"),
    ]


def test_nothing_leads_into_a_start_and_nothing_leaves_an_end(find):
    assert places(find("start > a > end > start")) == [
        ("start_has_incoming", "/transitions/2/target"),
        ("end_has_outgoing", "/transitions/2/source"),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("start > decide > end", "decision_without_condition"),
        ("start > decide -input.x?> end", "decision_without_otherwise"),
        ("start > decide -input.x?> end; decide -SUCCESS> end", "decision_without_otherwise"),
    ],
)
def test_a_decision_has_conditions_and_an_otherwise(find, text, code):
    assert places(find(text)) == [(code, "/nodes/1")]


@pytest.mark.parametrize("way", ["", "-SUCCESS", "-FAILURE", "-TIMEOUT", "-input.x?"])
def test_two_ways_of_one_kind_need_different_priorities(find, way):
    text = f"start > ask {way}> end; ask {way}> end2; ask > end3"
    problems = find(text, ask={"timeout_s": 5})

    assert ("ambiguous_transition", "/transitions/2/priority") in places(problems)
    assert "'t2' and 't3'" in next(p.message for p in problems if p.code == "ambiguous_transition")


def test_different_priorities_tell_ways_apart(find):
    document = {"transitions": [
        {"id": "t1", "source": "start", "target": "decide", "on": "ALWAYS"},
        {"id": "t2", "source": "decide", "target": "end", "on": "CONDITION_MET", "when": "input.x", "priority": 1},
        {"id": "t3", "source": "decide", "target": "end2", "on": "CONDITION_MET", "when": "input.y", "priority": 2},
        {"id": "t4", "source": "decide", "target": "end", "on": "ALWAYS"},
    ]}  # fmt: skip

    assert find("start; decide; end; end2", document=document) == []


def test_the_branches_of_a_fork_need_no_priorities(find):
    assert find(FORK) == []


@pytest.mark.parametrize("when", [None, "", "  "])
def test_a_condition_must_be_written(find, when):
    document = {"transitions": [
        {"id": "t1", "source": "start", "target": "decide", "on": "ALWAYS"},
        {"id": "t2", "source": "decide", "target": "end", "on": "CONDITION_MET", "when": when},
        {"id": "t3", "source": "decide", "target": "end", "on": "ALWAYS"},
    ]}  # fmt: skip

    assert places(find("start; decide; end", document=document)) == [
        ("condition_met_without_when", "/transitions/1/when")
    ]


@pytest.mark.parametrize("when", ["", "input.x"])
def test_a_condition_on_another_trigger_is_never_asked(find, when):
    document = {
        "transitions": [{"id": "t1", "source": "start", "target": "end", "on": "ALWAYS", "when": when}]
    }

    assert places(find("start; end", document=document)) == [
        ("when_without_condition_met", "/transitions/0/when")
    ]


@pytest.mark.parametrize(
    ("node", "fields", "is_fine"),
    [
        ("a", {"timeout_s": 5}, True),
        ("ask", {"timeout_s": 5}, True),
        ("wait", {"config": {"signal": "go"}, "timeout_s": 5}, True),
        ("a", {}, False),
        ("ask", {}, False),
        ("wait", {"config": {"signal": "go"}}, False),
        ("wait", {"timeout_s": 5}, False),
    ],
)
def test_a_timeout_needs_a_time_limit(find, node, fields, is_fine):
    problems = find(
        f"start > {node} -SUCCESS> end; {node} -FAILURE> end; {node} -TIMEOUT> end", **{node: fields}
    )

    assert places(problems) == (
        [] if is_fine else [("timeout_transition_without_timeout", "/transitions/3/on")]
    )


def test_a_node_that_takes_no_time_has_no_timeout(find):
    problems = find("start > end; start -TIMEOUT> end", start={"timeout_s": 5})

    assert places(problems) == [("timeout_transition_without_timeout", "/transitions/1/on")]


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("start > a -SUCCESS> end; a -FAILURE> end", {}),
        ("start > a > end", {}),
        ("start > a -SUCCESS> end", {"a": {"disabled": True}}),
        ("start > wait -SUCCESS> end", {}),
        ("start > wait -SUCCESS> end", {"wait": {"config": {"signal": "go"}}}),
        (FORK, {}),
        (FORK.replace("; join -FAILURE> end", ""), {"fork": {"config": {"on_branch_failure": "continue"}}}),
    ],
    ids=["failure way", "always", "disabled", "rest", "signal without limit", "join's way", "branches go on"],
)
def test_a_failure_that_is_taken_up_is_no_worry(find, text, nodes):
    assert find(text, warnings=True, **nodes) == []


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("start > a -SUCCESS> end", {}),
        ("start > wait -SUCCESS> end", {"wait": {"config": {"signal": "go"}, "timeout_s": 5}}),
        ("start > a -SUCCESS> end; a -TIMEOUT> end", {"a": {"timeout_s": 5}}),
    ],
)
def test_a_failure_that_ends_the_run_is_a_warning(find, text, nodes):
    problems = find(text, warnings=True, **nodes)

    assert [(problem.code, problem.severity) for problem in problems] == [("failure_unhandled", "warning")]


@pytest.mark.parametrize("fields", [{"save_as": "x"}, {"remember": {"x": "1"}}])
def test_branches_that_write_one_name_need_a_merge(find, fields):
    problems = find(FORK, a=fields, b=fields)

    assert places(problems) == [("branch_write_conflict", "/nodes/1")]
    assert "('a', 'b')" in problems[0].message
    for merge in ("last", "list"):
        assert find(FORK, a=fields, b=fields, fork={"config": {"merge": merge}}) == []
        assert find(FORK, a=fields, b=fields, join={"config": {"merge": merge}}) == []


def test_a_join_does_not_wait_for_more_branches_than_there_are(find):
    assert find(FORK, join={"config": {"wait_for": 2}}) == []
    assert places(find(FORK, join={"config": {"wait_for": 3}})) == [
        ("bad_config", "/nodes/3/config/wait_for")
    ]
    assert places(find(FORK, fork={"config": {"wait_for": 3}})) == [
        ("bad_config", "/nodes/1/config/wait_for")
    ]
