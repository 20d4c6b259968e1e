"""Agents on a real database against a loopback model server: turns on record, tools at once, approval, limits."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from engine.core.catalogue import Effect, StepContext, StepError, tool
from engine.core.discovery import discover
from engine.core.document import Frozen
from engine.core.identity import User
from engine.core.policy import Policy
from engine.core.room import RoomConfig, RoomPatch
from engine.core.run import RunStatus
from engine.core.runview import Run
from engine.runtime import Runtime
from engine.services import control, history, rooms
from engine.services.control import Signal
from tests.core.drawing import drawn, node, way
from tests.runner.conftest import Place
from tests.servers.model_server import Asked, Call, Failure, ModelServer, Raw, Turn
from tests.servers.openai_server import openai_server

CALCULATE = Call("calculator", {"expression": "6*7"})
USE = Turn(calls=(CALCULATE,))
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


class Named(Frozen):
    name: str
    together: int = 1


_arrived: list[str] = []


@tool(Named, title="Meets", category="test", effect=Effect.EXTERNAL)
async def meets(params: Named, ctx: StepContext) -> Any:
    """Returns when as many calls as are to be together have come."""
    _arrived.append(ctx.idempotency_key)
    async with asyncio.timeout(25):
        while len(_arrived) < params.together:
            await asyncio.sleep(0.01)
    ctx.write(f"met_{params.name}", params.together)
    return {"met": params.name}


@tool(Named, title="Talks", category="test", effect=Effect.NONE)
def talks(params: Named, ctx: StepContext) -> Any:
    """Much."""
    return params.name * 120_000


@contextmanager
def agents(rt: Runtime, user: User, *answers: Any) -> Iterator[tuple[Place, ModelServer]]:
    """A place whose provider openai is a server that gives these answers, of which each costs 24 cents."""
    catalogue = discover()
    catalogue.add(meets)
    catalogue.add(talks)
    _arrived.clear()
    with openai_server(*answers) as server:
        prices = rt.settings.data_dir / f"prices-{rt.new_id()}.json"
        servers = {server.base_url: {"local-1": {"input": 20_000, "output": 0}}}
        prices.write_text(json.dumps({"version": "test", "servers": servers}))
        more = {"openai_base_url": server.base_url, "prices_file": str(prices)}
        settings = rt.settings.model_copy(update=more)
        place = Place(replace(rt, settings=settings, catalogue=catalogue), user)
        try:
            yield place, server
        finally:
            place.runner.stop()


def agent(config: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    base = {"provider": "openai", "model": "local-1", "prompt": "Go", "tools": ["calculator", "meets"]}
    ask = node("ask", "AGENT_TASK", config={**base, **(config or {})}, **fields)
    nodes = [node("start", "START"), ask, node("end", "END", config={"output": "{{ vars.ask }}"})]
    return drawn(nodes, [way("start", "ask"), way("ask", "end", "SUCCESS")])


def events(place: Place, run: Run, *types: str) -> list[dict[str, Any]]:
    return [one for one in history.events(place.rt, place.user, run.id) if not types or one["type"] in types]


def replays(place: Place, run: Run) -> bool:
    return bool(history.replay_run(place.rt, place.user, run.id)["identical"])


def keys(server: ModelServer) -> list[str]:
    """Which turn each request was for."""
    return [asked.headers["idempotency-key"].rpartition("-")[2] for asked in server.asked]


def test_an_agent_calls_several_tools_at_once_and_tells_every_turn(rt: Runtime, editor: User) -> None:
    meeting = tuple(Call("meets", {"name": name, "together": 3}) for name in "abc")
    with agents(rt, editor, Turn("Let us meet", calls=meeting), USE, Turn("Done", tokens=(20, 5, 0))) as (
        place,
        server,
    ):
        run = place.over(place.start(place.room(agent())).id)

        assert (run.status, run.output) == (RunStatus.COMPLETED, "Done")
        assert run.tokens == 15 + 15 + 25
        assert keys(server) == ["1", "2", "3"]
        told = [
            json.loads(m["content"])["met"] for m in server.asked[1].body["messages"] if m["role"] == "tool"
        ]
        assert told == ["a", "b", "c"]
        assert sorted(key.removeprefix(f"or-{run.id}-") for key in _arrived) == ["2-1-1", "2-1-2", "2-1-3"]
        answers = events(place, run, "AGENT_RESPONSE")
        assert [(one["data"]["turn"], one["data"]["tokens"]) for one in answers] == [
            (1, 15),
            (2, 15),
            (3, 25),
        ]
        assert answers[0]["data"]["output"]["text"] == "Let us meet"
        assert [len(one["data"]["output"]["tool_calls"]) for one in answers] == [3, 1, 0]
        assert all(one["duration_ms"] > 0 for one in answers)
        used = events(place, run, "TOOL_INVOKED", "TOOL_COMPLETED")
        assert [one["data"].get("call") for one in used[:3]] == [1, 2, 3]
        assert used[0]["data"]["arguments"] == {"name": "a", "together": 3}
        assert used[-1]["data"]["output"]["number"] == 42
        kept = {one["data"]["key"] for one in events(place, run, "MEMORY_UPDATED")}
        assert kept == {"met_a", "met_b", "met_c"}
        step = history.steps(place.rt, place.user, run.id)[1]
        assert (step["tokens"], step["input"]["prompt"], step["attempt"]) == (run.tokens, "Go", 1)
        assert replays(place, run)


def test_a_retry_asks_only_for_what_has_failed(sqlite_rt: Runtime, editor: User) -> None:
    retry = {"max_attempts": 3, "initial_delay_s": 0}
    answers = (USE, Failure("unavailable"), USE, Failure("rate_limited"), Turn("Done"))
    with agents(sqlite_rt, editor, *answers) as (place, server):
        run = place.over(place.start(place.room(agent(retry=retry))).id)

        assert (run.output, run.tokens, keys(server)) == ("Done", 45, ["1", "2", "2", "3", "3"])
        assert [one["data"].get("turn") for one in events(place, run, "AGENT_RESPONSE")] == [1, 2, 3]
        assert len(events(place, run, "TOOL_COMPLETED")) == 2
        assert replays(place, run)


def test_an_answer_that_does_not_fit_is_mended_once(sqlite_rt: Runtime, editor: User) -> None:
    with agents(sqlite_rt, editor, Turn('{"n": "x"}'), Turn('{"n": 3}')) as (place, server):
        run = place.over(place.start(place.room(agent({"output_schema": SCHEMA}))).id)

        assert run.output == {"n": 3}
        assert 'n: "x" is not of type "integer"' in server.asked[1].body["messages"][-1]["content"]
    for odd in ('{"n": NaN}', '{"n": 1e999}', f'{{"n": {"9" * 40}}}', "[" * 9_999):
        answers = Turn(odd, is_whole=True), Turn('{"n": 5, "of": "\\ud83d"}')
        with agents(sqlite_rt, editor, *answers) as (place, server):
            run = place.over(place.start(place.room(agent({"output_schema": SCHEMA}))).id)

            assert run.output == {"n": 5, "of": "\ufffd"}
            assert "it is no JSON" in server.asked[1].body["messages"][-1]["content"]
    retry = {"max_attempts": 3, "initial_delay_s": 0}
    busy = Raw({"error": {"message": "Slower \ud83d"}}, 429)
    with agents(sqlite_rt, editor, busy, Turn("{}"), Turn("no"), Turn('{"n": 4}')) as (place, server):
        run = place.over(place.start(place.room(agent({"output_schema": SCHEMA}, retry=retry))).id)

        assert (run.output, run.tokens, keys(server)) == ({"n": 4}, 45, ["1", "1", "2", "2"])
        failed = [one["error"] for one in events(place, run, "NODE_FAILED")]
        assert [error["code"] for error in failed] == ["provider_rate_limited", "bad_output"]
        assert failed[0]["message"].endswith("Slower \ufffd")
        assert replays(place, run)


LIMITS: list[tuple[str, dict[str, Any], int]] = [
    ("policy_max_tool_calls", {"max_tool_calls": 1}, 2),
    ("policy_max_tokens", {"max_tokens": 20}, 2),
    ("policy_max_tokens_per_request", {"max_tokens_per_request": 14}, 1),
    ("policy_max_cost_usd", {"max_cost_usd": 1e-9}, 1),
    ("policy_max_cost_usd_run", {"max_cost_usd_run": 1e-9}, 1),
    ("policy_max_cost_usd_month", {"max_cost_usd_month": 1e-9}, 1),
]


@pytest.mark.parametrize(("code", "policy", "asked"), LIMITS)
def test_reaching_a_limit_ends_the_agent_by_its_name(
    sqlite_rt: Runtime, editor: User, code: str, policy: dict[str, Any], asked: int
) -> None:
    with agents(sqlite_rt, editor, USE) as (place, server):
        run = place.over(place.start(place.room(agent({"policy": policy}))).id)

        assert (run.status, run.error and run.error["code"]) == (RunStatus.FAILED, code)
        (reached,) = events(place, run, "LIMIT_REACHED")
        assert (reached["data"]["limit"], reached["node_id"]) == (code.removeprefix("policy_"), "ask")
        assert (len(server.asked), run.tokens) == (asked, 15 * asked)
        assert replays(place, run)


def test_what_a_room_has_spent_this_month_counts_in_its_next_run(sqlite_rt: Runtime, editor: User) -> None:
    with agents(sqlite_rt, editor, Turn("Done")) as (place, server):
        room = place.room(agent(), config=json.dumps({"policy": {"max_cost_usd_month": 0.6}}))
        ended = [place.over(place.start(room).id) for _ in range(4)]

        assert [run.status.value for run in ended] == ["COMPLETED", "COMPLETED", "FAILED", "FAILED"]
        assert ended[2].error is not None
        assert ended[2].error["code"] == "policy_max_cost_usd_month"
        assert len(server.asked) == 3  # the fourth did not even ask
        assert events(place, ended[3], "LIMIT_REACHED")[0]["data"]["reached"] == pytest.approx(0.72)
        assert events(place, ended[3], "AGENT_INVOKED")[0]["data"]["policy"] == {"max_cost_usd_month": 0.6}


def test_what_a_node_and_its_room_allow_is_what_both_allow(sqlite_rt: Runtime, editor: User) -> None:
    calls = Turn(calls=(CALCULATE, Call("meets", {"name": "x"}), Call("nope")))
    with agents(sqlite_rt, editor, calls, Turn("Done")) as (place, server):
        room = place.room(agent())
        config = RoomConfig(policy=Policy(allowed_tools=("calculator",)))
        rooms.patch(place.rt, place.user, room, RoomPatch(config=config))
        run = place.over(place.start(room).id)

        assert run.output == "Done"
        assert [one["function"]["name"] for one in server.asked[0].body["tools"]] == ["calculator"]
        failed = events(place, run, "TOOL_FAILED")
        assert [one["error"]["code"] for one in failed] == ["tool_not_allowed"] * 2


def test_rounds_without_an_end_are_stopped(sqlite_rt: Runtime, editor: User) -> None:
    with agents(sqlite_rt, editor, USE) as (place, _):
        run = place.over(place.start(place.room(agent({"max_turns": 2}))).id)

        assert run.error is not None
        assert run.error["code"] == "max_turns"
        assert len(events(place, run, "LIMIT_REACHED")) == 1
        assert run.tokens == 45


ASKING = {"policy": {"approval": ["meets"]}}
MEETS = Call("meets", {"name": "x"})


def approving(place: Place, run: Run) -> dict[str, Any]:
    """What people are asked, once the run waits."""
    place.until(run.id, lambda run: run.status is RunStatus.WAITING)
    (asked,) = history.status(place.rt, place.user, run.room_id)["signals"]
    found: dict[str, Any] = asked
    return found


def test_a_call_waits_for_a_person_across_a_restart(rt: Runtime, editor: User) -> None:
    with agents(rt, editor, Turn(calls=(MEETS, CALCULATE)), Turn("Done")) as (place, server):
        room = place.room(agent(ASKING))
        run = place.start(room)
        asked = approving(place, run)

        place.until(run.id, lambda _: not place.runner.is_driving(run.id))  # soon after it is seen to wait
        (shown,) = events(place, run, "WAIT_STARTED")
        assert (shown["data"]["tool"], shown["data"]["arguments"]) == ("meets", {"name": "x"})
        assert (shown["data"]["signal"], asked["name"]) == ("approve_2_1_1", "approve_2_1_1")
        assert asked["what"] == "approval of meets"
        assert asked["form_schema"]["required"] == ["approved"]
        assert _arrived == []
        assert len(events(place, run, "TOOL_COMPLETED")) == 1  # the other call was made meanwhile
        place.runner.stop()
        place.runner = Place(place.rt, place.user).runner
        for payload in ({}, {"approved": "yes"}):
            with pytest.raises(control.InvalidInput):
                control.signal(place.rt, place.user, room, Signal(name=asked["name"], payload=payload))
        control.signal(place.rt, place.user, room, Signal(name=asked["name"], payload={"approved": True}))
        ended = place.over(run.id)

        assert (ended.output, keys(server)) == ("Done", ["1", "2"])
        assert [key.rpartition("-")[2] for key in _arrived] == ["1"]
        assert events(place, ended, "WAIT_ENDED")[0]["data"]["by"] == editor.name
        assert [one["attempt"] for one in events(place, ended, "AGENT_INVOKED")] == [1, 1, 1]
        with pytest.raises(control.IllegalTransition):
            control.signal(place.rt, place.user, room, Signal(name=asked["name"], payload={"approved": True}))
        assert replays(place, ended)


def test_calls_are_approved_one_by_one_and_the_model_is_told_of_a_denial(
    sqlite_rt: Runtime, editor: User
) -> None:
    both = Turn(calls=(MEETS, Call("meets", {"name": "y"})))
    with agents(sqlite_rt, editor, both, Turn("Done")) as (place, server):
        run = place.start(place.room(agent(ASKING)))
        for answer in ({"approved": False, "note": "not today"}, {"approved": True}):
            name = approving(place, run)["name"]
            control.signal(place.rt, place.user, run.room_id, Signal(name=name, payload=answer))
            place.until(run.id, lambda _, name=name: name not in open_asks(place, run))
        run = place.over(run.id)

        told = [json.loads(m["content"]) for m in server.asked[1].body["messages"] if m["role"] == "tool"]
        assert told == [
            {"error": "a person has denied this call: not today", "code": "not_approved"},
            {"met": "y"},
        ]
        assert replays(place, run)


def open_asks(place: Place, run: Run) -> list[str]:
    return [asked["name"] for asked in history.status(place.rt, place.user, run.room_id)["signals"]]


def test_what_nobody_approves_in_time_is_not_called(sqlite_rt: Runtime, editor: User) -> None:
    policy = {"policy": {"approval": ["meets"], "approval_timeout_s": 0.2}}
    with agents(sqlite_rt, editor, Turn(calls=(MEETS,)), Turn("Done")) as (place, server):
        run = place.over(place.start(place.room(agent(policy))).id)

        assert run.output == "Done"
        assert "nobody approved this call in time" in server.asked[1].body["messages"][-1]["content"]
        assert _arrived == []
        assert replays(place, run)


def test_a_cancelled_agent_has_paid_for_its_turns(sqlite_rt: Runtime, editor: User) -> None:
    with agents(sqlite_rt, editor, USE, Turn("Late", delay_s=5)) as (place, server):
        run = place.start(place.room(agent()))
        place.until(run.id, lambda _: len(server.asked) == 2)
        control.cancel(place.rt, place.user, run.room_id)
        ended = place.over(run.id)

        assert (ended.status, ended.tokens) == (RunStatus.CANCELLED, 15)


def test_a_run_s_own_limit_stops_its_agent_between_two_turns(sqlite_rt: Runtime, editor: User) -> None:
    document = agent() | {"limits": {"max_tokens": 20}}
    with agents(sqlite_rt, editor, USE, USE, Turn("Late", delay_s=5)) as (place, _):
        run = place.over(place.start(place.room(document)).id)

        assert run.error is not None
        assert (run.error["code"], run.tokens) == ("max_tokens", 30)
        assert replays(place, run)


Answering = Callable[[Asked], Any]


def test_more_than_a_step_may_have_on_record_is_refused_by_its_name(sqlite_rt: Runtime, editor: User) -> None:
    long = Turn(calls=tuple(Call("talks", {"name": letter}) for letter in "abcdefghi"))
    with agents(sqlite_rt, editor, long) as (place, _):
        run = place.over(place.start(place.room(agent({"tools": ["talks"]}))).id)

        assert run.error is not None
        assert (run.error["code"], run.tokens) == ("progress_too_large", 15)
        assert replays(place, run)


def test_a_tool_that_may_not_be_repeated_is_not_when_its_outcome_is_unknown() -> None:
    from engine.core.agent_calls import Calls
    from engine.core.chat import ToolCall
    from engine.core.checkpoints import Checkpoints
    from tests.crash.ledger import TOOLS
    from tests.fixtures.contexts import a_context

    catalogue = discover()
    for item in TOOLS:
        catalogue.add(item)
    notes: list[dict[str, Any]] = []

    class Kept:
        def add(self, note: dict[str, Any]) -> None:
            notes.append(note)

        async def kept(self) -> None:
            pass

    ctx = a_context(
        catalogue=catalogue,
        recorded={"1-1": {}, "1-2": {"o": {"sum": 1}, "w": {"k": {"value": 2}}}},
        recorder=Kept(),
    )
    calls = (
        ToolCall(id="a", name="ledger_once", arguments={}),
        ToolCall(id="b", name="ledger_external", arguments={}),
    )

    told = asyncio.run(
        Calls(ctx, Checkpoints(ctx), ["ledger_once", "ledger_external"], Policy()).make(1, calls)
    )

    assert "unknown_outcome" in told[0].content
    assert told[1].content == '{"sum": 1}'
    assert ctx.remember == {"k": 2}
    assert [note["t"] for note in notes] == ["EFFECT_UNKNOWN", "TOOL_FAILED"]
    assert issubclass(StepError, Exception)


def test_the_conversation_is_on_record_with_the_step_that_was_shown_it(
    sqlite_rt: Runtime, editor: User
) -> None:
    retry = {"max_attempts": 2, "initial_delay_s": 0}
    with agents(sqlite_rt, editor, Turn("One"), Failure("unavailable"), Turn("Two")) as (place, server):
        room = place.room(agent({"use_history": True}, retry=retry))
        place.over(place.start(room).id)
        run = place.over(place.start(room).id)

        assert run.output == "Two"
        shown = [[message["content"] for message in asked.body["messages"]] for asked in server.asked]
        assert shown == [["Go"], ["Go", "One", "Go"], ["Go", "One", "Go"]]
        told = [one for one in events(place, run, "AGENT_INVOKED") if "output" in one["data"]]
        assert len(told) == 1
        assert replays(place, run)
