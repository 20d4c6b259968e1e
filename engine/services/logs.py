"""A run's events as a log: the newest, those after a place, or all of them, of the levels, types, nodes and words asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import orjson

from engine.core.document import Frozen
from engine.core.errors import NotFound
from engine.core.events import LEVEL_NAMES, EventType
from engine.core.identity import User
from engine.core.log import Stored
from engine.core.log_words import LogWords
from engine.core.page import DEFAULT_LIMIT, Page
from engine.core.runview import Run
from engine.runtime import Runtime
from engine.services import live, runs
from engine.services.history import Event
from engine.store import journal

WINDOW = 2000
"""Events looked at in one go."""
LOOKED_INTO = 20_000
"""Events that one search takes out of their rows, or about: others want this process too."""
PASSED_OVER = 20
"""Events that looking at a row without taking them out is worth."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events: the first `limit` after `after_seq`, or the last ones; `level` is the lowest that is shown.

    With `seqs` none but these, wherever they stand.
    All words of `text` must stand in an event: in its line, type, data or error, or in what its node is called.
    """

    level: str = "DEBUG"
    types: frozenset[EventType] = frozenset()
    node_id: str | None = None
    text: str = ""
    after_seq: int | None = None
    limit: int = DEFAULT_LIMIT
    seqs: frozenset[int] = frozenset()

    def takes(self, event: Event) -> bool:
        return (
            LEVEL_NAMES.index(event["level"]) >= LEVEL_NAMES.index(self.level)
            and (not self.types or event["type"] in self.types)
            and (self.node_id is None or event["node_id"] == self.node_id)
            and (not self.seqs or event["seq"] in self.seqs)
        )


class Found(Frozen):
    """Where events stand: their numbers, in order; the search is to go on after `next_cursor`, unless that is None."""

    seqs: tuple[int, ...]
    next_cursor: str | None = None


def of_room(rt: Runtime, user: User, room_id: str, wanted: Wanted) -> Page[Event]:
    """The log of the room's latest run; empty in a room that was never run."""
    place = live.first_place(rt, user, room_id, from_now=False)
    if not place.run_id:
        return Page(items=())
    return of_run(rt, user, place.run_id, wanted)


def run_of_room(rt: Runtime, user: User, room_id: str, run_id: str) -> str:
    """The id, if it is one of the room's runs.

    Raises:
        NotFound
    """
    if runs.get(rt, user, run_id).room_id != room_id:
        raise NotFound("run", run_id)
    return run_id


def of_run(rt: Runtime, user: User, run_id: str, wanted: Wanted) -> Page[Event]:
    """The events wanted, newest last; `next_cursor` is the seq to go on after, when there are more."""
    log = _Log(rt, runs.get(rt, user, run_id), wanted)
    if wanted.seqs:
        return Page(items=tuple(log.taken_of(log.rows_with(wanted.seqs), 0)))
    if wanted.after_seq is None:
        return Page(items=tuple(_last(log, wanted.limit)))
    found = [*islice(log.wanted_after(wanted.after_seq), wanted.limit + 1)]
    items = tuple(found[: wanted.limit])
    return Page(items=items, next_cursor=str(items[-1]["seq"]) if len(found) > wanted.limit else None)


def lines(rt: Runtime, user: User, run_id: str, wanted: Wanted) -> Iterator[bytes]:
    """All events wanted after `after_seq`, one JSON object a line, read as they are taken; many lines at a time."""
    log = _Log(rt, runs.get(rt, user, run_id), wanted)
    return (
        b"".join(orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE) for event in log.taken_of(rows, after))
        for after, rows in log.windows_after(wanted.after_seq or 0)
    )


def find(rt: Runtime, user: User, run_id: str, wanted: Wanted) -> Found:
    """Where the events wanted after `after_seq` stand, as far as one search looks."""
    run = runs.get(rt, user, run_id)
    log = _Log(rt, run, wanted)
    seqs: list[int] = []
    for after, rows in log.windows_after(wanted.after_seq or 0):
        seqs += (event["seq"] for event in log.taken_of(rows, after))
        if log.looked_into >= LOOKED_INTO:
            return Found(seqs=tuple(seqs), next_cursor=str(rows[-1].seq) if rows[-1].seq < run.seq else None)
    return Found(seqs=tuple(seqs))


class _Log:
    """A run's rows, window by window, and the events in them that are wanted."""

    def __init__(self, rt: Runtime, run: Run, wanted: Wanted) -> None:
        self._rt, self._run, self._wanted = rt, run, wanted
        nodes = rt.plan(run.workflow_id, run.version).nodes if wanted.text else {}
        self._words = LogWords(wanted.text, {node.id: node.title for node in nodes.values()})
        self.looked_into = 0

    def windows_after(self, seq: int, size: int = WINDOW) -> Iterator[tuple[int, list[Stored]]]:
        """Rows with the seq after which their events are new."""
        while rows := self._piece(seq, seq + size):
            yield seq, rows
            seq = rows[-1].seq

    def _piece(self, after_seq: int, upto_seq: int) -> list[Stored]:
        with self._rt.db.read() as session:
            return journal.piece_after(session, self._run.id, after_seq, upto_seq)

    def rows(self, after_seq: int, upto_seq: int) -> list[Stored]:
        with self._rt.db.read() as session:
            return journal.rows_of_facts(session, self._run.id, after_seq, upto_seq)

    def rows_with(self, seqs: frozenset[int]) -> list[Stored]:
        with self._rt.db.read() as session:
            return journal.rows_with(session, self._run.id, seqs)

    def taken_of(self, rows: list[Stored], after_seq: int) -> Iterator[Event]:
        for row in rows:
            if not self._words.may_stand_in(row.body):
                self.looked_into += PASSED_OVER
                continue
            for event in row.events(self._run.id):
                self.looked_into += 1
                if event["seq"] > after_seq and self._wanted.takes(event) and self._words.stand_in(event):
                    yield event

    def wanted_after(self, seq: int) -> Iterator[Event]:
        for after, rows in self.windows_after(seq):
            yield from self.taken_of(rows, after)

    @property
    def end(self) -> int:
        return self._run.seq


def _last(log: _Log, limit: int) -> list[Event]:
    found: list[Event] = []
    end = log.end
    while end > 0 and len(found) < limit:
        start = max(0, end - WINDOW)
        window = [event for event in log.taken_of(log.rows(start, end), start) if event["seq"] <= end]
        found = [*window, *found]
        end = start
    return found[-limit:]
