import asyncio
import time

import pytest

from engine.core.catalogue import StepError
from engine.core.chat import ChatRequest, Message, ToolCall, ToolSpec
from engine.nodes.agent_task import Params, agent_task
from engine.providers import openai as module
from engine.providers.openai import OPENAI_URL, openai
from tests.fixtures.contexts import a_context
from tests.fixtures.model_server import Answer, model_server

KEY = "sk-canary-1234567890"


def completion(content="Hello", calls=(), **changes):
    message = {"role": "assistant", "content": content}
    if calls:
        message["tool_calls"] = [
            {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}
            for id_, name, arguments in calls
        ]
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
        **changes,
    }


def failure(message, code=None, type_="invalid_request_error"):
    return {"error": {"message": message, "type": type_, "param": None, "code": code}}


def request(**changes):
    return ChatRequest(
        **{"model": "gpt-4o-mini", "messages": (Message(role="user", content="Hi"),)} | changes
    )


def context(server):
    return a_context(settings={"openai_api_key": KEY, "openai_base_url": f"{server.url}/v1"})


def ask(server, asked=None):
    async def scenario():
        try:
            return await openai.chat(asked or request(), context(server))
        finally:
            await module.close()

    return asyncio.run(scenario())


def test_a_question_goes_out_in_the_vendors_words_and_the_answer_comes_back_in_ours():
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    with model_server(Answer(completion())) as server:
        reply = ask(
            server,
            request(
                messages=(Message(role="system", content="Be kind."), Message(role="user", content="Hi")),
                temperature=0.5,
                max_tokens=100,
                output_schema=schema,
                idempotency_key="or-r1-a1-0",
                tools=(ToolSpec(name="add", description="Adds.", parameters={"type": "object"}),),
            ),
        )

    assert (reply.text, reply.model) == ("Hello", "gpt-4o-mini-2024-07-18")
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (12, 3)
    (asked,) = server.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["idempotency-key"] == "or-r1-a1-0"
    assert asked.body == {
        "model": "gpt-4o-mini",
        "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}],
        "temperature": 0.5,
        "max_tokens": 100,
        "response_format": {"type": "json_schema", "json_schema": {"name": "output", "schema": schema}},
        "tools": [
            {
                "type": "function",
                "function": {"name": "add", "description": "Adds.", "parameters": {"type": "object"}},
            }
        ],
    }


def test_what_was_not_asked_for_is_not_sent():
    with model_server(Answer(completion())) as server:
        ask(server)

    assert server.asked[0].body == {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": "Hi"}],
    }


def test_an_agent_calls_a_tool_and_tells_the_model_what_it_gave():
    wish = completion(None, [("call_7", "calculator", '{"expression": "6*7"}')])
    with model_server(Answer(wish), Answer(completion("It is 42."))) as server:
        ctx = context(server)
        params = Params(provider="openai", model="gpt-4o-mini", prompt="6*7?", tools=("calculator",))

        async def scenario():
            try:
                return await agent_task.execute(params, ctx)
            finally:
                await module.close()

        assert asyncio.run(scenario()) == "It is 42."

    assert ctx.usage.tokens == 30
    assert server.asked[1].body["messages"][1:] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_7",
                    "type": "function",
                    "function": {"name": "calculator", "arguments": '{"expression": "6*7"}'},
                }
            ],
        },
        {"role": "tool", "content": '{"result": "42", "number": 42}', "tool_call_id": "call_7"},
    ]
    assert [asked.headers["idempotency-key"] for asked in server.asked] == ["or-r1-a1-0", "or-r1-a1-1"]


def test_tool_calls_come_back_with_their_arguments_read():
    calls = [("a", "add", '{"x": 1}'), ("b", "now", "")]
    with model_server(Answer(completion(None, calls))) as server:
        reply = ask(server)

    assert reply.text == ""
    assert reply.tool_calls == (
        ToolCall(id="a", name="add", arguments={"x": 1}),
        ToolCall(id="b", name="now", arguments={}),
    )


