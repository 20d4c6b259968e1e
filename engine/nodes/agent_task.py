"""AGENT_TASK: ask a model, let it call tools, and take its text or its validated object as the output."""

import asyncio
import json
from typing import Any

import orjson
from pydantic import Field, ValidationInfo, field_validator

from engine.core.agent_calls import Calls
from engine.core.catalogue import StepContext, StepError, node_type
from engine.core.characters import mended
from engine.core.chat import ChatReply, ChatRequest, Message, ToolSpec
from engine.core.checkpoints import Checkpoints, used
from engine.core.conversation import Recalled, Window, recall
from engine.core.document import Frozen, Outcome, PromptText
from engine.core.events import EventType
from engine.core.policy import Budget, Policy
from engine.core.shapes import Described


class Params(Frozen):
    agent: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="the agent whose settings apply where this node has none",
    )
    agent_version: int | None = Field(
        None, ge=1, description="of the agent; its latest when the workflow is published"
    )
    provider: str = Field("", max_length=128, validate_default=True)
    model: str = Field("", max_length=200)
    system: PromptText = Field("", json_schema_extra={"template": True})
    prompt: PromptText = Field(min_length=1, json_schema_extra={"template": True})
    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(
        None, ge=1, le=10_000_000, description="the most that one answer may be long"
    )
    tools: tuple[str, ...] = Field((), max_length=100, description="tools the model may call")
    max_turns: int = Field(8, ge=1, le=100, description="rounds of tool calls")
    output_schema: dict[str, Any] | None = Field(None, description="JSON Schema the answer must fit")
    use_history: bool = Field(False, description="show the model the room's conversation and add to it")
    history: Window = Field(Window(), description="how much of the conversation the model is shown")
    policy: Policy | None = None

    @field_validator("provider")
    @classmethod
    def _is_given(cls, provider: str, info: ValidationInfo) -> str:
        if not provider and not info.data.get("agent"):
            raise ValueError("is missing: give the step one, or name an agent that has one")
        return provider


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
    if (
        not params.provider
    ):  # a document that was not published: that would have written the agent's settings out
        message = f"The agent {params.agent!r} is not known here. Publish the workflow where it is, or give the node a provider."
        raise StepError(message, code="unknown_agent", retryable=False)
    return await _Agent(params, ctx).run()


