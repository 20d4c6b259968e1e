"""A trial of an agent as the page shows it: its turns as they come, then what they cost, or what went wrong."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import orjson

from engine.core.agent import AgentTrial
from engine.core.errors import InvalidInput, OpenRoomsError
from engine.core.identity import User
from engine.core.turns import Turn
from engine.runtime import Runtime
from engine.services import agent_trials
from engine.services.agent_trials import AgentTried
from openrooms_app.arguments import is_ticked, text_in
from openrooms_app.ask import ask
from openrooms_app.pages.agent.form import spec_of

REST_S: Final = 0.15
"""Between two looks at what the model is saying."""
PROMPT: Final = "prompt"
CALLS_TOOLS: Final = "calls_tools"

Outcome = dict[str, Any]
"""{error, turns, said, is_over, summary, note}"""
NOTHING: Final[Outcome] = {"error": "", "turns": [], "said": "", "is_over": True, "summary": "", "note": ""}


class Heard:
    """What has come so far; one thread writes, another one reads."""

    def __init__(self) -> None:
        self.turns: list[dict[str, Any]] = []
        self.said = ""

    def take(self, turns: Sequence[Turn], said: str) -> None:
        self.turns, self.said = [_turn(turn) for turn in turns], said


async def trials(user: User, agent_id: str | None, form: Any) -> AsyncIterator[Outcome]:
    """What to show, again and again, the last time with everything."""
    heard = Heard()
    task = asyncio.create_task(ask(tried, user, agent_id, form, heard))
    seen: Any = None
    while not (await asyncio.wait([task], timeout=REST_S))[0]:
        if seen != (heard.turns, heard.said):
            seen = (heard.turns, heard.said)
            yield {**NOTHING, "turns": heard.turns, "said": heard.said, "is_over": False}
    yield task.result()


def tried(rt: Runtime, user: User, agent_id: str | None, form: Any, heard: Heard) -> Outcome:
    """What came of it; an error is an answer too, and stands under the turns that were made."""
    try:
        done = agent_trials.try_out(rt, user, agent_id, _trial(form), heard.take)
    except OpenRoomsError as error:
        return {**NOTHING, "turns": heard.turns, "error": str(error)}
    return {**NOTHING, "turns": [_turn(turn) for turn in done.turns], **_summed(done)}


def _trial(form: Any) -> AgentTrial:
    prompt = text_in(form, PROMPT)
    if not prompt.strip():
        raise InvalidInput("Write what the agent is to be asked.")
    if len(prompt) > 65_536:
        raise InvalidInput("A prompt has at most 65,536 characters.")
    return AgentTrial(prompt=prompt, spec=spec_of(form), calls_tools=is_ticked(form, CALLS_TOOLS))


def _summed(done: AgentTried) -> Outcome:
    tokens, cost = sum(turn["tokens"] for turn in done.turns), sum(turn["cost_usd"] for turn in done.turns)
    turns = "1 turn" if len(done.turns) == 1 else f"{len(done.turns)} turns"
    price = _dollars(cost) if done.reply.cost_known else "cost not known: no price for this model"
    took = f"{done.duration_ms / 1000:.1f} s" if done.duration_ms >= 1000 else f"{done.duration_ms:.0f} ms"
    summary = f"{turns} · {tokens:,} tokens · {price} · {took}"
    return {"summary": summary, "note": _note(done)}


def _note(done: AgentTried) -> str:
    """Why it ended with a call that it wants."""
    waiting = [
        call["tool"] for turn in done.turns for call in turn["tool_calls"] if call["status"] == "wanted"
    ]
    if not waiting:
        return ""
    named = ", ".join(dict.fromkeys(waiting))
    return (
        f"It ends here: {named} was not called. Tick the box above to have tools called; "
        "those that a person has to approve are called in a run alone."
    )


def _turn(turn: Turn) -> dict[str, Any]:
    cost = f" · {_dollars(turn['cost_usd'])}" if turn["cost_usd"] else ""
    return {
        "title": f"Turn {turn['turn']}",
        "text": turn["text"],
        "about": f"{turn['tokens']:,} tokens{cost}",
        "model": turn["model"],
        "calls": [_call(call) for call in turn["tool_calls"]],
    }


def _call(call: dict[str, Any]) -> dict[str, Any]:
    error = call["error"] or {}
    return {
        "tool": call["tool"],
        "status": call["status"],
        "arguments": _pretty(call["arguments"]),
        "result": str(error.get("message", ""))
        if error
        else ""
        if call["result"] is None
        else _pretty(call["result"]),
    }


def _pretty(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _dollars(cost: float) -> str:
    if 0 < cost < 0.0001:
        return "less than $0.0001"
    return f"${cost:.4f}".rstrip("0").rstrip(".") if cost else "free"
