"""A real MCP client lists and calls published workflows over HTTP, in the newest protocol and in the one before."""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import httpx2
import pytest
import uvicorn
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from starlette.applications import Starlette
from starlette.routing import Mount

from engine.core.identity import Role, User
from engine.core.run import RunStatus
from engine.runtime import open_runtime, use_runtime
from engine.services import rooms, runs, versions, workflows
from engine.services.sessions import open_session
from engine.settings import Settings
from engine.store import users
from engine.store.migrations import migrate
from openrooms_app.api import create_api
from openrooms_app.api.resources import stream
from openrooms_app.gate import Gate
from openrooms_app.mcp.door import McpDoor, end_calls, serving
from openrooms_app.serve import listen
from openrooms_app.session import COOKIE
from tests.core.drawing import line, node
from tests.fixtures.runtimes import open_movable
from tests.runner.conftest import Place

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
MODES = ["auto", "legacy"]

pytestmark = pytest.mark.timeout(40)


def in_a_row(*middle: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """As `line`, on success alone."""
    document = line(*middle, **fields)
    return {**document, "transitions": [{**one, "on": "SUCCESS"} for one in document["transitions"]]}


def doubling() -> dict[str, Any]:
    call = {"tool": "calculator", "arguments": {"expression": "2 * n", "names": {"n": "{{ input.n }}"}}}
    document = in_a_row(node("twice", "TOOL_EXECUTION", config=call))
    document["nodes"][-1]["config"] = {"output": {"double": "{{ vars.twice.number }}"}}
    return {**document, "name": "Double It!", "description": "Twice as much.", "input_schema": SCHEMA}


def asking() -> dict[str, Any]:
    config = {"signal": "approve", "message": "May I?", "form_schema": {"type": "object"}}
    document = in_a_row(node("ask", "WAIT", config=config, save_as="told"))
    document["nodes"][-1]["config"] = {"output": "{{ vars.told.by }}"}
    return {**document, "name": "Ask"}


class Desk(Place):
    """A server on loopback with a runner behind it, and clients for its users."""

    url = ""
    tokens: dict[str, str]

    def publish(self, document: dict[str, Any]) -> str:
        made = workflows.create(self.rt, self.user, document)
        versions.publish(self.rt, self.user, made.id)
        return made.id

    def newest_run(self) -> Any:
        return runs.list_runs(self.rt, self.user).items[0]

    @asynccontextmanager
    async def client(self, mode: str = "auto", who: str = "editor") -> Any:
        cookies = {COOKIE: self.tokens[who]}
        async with (
            httpx2.AsyncClient(cookies=cookies, trust_env=False, timeout=30) as http,
            Client(streamable_http_client(self.url, http_client=http), mode=mode) as to,
        ):
            yield to


@pytest.fixture
def desk(sqlite_url, redis_url, tmp_path) -> Iterator[Desk]:
    rt = open_movable(sqlite_url, redis_url, tmp_path)
    use_runtime(rt)
    tokens, people = {}, {}
    for role in Role:
        user = User(id=rt.new_id(), name=role.value.title(), role=role, created_at=rt.now_us())
        with rt.db.write() as session:
            users.add(session, user, "no password fits this")
            tokens[role.value], people[role] = open_session(rt, session, user.id), user
    desk = Desk(rt, people[Role.EDITOR])
    desk.tokens = tokens
    rt.bell.on_ring(desk.runner.hear)
    consumer = rt.bell.consumer(1)
    ears = threading.Thread(target=consumer.run)
    ears.start()
    with served() as url:
        desk.url = url
        yield desk
    consumer.stop(graceful=True)
    ears.join(10)
    desk.runner.stop()
    use_runtime(None)
    rt.close()


class served:
    """The gate, the door and the API under a real server, in a thread."""

    def __enter__(self) -> str:
        @asynccontextmanager
        async def lifespan(_app: Starlette) -> Any:
            async with stream.listening(), serving():
                yield

        app = Starlette(routes=[Mount("/", Gate(McpDoor(create_api())))], lifespan=lifespan)
        listener = listen("127.0.0.1", 0)
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, args=([listener],))
        self.thread.start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"

    def __exit__(self, *_: object) -> None:
        end_calls()
        self.server.should_exit = True
        self.thread.join(20)


