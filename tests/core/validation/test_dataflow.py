import pytest

READS_A = {"config": {"output": "{{ vars.a }}"}}
BOTH = "start > fork > a -SUCCESS> join > end; fork > b -SUCCESS> join; join -FAILURE> failed"
FAILED = {"type": "END", "config": {}}


def messages(problems):
    assert {problem.code for problem in problems} <= {"undefined_variable"}
    return [problem.message for problem in problems]


def missing(problems):
    return [problem.path for problem in problems if messages([problem])]


@pytest.mark.parametrize(
    "text",
    [
        "start > a -SUCCESS> end; a -FAILURE> end2",
        "start > a > end; a -FAILURE> end2",
        "start > a -SUCCESS> decide -input.x?> end; decide > end; a -FAILURE> end2",
        "start > a -input.x?> end; a -SUCCESS> end; a -FAILURE> end2",
        "start > a -SUCCESS> b > end; a -FAILURE> end2",
        "start > a -SUCCESS> decide > end; decide -input.x?> a; a -FAILURE> end2",
        "start > fork > a -SUCCESS> join > end; fork > b -SUCCESS> join; join -FAILURE> end2",
        "start > a -SUCCESS> fork > b > join > end; fork > c > join; a -FAILURE> end2",
    ],
)
def test_what_is_written_on_every_path_can_be_read(find, text):
    assert find(text, end=READS_A) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("start > a > end", "is not set when 'a' fails, and its transition 't2' (ALWAYS) is taken then"),
        (
            "start > a -SUCCESS> end; a -FAILURE> end",
            "its transition 't3' (FAILURE) is taken then: write it there",
        ),
        ("start > a -SUCCESS> end; a > end", "its transition 't3' (ALWAYS) is taken then"),
        (
            "start > decide -input.x?> a -SUCCESS> end; decide > end; a -FAILURE> end2",
            "it is not by way of 't4' from 'decide'",
        ),
        ("start > decide -input.x?> b > end; decide > b; b -FAILURE> a > end2", "comes later, or not at all"),
    ],
)
def test_what_is_missing_on_some_path_is_told_with_the_path(find, text, says):
    [message] = messages(find(text, end=READS_A))

    assert says in message
    assert "has(vars.a)" in message


def test_a_variable_nobody_writes_is_told_with_those_there_are(find):
    [problem] = find(
        "start > total -SUCCESS> end; total -FAILURE> end2", end={"config": {"output": "{{ vars.totl }}"}}
    )

    assert problem.message == (
        "Node 'end', output: vars.totl is read, and no node writes it; did you mean 'total'?; known: total."
    )
    assert problem.path == "/nodes/2/config/output"


def test_a_disabled_node_writes_nothing_and_reads_nothing(find):
    text = "start > a -SUCCESS> b -SUCCESS> end; b -FAILURE> end2"
    b = {"config": {"tool": "calculator", "arguments": {"expression": "{{ vars.a }}"}}}

    [problem] = find(text, a={"disabled": True}, b=b)
    assert "its only writer 'a' is disabled" in problem.message
    assert find(text, a={"disabled": True}, b={**b, "disabled": True}) == []


@pytest.mark.parametrize(
    "guard", ["has(vars.a)", "has(vars.a) && vars.a.number > 1", "has(vars.a) ? vars.a : null"]
)
def test_asking_first_makes_a_read_safe(find, guard):
    text = "start > decide -input.x?> a > decide2; decide > decide2 > end"

    assert find(f"{text}; decide2 -{guard.replace(' ', '')}?> end2") == []


def test_asking_for_a_part_of_a_variable_still_reads_the_variable(find):
    output = {"config": {"output": "{{ has(vars.a.number) }}"}}

    assert len(find("start > decide -input.x?> a > end; decide > end", end=output)) == 1


def test_asking_in_one_slot_does_not_make_the_next_one_safe(find):
    output = {"config": {"output": "{{ has(vars.a) }} {{ vars.a }}"}}

    assert len(find("start > decide -input.x?> a > end; decide > end", end=output)) == 1


def test_conditions_and_remember_see_the_output_of_their_own_node(find):
    text = "start > a -vars.a.number>1?> end; a -SUCCESS> end; a -FAILURE> end2"

    assert find(text, a={"remember": {"last": "vars.a.number"}}) == []


def test_the_config_of_a_node_does_not_see_its_own_output(find):
    a = {"config": {"tool": "calculator", "arguments": {"expression": "{{ vars.a }}"}}}

    assert missing(find("start > a -SUCCESS> end; a -FAILURE> end2", a=a)) == [
        "/nodes/1/config/arguments/expression"
    ]


