"""The tool calls of one turn of an agent: those that may are made at once, and each is on record before and after."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.core.catalogue import NO_USAGE, Effect, StepContext
from engine.core.chat import Message, ToolCall, Usage
from engine.core.checkpoints import Checkpoints, Rests, used
from engine.core.errors import OpenRoomsError
from engine.core.events import EventType
from engine.core.policy import Policy
from engine.core.step_call import as_recorded, told
from engine.core.tool_call import call_tool

log = logging.getLogger(__name__)

MOST_BYTES = 131_072
"""What a tool may tell a model at once."""
SIGNAL_LENGTH = 64
FORM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "approved": {"type": "boolean", "title": "Approve this call"},
        "note": {"type": "string", "title": "Note for the agent", "maxLength": 2000},
    },
    "required": ["approved"],
    "additionalProperties": False,
}
"""What a person answers."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call that the model wants, with the key it is on record by."""

    call: ToolCall
    key: str
    told: Mapping[str, Any]


class Calls:
    """Makes an agent's calls by its policy."""

    def __init__(
        self, ctx: StepContext, checkpoints: Checkpoints, tools: Sequence[str], policy: Policy
    ) -> None:
        self._ctx = ctx
        self._checkpoints = checkpoints
        self._policy = policy
        self.allowed = [
            name for name in tools if policy.allowed_tools is None or name in policy.allowed_tools
        ]

    async def make(self, turn: int, calls: Sequence[ToolCall]) -> list[Message]:
        """What the tools tell, in the order of the calls; a call that fails tells how.

        Raises:
            Rests: people have to approve some first; the others have been made by then.
        """
        wanted = [self._wanted(turn, number, call) for number, call in enumerate(calls, 1)]
        asks = [ask for one in wanted if (ask := self._ask(one)) is not None]
        unasked = {ask["key"] for ask in asks}
        ready = [one for one in wanted if one.key not in self._checkpoints and _approval(one) not in unasked]
        begun = [one for one in ready if self._begin(one)]
        await self._checkpoints.kept()
        ended = await asyncio.gather(*(self._call(one) for one in begun), return_exceptions=True)
        for error in ended:
            if error is not None:
                raise error
        if asks:
            raise Rests(asks)
        return [self._observed(one) for one in wanted]

    def _wanted(self, turn: int, number: int, call: ToolCall) -> Wanted:
        told = {"tool": call.name, "arguments": call.arguments, "turn": turn, "call": number}
        return Wanted(call, f"{turn}-{number}", told)

    def _ask(self, wanted: Wanted) -> dict[str, Any] | None:
        """What a person is to be asked first; None when nothing is, or it was answered."""
        call, key = wanted.call, _approval(wanted)
        needs = call.name in self.allowed and call.name in (self._policy.approval or ())
        if not needs or key in self._checkpoints:
            return None
        shown = json.dumps(call.arguments, ensure_ascii=False, indent=2)
        return {
            "key": key,
            "signal": _signal(self._ctx.activation, wanted.key),
            "what": f"approval of {call.name}",
            "text": f"The agent wants to call {call.name} with {shown}",
            **wanted.told,
            "form_schema": FORM,
            "timeout_s": self._policy.approval_timeout_s,
        }

    def _begin(self, wanted: Wanted) -> bool:
        """The intent of a call that is to be made; what is not to be made is answered at once."""
        checkpoints, call, key = self._checkpoints, wanted.call, wanted.key
        if call.name not in self.allowed:
            self._fail(wanted, "tool_not_allowed", f"the tool {call.name!r} is not allowed here")
            return False
        if _approval(wanted) in checkpoints and (denied := _denied(checkpoints[_approval(wanted)])):
            self._fail(wanted, "not_approved", denied)
            return False
        again = {}
        if checkpoints.has_begun(key):
            effect = self._ctx.catalogue.tools[call.name].effect
            if effect is Effect.AT_MOST_ONCE:
                checkpoints.tell(EventType.EFFECT_UNKNOWN, wanted.told)
                self._fail(
                    wanted, "unknown_outcome", "the call may or may not have taken effect; it is not repeated"
                )
                return False
            again = {"again": "it may have run twice" if effect is Effect.EXTERNAL else "it is repeated"}
        checkpoints.begin(EventType.TOOL_INVOKED, key, {**wanted.told, **again})
        return True

    async def _call(self, wanted: Wanted) -> None:
        ctx, call = self._ctx, wanted.call
        clock = asyncio.get_running_loop().time
        own = replace(
            ctx,
            idempotency_key=f"{ctx.idempotency_key}-{wanted.key}",
            remember=dict(ctx.remember),
            about=dict(ctx.about),
            usage=NO_USAGE,
            said=[],
            trace=[],
            recorded={},
            recorder=None,
        )
        began = clock()
        try:
            given = as_recorded(
                await call_tool(own, call.name, call.arguments), most=MOST_BYTES, what="result"
            )
        except OpenRoomsError as error:
            self._fail(wanted, error.code, str(error), own.usage)
        except Exception as error:
            log.exception("tool %s of run %s crashed", call.name, ctx.run_id)
            self._fail(wanted, "tool_crashed", told(error)["message"], own.usage)
        else:
            wrote = {key: _entry(own, key) for key in own.remember if _differs(own, ctx, key)}
            paid = _paid(own.usage)
            took = {"ms": round((clock() - began) * 1000, 3), "w": wrote, "u": paid}
            answered = _short(wanted) | paid
            self._checkpoints.end(EventType.TOOL_COMPLETED, wanted.key, answered, given, **took)

    def _fail(self, wanted: Wanted, code: str, message: str, usage: Usage = NO_USAGE) -> None:
        error = {"code": code, "message": message[:4000]}
        observed = {"error": error["message"], "code": code}
        paid = _paid(usage)
        answered = _short(wanted) | paid
        self._checkpoints.end(EventType.TOOL_FAILED, wanted.key, answered, observed, e=error, u=paid)

    def _observed(self, wanted: Wanted) -> Message:
        """The tool's answer as the model reads it; what the tool remembered goes along with the step's result."""
        for key, entry in self._checkpoints.wrote(wanted.key).items():
            self._ctx.write(key, **entry)
        told = self._checkpoints[wanted.key]
        has_failed = isinstance(told, dict) and told.keys() == {"error", "code"}
        text = json.dumps(told, ensure_ascii=False)
        return Message(role="tool", content=text, tool_call_id=wanted.call.id, is_error=has_failed)


