import time

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.fitting import CannotFit, fit

TREE = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            },
            "required": ["name", "children"],
        }
    },
    "$ref": "#/$defs/node",
}
SCHEMAS = [
    {"type": "integer", "minimum": 5, "maximum": 7},
    {"type": "integer", "exclusiveMinimum": 5, "exclusiveMaximum": 7},
    {"type": "integer", "multipleOf": 5, "minimum": 1},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.1},
    {"type": "number", "minimum": -5, "maximum": -4},
    {"type": "number", "maximum": -4},
    {"type": "string", "minLength": 30, "maxLength": 40},
    {"type": "string", "maxLength": 0},
    {"type": ["null", "boolean"]},
    {"type": "null"},
    {"enum": ["a", 1, None]},
    {"const": {"a": 1}},
    {"type": "array", "items": {"type": "boolean"}, "minItems": 5, "maxItems": 5},
    {"type": "array", "maxItems": 0},
    {
        "type": "array",
        "prefixItems": [{"type": "string"}, {"type": "integer"}],
        "items": False,
        "maxItems": 2,
    },
    {"properties": {"a": {"type": "string"}}, "required": ["a", "b"]},
    {"allOf": [{"type": "object", "required": ["a"]}, {"properties": {"a": {"const": 1}}}]},
    {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    {"type": "object", "properties": {"a": {"oneOf": [{"const": 1}, {"const": 2}]}}},
    TREE,
    {},
]


@given(st.sampled_from(SCHEMAS), st.text(max_size=50), st.text(max_size=50))
def test_what_is_drawn_fits(schema, seed, text):
    value = fit(schema, seed, text)

    jsonschema.validate(value, schema)
    assert value == fit(schema, seed, text)


@pytest.mark.parametrize("format_", ["date", "date-time", "email", "uri", "uuid", "ipv4", "ipv6", "time"])
def test_formats_are_met(format_):
    schema = {"type": "string", "format": format_}
    checker = jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )

    for seed in range(50):
        checker.validate(fit(schema, str(seed), ""))


def test_another_seed_gives_another_value():
    schema = {"type": "integer", "minimum": 0, "maximum": 1000}

    assert len({fit(schema, str(seed), "") for seed in range(100)}) > 80


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "minimum": 2, "maximum": 1},
        {"$ref": "#/nowhere"},
        {"$ref": "https://example.com/schema"},
        {"$ref": "#"},
        {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
        {"type": "array", "minItems": 100_000, "items": {"type": "null"}},
    ],
)
def test_what_has_no_value_is_said_and_soon(schema):
    begun = time.process_time()
    with pytest.raises(CannotFit):
        fit(schema, "", "")
    assert time.process_time() - begun < 1
