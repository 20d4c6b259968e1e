"""Thousands of random expressions give what Google's CEL gives: the same value, or an error where it has one.

Ours differs on purpose, and the generator keeps away from it:

- int and double mix in arithmetic and compare exactly (`1 + 0.5`, `1 == 1.0`); CEL refuses the first and
  compares large ones as doubles;
- a double that would be infinite or not a number is an error, as JSON has neither;
- `int()` and `double()` take no blanks around a number, and no `inf` or `nan`;
- `string()` of a double is the shortest text that reads back, without CEL's exponents from 1e6 on;
- `type()` gives the name of the type as a text, so it may also be compared with a text;
- keys of maps are texts; `\\0` is an escape, CEL's other escapes are not; no leading zeros, no reserved names;
- `substring(start, end)` may end where the text ends, as CEL's documentation says; this version refuses it;
- the keys of a map come in its own order; CEL has none;
- what is compared may be of unlike types (`1 == 'a'` is false); CEL's checker refuses it for known types.
"""

from typing import Any

import pytest
from cel_expr_python import cel
from cel_expr_python.ext import ext_strings

from engine.core.expressions import EvaluationError, compile_expression
from tests.core.expressions.typed import SCOPE, TYPES, Generator

DECLARED = {
    "i": cel.Type.INT,
    "j": cel.Type.INT,
    "d": cel.Type.DOUBLE,
    "e": cel.Type.DOUBLE,
    "t": cel.Type.STRING,
    "u": cel.Type.STRING,
    "b": cel.Type.BOOL,
    "numbers": cel.Type.List(cel.Type.INT),
    "words": cel.Type.List(cel.Type.STRING),
    "flags": cel.Type.List(cel.Type.BOOL),
    "m": cel.Type.DYN,
}
EACH_TYPE = 600
ERROR = "error"


@pytest.fixture(scope="module")
def theirs() -> cel.Env:
    return cel.NewEnv(variables=DECLARED, extensions=[ext_strings.ExtStrings()])


def answer_of_cel(env: cel.Env, source: str) -> Any:
    # Its checker guesses too much about `m.name + m.name`; what is compared here is the evaluation.
    value = env.compile(source, disable_check=True).eval(data=SCOPE)
    return ERROR if value.type() == cel.Type.ERROR else (value.plain_value(),)


def our_answer(source: str) -> Any:
    try:
        return (compile_expression(source).evaluate(SCOPE).value,)
    except EvaluationError:
        return ERROR


@pytest.mark.parametrize("kind", TYPES)
def test_a_random_expression_gives_what_cel_gives(theirs, kind):
    generator = Generator(seed=TYPES.index(kind) + 1)
    answers = []
    for _ in range(EACH_TYPE):
        source = generator.expression(kind, 4)
        ours = our_answer(source)
        assert repr(ours) == repr(answer_of_cel(theirs, source)), source
        answers.append(ours)

    assert EACH_TYPE * 0.02 < answers.count(ERROR) < EACH_TYPE * 0.7


@pytest.mark.parametrize(
    "source",
    [
        "1 + 2 * 3 - 4 / 2 % 3",
        "-7 / 2 == -3 && -7 % 2 == -1",
        "-9223372036854775808",
        "-(-9223372036854775808)",
        "-9223372036854775808 / -1",
        "-9223372036854775808 % -1",
        "9223372036854775807 + 1",
        "m.nope == 1 || true",
        "true || m.nope == 1",
        "m.nope == 1 && true",
        "m.nope == 1 && false",
        "has(m.k) && has(m.n.z) && !has(m.q)",
        "has(m.q.r)",
        "numbers.all(x, x / (x - 1) > 5)",
        "numbers.exists(x, x / (x - 1) > 1)",
        "numbers.exists_one(x, x / (x - 1) > 1)",
        "numbers.map(x, x > 1, x * 2)",
        "m.all(k, size(k) > 0)",
        "[].exists(x, m.nope == x)",
        "words.map(x, words.map(x, x))",
        "[[1, 2], [3]][0][1]",
        "{'b': [true, null]}",
        "{'a': 1}.a",
        "numbers[1]",
        "numbers[9]",
        "numbers[-1]",
        "m.none == null",
        "m.n == {'z': [1, 2], 'on': true}",
        "'k' in m && !('q' in m)",
        "1 in m",
        "true > false",
        "null < null",
        "m < m",
        "m.k && false",
        "m.k && true",
        "m.k || true",
        "m.k ? 1 : 2",
        "''.split('')",
        "'abc'.split('', 2)",
        "'abab'.replace('', 'x', 2)",
        "'abc'.indexOf('c', 3)",
        "'abc'.indexOf('', 4)",
        "' \\u00a0\\u2003x '.trim()",
        "'ÀÉa'.lowerAscii() + 'àéa'.upperAscii()",
        "size('😀') + size('é')",
        "type(null) == null_type && type([]) == list && type({}) == map && type(1.0) == double",
        "b ? 1 : b ? 2 : 3",
        "[1, 2,]",
        "1 // a comment\n + 1",
        "int('9223372036854775808')",
        "int(9.3e18)",
        "string(0.1) + string(-0.0) + string(2.0) + string(1e20)",
        "--1 + ---1",
        "!!true",
    ],
)
def test_what_the_generator_seldom_meets_agrees_too(theirs, source):
    assert repr(our_answer(source)) == repr(answer_of_cel(theirs, source))


@pytest.mark.parametrize(
    "source",
    [
        "",
        "1 +",
        "(1",
        "1)",
        "a b",
        "a ? b ? 1 : 2 : 3",
        "m.in",
        "if",
        "f(1)",
        "has(b)",
        "has(numbers[0])",
        "'a",
        "0xFFFFFFFFFFFFFFFF",
        "9223372036854775808",
        "'a' 'b'",
        "numbers.all(1, true)",
        "'\\ud83d'",
    ],
)
def test_what_cel_refuses_to_compile_is_refused(theirs, source):
    with pytest.raises(RuntimeError):
        theirs.compile(source)
    with pytest.raises(Exception, match=r"^At \d+:\d+: "):
        compile_expression(source)
