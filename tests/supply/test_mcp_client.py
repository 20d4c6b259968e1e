"""Tools of real MCP servers, over stdin and over HTTP, used by a step and by an agent; servers that die come back."""

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from engine.core.catalogue import Effect, StepError
from engine.core.discovery import discover
from engine.core.run import RunStatus
from engine.core.tool_call import call_tool
from engine.core.validation import find_problems
from engine.isolation.pool import Children
from engine.services import history, secrets, tools
from engine.supply import Sources, Supply, connection
from engine.supply.servers import read_servers
from engine.supply.sources import BadSource
from tests.app.conftest import free_port
from tests.core.drawing import line, node
from tests.fixtures.contexts import a_context
from tests.runner.conftest import Place
from tests.servers.mcp_server import http_server, stdio_entry


@pytest.fixture
def supplied(tmp_path):
    """A catalogue with the tools of servers, asked once; each use reads what is kept."""

    def supply(servers, *, ask=True, **changes):
        file = tmp_path / "mcp.json"
        file.write_text(json.dumps({"mcpServers": servers}))
        catalogue = discover()
        made = Supply(Sources(mcp_servers=str(file), kept_in=str(tmp_path / "mcp"), **changes), catalogue)
        if ask:
            made.survey()
        return made, catalogue

    return supply


@pytest.fixture
def placed(sqlite_rt, editor):
    places = []

    def place(supply, catalogue):
        places.append(Place(replace(sqlite_rt, catalogue=catalogue, supply=supply), editor))
        return places[-1]

    yield place
    for one in places:
        one.runner.stop()


def adding(**fields):
    config = {"tool": "mcp_desk_add", "arguments": {"a": "{{ input.a }}", "b": 2}}
    return node("sum", "TOOL_EXECUTION", config=config, save_as="sum", **fields)


def an_agent(tool, arguments):
    """Lets the scripted model call the tool with these arguments, then say what it gave."""
    script = [{"tool": tool, "arguments": arguments}, {"reply": "It says {tool}"}]
    system = f"```json\n{json.dumps(script)}\n```"
    config = {"provider": "scripted", "system": system, "prompt": "Go.", "tools": [tool]}
    return node("agent", "AGENT_TASK", config=config, save_as="said")


def deeds(tmp_path):
    return (tmp_path / "did").read_text().splitlines() if (tmp_path / "did").exists() else []


def test_a_step_and_an_agent_use_a_server_that_is_started(tmp_path, supplied, placed):
    supply, catalogue = supplied({"desk": stdio_entry(tmp_path)})
    assert catalogue.tools["mcp_desk_add"].effect is Effect.IDEMPOTENT
    assert catalogue.tools["mcp_desk_send_letter"].effect is Effect.EXTERNAL
    assert catalogue.tools["mcp_desk_send_letter"].title == "Send a letter"

    document = line(adding(), an_agent("mcp_desk_send_letter", {"to": "Ada"}))
    assert [item for item in find_problems(document, catalogue) if item.severity == "error"] == []
    config = {"tool": "mcp_desk_add", "arguments": {"a": "one"}}
    wrong = find_problems(line(node("sum", "TOOL_EXECUTION", config=config)), catalogue)
    assert {(item.code, item.path) for item in wrong} >= {
        ("bad_arguments", "/nodes/1/config/arguments/a"),
        ("bad_arguments", "/nodes/1/config/arguments/b"),
    }
    place = placed(supply, catalogue)
    run = place.over(place.start(place.room(document), {"a": 40}).id)

    assert run.status is RunStatus.COMPLETED, run.error
    steps = {step["node_id"]: step for step in history.steps(place.rt, place.user, run.id)}
    assert steps["sum"]["output"] == {"total": 42}
    assert "sent to Ada" in steps["agent"]["output"]
    assert deeds(tmp_path)[0] == "add 40 2"
    assert deeds(tmp_path)[1].startswith(f"letter Ada or-{run.id}-")


