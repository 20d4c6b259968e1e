import pytest


def places(problems):
    return [(problem.code, problem.node_id or problem.transition_id) for problem in problems]


@pytest.mark.parametrize(
    "text",
    [
        "start > end",
        "start > a -SUCCESS> end; a -FAILURE> end",
        "start > decide -x?> end; decide > end2",
        "start > a > b > decide > end; decide -x?> a",
        "start > a -SUCCESS> b -SUCCESS> end; a -FAILURE> b; b -FAILURE> a",
        "start > wait > wait2 > decide > end; decide -x?> wait",
    ],
)
def test_a_sound_graph_has_no_errors(find, text):
    assert find(text.replace("-x?>", "-input.x?>")) == []


def test_what_nothing_leads_to_is_unreachable(find):
    assert places(find("start > end; lost > end; far > lost")) == [
        ("unreachable", "lost"),
        ("unreachable", "far"),
    ]


def test_what_only_a_way_that_is_never_taken_leads_to_is_unreachable(find):
    problems = find("start > end; start -FAILURE> a > end")

    assert places(problems) == [("unreachable", "a")]
    assert "no outcome of 'start' takes the transition 't2'" in problems[0].message


def test_always_behind_success_is_taken_on_failure(find):
    assert find("start > a -SUCCESS> end; a > b > end") == []


def test_always_behind_success_and_failure_is_never_taken(find):
    assert places(find("start > a -SUCCESS> end; a -FAILURE> end; a > b > end")) == [("unreachable", "b")]


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("start > decide > end; decide -input.x?> a", "a"),
        ("start > decide > end; decide -input.x?> a; a -FAILURE> end", "a"),
        ("start > decide > end; decide -input.x?> a; a -input.y?> end", "a"),
        ("start > decide > end; decide -input.x?> decide2", "decide2"),
    ],
    ids=[
        "no way out",
        "a way out on failure only",
        "a way out on a condition only",
        "a decision without ways",
    ],
)
def test_what_can_not_go_on_when_it_succeeds_is_a_dead_end(find, text, node):
    assert places(find(text)) == [("dead_end", node)]


def test_a_loop_that_nothing_leaves_is_told_with_where_a_run_would_step_into_it(find):
    problems = find("start > decide > end; decide -input.x?> a > b > c > a; b -FAILURE> c")

    assert places(problems) == [("loop_without_exit", "a"), ("no_path_to_end", "a")]
    assert "'a', 'b', 'c'" in problems[0].message


def test_a_step_that_leads_to_itself_alone_is_a_loop_without_exit(find):
    problems = find("start > decide > end; decide -input.x?> a > a")

    assert places(problems) == [("loop_without_exit", "a"), ("no_path_to_end", "a")]


def test_where_a_run_would_step_into_a_trap_is_told_too(find):
    problems = find("start > decide > end; decide -input.x?> a > b > c > c")

    assert places(problems) == [("loop_without_exit", "c"), ("no_path_to_end", "a")]


def test_a_start_that_leads_into_a_trap_has_no_path_to_end(find):
    assert places(find("start > a > b > a; end")) == [
        ("unreachable", "end"),
        ("loop_without_exit", "a"),
        ("no_path_to_end", "start"),
    ]


def test_a_way_out_that_is_never_taken_does_not_make_a_loop_sound(find):
    problems = find("start > decide > end; decide -input.x?> a -SUCCESS> a; a -FAILURE> a; a > end")

    assert places(problems) == [("no_path_to_end", "a")]
    assert "its way out 't6' is never taken" in problems[0].message


def test_a_missing_end_or_start_is_told_without_telling_its_consequences(find):
    assert places(find("start > a > a")) == [("no_end", None)]
    assert places(find("a > end")) == [("start_count", None)]


def test_a_transition_that_hangs_in_the_air_is_told_without_telling_its_consequences(find):
    document = {"transitions": [
        {"id": "t1", "source": "start", "target": "a", "on": "ALWAYS"},
        {"id": "t2", "source": "a", "target": "nowhere", "on": "SUCCESS"},
        {"id": "t3", "source": "nobody", "target": "b", "on": "SUCCESS"},
        {"id": "t4", "source": "b", "target": "end", "on": "ALWAYS"},
    ]}  # fmt: skip

    problems = find("start > a; b > end", document=document, warnings=True)

    assert [(item.code, item.transition_id, item.path) for item in problems] == [
        ("unknown_node", "t2", "/transitions/1/target"),
        ("unknown_node", "t3", "/transitions/2/source"),
    ]


@pytest.mark.parametrize("rest", ["a", "wait", "ask"])
def test_a_loop_with_a_rest_in_it_does_not_spin(find, rest):
    text = f"start > decide > end; decide -input.x?> {rest} > decide"

    assert "spinning_loop" not in [problem.code for problem in find(text, warnings=True)]


def test_a_loop_whose_only_rest_is_disabled_spins(find):
    problems = find(
        "start > decide > end; decide -input.x?> wait > decide", warnings=True, wait={"disabled": True}
    )

    assert [(problem.code, problem.severity) for problem in problems] == [("spinning_loop", "warning")]
