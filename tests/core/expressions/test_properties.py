from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.expressions import ExpressionError, compile_expression, compile_template
from engine.core.expressions.infer import infer
from engine.core.expressions.parser import parse
from tests.core.expressions.typed import SCOPE

WORDS = [
    *(
        "a",
        "b",
        "m",
        "t",
        "numbers",
        "m.k",
        "true",
        "false",
        "null",
        "in",
        "has",
        "size",
        "int",
        "all",
        "map",
        "filter",
    ),
    *"x()[]{}.,:?!-+*/%<'=&|\n\\é\u200b\ufeff\x00",
    *(
        "&&",
        "||",
        "==",
        ">=",
        "'s'",
        '""',
        "1",
        "2.5",
        "0x",
        "9223372036854775808",
        "1e999",
        "//",
        "{{",
        "}}",
        "__x",
    ),
]
SOURCES = st.lists(st.sampled_from([*WORDS, " "]), max_size=25).map("".join) | st.text(max_size=40)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=8,
)
OPERATORS = st.sampled_from(["+", "-", "*", "/", "%", "==", "<", "in", "&&", "||"])
often = settings(derandomize=True, max_examples=600, deadline=None)


def assert_placed(error: ExpressionError, source: str) -> None:
    lines = source.split("\n")
    assert 1 <= error.line <= len(lines)
    assert 1 <= error.column <= len(lines[error.line - 1]) + 1
    assert str(error) == f"At {error.line}:{error.column}: {error.detail}"


@given(SOURCES)
@often
def test_whatever_is_typed_gives_a_value_or_an_error_with_its_place(source):
    try:
        compile_expression(source).evaluate(SCOPE)
    except ExpressionError as error:
        assert_placed(error, source)


@given(SOURCES)
@often
def test_whatever_is_typed_as_a_template_gives_a_value_or_an_error_with_its_place(source):
    text = f"x\n {{{{ {source} }}}}"
    try:
        compile_template(text).render(SCOPE)
    except ExpressionError as error:
        assert_placed(error, text)


@given(SOURCES)
@often
def test_what_has_a_value_has_no_certain_type_error(source):
    try:
        expression = compile_expression(source)
        found = expression.evaluate(SCOPE).value
    except ExpressionError:
        return
    # `true || 1 < 'a'` has a value, and is refused all the same.
    if "||" not in source and "&&" not in source and "?" not in source:
        infer(parse(source), source, {})
    assert found is None or type(found) in {bool, int, float, str, list, dict}


@given(DATA, DATA, OPERATORS)
@often
def test_whatever_the_data_is_an_operator_gives_json_or_a_clean_error(left, right, operator):
    source = f"a {operator} b"
    try:
        found = compile_expression(source).evaluate({"a": left, "b": right}).value
    except ExpressionError as error:
        assert_placed(error, source)
    else:
        assert type(found) in {bool, int, float, str, list}
