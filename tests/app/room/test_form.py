"""Forms out of JSON Schemas: which inputs they have, what they begin with, what they send or refuse."""

from typing import Any

import jsonschema
import pytest

from tests.app.room.node import node

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "default": "Ada"},
        "letter": {"type": "string", "maxLength": 5000},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "share": {"type": ["number", "null"]},
        "ok": {"type": "boolean", "default": True},
        "colour": {"enum": ["red", "green", 3], "default": "green"},
        "more": {"type": "object", "default": {"a": [1]}},
    },
    "required": ["name", "age", "colour"],
}


def form(schema: dict[str, Any] | None, **inputs: Any) -> dict[str, Any]:
    told: dict[str, Any] = node("form.mjs", [{"schema": schema, "inputs": inputs}])[0]
    return told


def test_each_type_has_its_input_and_defaults_fill_them():
    told = form(SCHEMA, age="7")
    assert dict(told["kinds"]) == {
        "name": "text",
        "letter": "area",
        "age": "integer",
        "share": "number",
        "ok": "boolean",
        "colour": "choice",
        "more": "json",
    }
    assert told["draft"]["name"] == "Ada"
    assert told["faults"] == {}
    assert told["value"] == {"name": "Ada", "age": 7, "ok": True, "colour": "green", "more": {"a": [1]}}
    must = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    assert form(must)["faults"] == {"ok": "This is needed."}  # what nobody touched is no "no"
    assert form(must, ok="1")["value"] == {"ok": False}
    jsonschema.validate(told["value"], SCHEMA)


@pytest.mark.parametrize(
    ("inputs", "faulty"),
    [
        ({"age": ""}, "age"),
        ({"age": "7.5"}, "age"),
        ({"age": "seven"}, "age"),
        ({"age": "151"}, "age"),
        ({"age": "-1"}, "age"),
        ({"age": "1", "colour": ""}, "colour"),
        ({"age": "1", "more": "{"}, "more"),
        ({"age": "1", "share": "1e999"}, "share"),
        ({"age": "1", "letter": "x" * 5001}, "letter"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(inputs, faulty):
    assert list(form(SCHEMA, **inputs)["faults"]) == [faulty]


NESTED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "due": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "date-time", "default": "2026-03-01T10:00:00Z"},
        "tags": {"type": "array", "items": {"type": "string"}, "default": ["a", "b"]},
        "address": {
            "type": "object",
            "properties": {"street": {"type": "string", "minLength": 1}, "zip": {"type": "string"}},
            "required": ["street"],
            "default": {"zip": "10115"},
        },
        "extra": {
            "type": "object",
            "properties": {"n": {"type": "integer"}, "on": {"type": "boolean"}},
            "required": ["n"],
        },
    },
    "required": ["due", "address"],
}


def test_dates_lists_and_forms_within_forms_have_inputs_of_their_own():
    told = form(NESTED)
    assert [kind for _, kind in told["kinds"]] == ["date", "moment", "lines", "group", "group"]
    assert set(told["faults"]) == {"due", "address/street"}
    filled = form(NESTED, **{"due": "2026-12-24", "address/street": "Main", "tags": "x\n\ny"})
    assert filled["faults"] == {}
    assert filled["value"] == {
        "due": "2026-12-24",
        "at": "2026-03-01T10:00:00.000Z",
        "tags": ["x", "y"],
        "address": {"street": "Main", "zip": "10115"},
    }
    assert set(form(NESTED, **{"extra/on": True})["faults"]) == {"due", "address/street", "extra/n"}


def test_choices_keep_their_type():
    assert form(SCHEMA, age="1", colour="2")["value"]["colour"] == 3


@pytest.mark.parametrize("schema", [None, {}, {"type": "object"}, {"type": "array"}])
def test_what_can_be_no_form_is_asked_for_as_json(schema):
    told = form(schema, **{"": '[1, "two"]'})
    assert told["kinds"] == [["", "json"]]
    assert told["value"] == [1, "two"]
    assert form(schema, **{"": "nonsense"})["faults"]


def test_fields_that_are_left_out_are_not_sent():
    schema = {"properties": {"a": {"type": "string"}, "b": {"type": "number"}, "c": {"enum": [1]}}}
    assert form(schema)["value"] == {}


@pytest.mark.parametrize(
    ("schema", "is_optional"),
    [
        (None, True),
        ({}, True),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, True),
        ({"properties": {"a": {"default": None}}, "required": ["a"]}, True),
        ({"properties": {"a": {"type": "string"}}, "required": ["a"]}, False),
        ({"required": ["a"]}, False),
        ({"type": "array"}, False),
    ],
)
def test_a_form_may_be_skipped_when_all_that_is_required_has_a_default(schema, is_optional):
    assert form(schema)["isOptional"] is is_optional
