"""What a driver has decided and not yet committed: rows of the log and all that goes into the same transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from engine.core.advance import Advanced
from engine.core.fingerprint import canonical, link
from engine.core.inputs import ClearTimers, Input, Remember, Say, SetTimer
from engine.core.tokens import State
from engine.live.feed import Published
from engine.store.journal import Move, Row


@dataclass(slots=True)
class Record:
    """Collects between two commits; `seq` and `head` run ahead of what is on disk."""

    run_id: str
    room_id: str
    seq: int
    head: str
    base_seq: int = 0
    rows: list[Row] = field(default_factory=list)
    set_timers: list[tuple[str, str, int]] = field(default_factory=list)
    clear_timers: list[str | None] = field(default_factory=list)
    remember: dict[str, Any] = field(default_factory=dict)
    say: list[dict[str, str]] = field(default_factory=list)
    since_us: int = 0

    def __post_init__(self) -> None:
        self.base_seq = self.seq

    def add(self, given: Input, advanced: Advanced, at_us: int) -> None:
        """Keep one input with its facts, and what its commands ask of the store."""
        if advanced.facts:
            body = canonical({"in": given.plain(), "ev": advanced.facts})
            self.seq += len(advanced.facts)
            self.head = link(self.head, body)
            self.rows.append(Row(self.seq, len(advanced.facts), given.kind, body, self.head, at_us))
            self.since_us = self.since_us or at_us
        for command in advanced.commands:
            match command:
                case SetTimer():
                    self.set_timers.append((command.activation, command.timer, command.due_us))
                case ClearTimers(activation=activation):
                    self.set_timers = [
                        timer
                        for timer in self.set_timers
                        if activation is not None and timer[0] != activation
                    ]
                    self.clear_timers.append(activation)
                case Remember():
                    self.remember[command.key] = command.value
                case Say():
                    self.say += [dict(turn) for turn in command.turns]

    def move(self, state: State, *, fence: int, worker: str, inbox_done: int, release: bool) -> Move:
        """Everything since the last commit, for one transaction."""
        return Move(
            run_id=self.run_id,
            room_id=self.room_id,
            fence=fence,
            base_seq=self.base_seq,
            worker=worker,
            rows=self.rows,
            columns=_columns(state, self.rows, self.head),
            inbox_done=inbox_done,
            release=release,
            set_timers=self.set_timers,
            clear_timers=self.clear_timers,
            remember=self.remember,
            say=self.say,
        )

    def shown(self, state: State) -> Published | None:
        """The same for whoever watches."""
        if not self.rows:
            return None
        rows = [
            {"seq": row.seq, "kind": row.kind, "at_us": row.at_us, "body": orjson.Fragment(row.body)}
            for row in self.rows
        ]
        summary = {"status": state.status.value, "steps": state.steps, "room_id": self.room_id}
        payload = orjson.dumps({"run_id": self.run_id, "status": state.status.value, "rows": rows})
        return Published(
            self.run_id,
            self.room_id,
            self.seq,
            state.status.value,
            payload,
            summary,
            first=self.base_seq + 1,
        )

    def cleared(self) -> Record:
        """A new one that goes on where this one ends."""
        return Record(self.run_id, self.room_id, self.seq, self.head)


def _columns(state: State, rows: list[Row], head: str) -> dict[str, Any]:
    """The run's columns as they follow from its state."""
    if not rows:
        return {}
    columns: dict[str, Any] = {
        "state": orjson.dumps(state.plain()).decode(),
        "head_hash": head,
        "status": state.status.value,
        "steps": state.steps,
        "tokens": state.used_tokens,
        "cost_usd": state.used_cost_usd,
    }
    if any(row.kind == "start" for row in rows):
        columns["started_us"] = next(row.at_us for row in rows if row.kind == "start")
    if state.is_over:
        columns |= {
            "live": None,
            "ended_us": rows[-1].at_us,
            "output": orjson.dumps(state.output).decode(),
            "error": orjson.dumps(state.error).decode() if state.error else None,
            "fingerprint": state.fingerprint,
        }
    return columns
