"""What a running step puts on record as it goes on: whoever takes the step up finds it there and does nothing twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from engine.core.catalogue import StepContext, StepError
from engine.core.chat import Usage
from engine.core.events import EventType

MOST_BYTES = 1_048_576
"""What one step may have on record while it is executed: it is part of the run's state until the step ends."""

Note = dict[str, Any]
"""Something that happened within a step, as the log keeps it: `t` its event's type, `d` what that tells; and where they
apply `key` to find it by, `o` the value to be found (without one it has only begun), `w` memory that was written
{key: {value, about}}, `e` an error, `u` what was used {tokens, input_tokens, output_tokens, cost_usd}, `ms` how long it took."""


class Rests(Exception):
    """Raised by a step that can't go on before people have answered `asks`; it is executed again when they have.

    An ask: {key, signal, what, text, form_schema, timeout_s, and whatever else its WAIT_STARTED is to tell}. The answer
    {payload, by}, or {timed_out: true}, is found under its key.
    """

    def __init__(self, asks: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("the step waits for answers")
        self.asks = tuple(asks)


class Checkpoints:
    """A step's record: what earlier executions did, and what this one adds."""

    def __init__(self, ctx: StepContext) -> None:
        self._ctx = ctx
        self._found = {key: dict(kept) for key, kept in ctx.recorded.items()}
        self._bytes = sum(len(orjson.dumps(kept)) for kept in self._found.values())

    def __contains__(self, key: str) -> bool:
        """Whether it was done to its end."""
        return "o" in self._found.get(key, {})

    def __getitem__(self, key: str) -> Any:
        return self._found[key]["o"]

    def wrote(self, key: str) -> Mapping[str, Mapping[str, Any]]:
        """The memory that was written with it: what `StepContext.write` was given, by key."""
        found: Mapping[str, Mapping[str, Any]] = self._found[key].get("w", {})
        return found

    def has_begun(self, key: str) -> bool:
        """It may have happened: it was begun, and how it ended is unknown."""
        return key in self._found and key not in self

    def begin(self, type_: EventType, key: str, told: Mapping[str, Any]) -> None:
        """The intent; it is on disk once `kept` returns."""
        self._found.setdefault(key, {})
        self._ctx.note({"t": type_.value, "key": key, "d": dict(told)})

    def end(
        self, type_: EventType, key: str | None, told: Mapping[str, Any], value: Any, **more: Any
    ) -> None:
        """The result: on disk before the next intent is, or the step's end; without a key it is told and not kept.

        Raises:
            StepError: `progress_too_large`; what was done is told, but an attempt to come does not find it.
        """
        note = {
            "t": type_.value,
            "d": dict(told),
            "o": value,
            **{name: it for name, it in more.items() if it},
        }
        kept = {name: note[name] for name in ("o", "w") if name in note}
        size = len(orjson.dumps(kept)) if key is not None else 0
        if self._bytes + size > MOST_BYTES:
            self._ctx.note(note)
            message = (
                f"The step has more than {MOST_BYTES:,} bytes on record. Give it less to do, or split it."
            )
            raise StepError(message, code="progress_too_large", retryable=False)
        if key is None:
            self._ctx.note(note)
            return
        note["key"] = key
        self._ctx.note(note)  # which may mask what is in it
        self._bytes += size
        self._found[key] = {name: note[name] for name in kept}

    def tell(self, type_: EventType, told: Mapping[str, Any], error: Mapping[str, Any] | None = None) -> None:
        """An event of the step that nobody has to find again."""
        self._ctx.note({"t": type_.value, "d": dict(told), **({"e": dict(error)} if error else {})})

    async def kept(self) -> None:
        """Everything so far is on disk."""
        if self._ctx.recorder is not None:
            await self._ctx.recorder.kept()


def used(usage: Usage) -> dict[str, Any]:
    """Usage as notes and results keep it."""
    return {"tokens": usage.tokens, **usage.plain()}


__all__ = ["Checkpoints", "Note", "Rests", "used"]
