"""What every provider of a vendor keeps, against a server on loopback that speaks the vendor's own protocol."""

import asyncio
import dataclasses
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest

from engine.core.catalogue import StepContext, StepError
from engine.core.chat import ChatReply, ChatRequest, Message, Stop, ToolCall, ToolSpec, Usage
from tests.fixtures.contexts import a_context, built_ins
from tests.servers.anthropic_server import anthropic_server
from tests.servers.model_server import Call, Failure, ModelServer, Raw, Scripted, Turn
from tests.servers.openai_server import openai_server

KEY = "sk-canary-1234567890"
ADD = ToolSpec(name="add", description="Adds.", parameters={"type": "object", "properties": {}})


@dataclass(frozen=True)
class Vendor:
    name: str
    serve: Callable[..., AbstractContextManager[ModelServer]]
    length: str
    """Its word for an answer that was cut off."""
    text_events_from: int
    """Events before the first one with text."""

    def ctx(self, url: str, **changes: Any) -> StepContext:
        settings = {f"{self.name}_api_key": KEY, f"{self.name}_base_url": url}
        return a_context(settings=settings, **changes)

    def ask(self, *answers: Scripted, ctx: StepContext | None = None, **asked: Any) -> ChatReply:
        """The reply to one request, from a server that lives as long; `ctx` gets its settings."""
        with self.serve(*answers) as server:
            mine = self.ctx(server.base_url)
            if ctx is not None:
                ctx.settings = mine.settings
            return asyncio.run(self.chat(ctx or mine, **asked))

    async def chat(self, ctx: StepContext, **asked: Any) -> ChatReply:
        provider = built_ins().providers[self.name]
        request = {"model": "m-1", "messages": (Message(role="user", content="Hi"),)} | asked
        try:
            return await provider.chat(ChatRequest(**request), ctx)
        finally:
            assert provider.close is not None
            await provider.close()


VENDORS = [
    Vendor("openai", openai_server, "length", 1),
    Vendor("anthropic", anthropic_server, "max_tokens", 3),
]


@pytest.fixture(params=VENDORS, ids=lambda vendor: vendor.name)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    return request.param


def test_an_answer_is_shown_piece_by_piece_and_comes_back_whole(vendor):
    shown = []
    ctx = a_context(show=lambda text, **of: shown.append((of["turn"], text, of["is_last"])))

    reply = vendor.ask(Turn("Hello, wide world", tokens=(12, 3, 8)), ctx=ctx, turn=4)

    assert (reply.text, reply.stop, reply.model) == ("Hello, wide world", Stop.END, "m-1")
    pieces = [(4, text, False) for text in ("Hello", ", wid", "e wor", "ld")]
    assert shown == [*pieces, (4, "", True)]
    assert reply.usage == Usage(input_tokens=12, output_tokens=3, cached_tokens=8)
    assert not reply.cost_known
    assert ctx.usage.tokens == 0, "whoever asked accounts for a reply"


def test_tools_are_called_in_parallel_and_their_answers_go_back(vendor):
    calls = (Call("add", {"x": 1, "text": "a longer argument"}, id="c1"), Call("now", id="c2"))
    with vendor.serve(Turn("Let me see.", calls=calls), Turn("3")) as server:
        ctx = vendor.ctx(server.base_url)
        reply = asyncio.run(vendor.chat(ctx, tools=(ADD,)))
        said = (
            Message(role="system", content="Be brief."),
            Message(role="user", content="1+2?"),
            reply.message(),
            Message(role="tool", content="3", tool_call_id="c1"),
            Message(role="tool", content="late", tool_call_id="c2", is_error=True),
        )
        asyncio.run(vendor.chat(ctx, tools=(ADD,), messages=said))

    assert (reply.stop, reply.text) == (Stop.TOOLS, "Let me see.")
    assert reply.tool_calls == (
        ToolCall(id="c1", name="add", arguments={"x": 1, "text": "a longer argument"}),
        ToolCall(id="c2", name="now", arguments={}),
    )
    told = str(server.asked[1].body)
    assert all(word in told for word in ("Be brief.", "1+2?", "Let me see.", "a longer argument", "'late'"))
    assert told.count("c1") == 2, "once as the wish, once as its answer"


