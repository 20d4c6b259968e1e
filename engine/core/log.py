"""The log of a run as it is stored: rows of entries, each of them one recorded input with the facts that followed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from engine.core.events import Fact, public_event, with_note
from engine.core.inputs import Go, Input
from engine.core.times import rfc3339

Entry = dict[str, Any]
"""{at: microseconds, in: the input as plain JSON, ev: its facts}. Stored, it may be two: with `own`, only so many facts
are the input's; those after them are of a `Go` at the same time.
"""


def entry(given: Input, facts: Sequence[Fact], at_us: int, own: int | None = None) -> Entry:
    """An entry as it is stored; `own` as there, None where all facts are the input's."""
    if own is None or own == len(facts):
        return {"at": at_us, "in": given.plain(), "ev": facts}
    return {"at": at_us, "in": given.plain(), "ev": facts, "own": own}


def encoded(entries: Sequence[Entry]) -> bytes:
    """The body of a row: the hash chain is over these very bytes."""
    return orjson.dumps(entries)


@dataclass(frozen=True, slots=True)
class Stored:
    """A row of the log; `seq` is the number of its last fact."""

    seq: int
    body: bytes
    hash: str
    fence: int = 0
    worker: str = ""

    def entries(self) -> Iterator[tuple[int, Entry]]:
        """Each entry with the number of its last fact."""
        found: list[Entry] = orjson.loads(self.body)
        seq = self.seq - sum(len(one["ev"]) for one in found)
        for stored in found:
            for one in taken_apart(stored):
                seq += len(one["ev"])
                yield seq, one

    def events(self, run_id: str) -> Iterator[dict[str, Any]]:
        """The row's facts in their public shape."""
        for last, one in self.entries():
            first, at = last - len(one["ev"]) + 1, rfc3339(one["at"])
            for index, fact in enumerate(one["ev"]):
                told = with_note(fact, one["in"]) if "i" in fact else fact
                yield public_event(run_id, first + index, at, told, one["in"].get("o"))


def taken_apart(stored: Entry) -> tuple[Entry, ...]:
    """The entries, of one input each, that an entry as it is stored stands for."""
    own = stored.get("own")
    if own is None:
        return (stored,)
    at, facts = stored["at"], stored["ev"]
    return {"at": at, "in": stored["in"], "ev": facts[:own]}, {
        "at": at,
        "in": Go().plain(),
        "ev": facts[own:],
    }
