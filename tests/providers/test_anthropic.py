import asyncio
import json

import pytest

from engine.core.catalogue import StepError
from engine.core.chat import ChatRequest, Message, ToolCall, ToolSpec
from engine.providers.anthropic import anthropic
from tests.fixtures.contexts import a_context
from tests.servers.anthropic_server import anthropic_server
from tests.servers.model_server import Failure, Raw, Turn

KEY = "sk-ant-canary-1234567890"


def ask(server, **asked):
    request = ChatRequest(
        **{"model": "claude-sonnet-5", "messages": (Message(role="user", content="Hi"),)} | asked
    )
    ctx = a_context(settings={"anthropic_api_key": KEY, "anthropic_base_url": server.base_url})

    async def scenario():
        try:
            return await anthropic.chat(request, ctx)
        finally:
            await anthropic.close()

    return asyncio.run(scenario())


def test_a_question_goes_out_in_the_vendors_words():
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]}
    add = {"x": 1}
    with anthropic_server() as server:
        ask(
            server,
            messages=(
                Message(role="system", content="Be kind."),
                Message(role="user", content="6*7?"),
                Message(
                    role="assistant",
                    content="Let me see.",
                    tool_calls=(
                        ToolCall(id="c1", name="add", arguments=add),
                        ToolCall(id="c2", name="now", arguments={}),
                    ),
                ),
                Message(role="tool", content="42", tool_call_id="c1"),
                Message(role="tool", content="no", tool_call_id="c2", is_error=True),
                Message(role="system", content="It is late."),
                Message(role="user", content="And?"),
                Message(role="assistant", content=" "),
            ),
            temperature=0.5,
            max_tokens=100,
            output_schema=schema,
            idempotency_key="or-r1-a1-0",
            tools=(ToolSpec(name="add", description="Adds.", parameters={"type": "object"}),),
        )

    (asked,) = server.asked
    assert asked.path == "/v1/messages"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["idempotency-key"] == "or-r1-a1-0"
    said = asked.body.pop("messages")
    assert [turn["role"] for turn in said] == ["user", "assistant", "user"]
    assert [[block["type"] for block in turn["content"]] for turn in said] == [
        ["text"],
        ["text", "tool_use", "tool_use"],
        ["tool_result", "tool_result", "text"],
    ]
    assert said[2]["content"][1] == {
        "type": "tool_result",
        "tool_use_id": "c2",
        "content": "no",
        "is_error": True,
    }
    number = {"type": "integer", "description": "{minimum: 1}"}
    strict = {"type": "object", "properties": {"n": number}, "required": ["n"], "additionalProperties": False}
    assert asked.body == {
        "model": "claude-sonnet-5",
        "system": "Be kind.\n\nIt is late.",
        "temperature": 0.5,
        "max_tokens": 100,
        "output_config": {"format": {"type": "json_schema", "schema": strict}},
        "tools": [{"name": "add", "description": "Adds.", "input_schema": {"type": "object"}}],
        "stream": True,
    }


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "array", "items": {"type": "object", "properties": {}, "additionalProperties": True}},
        {"type": ["string", "null"]},
        {},
        {"not": {"type": "string"}},
    ],
)
def test_a_schema_that_the_api_would_narrow_is_told_in_words(schema):
    with anthropic_server() as server:
        ask(server, output_schema=schema)

    body = server.asked[0].body
    assert "output_config" not in body
    assert body["system"].endswith(json.dumps(schema, separators=(",", ":")))


def sse(*events):
    body = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
    return Raw(body.encode(), headers={"Content-Type": "text/event-stream"})


def block(index, begun, *deltas):
    yield {"type": "content_block_start", "index": index, "content_block": begun}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def test_signed_thoughts_go_back_as_they_came_and_are_not_the_answer():
    usage = {"input_tokens": 5, "output_tokens": 1}
    begun = {"id": "m", "type": "message", "role": "assistant", "model": "c", "content": [], "usage": usage}
    thought = block(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "Six times "},
        {"type": "thinking_delta", "thinking": "seven."},
        {"type": "signature_delta", "signature": "c2ln"},
    )
    hidden = block(1, {"type": "redacted_thinking", "data": "eHh4"})
    wish = block(
        2,
        {"type": "tool_use", "id": "c1", "name": "add", "input": {}},
        {"type": "input_json_delta", "partial_json": '{"x":'},
        {"type": "input_json_delta", "partial_json": "1}"},
    )
    end = [
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 40}},
        {"type": "message_stop"},
    ]
    events = [{"type": "message_start", "message": begun}, *thought, *hidden, *wish, *end]
    with anthropic_server(sse(*events), Turn("42")) as server:
        reply = ask(server)
        answer = Message(role="tool", content="42", tool_call_id="c1")
        ask(server, messages=(Message(role="user", content="6*7?"), reply.message(), answer))

    assert (reply.text, reply.usage.tokens) == ("", 45)
    assert reply.tool_calls == (ToolCall(id="c1", name="add", arguments={"x": 1}),)
    assert server.asked[1].body["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "Six times seven.", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "eHh4"},
        {"type": "tool_use", "id": "c1", "name": "add", "input": {"x": 1}},
    ]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Failure("billing"), "provider_quota"),
        (Failure("too_large"), "context_overflow"),
        (Turn("And so", stop="model_context_window_exceeded"), "context_overflow"),
    ],
)
def test_what_this_vendor_alone_says_has_its_code_too(answer, code):
    with anthropic_server(answer) as server, pytest.raises(StepError) as failed:
        ask(server)
    assert (failed.value.code, failed.value.retryable) == (code, False)


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message_start", "message": None},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
        {"type": "message_delta", "delta": None, "usage": {"output_tokens": 1}},
        {"type": "something_new"},
    ],
)
def test_an_event_of_any_other_shape_is_a_bad_reply(event):
    with anthropic_server(sse(event)) as server, pytest.raises(StepError) as failed:
        ask(server)
    assert (failed.value.code, failed.value.retryable) == ("bad_reply", True)
