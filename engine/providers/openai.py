"""OpenAI's chat completions, and every server that speaks the same: Ollama, vLLM, llama.cpp, gateways."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from engine.core.catalogue import StepContext, StepError, provider
from engine.core.chat import ChatReply, ChatRequest, Message, ToolCall, Usage
from engine.net import Guard, client

if TYPE_CHECKING:
    from openai import APIError, AsyncOpenAI
    from openai.types.chat import ChatCompletion

OPENAI_URL = "https://api.openai.com/v1"
TIMEOUT_S = 300.0
"""For one answer; a node's `timeout_s` is usually shorter."""
MODELS = ("gpt-4o-mini", "gpt-4o", "gpt-4.1", "gpt-4.1-mini", "gpt-5", "gpt-5-mini")
PRICES = {
    "gpt-4o-mini": (0.15, 0.60),
    "gpt-4o": (2.50, 10.00),
    "gpt-4.1-nano": (0.10, 0.40),
    "gpt-4.1-mini": (0.40, 1.60),
    "gpt-4.1": (2.00, 8.00),
    "gpt-5-nano": (0.05, 0.40),
    "gpt-5-mini": (0.25, 2.00),
    "gpt-5": (1.25, 10.00),
}
"""US dollars for a million tokens read and written, from OpenAI's price list of August 2025."""

_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, str], AsyncOpenAI]] = (
    WeakKeyDictionary()
)


def _is_configured(settings: Mapping[str, Any]) -> bool:
    return bool(settings.get("openai_api_key") or settings.get("openai_base_url"))


async def close() -> None:
    """Close this event loop's connections."""
    for known in _clients.pop(asyncio.get_running_loop(), {}).values():
        await known.close()


@provider("openai", title="OpenAI and compatible", models=MODELS, is_configured=_is_configured, close=close)
async def openai(request: ChatRequest, ctx: StepContext) -> ChatReply:
    """OpenAI's models, or any server that speaks their chat API, by OPENAI_BASE_URL."""
    key = str(ctx.settings.get("openai_api_key") or "")
    url = str(ctx.settings.get("openai_base_url") or OPENAI_URL)
    # The base URL is the operator's own setting: its server may stand anywhere.
    guard = Guard.of(str(ctx.settings.get("http_allow") or "")).trusting(url)
    sdk_client = await _client(key, url, guard, is_set_up=_is_configured(ctx.settings))
    from openai import APIError

    if not request.model:
        raise StepError(
            "The node names no model. Give it one, as 'gpt-4o-mini'.", code="unknown_model", retryable=False
        )
    try:
        answer = await sdk_client.chat.completions.create(**_body(request, url))
    except APIError as error:
        raise _failure(error, url, key) from None
    except ValueError:
        raise _bad_reply("it is not JSON") from None
    return _reply(answer, request.model, url)


async def _client(key: str, url: str, guard: Guard, *, is_set_up: bool) -> AsyncOpenAI:
    if not is_set_up:
        raise StepError(
            "OpenAI is not set up. Set OPENAI_API_KEY, or OPENAI_BASE_URL for a compatible server.",
            code="provider_not_configured",
            retryable=False,
        )
    clients = _clients.setdefault(asyncio.get_running_loop(), {})
    if known := clients.get((key, url)):
        return known
    # The SDK takes more than a second to import, and the event loop must not stand still for it.
    sdk = await asyncio.to_thread(importlib.import_module, "openai")
    if (key, url) not in clients:
        clients[key, url] = sdk.AsyncOpenAI(
            api_key=key or "none",
            base_url=url,
            max_retries=0,  # the node's retry policy decides, and each attempt is on record
            timeout=TIMEOUT_S,
            http_client=client(guard, timeout_s=TIMEOUT_S),
        )
    return clients[key, url]


