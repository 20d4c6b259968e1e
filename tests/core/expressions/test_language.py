import math
from collections import ChainMap
from enum import StrEnum

import pytest

from engine.core.expressions import BadExpression, EvaluationError, compile_expression

SCOPE = {
    "input": {"ticket": "Broken", "items": [{"price": 5, "tags": ["a"]}, {"price": 12.5, "tags": []}]},
    "vars": {"triage": {"urgency": 0.9, "my-key": 1}, "none": None, "list": [1, 2, 3], "text": "héllo"},
    "memory": {"count": 3},
    "outcome": "SUCCESS",
}


def value(source, scope=SCOPE):
    return compile_expression(source).evaluate(scope).value


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("true", True),
        ("null", None),
        ("42", 42),
        ("0x1F", 31),
        ("-9223372036854775808", -(2**63)),
        ("-9223372036854775808.0", -(2.0**63)),
        ("9223372036854775807", 2**63 - 1),
        ("1.5e3", 1500.0),
        (".5", 0.5),
        (r"'a\n\t\r\\\"\'\0\u00e9'", "a\n\t\r\\\"'\0é"),
        ('"it\'s"', "it's"),
        ("[1, 'a', [true, null],]", [1, "a", [True, None]]),
        ("{'k': 1, \"l\": [2],}", {"k": 1, "l": [2]}),
        ("1 // one\n + // and\n 2", 3),
        ("'// no comment'", "// no comment"),
        ("'🙂 ｆｕｌｌ'", "🙂 ｆｕｌｌ"),
    ],
)
def test_a_literal_is_what_it_says(source, expected):
    assert value(source) == expected
    assert type(value(source)) is type(expected)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 3 - 2", 5),
        ("2 * 7 / 4 % 2", 1),
        ("-2 * -3", 6),
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("-7 % 3", -1),
        ("7 / 2.0", 3.5),
        ("1 + 0.5", 1.5),
        ("'a' + 'b' + 'c'", "abc"),
        ("[1] + [2]", [1, 2]),
        ("1 < 2 == true", True),
        ("true || false && false", True),
        ("!true || true", True),
        ("false ? 1 : true ? 2 : 3", 2),
        ("1 + 1 == 2 ? 'yes' : 'no'", "yes"),
        ("--1", 1),
        ("!!true", True),
        ("2 in [1, 2]", True),
        ("'ticket' in input", True),
        ("1 in {'1': 1}", False),
    ],
)
def test_operators_bind_and_calculate_as_in_cel(source, expected):
    assert value(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 == 1.0", True),
        ("7 > 6.5", True),
        ("9007199254740993 == 9007199254740992.0", False),
        ("1 == true", False),
        ("0 == false", False),
        ("1 == '1'", False),
        ("null == false", False),
        ("[1, [2]] == [1.0, [2.0]]", True),
        ("[true] == [1]", False),
        ("{'a': 1, 'b': 2} == {'b': 2.0, 'a': 1}", True),
        ("{'a': 1} == {'b': 1}", False),
        ("[1] == [1, 2]", False),
        ("true in [1]", False),
        ("1.0 in [1]", True),
        ("'a' < 'b'", True),
        ("false < true", True),
        ("'Z' < 'a'", True),
    ],
)
def test_equality_and_order_take_json_numbers_as_one_kind_and_nothing_else(source, expected):
    assert value(source) is expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("vars.triage.urgency > 0.7", True),
        ("vars['triage'].urgency", 0.9),
        ("vars.triage['my-key']", 1),
        ("vars[input.ticket == 'Broken' ? 'text' : 'none']", "héllo"),
        ("input.items[1].price", 12.5),
        ("vars.list[1.0]", 2),
        ("vars.list[memory.count - 1]", 3),
        ("has(vars.triage.urgency)", True),
        ("has(vars.triage.nope)", False),
        ("has(vars.none)", True),
        ("outcome", "SUCCESS"),
        ("{'a': {'b': 1}}.a.b", 1),
        ("[[1, 2], [3]][0][1]", 2),
    ],
)
def test_names_read_data(source, expected):
    assert value(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("input.items.all(i, i.price > 1)", True),
        ("input.items.exists(i, 'a' in i.tags)", True),
        ("input.items.exists_one(i, i.price > 10)", True),
        ("input.items.filter(i, i.price > 10).map(i, i.price)", [12.5]),
        ("vars.list.map(x, x > 1, x * 10)", [20, 30]),
        ("vars.list.map(x, vars.list.map(y, x * y))", [[1, 2, 3], [2, 4, 6], [3, 6, 9]]),
        ("vars.list.map(x, [x].map(x, x + 1)[0] + x)", [3, 5, 7]),
        ("vars.list.map(x, [0].map(y, x)[0] + [1].map(z, x)[0])", [2, 4, 6]),
        ("{'a': 1, 'b': 2}.map(k, k)", ["a", "b"]),
        ("memory.all(k, k == 'count')", True),
        ("[].all(x, 1 / 0 > x)", True),
        ("vars.list.map(input, input)", [1, 2, 3]),
    ],
)
def test_macros_go_through_lists_and_keys(source, expected):
    assert value(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("size('🙂é') + vars.list.size() + size({})", 5),
        ("'abc'.contains('bc') && 'abc'.startsWith('ab') && 'abc'.endsWith('c')", True),
        ("'ÀbC'.lowerAscii() + 'àbC'.upperAscii()", "ÀbcàBC"),
        ("' \\t\\n\\u00a0x\\u2003 '.trim()", "x"),
        ("'a,b,,c'.split(',')", ["a", "b", "", "c"]),
        ("'a,b,c'.split(',', 2)", ["a", "b,c"]),
        ("'aé'.split('')", ["a", "é"]),
        ("''.split('') + ''.split(',') + 'a'.split(',', 0)", ["", ""]),
        ("['a', 'b'].join() + ['a', 'b'].join(', ')", "aba, b"),
        ("'banana'.replace('an', 'AN')", "bANANa"),
        ("'banana'.replace('a', 'o', 2) + 'a'.replace('a', 'b', -1)", "bononab"),
        ("'héllo'.substring(1) + 'héllo'.substring(1, 3)", "élloél"),
        ("'hello'.indexOf('l') + 'hello'.indexOf('l', 3) + 'hello'.indexOf('z')", 4),
        ("int('-12') + int(2.9) + int(-2.9) + int(1)", -11),
        ("double('1.5') + double(1) + double('.5e1')", 7.5),
        ("string(1) + string(1.0) + string(0.1) + string(true) + string('s')", "110.1trues"),
        (
            "[1, 1.0, '', true, null, [], {}].map(x, type(x)).join(' ')",
            "int double string bool null_type list map",
        ),
        ("type(1) == int && type(null) == null_type && type(1) == 'int' && list == type([])", True),
    ],
)
def test_functions(source, expected):
    assert value(source) == expected


