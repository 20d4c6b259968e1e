"""A loopback server that speaks OpenAI's chat completions, streamed or whole, as its API reference describes them."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from tests.servers.model_server import (
    Asked,
    Event,
    Failure,
    ModelServer,
    Raw,
    Scripted,
    Turn,
    arguments_of,
    failure_of,
    pieces,
    serving,
)

FAILURES: dict[str, tuple[int, str | None, str]] = {
    "auth": (401, "invalid_api_key", "Incorrect API key provided: {key}"),
    "forbidden": (403, None, "Country, region, or territory not supported, {key}"),
    "unknown_model": (404, "model_not_found", "The model `{model}` does not exist"),
    "rate_limited": (429, "rate_limit_exceeded", "Rate limit reached for {model}"),
    "quota": (429, "insufficient_quota", "You exceeded your current quota"),
    "unavailable": (500, None, "The server had an error while processing your request"),
    "overloaded": (503, None, "The engine is currently overloaded"),
    "context": (400, "context_length_exceeded", "This model's maximum context length is 8192 tokens"),
    "content_filter": (400, "content_filter", "The response was filtered"),
    "bad_request": (400, None, "Unsupported value: 'temperature', {key}"),
}


def openai_server(*answers: Scripted) -> AbstractContextManager[ModelServer]:
    """`with openai_server(Turn("Hi")) as server:` and OPENAI_BASE_URL is `server.base_url`."""
    return serving(OpenAI(), answers, "/v1")


class OpenAI:
    def whole(self, turn: Turn, asked: Asked) -> Any:
        message: dict[str, Any] = {
            "role": "assistant",
            "content": turn.text or None,
            "refusal": turn.refusal or None,
        }
        if turn.calls:
            message["tool_calls"] = [
                {
                    "id": call.id or f"call_{number}",
                    "type": "function",
                    "function": {"name": call.name, "arguments": arguments_of(call)},
                }
                for number, call in enumerate(turn.calls, 1)
            ]
        choice = {"index": 0, "message": message, "finish_reason": _stop(turn), "logprobs": None}
        body = _head(turn, asked) | {"object": "chat.completion", "choices": [choice]}
        return body | ({"usage": _usage(turn)} if turn.tells_usage else {})

    def events(self, turn: Turn, asked: Asked) -> list[Event]:
        head = _head(turn, asked) | {"object": "chat.completion.chunk"}
        with_usage = bool((asked.body.get("stream_options") or {}).get("include_usage"))
        last = {"usage": None} if with_usage else {}
        chunks = [
            head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} | last
            for delta in _deltas(turn)
        ]
        chunks.append(head | {"choices": [{"index": 0, "delta": {}, "finish_reason": _stop(turn)}]} | last)
        if with_usage and turn.tells_usage:
            chunks.append(head | {"choices": [], "usage": _usage(turn)})
        return [*(("", chunk) for chunk in chunks), ("", "[DONE]")]

    def failure(self, failure: Failure, asked: Asked) -> Raw:
        return failure_of(FAILURES[failure.kind][0], {"error": _error(failure, asked)}, failure)

    def failed(self, failure: Failure, asked: Asked) -> Event:
        return "", {"error": _error(failure, asked)}

    def models(self, names: Sequence[str]) -> Any:
        data = [{"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "us"} for name in names]
        return {"object": "list", "data": data}


def _head(turn: Turn, asked: Asked) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "created": 1_700_000_000,
        "model": turn.model or asked.body.get("model"),
        "system_fingerprint": "fp_1",
    }


def _deltas(turn: Turn) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": None if turn.calls or turn.refusal else "", "refusal": None}
    for piece in pieces(turn.text):
        yield {"content": piece}
    for piece in pieces(turn.refusal):
        yield {"refusal": piece}
    for index, call in enumerate(turn.calls):
        begun = {"name": call.name, "arguments": ""}
        first = {"index": index, "id": call.id or f"call_{index + 1}", "type": "function", "function": begun}
        yield {"tool_calls": [first]}
        for piece in pieces(arguments_of(call)):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _stop(turn: Turn) -> str:
    return turn.stop or ("tool_calls" if turn.calls else "stop")


def _usage(turn: Turn) -> dict[str, Any]:
    read, written, cached = turn.tokens
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def _error(failure: Failure, asked: Asked) -> dict[str, Any]:
    status, code, message = FAILURES[failure.kind]
    key = asked.headers.get("authorization", "").removeprefix("Bearer ")
    return {
        "message": message.format(key=key, model=asked.body.get("model")),
        "type": "server_error" if status >= 500 else "invalid_request_error",
        "param": None,
        "code": code,
    }
