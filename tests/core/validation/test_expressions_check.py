import pytest

NUMBERS = {
    "type": "object",
    "properties": {"n": {"type": "number"}, "s": {"type": "string"}, "b": {"type": "boolean"}},
}
CLOSED = {**NUMBERS, "additionalProperties": False}


def condition(find, when, schema=None, **more):
    document = {"transitions": [
        {"id": "t1", "source": "start", "target": "decide", "on": "ALWAYS"},
        {"id": "t2", "source": "decide", "target": "end", "on": "CONDITION_MET", "when": when},
        {"id": "t3", "source": "decide", "target": "end", "on": "ALWAYS"},
    ], **({"input_schema": schema} if schema else {})}  # fmt: skip
    return find("start; decide; end", document=document, **more)


def told(problems):
    return [(problem.code, problem.path) for problem in problems]


@pytest.mark.parametrize(
    "when",
    [
        "input.n > 1",
        "input.b",
        "has(memory.x) && memory.x == 1",
        "outcome == 'SUCCESS'",
        "error == null",
        "run.number > 1",
        "input.list.exists(x, x > 1)",
        "input.unknown",
    ],
)
def test_a_condition_that_may_be_true_or_false_is_fine(find, when):
    assert condition(find, when, NUMBERS, warnings=True) == []


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ("input.n >", "at 1:10"),
        ("input.n > \n  1 +", "at 2:6"),
        ("now > 1", "There is no name 'now' here"),
        ("imput.n > 1", "did you mean 'input'?"),
        ("secrets.key == 'x'", "secrets are at hand in the arguments of a tool only"),
        ("input.n + 1", "a condition gives true or false, and this one gives"),
        ("input.s", "this one gives string"),
        ("1 + 1", "this one gives 2"),
        ("'true'", 'this one gives "true"'),
        ("1 / 0 == 1", "at 1:3"),
        ("input.n.x > 1", "not a map"),
        ("__class__", ""),
        ("input.matches('x')", ""),
    ],
)
def test_a_condition_that_can_not_work_is_refused_with_its_place(find, when, says):
    problems = condition(find, when, NUMBERS)

    assert told(problems) == [("bad_expression", "/transitions/1/when")]
    assert says in problems[0].message


@pytest.mark.parametrize(("when", "says"), [("1 < 2", "always taken"), ("false", "never taken")])
def test_a_condition_that_reads_nothing_is_worth_a_warning(find, when, says):
    [problem] = condition(find, when, warnings=True)

    assert (problem.code, problem.severity) == ("constant_condition", "warning")
    assert says in problem.message


def test_input_that_the_schema_rules_out_can_not_be_read(find):
    problems = condition(find, "input.m > 1", CLOSED)

    assert told(problems) == [("undefined_variable", "/transitions/1/when")]
    assert "known: n, s, b" in problems[0].message
    assert condition(find, "has(input.m)", CLOSED) == []


def ask(**config):
    return {"config": {"provider": "scripted", "prompt": "x", **config}}


def test_what_is_known_of_outputs_is_held_against_their_use(find):
    schema = {"type": "object", "properties": {"urgency": {"type": "number"}}, "additionalProperties": False}
    text = "start > ask -SUCCESS> decide -vars.ask.urgncy>1?> end; decide > end; ask -FAILURE> end"

    [problem] = find(text, ask=ask(output_schema=schema))

    assert (problem.code, problem.node_id, problem.transition_id) == ("bad_expression", "decide", "t3")
    assert "urgency" in problem.message
    assert find(text.replace("urgncy", "urgency"), ask=ask(output_schema=schema)) == []


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("start > ask -vars.ask?> end; ask -SUCCESS> end; ask -FAILURE> end", {}),
        ("start > a -vars.a.result?> end; a -SUCCESS> end; a -FAILURE> end", {}),
        ("start > a -vars.a.text?> end; a -SUCCESS> end; a -FAILURE> end", {}),
        (
            "start > wait -vars.wait.n?> end; wait -SUCCESS> end",
            {"wait": {"config": {"signal": "go", "form_schema": NUMBERS}}},
        ),
    ],
    ids=["text of an agent", "text of a tool", "unknown field of a tool", "number of a form"],
)
def test_types_follow_from_agents_tools_and_forms(find, text, nodes):
    assert [problem.code for problem in find(text, **nodes)] == ["bad_expression"]


def test_a_name_that_two_nodes_write_has_the_type_they_share(find):
    text = "start > decide -input.x?> ask -SUCCESS> end; decide > a -SUCCESS> end; ask -FAILURE> end2; a -FAILURE> end2"
    same = {"save_as": "x"}
    end = {"config": {"output": "{{ vars.x.result }}"}}

    assert find(text, ask=same, a=same, end=end) == []