@pytest.mark.parametrize(
    ("source", "at", "words"),
    [
        ("nope", (1, 1), "There is no name 'nope'. Known: input, vars"),
        ("vars.triage.urgncy", (1, 13), "There is no 'urgncy' here. Known: urgency, my-key."),
        ("vars.none.x", (1, 11), "'x' can't be read here: the value before it is null"),
        ("vars.text.size", (1, 11), "the value before it is string"),
        ("vars.list.size", (1, 11), "the value before it is list"),
        ("vars['nope']", (1, 6), "There is no 'nope' here"),
        ("vars[outcome]", (1, 5), "There is no key 'SUCCESS' in this map"),
        ("vars.list[3]", (1, 10), "There is no item 3: the list has 3, counted from 0"),
        ("vars.list[-1]", (1, 10), "There is no item -1"),
        ("vars.list[0.5]", (1, 10), "a whole number, not double"),
        ("vars.list[true]", (1, 10), "a whole number, not bool"),
        ("vars.text[0]", (1, 10), "reads a list or a map, not string"),
        ("vars[1]", (1, 5), "There is no key of kind int"),
        ("has(vars.nope.x)", (1, 10), "There is no 'nope' here"),
        ("has(vars.text.x)", (1, 1), "has() asks a map for 'x', this is string"),
        ("1 + 'a'", (1, 3), "+ does not work on int and string"),
        ("true + true", (1, 6), "+ does not work on bool and bool"),
        ("1 < 'a'", (1, 3), "< does not work on int and string"),
        ("1 < true", (1, 3), "< does not work on int and bool"),
        ("null < null", (1, 6), "< does not work on null and null"),
        ("[1] < [2]", (1, 5), "< does not work on list and list"),
        ("-'a'", (1, 1), "- works on a number, not on string"),
        ("-true", (1, 1), "- works on a number, not on bool"),
        ("!1", (1, 1), "! works on true or false, not on int"),
        ("1 ? 2 : 3", (1, 3), "The condition before ? gives int"),
        ("1 && true", (1, 3), "&& works on true or false, not on int"),
        ("'a' in 'abc'", (1, 5), "Ask a text with .contains()"),
        ("1 / 0", (1, 3), "Division by zero"),
        ("1.0 / 0", (1, 5), "Division by zero"),
        ("1 % 0", (1, 3), "division by zero"),
        ("1.5 % 1", (1, 5), "% works on two whole numbers"),
        ("9223372036854775807 + 1", (1, 21), "does not fit into 64 bits"),
        ("-9223372036854775807 - 2", (1, 22), "does not fit into 64 bits"),
        ("-(-9223372036854775807 - 1)", (1, 1), "does not fit into 64 bits"),
        ("1e308 * 10", (1, 7), "not a finite number"),
        ("int('12abc')", (1, 1), "int() can't read '12abc'"),
        ("int(' 12')", (1, 1), "int() can't read"),
        ("int('１２')", (1, 1), "int() can't read"),
        ("int(1e19)", (1, 1), "does not fit into 64 bits"),
        ("int(true)", (1, 1), "int(x) needs int or double or string as its value, not bool"),
        ("double('nan')", (1, 1), "double() can't read 'nan'"),
        ("double('1_000')", (1, 1), "double() can't read"),
        ("double('1e999')", (1, 1), "larger than a double can hold"),
        ("string(null)", (1, 1), "not null"),
        ("string([1])", (1, 1), "not list"),
        ("size(1)", (1, 1), "needs string or list or map as its value, not int"),
        ("'a'.contains(1)", (1, 5), "needs string as its argument 1, not int"),
        ("'abc'.substring(4)", (1, 7), "substring() from 4 is outside a text of 3 characters"),
        ("'abc'.substring(2, 1)", (1, 7), "substring() from 2 to 1 is outside"),
        ("'abc'.substring(0.5)", (1, 7), "Argument 1 of substring() must be a whole number"),
        ("'abc'.indexOf('a', 4)", (1, 7), "indexOf() from 4 is outside"),
        ("['a', 1].join()", (1, 10), "this one holds int. Convert it with string()"),
        ("'a'.map(x, x)", (1, 5), "map() goes through a list or a map, not through string"),
        ("[1].all(x, x)", (1, 5), "The condition in all() gives int"),
        ("[1].filter(x, null)", (1, 5), "The condition in filter() gives null"),
        ("{vars.text: 1, 'héllo': 2}", (1, 16), "stands twice"),
        ("{outcome == '' ? 'a' : 1 + 1 == 2 ? 'b' : 'c': vars.nope}", (1, 53), "no 'nope'"),
        ("1 +\n\n  nope", (3, 3), "no name 'nope'"),
    ],
)
def test_what_has_no_value_is_an_error_that_says_where_and_why(source, at, words):
    with pytest.raises(EvaluationError) as caught:
        value(source)
    assert (caught.value.line, caught.value.column) == at
    assert words in caught.value.detail
    assert caught.value.extra == {"line": at[0], "column": at[1]}