class _Agent:
    """One execution of the step: turns that are on record are taken from there, the others are made."""

    def __init__(self, params: Params, ctx: StepContext) -> None:
        self._params = params
        self._ctx = ctx
        self._policy = params.policy or Policy()
        self._record = Checkpoints(ctx)
        self._calls = Calls(ctx, self._record, params.tools, self._policy)
        self._budget = Budget(self._policy, ctx, self._record)
        self._messages: list[Message] = []
        self._rounds = 0
        self._fault = ""
        """What was wrong with the answer that the model has been asked to mend."""

    async def run(self) -> Any:
        self._messages = await self._opening()
        turn = 0
        while True:
            turn += 1
            reply = await self._asked(turn)
            self._messages.append(reply.message())
            if reply.tool_calls:
                self._count(reply)
                self._messages += await self._calls.make(turn, reply.tool_calls)
            elif fault := self._fault_of(reply):
                self._fault = fault
                self._messages.append(Message(role="user", content=_MEND.format(fault=fault)))
            else:
                return self._output(reply)

    async def _opening(self) -> list[Message]:
        """The room's conversation is recorded with it: it may have grown when the step is taken up again."""
        params, record, said = self._params, self._record, self._ctx.said
        if not params.use_history:
            return Recalled().opening(params.system, params.prompt)
        if _OPENING not in record:
            recalled = await recall(self._ctx, params.history, self._summary)
            shown = {"recalled": recalled.plain(), "said": list(said)}
            record.end(EventType.AGENT_INVOKED, _OPENING, self._subject(1), shown)
        said[:] = record[_OPENING]["said"]
        recalled = Recalled.model_validate_json(orjson.dumps(record[_OPENING]["recalled"]))
        return recalled.opening(params.system, params.prompt)

    async def _summary(self, messages: tuple[Message, ...]) -> str:
        """What the model makes of a conversation that has grown too long; a turn like the others, but without tools."""
        self._messages = list(messages)
        return (await self._asked(0)).text

    async def _asked(self, turn: int) -> ChatReply:
        """The model's answer in this turn, from the record if it is there."""
        key, record = str(turn), self._record
        if key in record:
            reply = _reply(record[key])
            self._budget.take(reply.usage, is_new=False)
            return reply
        self._budget.check_before()
        if turn != 1:  # the step's own beginning tells of the first
            messages = {"messages": len(self._messages)}
            record.begin(EventType.AGENT_INVOKED, key, self._subject(turn) | messages)
        await record.kept()
        clock = asyncio.get_running_loop().time
        began = clock()
        reply = await self._ctx.catalogue.providers[self._params.provider].chat(
            self._request(turn), self._ctx
        )
        self._take(turn, reply, round((clock() - began) * 1000, 3))
        return _reply(record[key])  # as whoever takes the step up will see it

    def _take(self, turn: int, reply: ChatReply, took_ms: float) -> None:
        """Put the answer on record. One that does not fit even when mended is told and not kept: a retry asks again.

        Raises:
            StepError: it was that one, or it has reached a limit.
        """
        fault = self._fault_of(reply) if self._fault and not reply.tool_calls else ""
        usage = used(reply.usage)
        told = self._subject(turn) | usage | ({"model": reply.model} if reply.model else {})
        kept_as = None if fault else str(turn)
        self._budget.take(reply.usage, is_new=True)
        self._record.end(EventType.AGENT_RESPONSE, kept_as, told, reply.plain(), u=usage, ms=took_ms)
        self._budget.check_after(reply.usage)
        if fault:
            raise StepError(f"The model's answer does not fit output_schema: {fault}", code="bad_output")

    def _subject(self, turn: int) -> dict[str, Any]:
        return {"provider": self._params.provider, "model": self._params.model, "turn": turn}

    def _request(self, turn: int) -> ChatRequest:
        params = self._params
        return ChatRequest(
            model=params.model,
            messages=tuple(self._messages),
            tools=tuple(self._tool_spec(name) for name in self._calls.allowed) if turn else (),
            temperature=params.temperature,
            max_tokens=self._budget.most_tokens(params.max_tokens),
            output_schema=params.output_schema if turn else None,
            idempotency_key=f"{self._ctx.idempotency_key}-{turn}",
            turn=turn,
        )

    def _tool_spec(self, name: str) -> ToolSpec:
        tool = self._ctx.catalogue.tools[name]
        return ToolSpec(name=tool.name, description=tool.description, parameters=tool.parameters)

    def _count(self, reply: ChatReply) -> None:
        self._rounds += 1
        self._budget.call(len(reply.tool_calls))
        if self._rounds > self._params.max_turns:
            limit = self._params.max_turns
            message = (
                f"The agent still wanted tools after {limit} rounds. Raise max_turns or give it less to do."
            )
            told = {"limit": "max_turns", "value": limit, "reached": self._rounds}
            self._record.tell(EventType.LIMIT_REACHED, told, {"code": "max_turns", "message": message})
            raise StepError(message, code="max_turns", retryable=False)

    def _fault_of(self, reply: ChatReply) -> str:
        """What is wrong with the answer; "" if nothing is."""
        if self._params.output_schema is None:
            return ""
        try:
            value = _value(reply)
        except (ValueError, TypeError, RecursionError) as error:
            return f"it is no JSON ({error})"
        fault = next(Described(self._params.output_schema).faults(value), None)
        return "" if fault is None else str(fault)

    def _output(self, reply: ChatReply) -> Any:
        if self._params.use_history:
            self._ctx.said.append({"role": "user", "content": self._params.prompt})
            self._ctx.said.append({"role": "assistant", "content": reply.text})
        return reply.text if self._params.output_schema is None else _value(reply)


def _value(reply: ChatReply) -> Any:
    """
    Raises:
        ValueError, TypeError, RecursionError: it is no JSON, or none that can be kept.
    """
    value = mended(json.loads(reply.text))
    if orjson.loads(orjson.dumps(value)) != value:
        raise ValueError("a number in it is not finite")
    return value


def _reply(recorded: Any) -> ChatReply:
    return ChatReply.model_validate_json(orjson.dumps(recorded))


_OPENING = "opening"
_MEND = (
    "Your answer does not fit the JSON Schema that it must fit: {fault}. "
    "Answer again with the corrected JSON alone, and nothing around it."
)
