"""Trying a tool out really does what the tool does, in a room or without one."""

from contextlib import ExitStack
from dataclasses import replace

import pytest

from engine.core.agent import AgentSpec, AgentTrial
from engine.core.catalogue import StepError
from engine.core.discovery import discover
from engine.core.errors import NotFound
from engine.core.room import NewRoom
from engine.services import agent_trials, doctor, memory, rooms, tools, workflows
from engine.services.permission import Forbidden
from engine.services.trial_places import AT_ONCE, TooManyTrials, a_place
from engine.store import audit
from engine.supply import Sources, Supply

ECHO = AgentSpec(provider="scripted", model="echo")


@pytest.fixture
def room(rt, editor):
    workflow = workflows.create_empty(rt, editor, "W")
    return rooms.create(rt, editor, NewRoom(name="Desk", workflow_id=workflow.id)).id


def test_tools_are_listed_with_their_schemas(rt, viewer):
    listed = {tool.name: tool for tool in tools.list_tools(rt, viewer)}

    assert {"calculator", "memory_query", "memory_store"} <= listed.keys()
    calculator = tools.get(rt, viewer, "calculator")
    assert calculator == listed["calculator"]
    assert calculator.parameters["properties"]["expression"]["type"] == "string"
    assert calculator.returns["required"] == ["result", "number"]
    assert calculator.examples


def test_a_tool_gives_its_result(rt, editor):
    tried = tools.invoke(rt, editor, "calculator", {"expression": "0.1 + 0.2"})

    assert tried.result == {"result": "0.3", "number": 0.3}
    assert tried.duration_ms >= 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "bad_arguments"),
        ({"expression": 5}, "bad_arguments"),
        ({"expression": "1", "surprise": 1}, "bad_arguments"),
        ({"expression": "1/0"}, None),
    ],
)
def test_what_goes_wrong_in_a_tool_has_its_code(rt, editor, arguments, code):
    with pytest.raises(StepError) as failed:
        tools.invoke(rt, editor, "calculator", arguments)
    assert failed.value.code == (code or failed.value.code) != "error"


def test_a_tool_that_remembers_writes_into_the_room_it_is_tried_in(rt, editor, room):
    tried = tools.invoke(rt, editor, "memory_store", {"key": "customer", "value": "Ada"}, room_id=room)

    assert tried.remembered == {"customer": "Ada"}
    assert memory.get(rt, editor, room, "customer").value == "Ada"
    found = tools.invoke(rt, editor, "memory_query", {"query": "ada"}, room_id=room)
    assert found.result["value"] == "Ada"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("memory_store", {"key": "a", "value": 1}),
        ("memory_query", {"query": "a"}),
        ("memory_query", {"key": "a"}),
    ],
)
def test_a_memory_tool_needs_a_room(rt, editor, name, arguments):
    with pytest.raises(StepError, match="name the room") as failed:
        tools.invoke(rt, editor, name, arguments)
    assert failed.value.code == "room_needed"


def test_a_tool_or_room_that_is_not_there_is_not_found(rt, editor):
    for ask in (
        lambda: tools.get(rt, editor, "ghost"),
        lambda: tools.invoke(rt, editor, "ghost", {}),
        lambda: tools.invoke(rt, editor, "calculator", {"expression": "1"}, room_id="ghost"),
    ):
        with pytest.raises(NotFound):
            ask()


def test_a_viewer_does_not_try_tools_and_a_try_is_in_the_audit_log(rt, editor, viewer):
    with pytest.raises(Forbidden):
        tools.invoke(rt, viewer, "calculator", {"expression": "1"})
    tools.invoke(rt, editor, "calculator", {"expression": "1"})

    with rt.db.read() as session:
        entries = [(entry.action, entry.user_id) for entry in audit.newest(session, 2)]
    assert entries == [("tool_tried", editor.id), ("denied", viewer.id)]


def test_a_tool_that_kills_its_process_can_be_tried_out(hostile, sqlite_rt, editor):
    with pytest.raises(StepError) as failed:
        tools.invoke(replace(sqlite_rt, catalogue=discover()), editor, "segfaults", {})

    assert failed.value.code == "worker_lost"
    assert "SIGSEGV" in str(failed.value)


SHOUT = '''
"""A tool of the operator's."""
from engine.core.catalogue import Effect, tool
from engine.core.document import Frozen

class Params(Frozen):
    text: str

@tool(Params, title="Shout", category="text", effect=Effect.NONE)
def shout(params, ctx) -> str:
    """Say it loud."""
    return params.text.upper()
'''


def test_an_administrator_is_told_where_tools_come_from_and_what_is_wrong_there(rt, admin, editor, tmp_path):
    folder, servers = tmp_path / "tools", tmp_path / "mcp.json"
    folder.mkdir()
    (folder / "shout.py").write_text(SHOUT)
    (folder / "broken.py").write_text("1 / 0")
    servers.write_text('{"mcpServers": {"gone": {"command": "/not/there"}}}')

    def supplied():
        catalogue = discover()
        sources = Sources(str(folder), str(servers), str(tmp_path / "kept"))
        return replace(rt, catalogue=catalogue, supply=Supply(sources, catalogue))

    here = supplied()
    here.supply.survey()
    told = {item.name: (item.kind, item.tools, item.fault) for item in tools.list_sources(here, admin)}

    assert told["shout.py"] == ("file", 1, "")
    assert told["broken.py"][:2] == ("file", 0)
    assert "ZeroDivisionError" in told["broken.py"][2]
    assert told["gone"][:2] == ("MCP server", 0)
    assert "/not/there" in told["gone"][2]
    assert tools.get(here, editor, "shout").origin == "file shout.py"
    folder_told = next(item for item in doctor.conditions(here, admin) if item.name == "tools folder")
    assert not folder_told.is_fine
    for ask in (tools.list_sources, doctor.conditions):
        with pytest.raises(Forbidden):
            ask(here, editor)
    servers.write_text("{")
    wrong = tools.list_sources(supplied(), admin)[-1]
    assert (wrong.kind, wrong.name, wrong.tools) == ("list of servers", "mcp.json", 0)
    assert "is no JSON" in wrong.fault


def test_so_many_try_something_out_at_once_that_threads_are_left_for_everybody_else(rt, editor):
    with ExitStack() as held:
        for _ in range(AT_ONCE):
            held.enter_context(a_place())
        for attempt in (
            lambda: tools.invoke(rt, editor, "calculator", {"expression": "1"}),
            lambda: agent_trials.try_out(rt, editor, None, AgentTrial(prompt="Hi", spec=ECHO)),
        ):
            with pytest.raises(TooManyTrials, match="already"):
                attempt()
    assert tools.invoke(rt, editor, "calculator", {"expression": "1"}).result["number"] == 1
    assert agent_trials.try_out(rt, editor, None, AgentTrial(prompt="Hi", spec=ECHO)).reply.text
