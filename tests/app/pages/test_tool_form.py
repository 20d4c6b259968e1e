"""Forms made from the tools' own schemas, and the arguments that come of what people type."""

from typing import Any

import pytest

from engine.core.discovery import discover
from engine.core.errors import InvalidInput
from openrooms_app.pages.tools.form import PREFIX, arguments_of, fields_of

CATALOGUE = discover()


def schema_of(tool: str) -> dict[str, Any]:
    return CATALOGUE.tools[tool].parameters


def form(**values: str) -> dict[str, str]:
    return {PREFIX + name: value for name, value in values.items()}


@pytest.mark.parametrize("tool", CATALOGUE.tools.names())
def test_every_tools_parameters_have_a_field(tool: str) -> None:
    fields = fields_of(schema_of(tool))

    assert [field["name"] for field in fields] == list(schema_of(tool)["properties"])
    known = {"text", "area", "integer", "number", "boolean", "choice", "json"}
    assert {field["kind"] for field in fields} <= known


def test_a_field_says_its_type_default_and_whether_it_is_required() -> None:
    query, key, limit = fields_of(schema_of("memory_query"))

    assert (query["kind"], key["kind"], limit["kind"]) == ("area", "text", "integer")
    assert (limit["default"], limit["required"], limit["type"]) == ("10", False, "integer")


def test_numbers_texts_and_json_become_what_the_schema_wants() -> None:
    given = form(expression="a + 1", names='{"a": 2}')

    assert arguments_of(given, schema_of("calculator")) == {"expression": "a + 1", "names": {"a": 2}}


def test_what_is_left_empty_is_left_out_unless_it_is_required() -> None:
    assert arguments_of(form(query="", key="customer", limit=""), schema_of("memory_query")) == {
        "key": "customer"
    }
    assert arguments_of({}, schema_of("calculator")) == {"expression": ""}


@pytest.mark.parametrize("text", ["ten", "NaN", "[1]", "true"])
def test_a_number_that_is_none_is_named(text: str) -> None:
    with pytest.raises(InvalidInput, match="Limit must be a whole number"):
        arguments_of(form(key="a", limit=text), schema_of("memory_query"))


def test_text_where_json_is_wanted_is_told_about_its_quotes() -> None:
    with pytest.raises(InvalidInput, match="double quotes"):
        arguments_of(form(key="a", value="hello"), schema_of("memory_store"))


def test_ticks_and_choices_are_read() -> None:
    schema = {
        "properties": {
            "loud": {"type": "boolean"},
            "how": {"$ref": "#/$defs/How"},
        },
        "required": ["how"],
        "$defs": {"How": {"enum": ["fast", "slow"], "type": "string"}},
    }

    assert [field["kind"] for field in fields_of(schema)] == ["boolean", "choice"]
    assert arguments_of(form(loud="on", how="slow"), schema) == {"loud": True, "how": "slow"}
    assert arguments_of(form(how="fast"), schema) == {"loud": False, "how": "fast"}


@pytest.mark.parametrize("sent", [None, [], "text", {PREFIX + "expression": {"a": 1}}])
def test_a_form_that_is_none_holds_nothing(sent: Any) -> None:
    assert arguments_of(sent, schema_of("calculator")) == {"expression": ""}
