"""What a driver has decided and not yet committed: entries of the log and all that goes into the same transaction."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from engine.core.events import Fact
from engine.core.fingerprint import link
from engine.core.inputs import Abort, ClearTimers, Command, Execute, Input, Remember, Say, SetTimer, Started
from engine.core.log import Entry, encoded, entry
from engine.core.tokens import State
from engine.live.feed import Published
from engine.store.journal import Move, Row

log = logging.getLogger(__name__)

ROW_ENTRIES = 64
"""Entries that one row of the log holds at most."""
SNAPSHOT_BYTES = 8_192
"""Log written since the last snapshot from which a new one may be due."""
LARGE_STATE_BYTES = 65_536
"""From here on whoever takes a run up has more to read than anybody meant; the operator is told, once a run."""


@dataclass(slots=True)
class Record:
    """Collects between two commits; `seq` and `head` run ahead of what is on disk.

    The state is written as a snapshot when the log since the last one has grown larger than the state: so a step
    costs the same however large the state is, and whoever takes over has little to fold.
    """

    run_id: str
    room_id: str
    seq: int
    head: str
    status: str
    """As the room shows it."""
    base_seq: int = 0
    pending: int = 0
    """Facts of `entries`."""
    entries: list[Entry] = field(default_factory=list)
    set_timers: list[tuple[str, str, int]] = field(default_factory=list)
    clear_timers: list[str | None] = field(default_factory=list)
    remember: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    say: list[dict[str, Any]] = field(default_factory=list)
    since_us: int = 0
    started_us: int = 0
    unfolded_bytes: int = 0
    """Log since the last snapshot."""
    snapshot_bytes: int = 0
    _base: tuple[str, int, int] = field(init=False, repr=False)
    """`head`, `unfolded_bytes` and `snapshot_bytes` as they are on disk."""

    def __post_init__(self) -> None:
        self.base_seq = self.seq
        self._base = (self.head, self.unfolded_bytes, self.snapshot_bytes)

    def add(
        self, given: Input, facts: list[Fact], commands: list[Command], at_us: int, own: int | None = None
    ) -> None:
        """Keep one input with its facts, and what its commands ask of the store; `own` as in an entry of the log."""
        if facts:
            self.entries.append(entry(given, facts, at_us, own))
            self.pending += len(facts)
            self.since_us = self.since_us or at_us
            if isinstance(given, Started):
                self.started_us = at_us
        for command in commands:
            match command:
                case Execute() | Abort():
                    pass  # nothing for the store
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
                    if command.about:
                        self.about[command.key] = command.about
                    elif self.about:
                        self.about.pop(command.key, None)
                case Say():
                    self.say += [dict(turn) for turn in command.turns]

    def move(self, state: State, *, fence: int, worker: str, inbox_done: int, release: bool) -> Move:
        """Everything since the last commit, for one transaction."""
        rows = self._rows()
        status = state.status.value
        return Move(
            run_id=self.run_id,
            room_id=self.room_id,
            fence=fence,
            base_seq=self.base_seq,
            worker=worker,
            rows=rows,
            columns=self._columns(state) if rows else {},
            inbox_done=inbox_done,
            release=release or state.is_over,
            room_status=status if rows and status != self.status else None,
            set_timers=self.set_timers,
            clear_timers=self.clear_timers,
            remember=self.remember,
            about=self.about,
            say=self.say,
        )

    def shown(self, state: State) -> Published | None:
        """What is told to whoever watches: that there is news, which stands in SQL."""
        if not self.entries:
            return None
        status = state.status.value
        summary = {"status": status, "steps": state.steps, "room_id": self.room_id}
        return Published(
            self.run_id, self.room_id, self.seq, status, b"null", summary, first=self.base_seq + 1
        )

    def cleared(self, state: State) -> Record:
        """A new one that goes on where this one ends."""
        return Record(
            self.run_id,
            self.room_id,
            self.seq,
            self.head,
            state.status.value,
            unfolded_bytes=self.unfolded_bytes,
            snapshot_bytes=self.snapshot_bytes,
        )

    def emptied(self) -> Record:
        """A new one that goes on where the log on disk ends, for nothing of this one was written."""
        head, unfolded_bytes, snapshot_bytes = self._base
        return Record(
            self.run_id,
            self.room_id,
            self.base_seq,
            head,
            self.status,
            unfolded_bytes=unfolded_bytes,
            snapshot_bytes=snapshot_bytes,
        )

    def _rows(self) -> list[Row]:
        rows = []
        for begin in range(0, len(self.entries), ROW_ENTRIES):
            entries = self.entries[begin : begin + ROW_ENTRIES]
            body = encoded(entries)
            facts = sum(len(one["ev"]) for one in entries)
            self.seq += facts
            self.head = link(self.head, body)
            self.unfolded_bytes += len(body)
            rows.append(Row(self.seq, facts, body, self.head, entries[-1]["at"]))
        return rows

    def _columns(self, state: State) -> dict[str, Any]:
        """The run's columns as they follow from its state."""
        columns: dict[str, Any] = {"head_hash": self.head, "steps": state.steps}
        if state.status.value != self.status:  # it is indexed, which makes it dear to write
            columns["status"] = state.status.value
        if state.used_tokens or state.used_cost_usd:
            columns |= {"tokens": state.used_tokens, "cost_usd": state.used_cost_usd}
        if state.is_over or self.unfolded_bytes >= max(SNAPSHOT_BYTES, self.snapshot_bytes):
            snapshot = orjson.dumps(state.plain()).decode()
            columns |= {"state": snapshot, "state_seq": self.seq}
            if len(snapshot) > LARGE_STATE_BYTES >= self.snapshot_bytes:
                log.warning(
                    "run %s keeps %d bytes in its state: let its steps give less", self.run_id, len(snapshot)
                )
            self.unfolded_bytes, self.snapshot_bytes = 0, len(snapshot)
        if self.started_us:
            columns["started_us"] = self.started_us
        if state.is_over:
            columns |= {
                "live": None,
                "ended_us": self.entries[-1]["at"],
                "output": orjson.dumps(state.output).decode(),
                "error": orjson.dumps(state.error).decode() if state.error else None,
                "fingerprint": state.fingerprint,
            }
        return columns
