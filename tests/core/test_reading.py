"""Documents read from JSON: every fault named at once, every limit with its number."""

import pytest

from engine.core.document import FORMAT, Document
from engine.core.parsing import read_document

MEGABYTE = 1024 * 1024


def document(**changes):
    base = {
        "format": FORMAT,
        "name": "Sample",
        "nodes": [
            {"id": "start", "type": "START"},
            {"id": "work", "type": "TOOL_EXECUTION", "config": {"tool": "calculator"}},
            {"id": "end", "type": "END"},
        ],
        "transitions": [
            {"id": "t1", "source": "start", "target": "work", "on": "ALWAYS"},
            {"id": "t2", "source": "work", "target": "end", "on": "SUCCESS"},
        ],
    }
    return {**base, **changes}


def node(**fields):
    return document(nodes=[{"id": "n", "type": "END", **fields}], transitions=[])


def transition(**fields):
    return document(transitions=[{"id": "t", "source": "start", "target": "end", "on": "ALWAYS", **fields}])


def found(data):
    read, problems = read_document(data)
    return read, [(problem.code, problem.path) for problem in problems]


def test_a_document_is_read_without_problems():
    read, problems = read_document(document())

    assert isinstance(read, Document)
    assert problems == []


@pytest.mark.parametrize(
    ("data", "path", "says"),
    [
        (node(timeout_s="5"), "/nodes/0/timeout_s", 'timeout_s must be a number; it is "5".'),
        (node(timeout_s=True), "/nodes/0/timeout_s", "must be a number; it is true"),
        (node(timeout_s=0), "/nodes/0/timeout_s", "must be more than 0; it is 0"),
        (node(timeout_s=2_592_001), "/nodes/0/timeout_s", "must be at most 2592000"),
        (node(foo=1), "/nodes/0/foo", "foo is an unknown field; known: description, save_as"),
        (node(nmae="x"), "/nodes/0/nmae", "did you mean 'name'?"),
        (node(save_as="Total"), "/nodes/0/save_as", "must start with a small letter"),
        (node(save_as="vars"), "/nodes/0/save_as", "save_as can't use 'vars'"),
        (node(remember={"memory": "1"}), "/nodes/0/remember/memory", "remember can't use 'memory'"),
        (node(remember={"A/b": "1"}), "/nodes/0/remember/A~1b", "must start with a small letter"),
        (node(retry={"max_attempts": 101}), "/nodes/0/retry/max_attempts", "must be at most 100"),
        (node(retry={"max_attempts": 1.5}), "/nodes/0/retry/max_attempts", "must be a whole number"),
        (node(retry={"tries": 3}), "/nodes/0/retry/tries", "known: max_attempts"),
        (node(disabled="yes"), "/nodes/0/disabled", "must be true or false"),
        (node(config=[]), "/nodes/0/config", "must be an object; it is []"),
        (node(id="1a"), "/nodes/0/id", "start with a letter"),
        (node(id=None), "/nodes/0/id", "Node number 1: id must be a text; it is null."),
        (node(position={"x": 1}), "/nodes/0/position/y", "y is missing"),
        (transition(on="MAYBE"), "/transitions/0/on", "must be 'ALWAYS', 'SUCCESS', 'FAILURE'"),
        (transition(priority=1.5), "/transitions/0/priority", "must be a whole number"),
        (document(nodes={}), "/nodes", "nodes must be a list; it is {}."),
        (document(format="openrooms/workflow@2"), "/format", 'must be "openrooms/workflow@1"'),
        ({"name": "x"}, "/format", "the one format this version knows; it is missing."),
        (document(name=""), "/name", "must have 1 or more characters"),
        (document(extra=1), "/extra", "extra is an unknown field"),
        (document(limits={"max_steps": 0}), "/limits/max_steps", "must be 1 or more"),
        (document(input_schema=[]), "/input_schema", "must be an object"),
        ([], "", "A workflow is a JSON object"),
        (None, "", "A workflow is a JSON object"),
        (document(description="a\x00"), "/description", "control character U+0000"),
        (document(description="\ud800"), "/description", "half of a character"),
        (node(config={"a": float("nan")}), "/nodes/0/config/a", "finite"),
        (node(config={"a": 2**63}), "/nodes/0/config/a", "64 bits"),
        (node(config={1: 2}), "/nodes/0/config", "the key 1 is no text"),
        (node(config={"a": b"x"}), "/nodes/0/config/a", "bytes is nothing that JSON can hold"),
    ],
)
def test_a_fault_names_the_field_what_is_wrong_and_where(data, path, says):
    _, problems = read_document(data)

    assert [(problem.code, problem.path) for problem in problems if problem.path == path] == [
        ("bad_document", path)
    ]
    assert any(says in problem.message for problem in problems), [problem.message for problem in problems]


def test_all_faults_are_told_at_once_with_the_node_or_transition_they_are_in():
    data = document()
    data["nodes"][1] |= {"timeout_s": -1, "foo": 1}
    data["transitions"][1] |= {"on": "OK"}
    read, problems = read_document(data)

    assert read is None
    assert [(problem.path, problem.node_id, problem.transition_id) for problem in problems] == [
        ("/nodes/1/timeout_s", "work", None),
        ("/nodes/1/foo", "work", None),
        ("/transitions/1/on", None, "t2"),
    ]


def test_ids_are_unique_even_when_case_is_ignored():
    data = document(
        nodes=[{"id": "a", "type": "START"}, {"id": "A", "type": "END"}, {"id": "a", "type": "END"}]
    )
    data["transitions"] = [
        {"id": f"{name}", "source": "a", "target": "A", "on": "ALWAYS"} for name in ("t", "T")
    ]

    read, problems = found(data)

    assert read is not None
    assert problems == [
        ("duplicate_id", "/nodes/1/id"),
        ("duplicate_id", "/nodes/2/id"),
        ("duplicate_id", "/transitions/1/id"),
    ]


def nodes(count):
    return [{"id": f"n{number}", "type": "END"} for number in range(count)]


def transitions(count):
    return [{"id": f"t{number}", "source": "a", "target": "b", "on": "ALWAYS"} for number in range(count)]


@pytest.mark.parametrize(
    ("fits", "data", "limit"),
    [
        (document(nodes=nodes(5000)), document(nodes=nodes(5001)), "5,000"),
        (document(transitions=transitions(20_000)), document(transitions=transitions(20_001)), "20,000"),
        (node(config={"a": "x" * (5 * MEGABYTE - 200)}), node(config={"a": "x" * 5 * MEGABYTE}), "5,242,880"),
    ],
    ids=["nodes", "transitions", "bytes"],
)
def test_limits_are_told_with_their_number(fits, data, limit):
    assert read_document(fits)[0] is not None
    read, problems = read_document(data)

    assert read is None
    assert [problem.code for problem in problems] == ["too_large"]
    assert limit in problems[0].message


def test_a_document_of_32_levels_is_read_and_one_of_33_is_too_large():
    def deep(levels):
        value = 1
        for _ in range(levels - 4):  # the document, its nodes, the node and its config are four
            value = [value]
        return node(config={"a": value})

    assert found(deep(32))[1] == []
    assert found(deep(33))[1][0][0] == "too_large"
    assert found(deep(5_000))[1][0][0] == "too_large"
