"""MCP servers as the operator names them: read strictly, told by name, and harmless when they are wrong."""

import json

import pytest

from engine.core.catalogue import Catalogue, Effect
from engine.core.shapes import faults_in
from engine.supply import Sources, Supply
from engine.supply.offers import tool_name, tools_of
from engine.supply.servers import Server, read_servers
from engine.supply.sources import BadSource


@pytest.fixture
def file(tmp_path):
    return tmp_path / "mcp.json"


def written(file, servers):
    file.write_text(json.dumps({"mcpServers": servers}))
    return file


def test_servers_are_read_as_other_clients_write_them(file):
    servers = {
        "My-Desk": {
            "type": "stdio",
            "command": "desk",
            "args": ["-x"],
            "env": {"KEY": "1"},
            "alwaysAllow": ["a"],
        },
        "far": {"url": "https://mcp.example/mcp", "headers": {"Authorization": "Bearer x"}, "timeout_s": 5},
        "off": {"command": "x", "disabled": True},
    }
    found = read_servers(written(file, servers))

    assert found.keys() == {"my_desk", "far"}
    assert found["my_desk"].args == ("-x",)
    assert read_servers(file.with_name("absent.json")) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "no JSON"),
        ('{"mcpServers": {"a": {}}}', "either command"),
        ('{"mcpServers": {"a": {"command": "x", "url": "y"}}}', "either command"),
        ('{"mcpServers": {"a": {"command": "x", "timeout_s": -1}}}', "timeout_s"),
        ('{"mcpServers": {"a-b": {"command": "x"}, "a_b": {"command": "x"}}}', "both be known"),
    ],
)
def test_a_file_that_is_wrong_is_told_and_stops_nothing(file, text, told):
    file.write_text(text)
    with pytest.raises(BadSource, match=told):
        read_servers(file)

    supply = Supply(Sources(mcp_servers=str(file), kept_in=str(file.parent / "kept")), Catalogue())
    assert told in supply.faults["mcp servers"]


def test_a_fault_never_tells_a_value(file):
    written(file, {"a": {"url": "https://x", "headers": {"Authorization": ["the secret"]}}})
    with pytest.raises(BadSource) as refused:
        read_servers(file)
    assert "the secret" not in str(refused.value)


def test_what_everybody_can_write_is_not_read(file):
    written(file, {}).chmod(0o666)
    with pytest.raises(BadSource, match="chmod"):
        read_servers(file)


def test_names_are_ours_and_differ():
    assert tool_name("desk", "Send-Letter.v2") == "mcp_desk_send_letter_v2"
    long = {tool_name("desk", "x" * 100 + end) for end in "ab"}
    assert len(long) == 2
    assert all(len(name) == 64 for name in long)
    told = [{"name": name, "inputSchema": {"type": "object"}} for name in ("a-b", "a_b", "1")]
    names = [tool.name for tool in tools_of("s", Server(command="x"), told, None)]
    assert names[0] == "mcp_s_a_b"
    assert len(set(names)) == 3


def test_effects_choice_and_rate_are_the_operators_to_say():
    told = [
        {"name": "read", "annotations": {"readOnlyHint": True}},
        {"name": "write"},
        {"name": "lies", "annotations": {"readOnlyHint": True}},
        {"name": "hidden"},
    ]
    server = Server.model_validate(
        {
            "command": "x",
            "tools": ["read", "write", "lies"],
            "effects": {"lies": "at_most_once"},
            "rate": {"times": 2, "per_s": 60},
        }
    )
    tools = {tool.name: tool for tool in tools_of("s", server, told, None)}

    assert {name: tool.effect for name, tool in tools.items()} == {
        "mcp_s_read": Effect.IDEMPOTENT,
        "mcp_s_write": Effect.EXTERNAL,
        "mcp_s_lies": Effect.AT_MOST_ONCE,
    }
    assert tools["mcp_s_read"].rate.times == 2


def test_a_schema_that_is_not_safe_to_apply_is_told_and_left_to_the_server():
    slow = {"type": "object", "properties": {"a": {"type": "string", "pattern": "(a+)+(?=b)$"}}}
    strict = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["b"]}
    far = {"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/x"}}}
    told = [
        {"name": name, "inputSchema": schema}
        for name, schema in (("slow", slow), ("strict", strict), ("far", far))
    ]
    tools = {tool.name: tool for tool in tools_of("s", Server(command="x"), told, None)}

    assert tools["mcp_s_slow"].parameters == slow
    assert faults_in(tools["mcp_s_slow"].params, {"a": "a" * 50}) == []
    assert {fault.keys for fault in faults_in(tools["mcp_s_strict"].params, {"a": "1"})} == {("a",), ("b",)}
    assert faults_in(tools["mcp_s_far"].params, {"a": 1}) == []