@pytest.mark.parametrize(
    ("source", "at", "words"),
    [
        ("", (1, 1), "The expression is empty"),
        ("  // nothing", (1, 13), "The expression is empty"),
        ("1 +", (1, 4), "ends where a value should come"),
        ("1 +\n+ 2", (2, 1), "Expected a value, found '+'"),
        ("(1", (1, 3), "ends where ')' should come"),
        ("1 2", (1, 3), "Expected an operator or the end, found '2'"),
        ("a and b", (1, 3), "found 'and'. Write &&."),
        ("not a", (1, 5), "Expected an operator or the end, found 'a'"),
        ("a = 1", (1, 3), "Write == to compare"),
        ("a & b", (1, 3), "Write &&"),
        ("a | upper", (1, 3), "there are no filters"),
        ("'abc", (1, 1), "The text is not closed on its line"),
        ("'a\nb'", (1, 1), "The text is not closed on its line"),
        (r"'\x41'", (1, 2), r"Unknown escape '\x'"),
        (r"'ab\q'", (1, 4), r"Unknown escape '\q'"),
        (r"'\u12'", (1, 2), r"Unknown escape '\u'"),
        (r"'\01'", (1, 2), r"Unknown escape '\01'"),
        (r"'\ud83d'", (1, 2), "a whole character"),
        ("9223372036854775808", (1, 1), "does not fit into 64 bits"),
        ("-9223372036854775809", (1, 2), "does not fit into 64 bits"),
        ("1e999", (1, 1), "larger than a double can hold"),
        ("12abc", (1, 1), "'12abc' is not a number"),
        ("1u", (1, 1), "'1u' is not a number"),
        ("007", (1, 1), "'007' is not a number"),
        ("0x", (1, 1), "'0x' is not a number"),
        ("vars.__class__", (1, 6), "Names that start with __"),
        ("vars.in", (1, 6), "others are written ['key']"),
        ("import", (1, 1), "reserved word"),
        ("frobnicate(1)", (1, 1), "There is no function 'frobnicate'. Known: all,"),
        ("x.matches('a+')", (1, 3), "There are no regular expressions"),
        ("contains('a', 'b')", (1, 1), "'contains' is written x.contains(part)"),
        ("x.int()", (1, 3), "'int' is written int(x)"),
        ("map(x, 1)", (1, 1), "'map' is written list.map(item, …)"),
        ("'a'.trim(1)", (1, 5), "Wrong number of arguments for 'trim'"),
        ("'a'.replace('b')", (1, 5), "x.replace(old, new)"),
        ("[1].map(x)", (1, 5), "'map' is written"),
        ("[1].map(a.b, 1)", (1, 5), "a plain name for the item"),
        ("[1].map(int, int)", (1, 5), "a plain name for the item"),
        ("has(a)", (1, 1), "as in has(a.b)"),
        ("has(a['b'])", (1, 1), "as in has(a.b)"),
        ("{1: 2}", (1, 2), "A key of a map is a text"),
        ("{'a': 1, 'a': 2}", (1, 10), "stands twice"),
        ("[1,,2]", (1, 4), "Expected a value"),
        ("f(1,)", (1, 5), "Expected a value"),
        ("a ? b", (1, 6), "ends where ':' should come"),
        ("a ? b ? 1 : 2 : 3", (1, 7), "Expected ':'"),
        ("é == 1", (1, 1), "U+00E9 (latin small letter e with acute)"),
        ("'a' // \u202e", (1, 8), "right-to-left override"),
    ],
)
def test_what_does_not_parse_says_where_and_what_to_do(source, at, words):
    with pytest.raises(BadExpression) as caught:
        compile_expression(source)
    assert (caught.value.line, caught.value.column) == at
    assert words in caught.value.detail


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("vars.nope == 1 || true", True),
        ("true || vars.nope == 1", True),
        ("vars.nope == 1 && false", False),
        ("1 / 0 > 1 && vars.nope && false", False),
        ("vars.list.exists(x, 6 / (x - 1) == 6)", True),
        ("vars.list.all(x, 6 / (x - 1) > 100)", False),
    ],
)
def test_and_or_all_exists_set_an_error_aside_when_the_rest_decides(source, expected):
    assert value(source) is expected


