"""Forms made from the tools' own schemas, and the arguments that come of what people type."""

from typing import Any

import pytest

from engine.core.catalogue import Catalogue
from engine.core.discovery import discover
from engine.core.errors import InvalidInput, NotFound
from engine.services.tools import ToolView, view
from openrooms_app.pages.tools.cards import card, filled, found, origin_text, origins
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
    fields = {field["name"]: field for field in fields_of(schema_of("memory_query"))}
    query, key, limit = fields["query"], fields["key"], fields["limit"]

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


def test_every_example_fills_the_form_with_its_arguments() -> None:
    tools = list_tools_of(CATALOGUE)
    for tool in tools:
        for number, example in enumerate(tool.examples):
            fields = {field["name"]: field for field in filled(tool, number)["fields"]}
            sent = {PREFIX + name: field["default"] for name, field in fields.items()}
            untouched = arguments_of(
                {PREFIX + f["name"]: f["default"] for f in card(tool)["fields"]}, tool.parameters
            )

            assert arguments_of(sent, tool.parameters) == {**untouched, **example["arguments"]}, tool.name
            assert filled(tool, number)["examples"][number]["title"]
    assert sum(len(tool.examples) for tool in tools) > 10


@pytest.mark.parametrize("example", [2, -2, "0", None])
def test_an_example_that_is_not_there_is_told(example: Any) -> None:
    with pytest.raises(NotFound, match="example"):
        filled(view(CATALOGUE.tools["calculator"]), example)


def test_tools_are_found_by_words_and_origin_and_say_who_brings_them() -> None:
    tools = list_tools_of(CATALOGUE)
    other = tools[0].model_copy(update={"origin": "mcp desk", "name": "mcp_desk_add"})

    assert [tool.name for tool in found([*tools, other], "room MEMORY", "")] == [
        "memory_query",
        "memory_store",
    ]
    assert found([*tools, other], "", "mcp desk") == [other]
    assert [each["text"] for each in origins([*tools, other])] == ["MCP server desk", "Built in"]
    assert origin_text("file shout.py") == "File shout.py"
    assert origin_text("openrooms-slack") == "Package openrooms-slack"


def list_tools_of(catalogue: Catalogue) -> list[ToolView]:
    return [view(tool) for tool in catalogue.tools]
