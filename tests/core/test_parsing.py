import json
import time
from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.document import FORMAT, Document
from engine.core.parsing import MalformedJson, TooLarge, parse_json, parse_yaml, read_document

MEGABYTE = 1024 * 1024

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\t\n\r"))
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abcé 1"), inner),
    max_leaves=30,
)


def refusal(parse, source):
    with pytest.raises(MalformedJson) as caught:
        parse(source)
    return caught.value


@given(values)
def test_json_is_read_as_it_was_written(value):
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1)):
        assert parse_json(text) == value
        assert parse_json(text.encode()) == value


@pytest.mark.parametrize(
    ("source", "line", "column", "pointer", "detail"),
    [
        ('{"a": 1, "a": 2}', 1, 10, "/a", 'the key "a" stands twice'),
        ('{"n": [1,\n {"b": 0, "b": 0}]}', 2, 11, "/n/1/b", 'the key "b" stands twice'),
        (r'{"a": 1, "\u0061": 2}', 1, 10, "/a", "stands twice"),
        ('{"a": [NaN]}', 1, 8, "/a/0", "NaN is no JSON number"),
        ('{"a": -Infinity}', 1, 7, "/a", "-Infinity is no JSON number"),
        ('{"a": 1e999}', 1, 7, "/a", "this number is too large"),
        ('{"a": 9223372036854775808}', 1, 7, "/a", "more than 64 bits"),
        ('{"a": -9223372036854775809}', 1, 7, "/a", "more than 64 bits"),
        ('{"a": ' + "9" * 5000 + "}", 1, 7, "/a", "more than 64 bits"),
        (r'{"a": "x\u0000"}', 1, 7, "/a", "control character U+0000"),
        (r'{"a": "x\b"}', 1, 7, "/a", "control character U+0008"),
        (r'{"a": "x\u007f"}', 1, 7, "/a", "control character U+007F"),
        ('{"a": "x\x85"}', 1, 7, "/a", "control character U+0085"),
        (r'{"a\u0001": 1}', 1, 2, "/a\x01", "control character U+0001"),
        (r'{"a": "\ud800"}', 1, 7, "/a", "half of a character"),
        (r'{"a/b": "\udc00x"}', 1, 9, "/a~1b", "half of a character"),
        ('{"a": "\ud800"}', 1, 7, "/a", "half of a character"),
        ('{"a": "x\x00"}', 1, 9, "", "invalid control character"),
        ('{"a": "x\ny"}', 1, 9, "", "invalid control character"),
        ("{'a': 1}", 1, 2, "", "expecting property name"),
        ('{"a": 1,}', 1, 9, "", ""),
        ('{"a": 1} x', 1, 10, "", "extra data"),
        ('{"a": 01}', 1, 8, "", ""),
        ("", 1, 1, "", "expecting value"),
        ("\ufeff{}", 1, 1, "", "byte order mark"),
    ],
)
def test_what_json_does_not_say_clearly_is_refused_with_its_place(source, line, column, pointer, detail):
    error = refusal(parse_json, source)

    assert (error.line, error.column, error.pointer) == (line, column, pointer)
    assert detail in error.detail
    assert error.code == "malformed_json"


@pytest.mark.parametrize("source", [b'{"a": "\xff"}', b"\xff\xfe{\x00", '{"a": 1}'.encode("utf-16")])
@pytest.mark.parametrize("parse", [parse_json, parse_yaml])
def test_bytes_that_are_no_utf8_are_refused(parse, source):
    assert "UTF-8" in str(refusal(parse, source))


def test_tabs_and_line_breaks_in_texts_are_fine_and_so_are_whole_characters_in_halves():
    assert parse_json(r'{"a": "\t\n\r", "b": "\ud83d\ude00"}') == {"a": "\t\n\r", "b": "😀"}


def test_the_largest_numbers_are_kept_exactly():
    text = f"[{2**63 - 1}, {-(2**63)}, 1e308, 0.1]"

    assert parse_json(text) == parse_yaml(text) == [2**63 - 1, -(2**63), 1e308, 0.1]


@pytest.mark.parametrize("parse", [parse_json, parse_yaml])
@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ('{"a": ', "}")])
def test_depth_is_bounded_before_anything_is_built(parse, opens, closes):
    deep = parse(opens * 32 + "1" + closes * 32)

    assert json.dumps(deep).count(opens[0]) == 32
    for depth in (33, 5_000, 100_000):
        with pytest.raises(TooLarge, match="more than 32 levels"):
            parse(opens * depth + "1" + closes * depth)
        with pytest.raises((TooLarge, MalformedJson)):
            parse(opens * depth)


def test_brackets_in_texts_do_not_count_as_depth():
    assert parse_json(json.dumps({"a": "[" * 100, "b\\": '"{' * 100}))["a"] == "[" * 100


@pytest.mark.parametrize("parse", [parse_json, parse_yaml])
def test_five_megabytes_are_read_and_one_byte_more_is_not(parse):
    text = '"' + "x" * (5 * MEGABYTE - 2) + '"'

    assert len(parse(text)) == 5 * MEGABYTE - 2
    with pytest.raises(TooLarge, match="5,242,881 bytes"):
        parse(text + " ")
    with pytest.raises(TooLarge):
        parse("é" * (3 * MEGABYTE))


