"""Finds, among what a commit brings, the events that somebody has subscribed to, and puts them into the same transaction.

Costs one look at a flag where nobody has subscribed to anything.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

from engine.core.log import Stored
from engine.store import notices, subscriptions
from engine.store.database import Hot
from engine.store.journal import Move, Row
from engine.store.notices import NewNotice

Heard = list[tuple[str, str | None, frozenset[str]]]
"""(subscription, its room or None for all, types of events)."""


class Outbox:
    """What this process knows of subscriptions: the sweeper tells it, a quarter of a second late at most."""

    def __init__(self) -> None:
        self._heard: Heard = []
        self._words: tuple[bytes, ...] = ()
        self.news = threading.Event()
        """There may be something to send."""

    @property
    def is_wanted(self) -> bool:
        return bool(self._heard)

    def learn(self, heard: Heard) -> None:
        if heard != self._heard:
            types = sorted(frozenset().union(*(types for _, _, types in heard)))
            self._words = tuple(f'"{type_}"'.encode() for type_ in types)
            self._heard = heard

    def put(self, hot: Hot, moves: Iterable[Move], now_us: int) -> None:
        """Add the notices that the moves give rise to."""
        heard, words = self._heard, self._words
        found = [
            NewNotice(subscription_id, move.run_id, seq, type_)
            for move in moves
            for row in move.rows
            for seq, type_ in _facts(row, words)
            for subscription_id, room_id, types in heard
            if type_ in types and room_id in {None, move.room_id}
        ]
        if found:
            notices.put(hot, found, now_us)
            self.news.set()


def tell(hot: Hot, moves: Iterable[Move], now_us: int) -> None:
    """The same for moves that no worker commits, by what is subscribed to at this moment."""
    outbox = Outbox()
    outbox.learn(subscriptions.heard(hot))
    outbox.put(hot, moves, now_us)


def _facts(row: Row, words: tuple[bytes, ...]) -> Iterator[tuple[int, str]]:
    """Number and type of each fact, unless none of the words is in the row."""
    if not any(word in row.body for word in words):
        return
    for last, entry in Stored(row.seq, row.body, row.hash).entries():
        first = last - len(entry["ev"]) + 1
        for index, fact in enumerate(entry["ev"]):
            yield first + index, fact["t"]
