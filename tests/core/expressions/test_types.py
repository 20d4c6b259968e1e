import pytest

from engine.core.expressions import BadExpression, compile_expression, list_of, map_of, type_of_schema
from engine.core.expressions.types import BOOL, DYN, INT, NUMBER, STRING

SCHEMA = {
    "type": "object",
    "properties": {
        "n": {"type": "integer"},
        "x": {"type": "number"},
        "s": {"type": "string"},
        "b": {"type": "boolean"},
        "l": {"type": "array", "items": {"type": "object", "properties": {"p": {"type": "number"}}}},
        "strings": {"type": "array", "items": {"type": "string"}},
        "any": {},
        "closed": {"type": "object", "properties": {"k": {"type": "string"}}, "additionalProperties": False},
        "either": {"type": ["integer", "number"]},
        "maybe": {"type": ["string", "null"]},
        "nothing": {"type": "null"},
    },
}
TYPES = {"input": type_of_schema(SCHEMA), "outcome": STRING, "vars": map_of({"known": INT})}


def inferred(source):
    return str(compile_expression(source).infer(TYPES))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 1", "int"),
        ("1 + 1.0", "double"),
        ("input.n + 1", "int"),
        ("input.x + 1", "number"),
        ("input.x + 1.0", "double"),
        ("input.either * 2", "number"),
        ("input.any + 1", "number"),
        ("input.any + input.any", "dyn"),
        ("input.any + 'a'", "string"),
        ("input.any - 1", "number"),
        ("input.n % 2", "int"),
        ("-input.n", "int"),
        ("-input.any", "number"),
        ("input.s + 'a'", "string"),
        ("input.strings + ['a']", "list[string]"),
        ("[1] + ['a']", "list[dyn]"),
        ("input.l", "list[map]"),
        ("input.l[0].p", "number"),
        ("input.l.map(i, i.p)", "list[number]"),
        ("input.l.filter(i, i.p > 1)[0].p > 1", "bool"),
        ("input.l.exists(i, i.p > 1)", "bool"),
        ("input.map(k, k)", "list[string]"),
        ("input.s.split(',')", "list[string]"),
        ("size(input.l)", "int"),
        ("input.s.contains('a') && input.b", "bool"),
        ("input.b ? 1 : 2.0", "number"),
        ("input.b ? 1 : 'a'", "dyn"),
        ("input.b ? input.closed : {'k': 'x'}", "map"),
        ("{'a': 1}.a", "int"),
        ("[]", "list[dyn]"),
        ("[1, 2.0]", "list[number]"),
        ("[[1], ['a']]", "list[list[dyn]]"),
        ("has(input.closed.nope)", "bool"),
        ("input.unknown", "dyn"),
        ("input[outcome]", "dyn"),
        ("input.maybe", "dyn"),
        ("unheard.of", "dyn"),
        ("1 in [1]", "bool"),
        ("1 == 'a'", "bool"),
        ("null", "null"),
        ("type(1) == int", "bool"),
        ("vars.known", "int"),
        ("input.any.b.c[0]", "dyn"),
    ],
)
def test_a_type_is_inferred_where_it_is_known(source, expected):
    assert inferred(source) == expected


@pytest.mark.parametrize(
    ("source", "at", "words"),
    [
        ("input.s + 1", (1, 9), "+ does not work on string and int"),
        ("input.s > 1", (1, 9), "> does not work on string and int"),
        ("input.s - input.s", (1, 9), "- does not work on string and string"),
        ("1.5 % 2", (1, 5), "% does not work on double and int"),
        ("!input.s", (1, 1), "! works on true or false, not on string"),
        ("-input.b", (1, 1), "- works on a number, not on bool"),
        ("input.n && true", (1, 7), "Each side of && must be true or false, this is int"),
        ("input.n ? 1 : 2", (1, 7), "The condition before ? must be true or false"),
        ("input.s.x", (1, 9), "the value before it is string, not a map"),
        ("input.closed.nope", (1, 14), "There is no 'nope' here. Known: k."),
        ("vars.unknown", (1, 6), "There is no 'unknown' here. Known: known."),
        ("{'a': 1}.b", (1, 10), "There is no 'b' here"),
        ("has(input.s.x)", (1, 13), "has() asks a map, this is string"),
        ("input.s[0]", (1, 8), "reads a list or a map, not string"),
        ("input.l['a' + 'b']", (1, 8), "The index of a list is a whole number, not string"),
        ("input[1]", (1, 6), "The key of a map is a text, not int"),
        ("input.s in input.s", (1, 9), "Ask a text with .contains()"),
        ("input.s.map(c, c)", (1, 9), "goes through a list or a map, not through string"),
        ("input.l.all(i, i.p)", (1, 18), "The condition in all() must be true or false, this is number"),
        ("input.l.map(i, i.p, 1)", (1, 18), "The condition in map() must be"),
        ("input.l.map(i, i + 1)", (1, 18), "+ does not work on map and int"),
        ("size(input.n)", (1, 12), "size() needs string or list or map here, not int"),
        ("input.s.contains(1)", (1, 18), "contains() needs string here, not int"),
        ("string(null)", (1, 8), "not null"),
        ("{input.s: 1, 'a': {1 + 1: 2}}", (1, 22), "A key of a map is a text, not int"),
        ("true ? 1 : 'a' < 2", (1, 16), "< does not work on string and int"),
        ("input.nothing + 1", (1, 15), "+ does not work on null and int"),
    ],
)
def test_what_every_run_would_fail_on_is_refused_when_it_is_saved(source, at, words):
    with pytest.raises(BadExpression) as caught:
        inferred(source)
    assert words in caught.value.detail
    assert (caught.value.line, caught.value.column) == at


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, DYN),
        (True, DYN),
        (False, DYN),
        ({"type": "integer"}, INT),
        ({"type": ["number", "integer"]}, NUMBER),
        ({"type": ["string", "null"]}, DYN),
        ({"type": "array"}, list_of(DYN)),
        ({"type": "array", "items": {"type": "boolean"}}, list_of(BOOL)),
        ({"$ref": "#/$defs/x"}, DYN),
        ({"anyOf": [{"type": "string"}]}, DYN),
        ({"type": "object"}, map_of({}, is_closed=False)),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False},
            map_of({"a": STRING}),
        ),
        (
            {"type": "object", "patternProperties": {"^x": {}}, "additionalProperties": False},
            map_of({}, is_closed=False),
        ),
        ({"type": "nonsense"}, DYN),
    ],
)
def test_a_type_is_what_a_schema_says_for_certain(schema, expected):
    assert type_of_schema(schema) == expected


@pytest.mark.parametrize("said", [[[]], [{}], [None], [], ["integer", []]])
def test_a_schema_whose_type_is_nonsense_says_nothing(said: list[object]) -> None:
    assert type_of_schema({"type": said}) == type_of_schema({})


def test_a_schema_may_be_deep():
    schema = {"type": "string"}
    for _ in range(500):
        schema = {"type": "array", "items": schema}
    assert str(type_of_schema(schema)).startswith("list[list[")