def test_names_merged_into_lists_are_not_typed_by_their_writers(find):
    text = "start > fork > a -SUCCESS> join > end; fork > b -SUCCESS> join"
    same = {"save_as": "x"}
    output = {"config": {"output": "{{ vars.x[0].number + size(vars.x) }}"}}

    assert find(text, fork={"config": {"merge": "list"}}, a=same, b=same, end=output) == []


@pytest.mark.parametrize(
    ("output", "path", "says"),
    [
        ("{{ input.n", "/nodes/1/config/output", "never closed"),
        ({"a": ["x", "{{ 1 + }}"]}, "/nodes/1/config/output/a/1", "at 1:"),
        ({"a/b": "{{ 1 / 0 }}"}, "/nodes/1/config/output/a~1b", "at 1:6"),
        ("x\n{{ input.n + 's' }}", "/nodes/1/config/output", "at 2:12"),
        ("{{ nope }}", "/nodes/1/config/output", "There is no name 'nope'"),
        ("{{ secrets.key }}", "/nodes/1/config/output", "in the arguments of a tool only"),
    ],
)
def test_templates_are_checked_slot_by_slot(find, output, path, says):
    problems = find("start > end", document={"input_schema": NUMBERS}, end={"config": {"output": output}})

    assert told(problems) == [("bad_expression", path)]
    assert says in problems[0].message


@pytest.mark.parametrize(
    ("arguments", "path", "says"),
    [
        ({"headers": {"Authorization": "Bearer {{ secrets.key }}"}}, None, ""),
        (
            {
                "headers": {"A": "{{secrets.key}}:{{ secrets.other }}"},
                "json_body": {"a": ["{{ secrets.key }}"]},
            },
            None,
            "",
        ),
        ({"text_body": "{{ secrets.key }} {{ input.n }}"}, None, ""),
        (
            {"url": "https://example.com/{{ secrets.key }}"},
            "url",
            "form_body, headers, json_body, text_body of the tool",
        ),
        ({"query": {"key": "{{ secrets.key }}"}}, "query/key", "may stand only in"),
        ({"headers": {"A": "{{ 'x' + secrets.key }}"}}, "headers/A", "named alone"),
        ({"headers": {"A": "{{ secrets.key == 'a' ? '1' : '2' }}"}}, "headers/A", "named alone"),
        ({"headers": {"A": "{{ secrets }}"}}, "headers/A", "named alone"),
        ({"headers": {"A": "{{ secrets['key'] }}"}}, "headers/A", "named alone"),
        ({"headers": {"A": "{{ secrets[input.s] }}"}}, "headers/A", "named alone"),
        ({"headers": {"A": "{{ secrets.key.size() }}"}}, "headers/A", "named alone"),
    ],
)
def test_a_secret_stands_alone_in_a_slot_that_its_tool_has_marked(find, arguments, path, says):
    config = {
        "tool": "http_request",
        "arguments": {"url": "https://example.com", "method": "POST", **arguments},
    }
    problems = find(
        "start > a -SUCCESS> end; a -FAILURE> end", a={"config": config}, document={"input_schema": NUMBERS}
    )

    where = f"/nodes/1/config/arguments/{path}"
    assert told(problems) == ([("bad_expression", where)] if path else [])
    assert not path or says in problems[0].message


def test_a_tool_without_marked_slots_takes_no_secret(find):
    arguments = {"tool": "memory_store", "arguments": {"key": "k", "value": "{{ secrets.key }}"}}
    problems = find("start > a -SUCCESS> end; a -FAILURE> end", a={"config": arguments})

    assert "'memory_store' has no place for a secret" in problems[0].message


def test_a_variable_without_vars_before_it_is_suggested(find):
    problems = find("start > a -SUCCESS> end; a -FAILURE> end2", end={"config": {"output": "{{ a.number }}"}})

    assert "did you mean vars.a?" in problems[0].message


@pytest.mark.parametrize(
    ("until", "is_fine"),
    [
        ("'2026-01-31T09:00:00Z'", True),
        ("input.s", True),
        ("input.unknown", True),
        ("'2026-01-31T09:00:00'", False),
        ("'tomorrow'", False),
        ("5", False),
        ("input.n", False),
        ("input.s +", False),
    ],
)
def test_until_gives_a_time_with_its_zone(find, until, is_fine):
    problems = find(
        "start > wait -SUCCESS> end; wait -FAILURE> end",
        document={"input_schema": NUMBERS},
        wait={"config": {"until": until}},
    )

    assert told(problems) == ([] if is_fine else [("bad_expression", "/nodes/1/config/until")])


def test_what_is_remembered_is_an_expression(find):
    problems = find("start > a -SUCCESS> end; a -FAILURE> end", a={"remember": {"x": "1 +", "y": "nope"}})

    assert told(problems) == [
        ("bad_expression", "/nodes/1/remember/x"),
        ("bad_expression", "/nodes/1/remember/y"),
    ]