def _body(request: ChatRequest, url: str) -> dict[str, Any]:
    # OpenAI's newer models refuse the old name of the limit, other servers don't know the new one.
    limit = "max_completion_tokens" if url == OPENAI_URL else "max_tokens"
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [_to_vendor(message) for message in request.messages],
        "temperature": request.temperature,
        limit: request.max_tokens,
    }
    if request.tools:
        body["tools"] = [
            {"type": "function", "function": spec.model_dump(mode="json")} for spec in request.tools
        ]
    if request.output_schema is not None:
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "output", "schema": request.output_schema},
        }
    if request.idempotency_key:
        body["extra_headers"] = {"Idempotency-Key": request.idempotency_key}
    return {name: value for name, value in body.items() if value is not None}


def _to_vendor(message: Message) -> dict[str, Any]:
    told: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_call_id is not None:
        told["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        told["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(call.arguments)},
            }
            for call in message.tool_calls
        ]
        told["content"] = message.content or None
    return told


def _reply(answer: ChatCompletion, model: str, url: str) -> ChatReply:
    # The SDK does not check what came: a compatible server can send any shape.
    try:
        choice = answer.choices[0]
        message = choice.message
        text, refusal = message.content or "", getattr(message, "refusal", None)
        calls = tuple(_from_vendor(call) for call in message.tool_calls or ())
        told = str(answer.model or model)
        usage = _usage(answer, told, url)
        reply = ChatReply(text=text, tool_calls=calls, usage=usage, model=told)
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise _bad_reply(str(error)[:200] or type(error).__name__) from None
    if refusal or choice.finish_reason == "content_filter":
        raise StepError(
            f"The model refused to answer{': ' + str(refusal)[:300] if refusal else '.'}",
            code="refused",
            retryable=False,
        )
    return reply


def _from_vendor(call: Any) -> ToolCall:
    arguments = json.loads(call.function.arguments or "{}")
    return ToolCall(id=call.id, name=call.function.name, arguments=arguments)


def _usage(answer: ChatCompletion, model: str, url: str) -> Usage:
    if answer.usage is None:
        return Usage()
    read, written = answer.usage.prompt_tokens, answer.usage.completion_tokens
    cost = 0.0
    if url == OPENAI_URL:
        # The longest name that fits, because answers name dated versions: gpt-4o-mini-2024-07-18.
        known = max((name for name in PRICES if model.startswith(name)), key=len, default="")
        per_read, per_written = PRICES.get(known, (0.0, 0.0))
        cost = (read * per_read + written * per_written) / 1_000_000
    return Usage(input_tokens=read, output_tokens=written, cost_usd=cost)


def _failure(error: APIError, url: str, key: str) -> StepError:
    """What the node's FAILURE says; the server's own words come along where they help, without the key."""
    status = getattr(error, "status_code", 500)
    words = (error.message.replace(key, "***") if key else error.message)[:300]
    server = f"The server at {url}"
    if status < 300:
        return _bad_reply(words)
    if status in (401, 403):
        # The server's words are left out: some repeat the key.
        return _error("provider_auth", f"{server} does not accept the API key. Check OPENAI_API_KEY.")
    if status == 404:
        return _error("unknown_model", f"{server} does not know what was asked for: {words}")
    if error.code == "insufficient_quota":
        return _error("provider_quota", f"{server} says that the account has nothing left: {words}")
    if status == 429:
        return _error("provider_rate_limited", f"{server} wants fewer requests: {words}", retryable=True)
    if status >= 500 or status == 408:
        return _error("provider_unavailable", f"{server} can't be reached or failed: {words}", retryable=True)
    if error.code == "context_length_exceeded" or "context length" in words or "context window" in words:
        return _error("context_overflow", f"The conversation is too long for the model: {words}")
    return _error("provider_refused", f"{server} refused the request ({status}): {words}")


def _error(code: str, message: str, *, retryable: bool = False) -> StepError:
    return StepError(message, code=code, retryable=retryable)


def _bad_reply(reason: str) -> StepError:
    return _error(
        "bad_reply", f"The model's server sent something that is no chat answer: {reason}", retryable=True
    )