def test_a_loop_reads_in_later_rounds_what_it_may_not_have_in_the_first(find):
    b = {"config": {"tool": "calculator", "arguments": {"expression": "{{ vars.a }}"}}}
    text = "start > b -SUCCESS> a -SUCCESS> decide -input.x?> b; decide > end; a -FAILURE> end2; b -FAILURE> end2"

    assert missing(find(text, b=b)) == ["/nodes/1/config/arguments/expression"]


@pytest.mark.parametrize(
    ("rules", "reads", "is_fine"),
    [
        ({}, "a", True),
        ({"wait_for": "all"}, "both", True),
        ({"wait_for": "any"}, "a", False),
        ({"wait_for": 1}, "a", False),
        ({"wait_for": 2}, "a", True),
        ({"on_branch_failure": "continue"}, "a", False),
        ({"wait_for": "any", "merge": "last"}, "both", True),
        ({"wait_for": 1, "on_branch_failure": "continue", "merge": "last"}, "both", True),
        ({"on_branch_failure": "continue", "merge": "last"}, "both", False),
        ({"wait_for": "any"}, "before", True),
        ({"on_branch_failure": "continue"}, "before", True),
    ],
)
def test_a_join_passes_on_what_is_written_in_as_many_branches_as_surely_arrive(find, rules, reads, is_fine):
    text = "start > before -SUCCESS> fork > a -SUCCESS> join > end; fork > b -SUCCESS> join; before -FAILURE> failed"
    both = {"save_as": "both"} if reads == "both" else {}
    rules = {"merge": "last", **rules} if both else rules
    problems = find(
        text + "; join -FAILURE> failed",
        fork={"config": rules},
        a=both,
        b=both,
        failed=FAILED,
        end={"config": {"output": "{{ vars." + reads + " }}"}},
    )

    assert missing(problems) == ([] if is_fine else ["/nodes/5/config/output"])


def test_two_of_three_branches_bring_what_two_of_three_write(find):
    text = "start > fork > a -SUCCESS> join > end; fork > b -SUCCESS> join; fork > c -SUCCESS> join"
    same = {"save_as": "x"}
    rules = {"config": {"wait_for": 2, "merge": "last"}}
    end = {"config": {"output": "{{ vars.x }}"}}

    assert find(text, fork=rules, a=same, b=same, end=end) == []
    assert len(find(text, fork=rules, a=same, end=end)) == 1


def test_a_branch_sees_what_was_before_the_fork_and_its_own_but_no_siblings(find):
    b = {"config": {"tool": "calculator", "arguments": {"expression": "{{ vars.a }}"}}}
    [problem] = find(BOTH, b=b, failed=FAILED)

    assert "written by 'a' in another branch, which this one can't see" in problem.message


def test_the_failure_way_of_a_join_sees_only_what_was_before_the_fork(find):
    assert len(find(BOTH, failed={"type": "END", **READS_A})) == 1


def test_a_join_has_an_output_of_its_own(find):
    assert find(BOTH, end={"config": {"output": "{{ vars.join[0].outcome }}"}}, failed=FAILED) == []


def test_an_unstructured_fork_does_not_lead_to_tales_about_variables(find):
    text = (
        "start > fork > a -SUCCESS> join > end; fork > b -SUCCESS> join; b -FAILURE> end2; a -FAILURE> join"
    )
    problems = find(text, end=READS_A)

    assert {problem.code for problem in problems} == {"parallel_unstructured"}


def test_the_memory_of_the_room_is_not_known_before_the_run(find):
    assert find("start > end", end={"config": {"output": "{{ memory.anything }}"}}) == []


@pytest.mark.parametrize(
    ("output", "is_read"),
    [("{{ vars.x }}", True), ("{{ has(vars.x) }}", True), ("{{ vars }}", True), ("x", False)],
)
def test_a_name_given_to_an_output_wants_to_be_read(find, output, is_read):
    text = "start > a -SUCCESS> end; a -FAILURE> end2"
    problems = find(text, warnings=True, a={"save_as": "x"}, end={"config": {"output": output}})

    assert [problem.code for problem in problems] == ([] if is_read else ["variable_never_read"])


def test_a_default_name_need_not_be_read(find):
    assert find("start > a -SUCCESS> end; a -FAILURE> end2", warnings=True) == []


def test_a_wait_has_an_output_only_when_it_waits_for_a_signal(find):
    text = "start > wait -SUCCESS> end"
    end = {"config": {"output": "{{ vars.wait }}"}}

    assert find(text, wait={"config": {"signal": "go"}}, end=end) == []
    assert len(find(text, end=end)) == 1