@pytest.mark.parametrize(
    "text",
    [
        '"\\' * (2 * MEGABYTE),
        '"' * (4 * MEGABYTE),
        "[[]," * MEGABYTE,
        '{"a":' * MEGABYTE,
        "\\u0000" * (MEGABYTE // 2),
        '["\\u0041",' + "1," * (2 * MEGABYTE) + "1]",
        "[" + "9" * 4_000_000 + "]",
        "- " * MEGABYTE,
        "? " * MEGABYTE,
        "a: " * MEGABYTE,
        "&a " * MEGABYTE,
        "{a: [" * MEGABYTE,
        " " * 4_000_000 + "x",
        "x\n" * MEGABYTE,
    ],
    ids=lambda text: text[:12],
)
@pytest.mark.parametrize("parse", [parse_json, parse_yaml])
def test_hostile_text_is_dealt_with_in_bounded_time(parse, text):
    began = time.process_time()
    with suppress(MalformedJson, TooLarge):
        parse(text)

    assert time.process_time() - began < 6


@given(st.text() | st.binary())
def test_any_text_is_read_or_refused(source):
    for parse in (parse_json, parse_yaml):
        with suppress(MalformedJson, TooLarge):
            orjson.dumps(parse(source))


@given(values)
def test_json_is_yaml_too(value):
    text = json.dumps(value)
    if "\\u00" in text or "\\ud" in text or "\\u200" in text or "\\ufe" in text or "\\uff" in text:
        return  # escapes that YAML does not pair
    assert parse_yaml(text) == value


def test_yaml_is_read_by_the_core_schema_so_that_on_and_dates_are_texts():
    text = """
    on: ALWAYS
    yes: no
    date: 2024-01-02
    time: 12:30:00
    octal: 0o17
    leading: 017
    hex: 0x1F
    float: 1.5e3
    dots: 1.2.3
    underscore: 1_000
    empty:
    tilde: ~
    truth: [true, False, TRUE, 'true', !!str true]
    block: |
      two
      lines
    merge: {<<: {a: 1}}
    """
    assert parse_yaml(text) == {
        "on": "ALWAYS",
        "yes": "no",
        "date": "2024-01-02",
        "time": "12:30:00",
        "octal": 15,
        "leading": 17,
        "hex": 31,
        "float": 1500.0,
        "dots": "1.2.3",
        "underscore": "1_000",
        "empty": None,
        "tilde": None,
        "truth": [True, False, True, "true", "true"],
        "block": "two\nlines\n",
        "merge": {"<<": {"a": 1}},
    }


@pytest.mark.parametrize(
    ("source", "line", "pointer", "detail"),
    [
        ("a: 1\nb: 2\na: 3", 3, "/a", 'the key "a" stands twice'),
        ("a:\n- {b: 1, b: 2}", 2, "/a/0/b", 'the key "b" stands twice'),
        ("a: .nan", 1, "/a", "numbers are finite"),
        ("a: -.inf", 1, "/a", "numbers are finite"),
        ("a: 1e999", 1, "/a", "too large"),
        ("a: 9223372036854775808", 1, "/a", "64 bits"),
        ("1: a", 1, "", "a key must be a text"),
        ("? [a]\n: b", 1, "", "a key must be a text"),
        ("true: a", 1, "", "a key must be a text"),
        ("a: !!python/object:os.system x", 1, "/a", "is not supported"),
        ("a: !!timestamp 2024-01-02", 1, "/a", "is not supported"),
        ("a: !!binary aGk=", 1, "/a", "is not supported"),
        ("a: *b", 1, "/a", "stands for nothing"),
        ("a: &x [*x]", 1, "/a/0", "stands for nothing"),
        ("a: 1\n---\nb: 2", 2, "", "a second document"),
        ('a: "\\0"', 1, "/a", "control character U+0000"),
        ("a: [1", 1, "", ""),
        ("a: b: c", 1, "", ""),
        ("a: \x07", 1, "", ""),
    ],
)
def test_yaml_that_is_no_json_is_refused_with_its_place(source, line, pointer, detail):
    error = refusal(parse_yaml, source)

    assert (error.line, error.pointer) == (line, pointer) or not detail
    assert detail in error.detail
    assert "YAML" in str(error)


def test_aliases_are_copies_that_count_as_often_as_they_are_used():
    value = parse_yaml("a: &x {k: [1]}\nb: *x\nc: [*x, *x]")

    assert value == {"a": {"k": [1]}, "b": {"k": [1]}, "c": [{"k": [1]}, {"k": [1]}]}
    assert value["a"] is not value["b"]


def test_an_alias_bomb_is_too_large():
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "\n".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 20)
    )
    with pytest.raises(TooLarge, match="aliases"):
        parse_yaml(bomb)


def test_aliases_do_not_get_round_the_depth():
    tower = "a0: &a0 [x]\n" + "\n".join(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 40))

    with pytest.raises(TooLarge, match="32 levels"):
        parse_yaml(tower)


# read_document


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
        (document(nodes={}), "/nodes", "Nodes must be a list; it is {}."),
        (document(format="openrooms/workflow@2"), "/format", 'must be "openrooms/workflow@1"'),
        ({"name": "x"}, "/format", "the one format this version knows and is missing"),
        (document(name=""), "/name", "must have 1 or more characters"),
        (document(extra=1), "/extra", "unknown field"),
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
