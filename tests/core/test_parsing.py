import json
import sys
import time
from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.parsing import MalformedJson, TooLarge, parse_json, parse_yaml

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
        (r'{"a": {"\ud800": 1}}', 1, 8, "/a/?", "half of a character"),
        (r'{"a/b": "\udc00x"}', 1, 9, "/a~1b", "half of a character"),
        ('{"a": "\ud800"}', 1, 7, "/a", "half of a character"),
        ('{"a": "x\x00"}', 1, 9, "", "invalid control character"),
        ('{"a": "x\ny"}', 1, 9, "", "invalid control character"),
        ("{'a': 1}", 1, 2, "", "expecting property name"),
        ('{"a": 1,}', 1, 8 if sys.version_info >= (3, 13) else 9, "", ""),
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


def test_many_digits_behind_a_point_or_in_an_exponent_are_no_large_number():
    text = "[0.000027305644637657918, -0.1234567890123456789012, 1e-0000000000000000000001, 7]"

    assert parse_json(text) == [0.000027305644637657918, -0.1234567890123456789012, 0.1, 7]


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
