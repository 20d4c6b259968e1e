"""Puts a streamed answer together: whoever watches sees its text at once, whoever asked gets it whole or a failure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import orjson

from engine.core.catalogue import NO_USAGE, StepContext
from engine.core.characters import HIGH, mended, whole
from engine.core.chat import ChatReply, ChatRequest, Stop, ToolCall, Usage
from engine.core.chat_errors import Server

_FAILED = {
    Stop.LENGTH: ("output_truncated", "it reached the limit of its tokens."),
    Stop.CONTEXT: ("context_overflow", "the answer has filled what was left of the model's window."),
    Stop.FILTERED: ("content_filter", "it gives no reason."),
    Stop.REFUSED: ("refused", "it gives no reason."),
}


@dataclass(slots=True)
class _Wish:
    id: str
    name: str
    arguments: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Hearing:
    """An answer while it comes in. `usage` and `stop` are what was told last; no `model`: nothing has come yet."""

    server: Server
    request: ChatRequest
    ctx: StepContext
    model: str = ""
    stop: Stop | None = None
    usage: Usage = NO_USAGE
    cost_known: bool = False
    refusal: list[str] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    _half: str = ""
    """Of a character whose other half is still to come: some servers cut a text anywhere."""
    _wishes: list[_Wish] = field(default_factory=list)
    _at: dict[int, _Wish] = field(default_factory=dict)

    def say(self, piece: str) -> None:
        piece = self._half + piece
        self._half = piece[-1:] if HIGH[0] <= piece[-1:] <= HIGH[1] else ""
        piece = whole(piece.removesuffix(self._half))
        if piece:
            self._text.append(piece)
            self.ctx.stream(piece, turn=self.request.turn)

    def call(self, index: int, id_: str, name: str) -> None:
        """A tool call begins, or goes on: some servers repeat its name, others give each the same index."""
        known = self._at.get(index)
        if known is None or (id_ and id_ != known.id):
            self._at[index] = _Wish(id_ or f"call_{self.request.turn}_{len(self._wishes) + 1}", name)
            self._wishes.append(self._at[index])

    def argue(self, index: int, piece: str) -> None:
        """More of the arguments of a call that has begun."""
        self._at[index].arguments.append(piece)

    def reply(self) -> ChatReply:
        """The whole answer.

        Raises:
            StepError: it broke off, was held back, or makes no sense. What was paid is on the context's account.
        """
        if not self.model:
            raise self.server.error("bad_reply", "nothing of an answer is in it")
        if self.stop is None:
            raise self.server.error("provider_cut", "the stream ended without a last word")
        stop = Stop.REFUSED if self.refusal else self.stop
        if stop in _FAILED:
            code, words = _FAILED[stop]
            raise self.server.error(code, "".join(self.refusal) or words)
        calls = tuple(self._called(wish) for wish in self._wishes)
        self.ctx.stream("", turn=self.request.turn, is_last=True)
        reply = ChatReply(
            text=whole("".join(self._text) + self._half),
            tool_calls=calls,
            stop=Stop.TOOLS if calls else Stop.END,
            usage=self.usage,
            cost_known=self.cost_known,
            model=whole(self.model),
            kept=tuple(mended(self.kept)),
        )
        try:
            orjson.dumps(reply.plain())
        except TypeError as error:  # such as a whole number of more than 64 bits
            raise self.server.error("bad_reply", f"it can't be kept as JSON: {error}") from None
        return reply

    def _called(self, wish: _Wish) -> ToolCall:
        try:
            arguments = mended(json.loads("".join(wish.arguments) or "{}"))
        except (ValueError, RecursionError):
            arguments = None
        if not wish.name or not isinstance(arguments, dict):
            what = (
                f"the arguments of {wish.name!r} are no JSON object" if wish.name else "a tool without a name"
            )
            raise self.server.error("bad_reply", what)
        return ToolCall(id=whole(wish.id), name=whole(wish.name), arguments=arguments)
