"""The editor refuses a pinned output where the engine does: both are asked about every value under every schema."""

from itertools import product
from typing import Any

from engine.core.shapes import Described, faults_in
from tests.canvas.test_assigned_alike import told_by

NUMBER: dict[str, Any] = {"type": "number", "minimum": 0, "exclusiveMaximum": 1}
SCHEMAS: list[dict[str, Any]] = [
    {},
    {"type": "string", "minLength": 2, "maxLength": 3},
    {"type": ["integer", "null"]},
    NUMBER,
    {"enum": [1, "on", None, {"a": [1], "b": 2}]},
    {"const": True},
    {"type": "string", "pattern": "^o"},
    {"type": "object", "properties": {"a": NUMBER}, "required": ["a"], "additionalProperties": False},
    {"type": "object", "properties": {"a": {"type": "array"}}, "additionalProperties": {"type": "number"}},
    {"type": "array", "items": NUMBER, "minItems": 1, "maxItems": 2},
    {"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "integer"}},
    {"anyOf": [NUMBER, {"type": "string"}]},
    {"oneOf": [{"type": "number"}, {"type": "integer"}]},
    {"allOf": [{"type": "object"}, {"required": ["b"]}]},
    {"not": {"type": "array"}},
    {"$defs": {"share": NUMBER}, "type": "object", "properties": {"a": {"$ref": "#/$defs/share"}}},
    {"type": "object", "properties": {"a": {"$ref": "#"}, "b": False}},
]
VALUES: list[Any] = [
    None, True, False, 0, 0.5, 1, 1.0, -1, "", "o", "on", "👩‍👩", "long", [], [0.5], [0.5, 2], ["x", 1], ["x", 1.5], [0, 0, 0],
    {}, {"a": 0.5}, {"a": "x"}, {"b": 2, "a": [1]}, {"a": {}}, {"a": {"a": {"b": 1}}}, {"a": 0.5, "c": "x"}, {"a": [], "c": "x"},
]  # fmt: skip


def test_the_editor_and_the_engine_find_the_same_outputs_unfit() -> None:
    asked = [*product(SCHEMAS, VALUES)]

    for (schema, value), told in zip(asked, told_by("misfits_of.ts", asked), strict=True):
        assert bool(told) == bool(faults_in(Described(schema), value)), f"{value} under {schema}: {told}"
    schema = {"type": "object", "properties": {"urgency": NUMBER}, "required": ["urgency"]}
    values = [{}, {"urgency": "x"}, {"urgency": 2}, []]
    assert told_by("misfits_of.ts", [[schema, value] for value in values]) == [
        "urgency: is missing",
        "urgency: must be a number",
        "urgency: must be less than 1",
        "It must be an object",
    ]
