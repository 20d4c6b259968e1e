"""A model behind a run: seen while it speaks, waited for as long as it asks, listed as its server has it."""

import asyncio
import time
from contextlib import aclosing
from dataclasses import replace

import pytest
from pydantic import SecretStr

from engine.services import catalogue, history, models, runs, watching
from engine.services.live import Delta, Place
from tests.fixtures.drawings import drawing
from tests.fixtures.runtimes import open_movable
from tests.runner.conftest import Place as Stage
from tests.servers.anthropic_server import anthropic_server
from tests.servers.model_server import Failure, Raw, Turn
from tests.servers.openai_server import openai_server

ASKING = {"config": {"provider": "openai", "model": "m-1", "prompt": "Tell me."}}
STORY = "There was a small machine that counted."


@pytest.fixture
def stage(sqlite_url, redis_url, tmp_path, admin):
    """Makes a stage whose models are at a server."""
    placed = []

    def at(server):
        rt = open_movable(sqlite_url, redis_url, tmp_path)
        settings = rt.settings.model_copy(
            update={"openai_base_url": server.base_url, "openai_api_key": SecretStr("k")}
        )
        placed.append(Stage(replace(rt, settings=settings), admin))
        return placed[-1]

    yield at
    for made in placed:
        made.runner.stop()
        made.rt.close()


def watched(stage, room, user):
    """All that a watcher of the room is told until a run is over."""

    async def watch():
        told = []
        async with asyncio.timeout(20), aclosing(watching.watch_room(stage.rt, user, room, Place())) as news:
            starting = None
            async for item in news:
                starting = starting or asyncio.create_task(asyncio.to_thread(stage.start, room))
                told += [event for _, event in item.events] + [item.delta] * (item.delta is not None)
                if item.status and item.status["status"] == "COMPLETED":
                    await starting
                    return told
        raise AssertionError

    return asyncio.run(watch())


def test_whoever_watches_reads_along_and_the_record_has_the_answer_alone(stage, admin):
    with openai_server(Turn(STORY, pause_s=0.05)) as server:
        here = stage(server)
        room = here.room(drawing("start > ask > end", ask=ASKING))
        told = watched(here, room, admin)

    deltas = [item for item in told if isinstance(item, Delta)]
    events = [item for item in told if not isinstance(item, Delta)]
    assert len(deltas) > 2
    assert "".join(delta.text for delta in deltas) == STORY
    assert [delta.at for delta in deltas] == [
        len("".join(before.text for before in deltas[:n])) for n in range(len(deltas))
    ]
    asked = next(event for event in events if event["type"] == "AGENT_INVOKED")
    answered = next(event for event in events if event["type"] == "AGENT_RESPONSE")
    assert {(d.run_id, d.node_id, d.step, d.attempt, d.turn) for d in deltas} == {
        (asked["run_id"], "ask", asked["step"], 1, 1)
    }
    assert told.index(deltas[-2]) < told.index(answered)
    assert events == history.events(here.rt, admin, asked["run_id"])


def test_a_server_that_wants_a_rest_gets_it_and_a_replay_knows(stage, admin):
    busy = Failure("rate_limited", retry_after="0.4")
    retry = {"max_attempts": 3, "initial_delay_s": 0.001, "max_delay_s": 0.001}
    with openai_server(busy, busy, Turn(STORY)) as server:
        here = stage(server)
        room = here.room(drawing("start > ask > end", ask={**ASKING, "retry": retry}))
        begun = time.monotonic()
        run = here.over(here.start(room).id)

    assert run.status == "COMPLETED", run.error
    assert time.monotonic() - begun >= 0.8
    events = history.events(here.rt, admin, run.id)
    assert [event["data"]["delay_s"] for event in events if event["type"] == "NODE_RETRY_SCHEDULED"] == [
        0.4,
        0.4,
    ]
    failed = next(event for event in events if event["type"] == "NODE_FAILED")
    assert failed["error"]["code"] == "provider_rate_limited"
    assert history.replay_run(here.rt, admin, run.id)["identical"]
    assert runs.get(here.rt, admin, run.id).tokens > 0


def test_a_server_tells_its_models_once_a_minute_and_the_catalogue_asks_nobody(sqlite_rt, admin, monkeypatch):
    def listed(**settings):
        rt = replace(sqlite_rt, settings=sqlite_rt.settings.model_copy(update=settings))
        return rt, {view.name: view for view in models.list_providers(rt, admin)}

    monkeypatch.setattr(models, "_kept", {})
    with openai_server() as server, anthropic_server(Raw(b"")) as other:
        urls = {"openai_base_url": server.base_url, "anthropic_base_url": f"{other.base_url}/nowhere"}
        server.models = ["llama", "qwen"]
        rt, views = listed(**urls)
        server.models = ["changed"]
        _, again = listed(**urls)

    assert (views["openai"].models, views["openai"].models_from) == (("llama", "qwen"), "server")
    assert again["openai"] == views["openai"]
    assert views["anthropic"].models == ("local-1", "local-2")
    assert views["scripted"].models_from == "list"
    assert catalogue.list_providers(rt, admin)[1].models_from == "list"

    _, views = listed(openai_base_url=server.base_url + "/gone")
    assert views["openai"].models_from == "list"
    assert "nobody answers" in views["openai"].note.lower() or "reach" in views["openai"].note
    assert views["anthropic"].models_from == "list"
