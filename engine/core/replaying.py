"""Replay: decide a recorded run again from its inputs, and compare with what was recorded, byte for byte."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine.core.advance import advance
from engine.core.fingerprint import canonical, link
from engine.core.inputs import input_of
from engine.core.plan import Plan
from engine.core.tokens import State


@dataclass(frozen=True, slots=True)
class Replayed:
    """`divergence` is None when the log re-derives itself; else the first row that does not.

    A divergence: {seq, kind, reason, recorded, derived}.
    """

    state: State
    fingerprint: str | None
    divergence: dict[str, Any] | None

    @property
    def is_identical(self) -> bool:
        return self.divergence is None


def replay(plan: Plan, rows: Iterable[dict[str, Any]], *, upto_seq: int | None = None) -> Replayed:
    """Fold the recorded rows ({seq, kind, body, hash, at_us}, in order) through the transition function.

    The row that queued the run is recorded by the service, before there was a state; it is checked for its
    hash only.
    """
    state, head = State(), ""
    for row in rows:
        if upto_seq is not None and row["seq"] > upto_seq:
            break
        body = row["body"]
        head = link(head, canonical(body))
        if head != row["hash"]:
            return _diverged(state, row, "the recorded row was changed: its hash does not fit", None)
        if row["kind"] != "queued":
            advanced = advance(plan, state, input_of(body["in"]), row["at_us"])
            derived = canonical(advanced.facts)
            if derived != canonical(body["ev"]):
                return _diverged(state, row, "other facts follow", list(advanced.facts))
            state = advanced.state
    return Replayed(state, state.fingerprint, None)


def _diverged(state: State, row: dict[str, Any], reason: str, derived: Any) -> Replayed:
    divergence = {
        "seq": row["seq"],
        "kind": row["kind"],
        "reason": reason,
        "recorded": row["body"]["ev"],
        "derived": derived,
    }
    return Replayed(state, None, divergence)
