"""Words looked for in a run's log; an event is found when all of them stand in what is told of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from engine.core.events import FIXED_WORDS

_PIECES = re.compile(r"\w+")


class LogWords:
    """`names` are what nodes are called: people look for those, the log knows ids.

    Means the same as `predicate` in openrooms_app/room_view/data/log.ts.
    """

    def __init__(self, text: str, names: Mapping[str, str]) -> None:
        self._words = text.lower().split()
        self._names = {id_: f"{id_} {name}".lower() for id_, name in names.items()}
        fixed = " ".join((FIXED_WORDS, *self._names.values()))
        pieces = {piece for word in self._words for piece in _PIECES.findall(word)}
        self._pieces = [piece for piece in pieces if piece not in fixed]

    def may_stand_in(self, body: bytes) -> bool:
        """False only where none of a stored row's events has all words: what is not fixed must stand in the row."""
        if not self._pieces:
            return True
        text = body.decode().lower()
        return all(piece in text for piece in self._pieces)

    def stand_in(self, event: Mapping[str, Any]) -> bool:
        node, error = event["node_id"], event["error"] or {}
        line = f"{event['message']} {event['type']} {orjson.dumps(event['data']).decode()} {error.get('message', '')}"
        told = f"{line.lower()} {'' if node is None else self._names.get(node, node.lower())}"
        return all(word in told for word in self._words)