def test_a_step_an_agent_and_a_try_out_use_a_server_over_http(tmp_path, supplied, placed):
    with http_server(tmp_path) as (url, _):
        supply, catalogue = supplied({"desk": {"url": url}})
        place = placed(supply, catalogue)
        document = line(adding(), an_agent("mcp_desk_add", {"a": 1, "b": 2}))
        run = place.over(place.start(place.room(document), {"a": 1}).id)
        tried = tools.invoke(place.rt, place.user, "mcp_desk_add", {"a": 3, "b": 4})

    assert run.status is RunStatus.COMPLETED, run.error
    steps = {step["node_id"]: step for step in history.steps(place.rt, place.user, run.id)}
    assert steps["sum"]["output"] == {"total": 3}
    assert '"total": 3' in steps["agent"]["output"]
    assert tried.result == {"total": 7}


def test_a_server_that_dies_in_a_call_is_a_failure_worth_a_retry_and_the_next_call_starts_it_again(
    tmp_path, supplied, monkeypatch
):
    _, catalogue = supplied({"desk": stdio_entry(tmp_path)})

    async def calls():
        ctx = a_context(catalogue=catalogue)
        with pytest.raises(StepError) as died:
            await call_tool(ctx, "mcp_desk_die", {})
        assert (died.value.code, died.value.retryable) == ("mcp_unavailable", True)
        assert await call_tool(ctx, "mcp_desk_add", {"a": 1, "b": 1}) == {"total": 2}
        with pytest.raises(StepError) as refused:
            await call_tool(ctx, "mcp_desk_refuse", {})
        assert refused.value.code == "mcp_tool_failed"
        assert "no ink" in str(refused.value)
        with pytest.raises(StepError) as wrong:
            await call_tool(ctx, "mcp_desk_add", {"a": "1", "b": 1})
        assert wrong.value.code == "bad_arguments"
        await cut_off(ctx, tmp_path, "mcp_desk_dawdle", "dawdling")
        await until_it_did(tmp_path, "cancelled")
        await cut_off(ctx, tmp_path, "mcp_desk_hang", "hanging")
        while Path(f"/proc/{(tmp_path / 'hung').read_text()}").exists():  # it is given up, and ended
            await asyncio.sleep(0.02)
        assert await call_tool(ctx, "mcp_desk_add", {"a": 2, "b": 2}) == {"total": 4}

    monkeypatch.setattr(connection, "ANSWER_S", 0.3)
    asyncio.run(asyncio.wait_for(calls(), 30))
    assert deeds(tmp_path) == ["dying", "add 1 1", "dawdling", "cancelled", "hanging", "add 2 2"]


async def cut_off(ctx, tmp_path, tool, deed):
    """Cancel a call that is under way."""
    call = asyncio.create_task(call_tool(ctx, tool, {}))
    await until_it_did(tmp_path, deed)
    call.cancel()
    await asyncio.wait([call])


async def until_it_did(tmp_path, deed):
    until = time.monotonic() + 10
    while deed not in deeds(tmp_path):
        assert time.monotonic() < until
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("is_old", [False, True])
def test_a_server_over_http_that_was_started_anew_is_used_again_at_once(tmp_path, supplied, is_old):
    """An old one does not know the session that it is called in any more; nothing was done, so it is called again."""

    async def calls(url, process):
        ctx = a_context(catalogue=catalogue)
        assert await call_tool(ctx, "mcp_desk_add", {"a": 1, "b": 1}) == {"total": 2}
        process.kill()
        process.wait()
        if not is_old:
            with pytest.raises(StepError) as gone:
                await call_tool(ctx, "mcp_desk_add", {"a": 1, "b": 1})
            assert gone.value.code == "mcp_unavailable"
        with http_server(tmp_path, port=int(url.split(":")[2].split("/")[0]), is_old=is_old):
            assert await call_tool(ctx, "mcp_desk_add", {"a": 1, "b": 2}) == {"total": 3}

    with http_server(tmp_path, port=free_port(), is_old=is_old) as (url, process):
        _, catalogue = supplied({"desk": {"url": url}})
        asyncio.run(calls(url, process))
    assert deeds(tmp_path) == ["add 1 1", "add 1 2"]


