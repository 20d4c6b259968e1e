import asyncio
import json
import time

import pytest

from engine.core.catalogue import StepError
from engine.core.chat import ChatRequest, Message, ToolCall, ToolSpec
from engine.nodes.agent_task import Params, agent_task
from engine.providers.openai import openai
from tests.fixtures.contexts import a_context
from tests.servers.model_server import Call, Failure, Raw, Turn
from tests.servers.openai_server import openai_server

KEY = "sk-canary-1234567890"


def request(**changes):
    return ChatRequest(
        **{"model": "gpt-4o-mini", "messages": (Message(role="user", content="Hi"),)} | changes
    )


def context(server):
    return a_context(settings={"openai_api_key": KEY, "openai_base_url": f"{server.base_url}/"})


def ask(server, shown=None, **asked):
    """The reply; the pieces that were shown while it came go into `shown`."""
    ctx = context(server)
    ctx.show = None if shown is None else lambda text, **_: shown.append(text)

    async def scenario():
        try:
            return await openai.chat(request(**asked), ctx)
        finally:
            await openai.close()

    return asyncio.run(scenario())


def test_a_question_goes_out_in_the_vendors_words():
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    with openai_server(Turn("Hello")) as server:
        ask(
            server,
            messages=(
                Message(role="system", content="Be kind."),
                Message(role="user", content="6*7?"),
                Message(role="assistant", tool_calls=(ToolCall(id="c1", name="add", arguments={"x": 1}),)),
                Message(role="tool", content="42", tool_call_id="c1"),
            ),
            temperature=0.5,
            max_tokens=100,
            output_schema=schema,
            idempotency_key="or-r1-a1-0",
            tools=(ToolSpec(name="add", description="Adds.", parameters={"type": "object"}),),
        )

    (asked,) = server.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["idempotency-key"] == "or-r1-a1-0"
    called = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"x": 1}'}}
    described = {"name": "add", "description": "Adds.", "parameters": {"type": "object"}}
    assert asked.body == {
        "model": "gpt-4o-mini",
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "6*7?"},
            {"role": "assistant", "content": None, "tool_calls": [called]},
            {"role": "tool", "content": "42", "tool_call_id": "c1"},
        ],
        "temperature": 0.5,
        "max_tokens": 100,
        "response_format": {"type": "json_schema", "json_schema": {"name": "output", "schema": schema}},
        "tools": [{"type": "function", "function": described}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_what_was_not_asked_for_is_not_sent():
    with openai_server() as server:
        ask(server)

    assert server.asked[0].body.keys() == {"model", "messages", "stream", "stream_options"}


def test_an_agent_calls_a_tool_and_tells_the_model_what_it_gave():
    wish = Turn(calls=(Call("calculator", {"expression": "6*7"}, id="call_7"),))
    with openai_server(wish, Turn("It is 42.")) as server:
        ctx = context(server)
        params = Params(provider="openai", model="gpt-4o-mini", prompt="6*7?", tools=("calculator",))

        async def scenario():
            try:
                return await agent_task.execute(params, ctx)
            finally:
                await openai.close()

        assert asyncio.run(scenario()) == "It is 42."

    assert ctx.usage.tokens == 30
    assert server.asked[1].body["messages"][2]["tool_call_id"] == "call_7"
    assert [asked.headers["idempotency-key"] for asked in server.asked] == ["or-r1-a1-1", "or-r1-a1-2"]


def test_a_server_that_tells_no_usage_or_refuses_to_be_asked_for_it_still_answers():
    refusal = Raw({"error": {"message": "Unknown field: stream_options", "type": "invalid"}}, 400)
    with openai_server(Turn("one", tells_usage=False), refusal, Turn("two", tells_usage=False)) as server:
        replies = [ask(server), ask(server), ask(server)]

    assert [reply.text for reply in replies] == ["one", "two", "two"]
    assert all(reply.usage.tokens == 0 and not reply.cost_known for reply in replies)
    assert ["stream_options" in asked.body for asked in server.asked] == [True, True, False, False]


def test_servers_that_number_every_tool_call_alike_or_give_it_no_id_are_understood():
    def chunk(**call):
        function = {"name": call.pop("name"), "arguments": call.pop("arguments", "{}")}
        delta = {"tool_calls": [{"type": "function", "function": function, **call}]}
        return {"id": "1", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}

    end = {"id": "1", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    alike = [chunk(index=0, id="a", name="add"), chunk(index=0, id="b", name="now"), end]
    nameless = [chunk(index=0, name="add"), chunk(index=1, name="now"), end]
    for chunks, ids in ((alike, ["a", "b"]), (nameless, ["call_0_1", "call_0_2"])):
        with openai_server(sse(*chunks)) as server:
            calls = ask(server).tool_calls
        assert [(call.id, call.name) for call in calls] == list(zip(ids, ("add", "now"), strict=True))


def test_a_server_that_does_not_stream_is_understood_all_the_same():
    call = {"id": "a", "type": "function", "function": {"name": "add", "arguments": '{"x": 1}'}}
    message = {"role": "assistant", "content": "Let me see.", "tool_calls": [call]}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    whole = {"model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
    with openai_server(
        Raw({**whole, "usage": usage}), *map(Raw, ({"choices": 7}, [], {"error": "no"}))
    ) as server:
        reply = ask(server)
        for _ in range(3):
            with pytest.raises(StepError, match="answer") as failed:
                ask(server)
            assert failed.value.code == "bad_reply"

    assert (reply.text, reply.usage.tokens) == ("Let me see.", 15)
    assert reply.tool_calls == (ToolCall(id="a", name="add", arguments={"x": 1}),)


def sse(*chunks):
    body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
    return Raw(body.encode(), headers={"Content-Type": "text/event-stream"})


@pytest.mark.parametrize(
    "chunk",
    [
        {"choices": [{"index": 0, "delta": None, "finish_reason": None}]},
        {"choices": [{"index": 0, "delta": {"content": 5}, "finish_reason": None}]},
        {"choices": 7},
        {"choices": [], "usage": {"prompt_tokens": "many", "completion_tokens": 1, "total_tokens": 1}},
        {"choices": [], "usage": {"prompt_tokens": 10**30, "completion_tokens": 1, "total_tokens": 1}},
        {"choices": [], "usage": {"prompt_tokens": -9, "completion_tokens": 1, "total_tokens": 1}},
        [],
        "Hello",
    ],
)
def test_a_chunk_of_any_other_shape_is_a_bad_reply(chunk):
    with openai_server(sse(chunk)) as server, pytest.raises(StepError) as failed:
        ask(server)
    assert (failed.value.code, failed.value.retryable) == ("bad_reply", True)


def said(*deltas):
    """The chunks of an answer of these pieces."""
    pieces = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    return sse(*pieces, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})


def wanted(arguments):
    return {
        "tool_calls": [{"index": 0, "id": "c\ud83d", "function": {"name": "add", "arguments": arguments}}]
    }


def test_an_answer_cut_in_the_middle_of_a_character_is_put_together_and_lone_halves_are_replaced():
    shown = []
    pieces = ({"content": "a\ud83d"}, {"content": "\ude00b\ude00"}, {"content": "c\ud83d"})
    with openai_server(said(*pieces, wanted('{"\\ud83d": ["\\ud83d\\ude00"]}'))) as server:
        reply = ask(server, shown)

    assert reply.text == "a\U0001f600b\ufffdc\ufffd"
    assert "".join(shown) == "a\U0001f600b\ufffdc"
    assert reply.tool_calls == (ToolCall(id="c\ufffd", name="add", arguments={"\ufffd": ["\U0001f600"]}),)
    with openai_server(said(wanted('{"x": %s}' % ("9" * 40)))) as server, pytest.raises(StepError) as failed:
        ask(server)
    assert (failed.value.code, failed.value.retryable) == ("bad_reply", True)


def test_what_its_filter_holds_back_says_so():
    for answer in (Failure("content_filter"), Turn("I", stop="content_filter")):
        with openai_server(answer) as server, pytest.raises(StepError) as failed:
            ask(server)
        assert (failed.value.code, failed.value.retryable) == ("content_filter", False)


def test_a_hundred_questions_wait_together_and_share_a_client():
    async def scenario(server):
        begun = time.monotonic()
        replies = await asyncio.gather(*(openai.chat(request(), context(server)) for _ in range(100)))
        await openai.close()
        return replies, time.monotonic() - begun

    with openai_server(Turn("Hello", delay_s=0.2)) as server:
        replies, took_s = asyncio.run(scenario(server))
    assert len(replies) == 100
    assert took_s < 10  # in turn it would be twenty seconds
