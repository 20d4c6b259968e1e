"""Anthropic's Messages API, and servers that speak the same; structured output is asked for in the API's own way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any

import orjson

from engine.core.catalogue import StepContext, StepError, provider
from engine.core.chat import ChatReply, ChatRequest, Message, Stop, Usage
from engine.core.chat_errors import Server, refuses_to_stream
from engine.core.hearing import Hearing
from engine.core.retry import retry_after_s
from engine.net import Refused
from engine.net.models import model_ids
from engine.net.sdk import Access, Clients, wire_errors
from engine.prices import known_models, prices

if TYPE_CHECKING:
    from anthropic import APIStatusError, AsyncAnthropic, AsyncStream
    from anthropic.types import RawMessageStreamEvent

ANTHROPIC_URL = "https://api.anthropic.com"
MAX_TOKENS = 16_384
"""The API wants a limit; this one is for nodes that give none. Thoughts count too."""

_without_streams: set[str] = set()
"""Servers that refuse to stream, and answer when they need not."""

_STOPS = {
    "end_turn": Stop.END,
    "stop_sequence": Stop.END,
    "tool_use": Stop.TOOLS,
    "max_tokens": Stop.LENGTH,
    "refusal": Stop.REFUSED,
    "model_context_window_exceeded": Stop.CONTEXT,
}


def _open(sdk: Any, access: Access) -> AsyncAnthropic:
    client: AsyncAnthropic = sdk.AsyncAnthropic(
        api_key=access.key or "none",
        base_url=access.url,
        max_retries=0,  # the node's retry policy decides, and each attempt is on record
        http_client=access.client(),
    )
    return client


_clients: Clients[AsyncAnthropic] = Clients("anthropic", _open)


def _is_configured(settings: Mapping[str, Any]) -> bool:
    return bool(settings.get("anthropic_api_key") or settings.get("anthropic_base_url"))


def _server(settings: Mapping[str, Any]) -> Server:
    if not _is_configured(settings):
        raise StepError(
            "Anthropic is not set up. Set ANTHROPIC_API_KEY, or ANTHROPIC_BASE_URL for a compatible server.",
            code="provider_not_configured",
            retryable=False,
        )
    url = str(settings.get("anthropic_base_url") or ANTHROPIC_URL).rstrip("/")
    return Server(url, str(settings.get("anthropic_api_key") or ""), "ANTHROPIC_API_KEY")


async def _models(settings: Mapping[str, Any]) -> tuple[str, ...]:
    server = _server(settings)
    headers = (("X-Api-Key", server.key or "none"), ("Anthropic-Version", "2023-06-01"))
    return await model_ids(Access.of(server, settings), "/v1/models?limit=1000", *headers)


@provider(
    "anthropic",
    title="Anthropic",
    models=known_models(ANTHROPIC_URL),
    is_configured=_is_configured,
    close=_clients.close,
    list_models=_models,
)
async def anthropic(request: ChatRequest, ctx: StepContext) -> ChatReply:
    """Anthropic's models, or any server that speaks their Messages API, by ANTHROPIC_BASE_URL."""
    server = _server(ctx.settings)
    if not request.model:
        raise StepError(
            "The node names no model. Give it one, as 'claude-sonnet-5'.",
            code="unknown_model",
            retryable=False,
        )
    hearing = Hearing(server, request, ctx)
    listening = _Listening(hearing)
    client = await _clients.get(Access.of(server, ctx.settings))
    from anthropic import APIError

    wire_error, _ = wire_errors()
    try:
        async with await _asked(client, request, server.url) as stream:
            async for event in _events(stream):
                listening.hear(event)
        hearing.usage, hearing.cost_known = prices(ctx.settings.get("prices_file") or "").priced(
            server.url, hearing.model, hearing.usage, cache_written=listening.cache_written
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


async def _asked(
    client: AsyncAnthropic, request: ChatRequest, url: str
) -> AsyncStream[RawMessageStreamEvent]:
    """The answer that begins; of a server that refuses to stream, the whole."""
    from anthropic import APIStatusError

    body = _body(request)
    stream: AsyncStream[RawMessageStreamEvent]
    if url not in _without_streams:
        try:
            stream = await client.messages.create(**body)
            return stream
        except APIStatusError as error:
            if not refuses_to_stream(error.status_code, *_told(error)):
                raise
    # To the SDK it is a stream all the same: how the answer came is seen when it is there.
    body["extra_body"] = body.get("extra_body", {}) | {"stream": False}
    stream = await client.messages.create(**body)
    _without_streams.add(url)
    return stream


async def _events(stream: AsyncStream[RawMessageStreamEvent]) -> AsyncIterator[Any]:
    """The events of the answer; of a server that does not stream those that would have told the whole."""
    if not stream.response.headers.get("content-type", "").startswith("application/json"):
        async for event in stream:
            yield event
        return
    from anthropic import types

    whole = orjson.loads(await stream.response.aread())
    message = {"model": None, "usage": None, **whole}
    end = {"stop_reason": whole["stop_reason"], "stop_details": whole.get("stop_details")}
    yield types.RawMessageStartEvent.construct(type="message_start", message=message)
    for index, block in enumerate(whole["content"]):
        yield types.RawContentBlockStartEvent.construct(
            type="content_block_start", index=index, content_block=block
        )
    yield types.RawMessageDeltaEvent.construct(type="message_delta", delta=end, usage=None)
    yield types.RawMessageStopEvent.construct(type="message_stop")


def _body(request: ChatRequest) -> dict[str, Any]:
    system = "\n\n".join(message.content for message in request.messages if message.role == "system")
    body: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_tokens or MAX_TOKENS,
        "messages": list(_to_vendor(request.messages)),
        "stream": True,
    }
    if request.output_schema is not None:
        schema = _strict(request.output_schema)
        if schema is not None:
            body["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
        else:
            told = orjson.dumps(request.output_schema).decode()
            system += f"\n\nAnswer with JSON that fits this JSON Schema, and nothing else: {told}"
    if system.strip():
        body["system"] = system.strip()
    if request.tools:
        body["tools"] = [
            {"name": spec.name, "description": spec.description, "input_schema": spec.parameters}
            for spec in request.tools
        ]
    if request.temperature is not None:
        body["extra_body"] = {"temperature": request.temperature}  # the newest models refuse any but 1
    if request.idempotency_key:
        body["extra_headers"] = {"Idempotency-Key": request.idempotency_key}
    return body


def _strict(schema: dict[str, Any]) -> dict[str, Any] | None:
    """The schema as the API takes it; None where that would mean something else."""
    from anthropic import transform_schema

    if _has_open_object(schema):
        return None  # the API has closed objects alone
    try:
        strict: dict[str, Any] = transform_schema(schema)
    except (AssertionError, AttributeError, TypeError, ValueError, RecursionError):
        return None
    return strict


def _has_open_object(schema: Any) -> bool:
    match schema:
        case {"type": "object"} if "properties" not in schema or schema.get("additionalProperties"):
            return True
        case dict():
            return any(_has_open_object(part) for part in schema.values())
        case list():
            return any(_has_open_object(part) for part in schema)
    return False


def _to_vendor(messages: tuple[Message, ...]) -> Iterator[dict[str, Any]]:
    """The conversation without its system prompt; the answers of parallel tools go into one turn."""
    told = (message for message in messages if message.role != "system")
    for role, group in groupby(told, key=lambda m: "assistant" if m.role == "assistant" else "user"):
        blocks = [block for message in group for block in _blocks(message)]
        if blocks:
            yield {"role": role, "content": blocks}


def _blocks(message: Message) -> Iterator[dict[str, Any]]:
    if message.role == "tool":
        failed = {"is_error": True} if message.is_error else {}
        yield {
            "type": "tool_result",
            "tool_use_id": message.tool_call_id,
            "content": message.content,
            **failed,
        }
    elif message.kept:
        yield from message.kept
    else:
        if message.content.strip():  # the API refuses empty texts
            yield {"type": "text", "text": message.content}
        for call in message.tool_calls:
            yield {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments}


class _Listening:
    """Takes Anthropic's events to what is heard, and keeps its blocks where the model has thought in between."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing
        self._blocks: dict[int, dict[str, Any]] = {}
        self.cache_written = 0

    def hear(self, event: Any) -> None:
        match event.type:
            case "message_start":
                self._hearing.model = str(event.message.model or self._hearing.request.model)
                self._count(event.message.usage)
            case "content_block_start":
                block = event.content_block.model_dump(mode="json", exclude_none=True, warnings=False)
                self._blocks[event.index] = block
                if block["type"] == "text":
                    self._hearing.say(block["text"])
                elif block["type"] == "tool_use":
                    self._hearing.call(event.index, block["id"], block["name"])
                    given, block["input"] = block["input"], ""
                    self._argue(event.index, orjson.dumps(given).decode() if given else "")
            case "content_block_delta":
                self._add(event.index, event.delta)
            case "message_delta":
                self._count(event.usage)
                self._stop(event.delta)
            case "message_stop":
                self._keep()

    def _add(self, index: int, delta: Any) -> None:
        block = self._blocks[index]
        match delta.type:
            case "text_delta":
                block["text"] += delta.text
                self._hearing.say(delta.text)
            case "input_json_delta":
                self._argue(index, delta.partial_json)
            case "thinking_delta":
                block["thinking"] += delta.thinking
            case "signature_delta":
                block["signature"] = delta.signature

    def _argue(self, index: int, piece: str) -> None:
        self._blocks[index]["input"] += piece
        self._hearing.argue(index, piece)

    def _stop(self, delta: Any) -> None:
        if delta.stop_reason:
            self._hearing.stop = _STOPS.get(delta.stop_reason, Stop.END)
        why = getattr(getattr(delta, "stop_details", None), "explanation", None)
        if self._hearing.stop is Stop.REFUSED and why:
            self._hearing.refusal.append(str(why))

    def _count(self, told: Any) -> None:
        """Counts are running totals; those of what was read come first and may be left out later."""
        if told is None:
            return
        before = self._hearing.usage
        read, cached = before.input_tokens, before.cached_tokens
        if told.input_tokens is not None:
            cached = told.cache_read_input_tokens or 0
            self.cache_written = told.cache_creation_input_tokens or 0
            read = told.input_tokens + cached + self.cache_written
        self._hearing.usage = Usage(input_tokens=read, output_tokens=told.output_tokens, cached_tokens=cached)

    def _keep(self) -> None:
        blocks = [self._blocks[index] for index in sorted(self._blocks)]
        if any("thinking" in block["type"] for block in blocks):
            self._hearing.kept = [
                block | {"input": orjson.loads(block["input"] or "{}")}
                if block["type"] == "tool_use"
                else block
                for block in blocks
            ]


def _told(error: APIStatusError) -> tuple[str, str]:
    """The server's name for the error, and its words."""
    told = error.body.get("error") if isinstance(error.body, dict) else None
    told = told if isinstance(told, dict) else {}
    return str(told.get("type") or ""), str(told.get("message") or error)


def _failure(error: Exception, server: Server, *, has_begun: bool) -> StepError:
    from anthropic import APIConnectionError, APIStatusError, APITimeoutError

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
    if not isinstance(error, APIStatusError):
        return server.error("bad_reply", words)
    is_in_stream = error.status_code < 300
    return server.refusal(
        None if is_in_stream else error.status_code,
        *_told(error),
        retry_after_s=None if is_in_stream else retry_after_s(error.response.headers),
    )