@pytest.mark.parametrize("mode", MODES)
def test_a_published_workflow_is_listed_and_called(desk, mode):
    desk.publish(doubling())
    workflows.create(desk.rt, desk.user, {**doubling(), "name": "Not published"})
    told = []

    async def progress(done, total, message):
        told.append((done, message))

    async def use():
        async with desk.client(mode) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert tools.keys() == {"double_it", "answer_run"}
            assert tools["double_it"].description == "Twice as much."
            assert tools["double_it"].input_schema == SCHEMA
            done = await client.call_tool("double_it", {"n": 21}, progress_callback=progress)
            wrong = await client.call_tool("double_it", {"n": "many"})
            absent = await client.call_tool("ghost", {})
            return done, wrong, absent

    done, wrong, absent = asyncio.run(use())
    assert not done.is_error
    assert done.structured_content == {"double": 42}
    assert json.loads(done.content[0].text) == {"double": 42}
    assert (wrong.is_error, wrong.structured_content["code"]) == (True, "invalid_input")
    assert (absent.is_error, absent.structured_content["code"]) == (True, "not_found")
    run = desk.newest_run()
    room = rooms.get(desk.rt, desk.user, run.room_id)
    assert (room.metadata, room.is_passing) == ({"made_by": "mcp"}, True)
    assert any("twice succeeded" in message for _, message in told)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_run_that_waits_says_for_what_and_goes_on_when_it_is_answered(desk):
    desk.publish(asking())

    async def use():
        async with desk.client() as client:
            waits = (await client.call_tool("ask", {})).structured_content
            sent = {"run_id": waits["run_id"], "signal": "approve", "payload": {"by": "Ada"}}
            return (
                waits,
                await client.call_tool("answer_run", sent),
                await client.call_tool("answer_run", sent),
            )

    waits, done, again = asyncio.run(use())
    assert waits["status"] == "WAITING"
    assert waits["waits_for"] == [
        {"signal": "approve", "message": "May I?", "form_schema": {"type": "object"}}
    ]
    assert done.structured_content == {"result": "Ada"}
    assert again.is_error


def test_a_run_that_fails_gives_its_error(desk):
    call = {"tool": "calculator", "arguments": {"expression": "1 / 0"}}
    desk.publish({**in_a_row(node("bad", "TOOL_EXECUTION", config=call)), "name": "Bad"})

    async def use():
        async with desk.client() as client:
            return await client.call_tool("bad", {})

    result = asyncio.run(use())
    assert result.is_error
    assert result.structured_content["node_id"] == "bad"


def resting() -> dict[str, Any]:
    return {**in_a_row(node("rest", "WAIT", config={"duration_s": 3600})), "name": "Rest"}


def run_that(desk: Desk, status: RunStatus) -> Any:
    until = time.monotonic() + 15
    while True:
        found = runs.list_runs(desk.rt, desk.user).items
        if found and found[0].status is status:
            return found[0]
        assert time.monotonic() < until, found
        time.sleep(0.05)


@pytest.mark.parametrize("mode", MODES)
def test_a_call_that_is_cancelled_cancels_its_run_and_a_server_that_stops_does_not(desk, mode):
    desk.publish(resting())

    async def use(mode):
        async with desk.client(mode) as client:
            call = asyncio.create_task(client.call_tool("rest", {}))
            run = await asyncio.to_thread(run_that, desk, RunStatus.WAITING)
            call.cancel()
            await asyncio.wait([call])
            await asyncio.to_thread(desk.until, run.id, lambda run: run.status is RunStatus.CANCELLED, 10)
            last = asyncio.create_task(client.call_tool("rest", {}))
            run = await asyncio.to_thread(run_that, desk, RunStatus.WAITING)
            end_calls()
            last.cancel()
            await asyncio.wait([last])
            await asyncio.sleep(0.5)
            return run

    run = asyncio.run(use(mode))
    assert desk.get(run.id).status is RunStatus.WAITING


def test_each_sees_and_does_what_his_role_allows(desk):
    desk.publish(doubling())

    async def use():
        async with desk.client(who="viewer") as client:
            assert len((await client.list_tools()).tools) == 2
            return await client.call_tool("double_it", {"n": 1})

    refused = asyncio.run(use())
    assert (refused.is_error, refused.structured_content["code"]) == (True, "forbidden")
    opening = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        },
    }
    headers = {"Accept": "application/json, text/event-stream"}
    assert httpx.post(desk.url, json=opening, headers=headers, trust_env=False).status_code == 401
    editor, admin = ({COOKIE: desk.tokens[who]} for who in ("editor", "admin"))
    opened = httpx.post(desk.url, json=opening, headers=headers, cookies=editor, trust_env=False)
    session = {
        **headers,
        "Mcp-Session-Id": opened.headers["mcp-session-id"],
        "Mcp-Protocol-Version": "2025-06-18",
    }
    ask = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    assert httpx.post(desk.url, json=ask, headers=session, cookies=editor, trust_env=False).status_code == 200
    assert httpx.post(desk.url, json=ask, headers=session, cookies=admin, trust_env=False).status_code == 404
    foreign = {**headers, "Origin": "http://evil.example"}
    assert (
        httpx.post(desk.url, json=opening, headers=foreign, cookies=editor, trust_env=False).status_code
        == 403
    )


def test_a_local_client_starts_it_by_command(tmp_path):
    rt = open_runtime(Settings(_env_file=None, data_dir=tmp_path))
    migrate(rt.db)
    user = User(id="a", name="Ada", role=Role.ADMIN)
    versions.publish(rt, user, workflows.create(rt, user, doubling()).id)
    rt.close()
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "openrooms_app.cli", "mcp"],
        env={"OPENROOMS_DATA_DIR": str(tmp_path)},
    )

    async def use():
        async with Client(command) as client:
            return {tool.name for tool in (await client.list_tools()).tools}

    assert asyncio.run(use()) == {"double_it", "answer_run"}
