"""Values for forms that nobody filled in."""

import jsonschema
import pytest

from engine.core.sample import sample, with_defaults

SCHEMAS = [
    {"type": "object", "properties": {"a": {"type": "string", "minLength": 3}}, "required": ["a"]},
    {"type": "object", "properties": {"n": {"type": "integer", "minimum": 4}}, "required": ["n"]},
    {
        "type": "object",
        "properties": {"ok": {"type": "boolean"}, "why": {"type": "string"}},
        "required": ["ok"],
    },
    {"enum": ["yes", "no"]},
    {"type": "array", "items": {"type": "string"}},
]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_sample_fits_its_schema(schema: dict[str, object]) -> None:
    jsonschema.validate(sample(schema), schema)


def test_defaults_complete_what_is_given_and_overwrite_nothing() -> None:
    schema = {"properties": {"a": {"default": 1}, "b": {"default": 2}, "c": {}}}

    assert with_defaults({"a": 9}, schema) == {"a": 9, "b": 2}


@pytest.mark.parametrize("value", [None, [], "text", 3])
def test_what_is_no_object_stays_as_it_is(value: object) -> None:
    assert with_defaults(value, {"properties": {"a": {"default": 1}}}) == value
