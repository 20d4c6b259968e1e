"""AGENT_TASK: ask a model, let it call tools, and take its text or its validated object as the output."""

import json
from typing import Any

import jsonschema
from pydantic import Field

from engine.core.catalogue import StepContext, StepError, node_type
from engine.core.chat import ChatReply, ChatRequest, Message, ToolCall, ToolSpec, Usage
from engine.core.document import Frozen, Outcome
from engine.core.errors import OpenRoomsError
from engine.core.tool_call import call_tool

HISTORY_TURNS = 40
"""How many earlier messages of the room a model is shown."""


class Policy(Frozen):
    allowed_tools: tuple[str, ...] | None = Field(None, description="tools the agent may call at all")
    max_tool_calls: int | None = Field(None, ge=0, le=1000)
    max_tokens: int | None = Field(None, ge=1, description="tokens read and written in this step")
    max_cost_usd: float | None = Field(None, ge=0)


class Params(Frozen):
    provider: str = Field(min_length=1, max_length=128)
    model: str = Field("", max_length=200)
    system: str = Field("", max_length=65_536, json_schema_extra={"template": True})
    prompt: str = Field(min_length=1, max_length=65_536, json_schema_extra={"template": True})
    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=1, le=10_000_000)
    tools: tuple[str, ...] = Field((), max_length=100, description="tools the model may call")
    max_turns: int = Field(8, ge=1, le=100, description="rounds of tool calls")
    output_schema: dict[str, Any] | None = Field(None, description="JSON Schema the answer must fit")
    use_history: bool = Field(False, description="show the model the room's conversation and add to it")
    policy: Policy | None = None


@node_type(
    Params,
    name="AGENT_TASK",
    title="Agent",
    icon="bot",
    category="work",
    outcomes=(Outcome.SUCCESS, Outcome.FAILURE, Outcome.TIMEOUT),
)
async def agent_task(params: Params, ctx: StepContext) -> Any:
    """Ask a language model; it may call tools; its text or validated object is the output."""
    messages = _opening(params, ctx)
    for turn in range(params.max_turns + 1):
        reply = await ctx.catalogue.providers[params.provider].chat(
            _request(params, ctx, tuple(messages), turn), ctx
        )
        _account(params, ctx, reply, turn)
        if not reply.tool_calls:
            return _output(params, ctx, reply)
        messages.append(Message(role="assistant", content=reply.text, tool_calls=reply.tool_calls))
        for call in reply.tool_calls:
            messages.append(await _observe(params, ctx, call))
    raise StepError(
        f"The agent still wanted tools after {params.max_turns} rounds. Raise max_turns or give it less to do.",
        code="max_turns",
        retryable=False,
    )


def _opening(params: Params, ctx: StepContext) -> list[Message]:
    history = ctx.memory.history(HISTORY_TURNS) if params.use_history else []
    return [
        *([Message(role="system", content=params.system)] if params.system else []),
        *(Message.model_validate(turn) for turn in history),
        Message(role="user", content=params.prompt),
    ]


def _request(params: Params, ctx: StepContext, messages: tuple[Message, ...], turn: int) -> ChatRequest:
    return ChatRequest(
        model=params.model,
        messages=messages,
        tools=tuple(_tool_spec(ctx, name) for name in params.tools if _is_allowed(params, name)),
        temperature=params.temperature,
        max_tokens=params.max_tokens,
        output_schema=params.output_schema,
        idempotency_key=f"{ctx.idempotency_key}-{turn}",
        turn=turn,
    )


def _tool_spec(ctx: StepContext, name: str) -> ToolSpec:
    tool = ctx.catalogue.tools[name]
    return ToolSpec(name=tool.name, description=tool.description, parameters=tool.parameters)


def _is_allowed(params: Params, name: str) -> bool:
    allowed = params.policy.allowed_tools if params.policy else None
    return name in params.tools and (allowed is None or name in allowed)


async def _observe(params: Params, ctx: StepContext, call: ToolCall) -> Message:
    """The tool's answer as the model reads it; a failed call is an observation, not the end."""
    if not _is_allowed(params, call.name):
        told: Any = {"error": f"the tool {call.name!r} is not allowed here"}
    else:
        try:
            told = await call_tool(ctx, call.name, call.arguments)
        except OpenRoomsError as error:
            told = {"error": str(error), "code": error.code}
    ctx.trace.append({"tool": call.name, "arguments": call.arguments, "result": told})
    return Message(role="tool", content=json.dumps(told, ensure_ascii=False), tool_call_id=call.id)


def _account(params: Params, ctx: StepContext, reply: ChatReply, turn: int) -> None:
    ctx.usage = Usage(
        input_tokens=ctx.usage.input_tokens + reply.usage.input_tokens,
        output_tokens=ctx.usage.output_tokens + reply.usage.output_tokens,
        cost_usd=ctx.usage.cost_usd + reply.usage.cost_usd,
    )
    ctx.trace.append({"turn": turn, "model": reply.model, "text": reply.text, "tokens": reply.usage.tokens})
    policy = params.policy or Policy()
    if policy.max_tokens is not None and ctx.usage.tokens > policy.max_tokens:
        raise _over("max_tokens", policy.max_tokens)
    if policy.max_cost_usd is not None and ctx.usage.cost_usd > policy.max_cost_usd:
        raise _over("max_cost_usd", policy.max_cost_usd)
    calls = sum("tool" in entry for entry in ctx.trace) + len(reply.tool_calls)
    if policy.max_tool_calls is not None and calls > policy.max_tool_calls:
        raise _over("max_tool_calls", policy.max_tool_calls)


def _over(name: str, limit: float) -> StepError:
    return StepError(
        f"The agent's policy allows {name} {limit:g} and it wanted more.",
        code="policy_limit",
        retryable=False,
    )


def _output(params: Params, ctx: StepContext, reply: ChatReply) -> Any:
    if params.use_history:
        ctx.said.append({"role": "user", "content": params.prompt})
        ctx.said.append({"role": "assistant", "content": reply.text})
    if params.output_schema is None:
        return reply.text
    try:
        value = json.loads(reply.text)
        jsonschema.validate(value, params.output_schema)
    except (json.JSONDecodeError, jsonschema.ValidationError) as error:
        reason = error.message if isinstance(error, jsonschema.ValidationError) else str(error)
        raise StepError(
            f"The model's answer does not fit output_schema: {reason[:300]}", code="bad_output"
        ) from None
    return value
