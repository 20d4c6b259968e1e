"""OpenAI's chat completions, and every server that speaks the same: Ollama, vLLM, llama.cpp, gateways."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.core.catalogue import StepContext, StepError, provider
from engine.core.chat import ChatReply, ChatRequest, Message, Stop, Usage
from engine.core.chat_errors import Server, refuses_to_stream
from engine.core.embedding import Embeddings
from engine.core.hearing import Hearing
from engine.core.retry import retry_after_s
from engine.net import Refused
from engine.net.models import model_ids
from engine.net.sdk import Access, Clients, wire_errors
from engine.prices import known_models, prices

if TYPE_CHECKING:
    from openai import APIError, AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletionChunk

OPENAI_URL = "https://api.openai.com/v1"

_STOPS = {
    "stop": Stop.END,
    "tool_calls": Stop.TOOLS,
    "function_call": Stop.TOOLS,
    "length": Stop.LENGTH,
    "content_filter": Stop.FILTERED,
}

_without_usage: set[str] = set()
"""Servers that refuse to be asked for usage in a stream."""
_without_streams: set[str] = set()
"""Servers that refuse to stream, and answer when they need not."""


def _open(sdk: Any, access: Access) -> AsyncOpenAI:
    client: AsyncOpenAI = sdk.AsyncOpenAI(
        api_key=access.key or "none",
        base_url=access.url,
        max_retries=0,  # the node's retry policy decides, and each attempt is on record
        http_client=access.client(),
    )
    return client


_clients: Clients[AsyncOpenAI] = Clients("openai", _open)


def _is_configured(settings: Mapping[str, Any]) -> bool:
    return bool(settings.get("openai_api_key") or settings.get("openai_base_url"))


def _server(settings: Mapping[str, Any]) -> Server:
    if not _is_configured(settings):
        raise StepError(
            "OpenAI is not set up. Set OPENAI_API_KEY, or OPENAI_BASE_URL for a compatible server.",
            code="provider_not_configured",
            retryable=False,
        )
    url = str(settings.get("openai_base_url") or OPENAI_URL).rstrip("/")
    return Server(url, str(settings.get("openai_api_key") or ""), "OPENAI_API_KEY")


async def _models(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """What a server of one's own offers; OpenAI's own list is long and mostly not for chats."""
    server = _server(settings)
    if server.url == OPENAI_URL:
        return known_models(OPENAI_URL)
    return await model_ids(
        Access.of(server, settings), "/models", ("Authorization", f"Bearer {server.key or 'none'}")
    )


async def embed(texts: Sequence[str], model: str, settings: Mapping[str, Any]) -> Embeddings:
    """The texts' vectors, by `/embeddings`."""
    server = _server(settings)
    client = await _clients.get(Access.of(server, settings))
    from openai import APIError

    try:
        answer = await client.embeddings.create(input=list(texts), model=model, encoding_format="float")
        found = sorted(answer.data, key=lambda item: item.index)
        vectors = tuple(tuple(float(value) for value in item.embedding) for item in found)
        usage = Usage(input_tokens=answer.usage.prompt_tokens if answer.usage else 0)
    except APIError as error:
        raise _failure(error, server, has_begun=False) from None
    except (AttributeError, TypeError, ValueError) as error:
        raise server.error("bad_reply", str(error)[:200] or type(error).__name__) from None
    usage, _ = prices(settings.get("prices_file") or "").priced(server.url, model, usage)
    return Embeddings(vectors=vectors, usage=usage)


@provider(
    "openai",
    title="OpenAI and compatible",
    models=known_models(OPENAI_URL),
    is_configured=_is_configured,
    close=_clients.close,
    list_models=_models,
    embed=embed,
)
async def openai(request: ChatRequest, ctx: StepContext) -> ChatReply:
    """OpenAI's models, or any server that speaks their chat API, by OPENAI_BASE_URL."""
    server = _server(ctx.settings)
    if not request.model:
        raise StepError(
            "The node names no model. Give it one, as 'gpt-5.4-mini'.", code="unknown_model", retryable=False
        )
    hearing = Hearing(server, request, ctx)
    client = await _clients.get(Access.of(server, ctx.settings))
    from openai import APIError

    wire_error, _ = wire_errors()
    try:
        async with await _asked(client, request, server.url) as stream:
            async for chunk in _chunks(stream):
                _hear(hearing, chunk)
        hearing.usage, hearing.cost_known = prices(ctx.settings.get("prices_file") or "").priced(
            server.url, hearing.model, hearing.usage
        )
        return hearing.reply()
    except (APIError, wire_error) as error:
        failed = _failure(error, server, has_begun=hearing.model != "")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # The SDK does not check what came: a compatible server can send any shape.
        failed = server.error("bad_reply", str(error)[:200] or type(error).__name__)
    except StepError as error:
        failed = error
    ctx.spend(hearing.usage)
    raise failed from None