@pytest.mark.parametrize(
    "source",
    [
        "vars.nope == 1 || false",
        "true && vars.nope == 1",
        "vars.list.exists(x, 6 / (x - 1) == 100)",
        "vars.list.all(x, 6 / (x - 1) > 0)",
        "vars.list.exists_one(x, 6 / (x - 1) == 6)",
        "vars.list.filter(x, 6 / (x - 1) == 6)",
        "vars.nope.exists(x, true)",
    ],
)
def test_an_error_that_decides_is_not_swallowed(source):
    with pytest.raises(EvaluationError):
        value(source)


@pytest.mark.parametrize("source", ["1", "'true'", "null", "[]", "vars.none", "vars.list", "0.0"])
def test_a_condition_that_is_not_true_or_false_is_an_error_and_never_falsy(source):
    with pytest.raises(EvaluationError, match="A condition gives true or false, this one gives"):
        compile_expression(source).condition(SCOPE)


def test_a_condition_gives_the_truth():
    assert compile_expression("vars.triage.urgency > 0.7").condition(SCOPE) is True
    assert compile_expression("vars.triage.urgency > 0.95").condition(SCOPE) is False


@pytest.mark.parametrize("big", [2**63, -(2**63) - 1, 10**5000], ids=["above", "below", "huge"])
@pytest.mark.parametrize(
    "source", ["a.n + 1", "a.n > 1", "a.n", "a", "[a.n]", "string(a.n)", "a.l.map(x, 1)"]
)
def test_a_number_beyond_64_bits_in_the_data_is_an_error_when_used(big, source):
    with pytest.raises(EvaluationError, match="64 bits"):
        value(source, {"a": {"n": big, "l": [big]}})


@pytest.mark.parametrize(
    "bad", [math.inf, math.nan, "\ud800", [math.inf], ["a", "\ud800"], {"\ud800": 1}, {1: 2}]
)
def test_a_value_that_json_lacks_does_not_leave_an_expression(bad):
    with pytest.raises(EvaluationError):
        value("a", {"a": bad})


def test_a_scope_may_be_made_of_other_mappings_and_enumerations():
    class Outcome(StrEnum):
        SUCCESS = "SUCCESS"

    scope = ChainMap({"outcome": Outcome.SUCCESS}, {"vars": ChainMap({"a": 1}, {"b": (1, 2)})})

    assert value("outcome == 'SUCCESS' && vars.a == 1 && vars.b[1] == 2 && 'b' in vars", scope) is True
    assert value("outcome", scope) == "SUCCESS"
    assert type(value("outcome", scope)) is str
    assert value("has(vars.a) && !has(vars.c)", scope) is True


def test_evaluation_leaves_the_scope_as_it_was():
    scope = {"a": [3, 1], "m": {"k": [1]}}
    value("[a + a, a.filter(x, x > 1), m.k + [2]]", scope)
    assert scope == {"a": [3, 1], "m": {"k": [1]}}


def test_an_expression_is_compiled_once():
    assert compile_expression("a + b") is compile_expression("a + b")