@pytest.mark.parametrize(
    ("answer", "code", "retryable"),
    [
        (Failure("auth"), "provider_auth", False),
        (Failure("forbidden"), "provider_auth", False),
        (Failure("unknown_model"), "unknown_model", False),
        (Failure("quota"), "provider_quota", False),
        (Failure("rate_limited"), "provider_rate_limited", True),
        (Failure("unavailable"), "provider_unavailable", True),
        (Failure("overloaded"), "provider_unavailable", True),
        (Failure("unavailable", after=3), "provider_unavailable", True),
        (Failure("rate_limited", after=3), "provider_rate_limited", True),
        (Failure("context"), "context_overflow", False),
        (Failure("bad_request"), "provider_refused", False),
        (Turn(refusal="I can't help with that."), "refused", False),
        (Turn("A long story", cut_after=4), "provider_cut", True),
        (Turn("A long story", end_after=4), "provider_cut", True),
        (Turn("A long story", garbage_after=4), "bad_reply", True),
        (Turn(calls=(Call("add", "{nonsense"),)), "bad_reply", True),
        (Turn(calls=(Call("add", [1]),)), "bad_reply", True),
        (Raw(cuts=True), "provider_unavailable", True),
        (Raw(b"<html>Bad gateway</html>", 502), "provider_unavailable", True),
        (Raw(b"", 504), "provider_timeout", True),
        (Raw(b"", 413), "context_overflow", False),
        (Raw(b"", 307, headers={"Location": "http://127.0.0.1:1/"}), "provider_refused", False),
        (Raw(b"{nonsense"), "bad_reply", True),
        *((Raw(whole), "bad_reply", True) for whole in ({"error": "no"}, {"choices": 7, "content": 7}, [])),
        (Turn("And so", is_whole=True, stop="?", calls=(Call("add", "{nonsense"),)), "bad_reply", True),
        (Raw({"choices": [], "content": []}, cut_after=5), "provider_unavailable", True),
        (Raw(b"<html>Hello</html>", headers={"Content-Type": "text/html"}), "bad_reply", True),
        (Raw(b"event: x\ndata: []\n\n", headers={"Content-Type": "text/event-stream"}), "bad_reply", True),
    ],
    ids=repr,
)
def test_what_goes_wrong_has_a_code_and_never_shows_the_key(vendor, answer, code, retryable):
    with vendor.serve(answer) as server, pytest.raises(StepError) as failed:
        asyncio.run(vendor.chat(vendor.ctx(server.base_url)))

    assert (failed.value.code, failed.value.retryable) == (code, retryable), str(failed.value)
    assert KEY not in str(failed.value)
    assert len(server.asked) == 1, "only the node's retry policy tries again"


NO_STREAMS = {
    "whole": Turn("Let me see.", calls=(Call("add", {"x": 1}, id="c1"),), tokens=(12, 3, 8), is_whole=True),
    "bad request": Raw({"error": {"message": "Streaming is not supported.", "type": "invalid"}}, 400),
    "not found": Raw(b"", 404),
    "not implemented": Raw({"error": {"message": "Sorry.", "type": "api_error"}}, 501),
}


@pytest.mark.parametrize("answer", NO_STREAMS.values(), ids=NO_STREAMS)
def test_a_server_that_does_not_stream_answers_in_one_piece(vendor, answer):
    turn = NO_STREAMS["whole"]
    shown = []
    with vendor.serve(lambda asked: answer if asked.body["stream"] else turn) as server:
        ctx = vendor.ctx(server.base_url, show=lambda text, **of: shown.append(text))
        replies = [asyncio.run(vendor.chat(ctx, temperature=0.5)) for _ in range(2)]

    streamed = vendor.ask(dataclasses.replace(turn, is_whole=False), temperature=0.5)
    assert replies == [streamed, streamed]
    assert shown == ["Let me see.", ""] * 2
    asked = [request.body["stream"] for request in server.asked]
    assert asked == ([True, True] if answer is turn else [True, False, False]), "it is refused once"
    assert all(request.body["temperature"] == 0.5 for request in server.asked)