_NOTHING = object()


def _entry(ctx: StepContext, key: str) -> dict[str, Any]:
    about = ctx.about.get(key)
    return {"value": ctx.remember[key], **({"about": about} if about else {})}


def _differs(own: StepContext, before: StepContext, key: str) -> bool:
    """Whether the tool wrote the entry, or wrote another thing about it."""
    now, then = ((ctx.remember.get(key, _NOTHING), ctx.about.get(key)) for ctx in (own, before))
    return now != then


def _paid(usage: Usage) -> dict[str, Any]:
    """What a tool used, which may be one that asks an embedding model."""
    return used(usage) if usage.tokens or usage.cost_usd else {}


def _short(wanted: Wanted) -> dict[str, Any]:
    """What an answer tells; the arguments stand with the question."""
    return {name: value for name, value in wanted.told.items() if name != "arguments"}


def _approval(wanted: Wanted) -> str:
    return f"{wanted.key}-approval"


def _denied(answer: Mapping[str, Any]) -> str:
    """Why a call is not to be made; "" if it is."""
    if answer.get("timed_out"):
        return "nobody approved this call in time"
    payload = answer.get("payload")
    if isinstance(payload, dict) and payload.get("approved") is True:
        return ""
    note = payload.get("note") if isinstance(payload, dict) else None
    return f"a person has denied this call: {note}" if note else "a person has denied this call"


def _signal(activation: str, key: str) -> str:
    """A name that no other call of the run has."""
    name = f"approve_{activation}_{key}".replace(".", "_").replace("-", "_")
    if len(name) > SIGNAL_LENGTH:
        name = f"approve_{hashlib.sha256(f'{activation} {key}'.encode()).hexdigest()[:32]}"
    return name


__all__ = ["FORM", "Calls"]