async def _asked(client: AsyncOpenAI, request: ChatRequest, url: str) -> AsyncStream[ChatCompletionChunk]:
    """The answer that begins; of a server that refuses to stream, the whole."""
    from openai import APIStatusError

    body = _body(request, url)
    if url not in _without_streams:
        try:
            return await _streamed(client, body, url)
        except APIStatusError as error:
            if not refuses_to_stream(error.status_code, _kind(error), error.message):
                raise
    body.pop("stream_options", None)
    # To the SDK it is a stream all the same: how the answer came is seen when it is there.
    stream: AsyncStream[ChatCompletionChunk] = await client.chat.completions.create(
        **body, extra_body={"stream": False}
    )
    _without_streams.add(url)
    return stream


async def _streamed(client: AsyncOpenAI, body: dict[str, Any], url: str) -> AsyncStream[ChatCompletionChunk]:
    from openai import BadRequestError, UnprocessableEntityError

    if url in _without_usage:
        del body["stream_options"]
    try:
        stream: AsyncStream[ChatCompletionChunk] = await client.chat.completions.create(**body)
        return stream
    except (BadRequestError, UnprocessableEntityError) as error:
        if "stream_options" not in body or "stream_options" not in error.message:
            raise
        _without_usage.add(url)
        return await _streamed(client, body, url)


def _body(request: ChatRequest, url: str) -> dict[str, Any]:
    # OpenAI's newer models refuse the old name of the limit, other servers don't know the new one.
    limit = "max_completion_tokens" if url == OPENAI_URL else "max_tokens"
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [_to_vendor(message) for message in request.messages],
        "temperature": request.temperature,
        limit: request.max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
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


async def _chunks(stream: AsyncStream[ChatCompletionChunk]) -> AsyncIterator[ChatCompletionChunk]:
    """The pieces of the answer; of a server that does not stream the whole as one."""
    if not stream.response.headers.get("content-type", "").startswith("application/json"):
        async for chunk in stream:
            yield chunk
        return
    from openai.types.chat import ChatCompletionChunk

    whole = json.loads(await stream.response.aread())
    for choice in whole["choices"]:
        choice["delta"] = choice.pop("message")
        for index, call in enumerate(choice["delta"].get("tool_calls") or ()):
            call["index"] = index
    yield ChatCompletionChunk.construct(**whole)


def _hear(hearing: Hearing, chunk: ChatCompletionChunk) -> None:
    hearing.model = str(chunk.model or hearing.request.model)
    if chunk.usage is not None:
        details = chunk.usage.prompt_tokens_details
        hearing.usage = Usage(
            input_tokens=chunk.usage.prompt_tokens,
            output_tokens=chunk.usage.completion_tokens,
            cached_tokens=(details and details.cached_tokens) or 0,
        )
    if not chunk.choices:
        return
    choice = chunk.choices[0]
    hearing.say(_text(choice.delta.content))
    if refusal := getattr(choice.delta, "refusal", None):
        hearing.refusal.append(_text(refusal))
    for part in choice.delta.tool_calls or ():
        index, function = part.index or 0, part.function
        hearing.call(index, part.id or "", (function and function.name) or "")
        hearing.argue(index, _text(function and function.arguments))
    if choice.finish_reason:
        hearing.stop = _STOPS.get(choice.finish_reason, Stop.END)


def _text(piece: Any) -> str:
    if piece is not None and not isinstance(piece, str):
        raise TypeError(f"a {type(piece).__name__} instead of text")
    return piece or ""


def _kind(error: APIError) -> str:
    """The server's name for the error."""
    told = error.body if isinstance(error.body, dict) else {}
    return str(told.get("code") or told.get("type") or "")


def _failure(error: Exception, server: Server, *, has_begun: bool) -> StepError:
    from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError

    if isinstance(error.__cause__, Refused):
        return error.__cause__  # the guard's: the address is not one to go to
    words = str(error)
    wire_error, silence = wire_errors()
    if isinstance(error, (APITimeoutError, silence)):
        return server.error("provider_timeout", words)
    if isinstance(error, (APIConnectionError, wire_error)):
        return server.error(
            "provider_cut" if has_begun else "provider_unavailable", str(error.__cause__ or words)
        )
    if isinstance(error, APIStatusError):
        told = retry_after_s(error.response.headers)
        return server.refusal(error.status_code, _kind(error), error.message, retry_after_s=told)
    if isinstance(error, APIError) and isinstance(error.body, dict):
        return server.refusal(None, _kind(error), error.message)
    return server.error("bad_reply", words)