@pytest.mark.parametrize(
    ("answer", "code", "retryable"),
    [
        (Answer(failure(f"Incorrect API key provided: {KEY}"), 401), "provider_auth", False),
        (Answer(failure("no access"), 403), "provider_auth", False),
        (Answer(failure("The model `x` does not exist", "model_not_found"), 404), "unknown_model", False),
        (Answer(failure("Rate limit reached"), 429), "provider_rate_limited", True),
        (Answer(failure("You exceeded", "insufficient_quota"), 429), "provider_quota", False),
        (Answer(failure("The server had an error"), 500), "provider_unavailable", True),
        (Answer(b"<html>Bad gateway</html>", 502), "provider_unavailable", True),
        (Answer(cuts=True), "provider_unavailable", True),
        (Answer(failure("too long", "context_length_exceeded"), 400), "context_overflow", False),
        (Answer(failure("This model's maximum context length is 8192"), 400), "context_overflow", False),
        (Answer(failure(f"Bad temperature, {KEY}"), 400), "provider_refused", False),
        (Answer(b"", 307, headers={"Location": "http://127.0.0.1:1/"}), "provider_refused", False),
        (Answer(b"{nonsense"), "bad_reply", True),
        (Answer(b"<html>Hello</html>", headers={"Content-Type": "text/html"}), "bad_reply", True),
        (Answer({}), "bad_reply", True),
        (Answer([]), "bad_reply", True),
        (Answer(completion(choices=[])), "bad_reply", True),
        (Answer(completion(choices=[{"message": None}])), "bad_reply", True),
        (Answer(completion(None, [("a", "add", "{nonsense")])), "bad_reply", True),
        (Answer(completion(None, [("a", "add", "[1]")])), "bad_reply", True),
        (Answer(completion(5)), "bad_reply", True),
        (Answer(completion(usage={"prompt_tokens": "many"})), "bad_reply", True),
    ],
)
def test_what_goes_wrong_has_a_code_and_never_shows_the_key(answer, code, retryable):
    with model_server(answer) as server, pytest.raises(StepError) as failed:
        ask(server)

    assert (failed.value.code, failed.value.retryable) == (code, retryable)
    assert KEY not in str(failed.value)
    assert len(server.asked) == 1, "only the node's retry policy tries again"


def test_a_refusal_is_an_error_and_not_an_answer():
    refused = completion(None)
    refused["choices"][0]["message"]["refusal"] = "I can't help with that."
    with model_server(Answer(refused)) as server, pytest.raises(StepError, match="can't help") as failed:
        ask(server)
    assert (failed.value.code, failed.value.retryable) == ("refused", False)


def test_a_server_that_is_not_there_is_unavailable():
    with model_server(Answer(completion())) as server:
        pass
    with pytest.raises(StepError, match="can't be reached") as failed:
        ask(server)
    assert (failed.value.code, failed.value.retryable) == ("provider_unavailable", True)


def test_an_answer_that_takes_too_long_is_unavailable(monkeypatch):
    monkeypatch.setattr(module, "TIMEOUT_S", 0.1)
    with model_server(Answer(completion(), delay_s=0.5)) as server, pytest.raises(StepError) as failed:
        ask(server)
    assert failed.value.code == "provider_unavailable"


def test_without_a_key_or_an_address_it_says_what_to_set():
    assert not openai.is_configured({})
    with pytest.raises(StepError, match="Set OPENAI_API_KEY") as failed:
        asyncio.run(openai.chat(request(), a_context()))
    assert (failed.value.code, failed.value.retryable) == ("provider_not_configured", False)


def test_a_server_of_ones_own_needs_no_key():
    assert openai.is_configured({"openai_base_url": "http://127.0.0.1:11434/v1"})
    with model_server(Answer(completion(usage=None, model=None))) as server:

        async def scenario():
            reply = await openai.chat(request(), a_context(settings={"openai_base_url": server.url}))
            await module.close()
            return reply

        reply = asyncio.run(scenario())

    assert (reply.text, reply.model, reply.usage.tokens) == ("Hello", "gpt-4o-mini", 0)


def test_variables_of_the_environment_do_not_redirect_it(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("OPENAI_ORG_ID", "spy")
    with model_server(Answer(completion())) as server:
        assert ask(server).text == "Hello"


def test_a_node_without_a_model_is_told():
    with model_server(Answer(completion())) as server, pytest.raises(StepError) as failed:
        ask(server, request(model=""))
    assert failed.value.code == "unknown_model"
    assert server.asked == []


def test_a_hundred_questions_wait_together_and_share_a_client():
    async def scenario(server):
        replies = await asyncio.gather(*(openai.chat(request(), context(server)) for _ in range(100)))
        clients = sum(len(clients) for clients in module._clients.values())
        await module.close()
        return replies, clients

    with model_server(Answer(completion(), delay_s=0.2)) as server:
        begun = time.monotonic()
        replies, clients = asyncio.run(scenario(server))
    assert len(replies) == 100
    assert clients == 1
    assert time.monotonic() - begun < 10  # in turn it would be twenty seconds


@pytest.mark.parametrize(
    ("model", "url", "cost"),
    [
        ("gpt-4o-mini-2024-07-18", OPENAI_URL, 12 * 0.15e-6 + 3 * 0.6e-6),
        ("gpt-4o", OPENAI_URL, 12 * 2.5e-6 + 3 * 10e-6),
        ("gpt-4o", "http://127.0.0.1:11434/v1", 0),
        ("o9", OPENAI_URL, 0),
    ],
)
def test_the_cost_is_known_for_openais_own_models_only(model, url, cost):
    from openai.types.chat import ChatCompletion

    usage = module._usage(ChatCompletion.model_validate(completion()), model, url)

    assert usage.cost_usd == pytest.approx(cost)
