"""Documents as text: what was written is read back, whatever strings and numbers it holds."""

import math

from hypothesis import given
from hypothesis import strategies as st

from engine.core.document_text import as_json, as_yaml
from engine.core.parsing import parse_json, parse_yaml

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20) | st.sampled_from(
    ["on", "no", "~", "", "1e3", "0o7", "017", "1_000", ".5", "5.", "0x1F", "2026-01-01", "=", "<<", "null",
     "a: b", "# x", "- x", "two\nlines", " led\nby space", "trail \n", "\n", "{{ a }}", "%x", "@x", "!tag", "&a", "*a"]
)  # fmt: skip
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=5))
def test_json_and_yaml_are_read_back_as_they_were(value):
    for text, parse in ((as_json(value), parse_json), (as_yaml(value), parse_yaml)):
        again = parse(text)
        assert again == value
        assert [type(item) for item in again.values()] == [type(item) for item in value.values()]


def test_a_text_of_several_lines_is_a_block_in_yaml():
    assert as_yaml({"prompt": "one\ntwo\n"}) == b"prompt: |\n  one\n  two\n"


def test_the_same_value_gives_the_same_bytes():
    value = {"b": 1, "a": [1.0, 1, math.pi, "ü"]}

    assert as_json(value) == as_json(dict(value))
    assert list(parse_yaml(as_yaml(value))) == ["b", "a"]
