"""A loopback server that speaks Anthropic's Messages API, streamed or whole, as its API reference describes it."""

import json
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
    failure_of,
    pieces,
    serving,
)

FAILURES = {
    "auth": (401, "authentication_error", "invalid x-api-key {key}"),
    "forbidden": (403, "permission_error", "Your API key {key} does not have permission"),
    "unknown_model": (404, "not_found_error", "model: {model}"),
    "rate_limited": (429, "rate_limit_error", "This request would exceed your rate limit"),
    "quota": (400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API"),
    "billing": (402, "billing_error", "There is an issue with your billing"),
    "unavailable": (500, "api_error", "Internal server error"),
    "overloaded": (529, "overloaded_error", "Overloaded"),
    "context": (400, "invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum"),
    "too_large": (413, "request_too_large", "Request exceeds the maximum size"),
    "bad_request": (400, "invalid_request_error", "temperature: Input should be at most 1, {key}"),
}


def anthropic_server(*answers: Scripted) -> AbstractContextManager[ModelServer]:
    """`with anthropic_server(Turn("Hi")) as server:` and ANTHROPIC_BASE_URL is `server.base_url`."""
    return serving(Anthropic(), answers, "")


class Anthropic:
    def whole(self, turn: Turn, asked: Asked) -> Any:
        return _head(turn, asked) | {
            "content": list(_blocks(turn)),
            "stop_reason": _stop(turn),
            "usage": _read(turn) | {"output_tokens": turn.tokens[1]},
        }

    def events(self, turn: Turn, asked: Asked) -> list[Event]:
        usage = _read(turn) | {"output_tokens": 1}
        told: list[dict[str, Any]] = [
            {"type": "message_start", "message": _head(turn, asked) | {"usage": usage}},
            {"type": "ping"},
        ]
        for index, block in enumerate(_blocks(turn)):
            told += _block_events(index, block)
        delta = {"stop_reason": _stop(turn), "stop_sequence": None}
        told.append({"type": "message_delta", "delta": delta, "usage": {"output_tokens": turn.tokens[1]}})
        told.append({"type": "message_stop"})
        return [(event["type"], event) for event in told]

    def failure(self, failure: Failure, asked: Asked) -> Raw:
        return failure_of(FAILURES[failure.kind][0], _error(failure, asked), failure)

    def failed(self, failure: Failure, asked: Asked) -> Event:
        return "error", _error(failure, asked)

    def models(self, names: Sequence[str]) -> Any:
        data = [
            {"id": name, "type": "model", "display_name": name, "created_at": "2025-01-01T00:00:00Z"}
            for name in names
        ]
        return {"data": data, "has_more": False, "first_id": names[0], "last_id": names[-1]}


def _head(turn: Turn, asked: Asked) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": turn.model or asked.body.get("model"),
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _blocks(turn: Turn) -> Iterator[dict[str, Any]]:
    if text := turn.text or turn.refusal:
        yield {"type": "text", "text": text}
    for number, call in enumerate(turn.calls, 1):
        yield {
            "type": "tool_use",
            "id": call.id or f"toolu_{number}",
            "name": call.name,
            "input": call.arguments,
        }


def _block_events(index: int, block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if block["type"] == "text":
        begun, kind, field, whole = block | {"text": ""}, "text_delta", "text", block["text"]
    else:
        whole = block["input"] if isinstance(block["input"], str) else json.dumps(block["input"])
        begun, kind, field = block | {"input": {}}, "input_json_delta", "partial_json"
    yield {"type": "content_block_start", "index": index, "content_block": begun}
    for piece in ["", *pieces(whole)] if kind == "input_json_delta" else pieces(whole):
        yield {"type": "content_block_delta", "index": index, "delta": {"type": kind, field: piece}}
    yield {"type": "content_block_stop", "index": index}


def _stop(turn: Turn) -> str:
    return turn.stop or ("refusal" if turn.refusal else "tool_use" if turn.calls else "end_turn")


def _read(turn: Turn) -> dict[str, int]:
    """Here the tokens that came from the cache are told apart from the others."""
    read, _, cached = turn.tokens
    return {
        "input_tokens": read - cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": cached,
    }


def _error(failure: Failure, asked: Asked) -> dict[str, Any]:
    _, type_, message = FAILURES[failure.kind]
    key = asked.headers.get("authorization", "").removeprefix("Bearer ")
    told = {"type": type_, "message": message.format(key=key, model=asked.body.get("model"))}
    return {"type": "error", "error": told, "request_id": "req_1"}
