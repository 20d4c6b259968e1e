"""The inspector's pure parts: which names complete, what typed text means, the input's table of fields."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.core.agent import AgentSpec
from engine.core.policy import Policy

CATALOGUE = {
    "tools": [
        {"name": "calculator", "returns": {"type": "object", "properties": {"number": {"type": "number"}}}}
    ]
}
DOCUMENT = {
    "input_schema": {"type": "object", "properties": {"ticket": {"type": "string"}}},
    "nodes": [
        {"id": "start", "type": "START", "config": {}},
        {"id": "sum", "type": "TOOL_EXECUTION", "config": {"tool": "calculator"}, "save_as": "total"},
        {"id": "choose", "type": "DECISION", "config": {}},
        {"id": "later", "type": "WAIT", "config": {"signal": "go"}, "remember": {"last": "1"}},
        {"id": "end", "type": "END", "config": {}},
    ],
    "transitions": [
        {"id": "t1", "source": "start", "target": "sum", "on": "ALWAYS"},
        {"id": "t2", "source": "sum", "target": "choose", "on": "SUCCESS"},
        {"id": "t3", "source": "choose", "target": "later", "on": "ALWAYS"},
        {"id": "t4", "source": "later", "target": "end", "on": "SUCCESS"},
    ],
}
NAMES = [{"name": name, "detail": ""} for name in ("input", "input.ticket", "vars.total")]


class Inspector:
    """The functions of the page's own code, run by the Node of the virtual environment."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def __call__(self, *call: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(call) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def names_at(self, node_id: str, *, is_after: bool = False) -> set[str]:
        return {found["name"] for found in self("namesAt", DOCUMENT, CATALOGUE, node_id, is_after)}


@pytest.fixture(scope="module")
def ask() -> Iterator[Inspector]:
    node = str(Path(sys.executable).with_name("node"))
    script = str(Path(__file__).with_name("inspector.mjs"))
    command = [node, "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", script]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        yield Inspector(process)
        assert process.stdin
        process.stdin.close()


def test_names_are_those_of_the_nodes_before(ask: Inspector):
    names = ask.names_at("choose")
    assert {"input.ticket", "vars.total", "vars.total.number", "memory.last", "error.code", "run.id"} <= names
    assert "vars.later" not in names
    assert "vars.start" not in names


def test_what_is_asked_after_a_node_sees_its_own_output(ask: Inspector):
    assert "vars.later" not in ask.names_at("later")
    assert "vars.later" in ask.names_at("later", is_after=True)


@pytest.mark.parametrize(
    ("text", "mode", "found"),
    [
        ("{{ in", "template", ["input", "input.ticket"]),
        ("{{", "template", ["input", "input.ticket", "vars.total"]),
        ("Dear {{ input.ticket }}, in", "template", None),
        ("in", "template", None),
        ("1 + tot", "expression", ["vars.total"]),
        ("'in", "expression", None),
        ("'a' + in", "expression", ["input", "input.ticket"]),
        ("vars.total", "expression", None),
        ("in", "plain", None),
    ],
)
def test_names_complete_only_where_an_expression_stands(
    ask: Inspector, text: str, mode: str, found: list[str] | None
):
    suggestion = ask("suggest", text, len(text), mode, NAMES)
    assert (suggestion and [name["name"] for name in suggestion["names"]]) == found


def test_a_completed_template_is_closed_once(ask: Inspector):
    assert ask("complete", "{{in", 4, 2, "input", "template") == {"text": "{{ input }}", "caret": 11}
    assert ask("complete", "{{ in }}", 5, 3, "input", "template") == {"text": "{{ input }}", "caret": 8}
    assert ask("complete", "{{ in {{ b }}", 5, 3, "input", "template")["text"] == "{{ input }} {{ b }}"


@pytest.mark.parametrize(
    "value", [5, "5", "5 apples", "", "true", True, None, {"a": ["b"]}, "{{ vars.x }}", '"']
)
def test_a_value_on_one_line_reads_back_as_itself(ask: Inspector, value: Any):
    assert ask("again", "loose", value) == value


def test_json_takes_a_lone_template_and_says_that_text_needs_quotes(ask: Inspector):
    assert ask("read", "json", " {{ vars.x }} ") == {"value": "{{ vars.x }}"}
    assert ask("read", "json", "hello")["fault"].endswith("Text goes between quotes.")
    assert ask("again", "json", "{{ a }} and {{ b }}") == "{{ a }} and {{ b }}"


def test_only_an_object_is_a_schema(ask: Inspector):
    assert "value" in ask("read", "schema", '{"type": "object"}')
    assert "fault" in ask("read", "schema", "[]")


def test_the_table_of_the_input_keeps_what_it_does_not_show(ask: Inspector):
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"a": {"type": "string", "minLength": 2}, "b": {"type": "number"}},
        "required": ["b"],
    }
    rows = ask("propertiesOf", schema)
    assert ask("withProperties", schema, rows) == schema
    assert ask("withProperties", schema, []) == {
        "type": "object",
        "additionalProperties": False,
        "properties": {},
    }


def test_an_input_without_fields_is_no_schema_at_all(ask: Inspector):
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    assert ask("withProperties", schema, []) is None


@pytest.mark.parametrize(
    "schema", [{"oneOf": []}, {"type": "array"}, {"properties": {"a": True}}, {"properties": []}]
)
def test_a_schema_beyond_a_table_is_left_to_json(ask: Inspector, schema: dict[str, Any]):
    assert ask("propertiesOf", schema) is None


def test_two_fields_of_the_input_never_share_a_name(ask: Inspector):
    rows = [{"name": "field", "schema": {}, "isRequired": False}]
    assert ask("newProperty", rows)["name"] == "field_2"
    assert ask("nameFault", rows, "field") == "field is there already."
    assert ask("nameFault", rows, "2nd") is not None
    assert ask("nameFault", rows, "other") is None


def test_a_value_of_another_shape_is_shown_as_json(ask: Inspector):
    assert not ask("fits", "strings", "calculator")
    assert not ask("fits", "text", {"a": 1})
    assert ask("fits", "text", 5)
    assert ask("fits", "object", None)


@pytest.mark.parametrize(
    "spec",
    [
        AgentSpec(provider="scripted"),
        AgentSpec(
            goal="Help.",
            system="Be kind.",
            provider="p",
            model="m",
            temperature=0,
            tools=("a",),
            policy=Policy(approval=("a",), max_tokens=5),
        ),
        AgentSpec(system="Be kind.", provider="p", max_turns=3, max_tokens=9),
    ],
)
def test_what_an_agent_gives_is_what_the_server_writes_out(ask: Inspector, spec: AgentSpec) -> None:
    given = ask("givenBy", spec.model_dump(mode="json", exclude_none=True))

    assert given == spec.config
