"""Replay: decide a recorded run again from its inputs, and compare with what was recorded, byte for byte."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine.core.advance import move
from engine.core.fingerprint import canonical, link
from engine.core.inputs import input_of
from engine.core.log import Entry, Stored
from engine.core.plan import Plan
from engine.core.tokens import State

QUEUED = "queued"
"""The kind of the entry that queued the run: recorded by the service, before there was a state."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """`divergence` is None when the log re-derives itself; else the first entry that does not.

    A divergence: {seq, kind, reason, recorded, derived}.
    """

    state: State
    fingerprint: str | None
    divergence: dict[str, Any] | None
    seq: int = 0
    """Of the last fact that was decided again."""

    @property
    def is_identical(self) -> bool:
        return self.divergence is None


def fold(plan: Plan, state: State, rows: Iterable[Stored]) -> State:
    """`state`, changed in place by what the rows recorded; they are taken at their word."""
    for row in rows:
        for _, one in row.entries():
            if one["in"]["k"] != QUEUED:
                move(plan, state, input_of(one["in"]), one["at"])
    return state


def replay(plan: Plan, rows: Iterable[Stored], *, upto_seq: int | None = None) -> Replayed:
    """Fold the recorded rows through the transition function, up to the entry that ends at `upto_seq`."""
    state, head, last = State(), "", 0
    for row in rows:
        head = link(head, row.body)
        if head != row.hash:
            return _diverged(
                state, last + 1, None, "the recorded row was changed: its hash does not fit", None
            )
        try:
            for seq, one in row.entries():
                if upto_seq is not None and seq > upto_seq:
                    return Replayed(state, state.fingerprint, None, last)
                if one["in"]["k"] != QUEUED:
                    derived, _ = move(plan, state, input_of(one["in"]), one["at"])
                    if canonical(derived) != canonical(one["ev"]):
                        return _diverged(state, seq, one, "other facts follow", derived)
                last = seq
        except Exception as error:  # noqa: BLE001 - who writes a hash that fits can write anything
            why = f"the recorded row makes no sense: {type(error).__name__}: {error}"
            return _diverged(state, last + 1, None, why, None)
    return Replayed(state, state.fingerprint, None, last)


def _diverged(state: State, seq: int, one: Entry | None, reason: str, derived: Any) -> Replayed:
    divergence = {
        "seq": seq,
        "kind": one["in"]["k"] if one else None,
        "reason": reason,
        "recorded": one["ev"] if one else None,
        "derived": derived,
    }
    return Replayed(state, None, divergence)