def test_what_a_server_offered_is_known_while_it_is_down_and_a_change_is_taken_over(tmp_path, supplied):
    entry = stdio_entry(tmp_path)
    supplied({"desk": entry})
    down, catalogue = supplied({"desk": {"command": str(tmp_path / "not there")}}, ask=False)
    assert "mcp_desk_add" in catalogue.tools
    with pytest.raises(StepError) as failed:
        asyncio.run(call_tool(a_context(catalogue=catalogue), "mcp_desk_add", {"a": 1, "b": 1}))
    assert failed.value.code == "mcp_unavailable"
    assert "not available" in down.survey()["desk"]

    (tmp_path / "more").touch()
    supplied({"desk": entry})  # another process has asked it
    assert down.look()
    assert "mcp_desk_extra" in catalogue.tools


def until(is_so):
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_file_is_read_again_when_it_changes_and_its_headers_name_secrets(tmp_path, sqlite_rt, admin):
    file, desk = tmp_path / "mcp.json", tmp_path / "desk"
    desk.mkdir()
    (desk / "key").write_text("Bearer canary-of-desk-41")
    secrets.put(sqlite_rt, admin, "desk_key", "canary-of-desk-41")
    secrets.put(sqlite_rt, admin, "another", "is-not-the-desks")
    sources = Sources(mcp_servers=str(file), kept_in=str(tmp_path / "mcp"))
    catalogue, changes = discover(), []

    def write(header=None, **servers):
        if header:
            servers["desk"] = {"url": url, "headers": {"Authorization": header}}
        file.write_text(json.dumps({"mcpServers": servers}))

    async def add(tool):
        ctx = a_context(catalogue=catalogue)
        kind, params = catalogue.node_types["TOOL_EXECUTION"], {"tool": tool, "arguments": {"a": 1, "b": 2}}
        children = Children(most=1, memory_mb=1024, patience_s=9, sources=sources, reveal=supply.reveal)
        try:
            return [
                await call_tool(ctx, tool, params["arguments"]),
                await children.call_step(kind, params, ctx),
            ]
        finally:
            await children.close()

    with http_server(desk) as (url, _):
        supply = Supply(sources, catalogue, sqlite_rt.vault.reveal)
        supply.start(lambda: changes.append(sorted(supply.servers)))
        try:
            write("Bearer {{ secrets.desk_key }}")
            until(lambda: "mcp_desk_add" in catalogue.tools)
            assert changes[0] == ["desk"]
            assert asyncio.run(add("mcp_desk_add")) == [{"total": 3}] * 2
            assert supply.reveal(["desk_key", "another"]) == {"desk_key": "canary-of-desk-41"}

            file.write_text("{")
            until(lambda: "no JSON" in supply.faults.get("mcp servers", ""))
            assert "mcp_desk_add" in catalogue.tools
            write("Bearer {{ secrets.gone }}")
            until(lambda: "'gone'" in supply.faults.get("mcp desk", ""))
            write("Bearer wrong {{ secrets.desk_key }}")
            until(lambda: "'gone'" not in (fault := supply.faults.get("mcp desk", "")) and fault)
            assert "mcp servers" not in supply.faults
            write()
            until(lambda: not supply.servers)
            assert [tool.name for tool in catalogue.tools if tool.category == "mcp"] == []
        finally:
            supply.stop()
    told = f"{supply.faults}" + "".join(one.read_text() for one in (tmp_path / "mcp").iterdir())
    assert "canary-of-desk" not in told
    write("{{ env.HOME }}")
    with pytest.raises(BadSource, match=r"takes secrets\.NAME"):
        read_servers(file)


def test_a_server_is_reached_through_the_guard(supplied):
    """The operator's own address may be anywhere, but for what no configuration opens."""
    supply, _ = supplied(
        {"clouds": {"url": "http://169.254.169.254/mcp"}, "files": {"url": "file:///etc/passwd"}}
    )

    assert "rule" in supply.faults["mcp clouds"]
    assert "rule" in supply.faults["mcp files"]
