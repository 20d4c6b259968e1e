"""A room's conversation as an agent is shown it: the newest turns that fit a window, and a summary of those before.

The summary is asked for by the step that needs it, so it is part of that step's record and a replay asks nobody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pydantic import Field

from engine.core.catalogue import StepContext
from engine.core.chat import Message
from engine.core.document import Frozen

SUMMARY = "summary"
"""The role of a stored turn that stands for all up to the one named by its `upto`."""
MOST_READ = 400
"""Turns since the last summary that are looked at; older ones are forgotten unread."""
SUMMARY_TOKENS = 800
SHOWN_CHARACTERS = 4000
"""Of one turn, to whoever makes the summary."""
TURN_TOKENS = 4
"""What a turn costs besides its text."""

INSTRUCTION = (
    "You keep the memory of a long conversation. Write a summary that replaces the turns below: facts, names, "
    "numbers, decisions, open questions and what the user wants, without comments of your own. "
    f"At most {SUMMARY_TOKENS} tokens."
)

Ask = Callable[[tuple[Message, ...]], Awaitable[str]]
"""Asks the agent's model, as one more recorded turn of the step; its text."""


class Window(Frozen):
    """How much of the conversation a model is shown; what is older is summarised, or left out."""

    messages: int = Field(40, ge=0, le=400, description="turns at most")
    tokens: int = Field(8000, ge=0, le=10_000_000, description="tokens at most, estimated")
    summarise: bool = Field(True, description="keep a summary of what no longer fits")


class Recalled(Frozen):
    """What a model is shown of the conversation."""

    summary: str = ""
    turns: tuple[Message, ...] = ()

    def opening(self, system: str, prompt: str) -> list[Message]:
        """The messages an agent begins with: one system message, the turns, the prompt."""
        told = f"Summary of the conversation before:\n{self.summary}" if self.summary else ""
        head = "\n\n".join(part for part in (system, told) if part)
        return [
            *([Message(role="system", content=head)] if head else []),
            *self.turns,
            Message(role="user", content=prompt),
        ]


async def recall(ctx: StepContext, window: Window, ask: Ask | None = None) -> Recalled:
    """The room's conversation within `window`.

    When it has outgrown the window and `ask` is there, all but the newest half of a window is summarised by one
    question; the new summary is kept in `ctx.said`, to be committed with the step's result.
    """
    kept = ctx.memory.conversation(MOST_READ)
    summary, turns = kept["summary"], kept["turns"]
    if _fits(turns, window):
        return _recalled(summary, turns)
    if ask is None or not window.summarise:
        return _recalled(summary, _newest(turns, window.messages, window.tokens))
    shown = _newest(turns, window.messages // 2, window.tokens // 2)
    old = turns[: len(turns) - len(shown)]
    summary = (await ask(_question(summary, old, window.tokens))).strip() or summary
    ctx.said.append({"role": SUMMARY, "content": summary, "upto": old[-1]["id"]})
    return _recalled(summary, shown)


def _recalled(summary: str, turns: Sequence[dict[str, Any]]) -> Recalled:
    shown = tuple(Message(role=turn["role"], content=turn["content"]) for turn in turns)
    return Recalled(summary=summary, turns=shown)


def tokens_of(text: str) -> int:
    """An estimate that rather says too much: four ASCII characters a token, any other character one."""
    plain = sum(character < "\x80" for character in text)
    return (plain + 3) // 4 + len(text) - plain


def _fits(turns: Sequence[dict[str, Any]], window: Window) -> bool:
    return len(turns) <= window.messages and sum(map(_cost, turns)) <= window.tokens


def _newest(turns: Sequence[dict[str, Any]], messages: int, tokens: int) -> Sequence[dict[str, Any]]:
    """As many of the last turns as fit, beginning with one of the user's."""
    first, spent = len(turns), 0
    while first > max(0, len(turns) - messages):
        spent += _cost(turns[first - 1])
        if spent > tokens:
            break
        first -= 1
    while first < len(turns) and turns[first]["role"] != "user":
        first += 1
    return turns[first:]


def _cost(turn: dict[str, Any]) -> int:
    return tokens_of(turn["content"]) + TURN_TOKENS


def _question(summary: str, old: Sequence[dict[str, Any]], tokens: int) -> tuple[Message, ...]:
    """What the model is asked; of too many turns the oldest are left out."""
    lines = [f"{turn['role']}: {turn['content'][:SHOWN_CHARACTERS]}" for turn in old]
    spent, first = 0, len(lines)
    while first > 0 and spent + tokens_of(lines[first - 1]) <= max(tokens, SHOWN_CHARACTERS):
        first -= 1
        spent += tokens_of(lines[first])
    before = f"Summary so far:\n{summary}\n\n" if summary else ""
    told = f"{before}Turns since:\n" + "\n".join(lines[first:])
    return (Message(role="system", content=INSTRUCTION), Message(role="user", content=told))
