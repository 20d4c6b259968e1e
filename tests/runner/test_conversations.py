"""An agent's conversation over many runs: shown within its window, summarised once when it is too long."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from engine.core.identity import User
from engine.core.run import RunStatus
from engine.runtime import Runtime
from engine.services import history, memory
from tests.fixtures.embedding_server import embedding_server
from tests.runner.conftest import Place
from tests.runner.test_agents import agent, agents, keys, replays
from tests.servers.anthropic_server import anthropic_server
from tests.servers.model_server import Call, Failure, ModelServer, Turn


def messages(asked: Any) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in asked.body["messages"]]


def test_a_conversation_that_is_too_long_is_summarised_once_whatever_happens(
    sqlite_rt: Runtime, editor: User
) -> None:
    answers = [
        Turn("one"),
        Turn("two"),
        Turn("They counted."),
        Failure("unavailable"),
        Turn("three"),
        Turn("four"),
    ]
    config = {"use_history": True, "history": {"messages": 3}, "system": "Count."}
    with agents(sqlite_rt, editor, *answers) as (place, server):
        room = place.room(agent(config, retry={"max_attempts": 2, "initial_delay_s": 0}))
        runs = [place.over(place.start(room).id) for _ in range(4)]
        assert [run.output for run in runs] == ["one", "two", "three", "four"]

        first, second, question, failed, third, fourth = map(messages, server.asked)
        assert first == [("system", "Count."), ("user", "Go")]
        assert second[1:] == [("user", "Go"), ("assistant", "one"), ("user", "Go")]
        assert "user: Go\nassistant: one" in question[1][1]
        told = "Count.\n\nSummary of the conversation before:\nThey counted."
        assert failed == third == [("system", told), ("user", "Go")]
        assert fourth == [("system", told), ("user", "Go"), ("assistant", "three"), ("user", "Go")]
        assert keys(server) == ["1", "1", "0", "1", "1", "1"]
        assert all(replays(place, run) for run in runs)
        turns = memory.list_turns(place.rt, editor, room).items
        assert [turn.role for turn in turns].count("summary") == 1
        step = history.steps(place.rt, editor, runs[2].id)[1]
        assert [(turn["turn"], turn["text"]) for turn in step["turns"]] == [
            (0, "They counted."),
            (1, "three"),
        ]
        assert step["tokens"] == runs[2].tokens == 30


@contextmanager
def with_anthropic(rt: Runtime, user: User, *answers: Any) -> Iterator[tuple[Place, ModelServer]]:
    """A place whose agents ask one server, and whose texts are embedded by another: 3 tokens each, of a dollar."""
    with embedding_server() as embedder, anthropic_server(*answers) as server:
        prices = rt.settings.data_dir / "prices.json"
        servers = {embedder.url: {"e": {"input": 1_000_000, "output": 0}}}
        prices.write_text(json.dumps({"version": "test", "servers": servers}))
        more = {
            "openai_base_url": embedder.url,
            "embedding": "openai:e",
            "anthropic_api_key": SecretStr("k"),
            "anthropic_base_url": server.base_url,
            "prices_file": str(prices),
        }
        place = Place(replace(rt, settings=rt.settings.model_copy(update=more)), user)
        try:
            yield place, server
        finally:
            place.runner.stop()


def test_an_agent_at_anthropic_calls_tools_fails_and_goes_on_with_what_it_has_stored(
    sqlite_rt: Runtime, editor: User
) -> None:
    calls = (
        Call("memory_store", {"value": "Refunds take days.", "kind": "SEMANTIC", "metadata": {"page": 2}}),
        Call("memory_store", {"key": "brief", "value": 1, "kind": "SHORT_TERM"}),
        Call("calculator", {"expression": "1 / 0"}),
    )
    answers = (Turn("I look.", calls=calls), Failure("overloaded"), Turn("Stored."))
    config = {"provider": "anthropic", "model": "claude-local", "tools": ["memory_store", "calculator"]}
    with with_anthropic(sqlite_rt, editor, *answers) as (place, server):
        room = place.room(agent(config, retry={"max_attempts": 2, "initial_delay_s": 0}))
        run = place.over(place.start(room).id)

        assert (run.output, run.status, keys(server)) == ("Stored.", RunStatus.COMPLETED, ["1", "2", "2"])
        asked, answered = server.asked[2].body["messages"][1:]
        assert [block["type"] for block in asked["content"]] == ["text", *["tool_use"] * 3]
        assert [block.get("is_error", False) for block in answered["content"]] == [False, False, True]
        (entry,) = memory.list_entries(place.rt, editor, room).items
        assert (entry.kind, entry.metadata) == ("SEMANTIC", {"page": 2})
        assert replays(place, run)
        step = history.steps(place.rt, editor, run.id)[1]
        first, last = step["turns"]
        assert (first["text"], first["model"], first["tokens"]) == ("I look.", "claude-local", 15)
        assert [call["status"] for call in first["tool_calls"]] == ["done", "done", "failed"]
        assert first["tool_calls"][0]["arguments"] == calls[0].arguments
        assert first["tool_calls"][1]["result"] == {"key": "brief", "stored": True}
        assert first["tool_calls"][2]["error"]["code"] == "calculator_error"
        assert (last["turn"], last["text"], last["tool_calls"]) == (2, "Stored.", [])
        assert step["tokens"] == run.tokens == 15 + 3 + 15
        assert step["cost_usd"] == run.cost_usd == 3