def test_a_server_that_answers_in_no_way_is_asked_for_streams_again(vendor):
    with vendor.serve(NO_STREAMS["not found"], NO_STREAMS["not found"], Turn("Hello")) as server:
        with pytest.raises(StepError) as failed:
            asyncio.run(vendor.chat(vendor.ctx(server.base_url)))
        asyncio.run(vendor.chat(vendor.ctx(server.base_url)))

    assert failed.value.code == "unknown_model"
    assert [request.body["stream"] for request in server.asked] == [True, False, True]


def test_what_was_paid_for_nothing_is_accounted_for(vendor):
    ctx = a_context()
    with pytest.raises(StepError, match="max_tokens") as failed:
        vendor.ask(Turn("A long sto", stop=vendor.length, tokens=(50, 9, 0)), ctx=ctx)

    assert (failed.value.code, failed.value.retryable) == ("output_truncated", False)
    assert (ctx.usage.input_tokens, ctx.usage.output_tokens) == (50, 9)


@pytest.mark.parametrize(
    ("told", "seconds"), [("7", 7), ("0.5", 0.5), ("Fri, 31 Dec 1999 23:59:59 GMT", 0), ("soon", None)]
)
def test_a_server_says_when_to_come_back(vendor, told, seconds):
    with pytest.raises(StepError) as failed:
        vendor.ask(Failure("rate_limited", retry_after=told))

    assert failed.value.retry_after_s == seconds


def test_a_server_that_is_not_there_is_unavailable_and_a_silent_one_too_slow(vendor, monkeypatch):
    with vendor.serve() as gone:
        pass
    with pytest.raises(StepError, match="can't be reached") as failed:
        asyncio.run(vendor.chat(vendor.ctx(gone.base_url)))
    assert (failed.value.code, failed.value.retryable) == ("provider_unavailable", True)

    monkeypatch.setattr("engine.net.sdk.SILENCE_S", 0.1)
    for answer in (Turn("Hello", delay_s=0.5), Turn("Hello, wide world", pause_s=0.5)):
        with pytest.raises(StepError) as failed:
            vendor.ask(answer)
        assert (failed.value.code, failed.value.retryable) == ("provider_timeout", True)


def test_a_server_of_ones_own_needs_no_key_and_tells_its_models(vendor):
    provider = built_ins().providers[vendor.name]
    with vendor.serve(Turn("Hello")) as server:
        settings = {f"{vendor.name}_base_url": server.base_url}
        assert provider.is_configured(settings)

        async def scenario():
            assert provider.list_models
            models = await provider.list_models(settings)
            return models, await vendor.chat(a_context(settings=settings))

        models, reply = asyncio.run(scenario())

    assert models == ("local-1", "local-2")
    assert reply.text == "Hello"


def test_without_key_and_address_or_a_model_it_says_what_to_set(vendor):
    with pytest.raises(StepError, match=f"Set {vendor.name.upper()}_API_KEY") as failed:
        asyncio.run(vendor.chat(a_context()))
    assert (failed.value.code, failed.value.retryable) == ("provider_not_configured", False)

    with vendor.serve() as server, pytest.raises(StepError, match="names no model") as failed:
        asyncio.run(vendor.chat(vendor.ctx(server.base_url), model=""))
    assert (failed.value.code, server.asked) == ("unknown_model", [])


def test_variables_of_the_environment_do_not_redirect_it(vendor, monkeypatch):
    for name in ("HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "spy")
    monkeypatch.setenv("OPENAI_ORG_ID", "spy")
    assert vendor.ask(Turn("Hello")).text == "Hello"


def test_a_question_that_nobody_waits_for_any_more_is_hung_up(vendor):
    async def scenario(server):
        asking = asyncio.create_task(vendor.chat(vendor.ctx(server.base_url)))
        while not server.asked:
            await asyncio.sleep(0.005)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    with vendor.serve(Turn("Hello, wide world", pause_s=60)) as server:
        asyncio.run(asyncio.wait_for(scenario(server), 30))
