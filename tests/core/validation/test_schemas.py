import re
import time

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.shapes import Described
from engine.core.validation.schemas import schema_faults

GOOD = [
    {},
    True,
    {"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "required": ["a"]},
    {"type": "array", "items": {"enum": [1, "a", None]}, "minItems": 0, "maxItems": 3, "uniqueItems": True},
    {"anyOf": [{"const": 1}, False], "title": "x", "default": 5, "x-note": {"anything": []}},
    {"$defs": {"a/b": {"type": "string"}}, "$ref": "#/$defs/a~1b"},
    {"type": "object", "properties": {"next": {"$ref": "#"}}},
    {"$defs": {"tree": {"properties": {"left": {"$ref": "#/$defs/tree"}}}}, "$ref": "#/$defs/tree"},
    {"type": "string", "pattern": "^.{1,500}$"},
    {"type": "string", "pattern": r"^[A-Z]{2,3}-\d+(?:\.\d+)?$", "format": "email", "minLength": 1},
    {"if": {"required": ["a"]}, "then": {"minProperties": 2}, "else": True, "not": False},
    {"patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": False},
    {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://example.com/a",
        "multipleOf": 0.5,
    },
]


@pytest.mark.parametrize("schema", GOOD)
def test_a_schema_is_fine(schema):
    jsonschema.Draft202012Validator.check_schema(schema)

    assert list(schema_faults(schema)) == []


@pytest.mark.parametrize(
    ("schema", "pointer", "says"),
    [
        ({"type": "text"}, "/type", "must be one of null, boolean"),
        ({"type": ["string", "string"]}, "/type", "must be one of"),
        ({"type": []}, "/type", "must be one of"),
        ({"properties": {"a": {"type": 5}}}, "/properties/a/type", "it is 5"),
        ({"properties": {"a": 5}}, "/properties/a", "must be a JSON Schema"),
        ({"properties": ["a"]}, "/properties", "must be an object of schemas"),
        ({"required": "a"}, "/required", "must be a list of different names"),
        ({"required": ["a", "a"]}, "/required", "must be a list of different names"),
        ({"items": [{}]}, "/items", "must be a JSON Schema"),
        ({"anyOf": []}, "/anyOf", "with one at least"),
        ({"oneOf": [{"minLength": -1}]}, "/oneOf/0/minLength", "0 or more"),
        ({"multipleOf": 0}, "/multipleOf", "above 0"),
        ({"pattern": r"a\Z"}, "/pattern", "ECMA-262"),
        ({"$id": "no id"}, "", "can't be applied"),
        ({"pattern": "[a-z]{1,1000}" * 14}, "/pattern", "too much"),
        (
            {"allOf": [{"patternProperties": {f"{at}": {}}} for at in range(101)]},
            "",
            "more than 100 patterns",
        ),
        ({"minimum": "5"}, "/minimum", "must be a number"),
        ({"minimum": True}, "/minimum", "must be a number"),
        ({"enum": "a"}, "/enum", "must be a list"),
        ({"title": 5}, "/title", "must be a text"),
        ({"uniqueItems": 1}, "/uniqueItems", "true or false"),
        ({"dependentRequired": {"a": "b"}}, "/dependentRequired", "lists of names"),
        ({"$ref": "http://169.254.169.254/"}, "/$ref", "must point into this schema"),
        ({"$ref": "file:///etc/passwd"}, "/$ref", "must point into this schema"),
        ({"$ref": "#/$defs/a"}, "/$ref", "which is not there"),
        ({"$ref": 5}, "/$ref", "must point into this schema"),
        ({"$ref": "#"}, "/$ref", "comes back to itself"),
        (
            {"$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}},
            "/$defs/a/allOf/0/$ref",
            "comes back to itself",
        ),
        ({"properties": {"a": {"$id": "http://x/"}}}, "/properties/a/$id", "below the top"),
        ({"pattern": "("}, "/pattern", "is no regular expression"),
        ({"pattern": "(a+)+$"}, "/pattern", "can take for ever"),
        ({"pattern": "((a|b)c)*$"}, "/pattern", "can take for ever"),
        ({"pattern": r"(a)\1"}, "/pattern", "can take for ever"),
        ({"pattern": "(?=a)b"}, "/pattern", "can take for ever"),
        ({"pattern": "a" * 201}, "/pattern", "longer than 200"),
        ({"patternProperties": {"(x*)*": {}}}, "/patternProperties", "can take for ever"),
    ],
)
def test_what_is_no_schema_is_told_with_its_place(schema, pointer, says):
    faults = list(schema_faults(schema))

    assert pointer in [fault.pointer for fault in faults]
    assert any(says in fault.message for fault in faults)


def test_references_that_double_and_double_are_refused():
    doubling = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(60)}
    began = time.process_time()

    [fault] = schema_faults({"$defs": {**doubling, "d60": {}}, "$ref": "#/$defs/d0"})

    assert "more than 1,000 schemas" in fault.message
    assert time.process_time() - began < 1


words = st.sampled_from(
    [
        "type",
        "properties",
        "required",
        "items",
        "anyOf",
        "enum",
        "minimum",
        "minLength",
        "pattern",
        "title",
        "$defs",
        "additionalProperties",
        "uniqueItems",
        "multipleOf",
        "const",
        "not",
        "prefixItems",
    ]
)
junk = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from(["string", "object", "a", "a*", "("]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(words | st.sampled_from("ab"), inner, max_size=3)
    ),
    max_leaves=12,
)


def is_regex(text):
    try:
        return bool(re.compile(text))
    except re.error:
        return False


@given(st.dictionaries(words, junk, max_size=4))
def test_the_reference_library_finds_no_fault_where_we_find_none_and_the_other_way_round(schema):
    faults = list(schema_faults(schema))
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
        is_schema = True
    except jsonschema.SchemaError:
        is_schema = False

    ours = [
        fault
        for fault in faults
        if "regular expression" not in fault.message and "for ever" not in fault.message
    ]
    assert is_schema == (not ours), faults


@given(junk)
def test_anything_can_be_asked_whether_it_is_a_schema(value):
    list(schema_faults(value))


MAIL = "[a-z0-9._-]+@[a-z0-9-]+[.][a-z]+"
LONG = "a" * 1_000_000


@pytest.mark.parametrize(
    ("schema", "value", "said"),
    [
        ({"pattern": MAIL}, LONG, "does not match"),
        ({"pattern": r"\w*" * 60 + "$"}, LONG + "!", ""),
        ({"patternProperties": {MAIL: True}, "additionalProperties": False}, {LONG: 1}, "not allowed"),
        ({"uniqueItems": True}, [{"a": place % 30_000} for place in range(30_001)], "non-unique"),
        ({"items": {"type": "string"}}, [1] * 300_000, "0: 1 is not of type"),
        ({"pattern": r"a\Z"}, "a", "its schema can't be applied"),
    ],
)
def test_a_value_of_any_size_is_checked_at_once(schema, value, said):
    begun = time.process_time()
    faults = [str(fault) for fault in Described(schema).faults(value)]

    assert time.process_time() - begun < 1
    assert len(faults) == bool(said)
    assert all(said in fault and len(fault) < 300 for fault in faults)
