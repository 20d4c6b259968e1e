"""A model's words while it speaks: without secrets, gathered for a moment, shown to whoever watches, kept nowhere."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine.hiding import HIDDEN

GATHER_S = 0.04
MOST_WAITING = 65_536
"""Characters of one turn that wait to be shown; a Redis that is slower than models gets no more."""

Publish = Callable[[list[tuple["Speaker", dict[str, Any]]]], object]


@dataclass(frozen=True, slots=True)
class Speaker:
    """The attempt of a step that speaks."""

    run_id: str
    room_id: str
    node_id: str
    step: int
    activation: str
    attempt: int


@dataclass(slots=True)
class _Waiting:
    at: int
    size: int = 0
    parts: list[str] = field(default_factory=list)


class Voice:
    """What one attempt's context shows its words by. What may be the beginning of a secret waits for what follows."""

    __slots__ = ("_hiding", "_said", "_speaker", "_turn", "_words")

    def __init__(self, words: Words, speaker: Speaker) -> None:
        self._words = words
        self._speaker = speaker
        self._turn = -1
        self._said = 0
        self._hiding = HIDDEN.streaming()

    def __call__(self, text: str, *, turn: int, is_last: bool = False) -> None:
        if turn != self._turn:
            self._turn, self._said, self._hiding = turn, 0, HIDDEN.streaming()
        shown = self._hiding.feed(text) + (self._hiding.end() if is_last else "")
        if shown:
            self._words.add(self._speaker, turn, self._said, shown)
            self._said += len(shown)


class Words:
    """Gathers from any thread without holding it up; publishes from one of its own, which is started when needed."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._waiting: dict[tuple[Speaker, int], _Waiting] = {}
        self._lock = threading.Lock()
        self._has_news = threading.Event()
        self._is_closing = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, speaker: Speaker, turn: int, at: int, text: str) -> None:
        """`at`: how many characters of this turn came before. What does not fit is left out, which `at` shows."""
        with self._lock:
            waiting = self._waiting.setdefault((speaker, turn), _Waiting(at))
            if waiting.at + waiting.size == at and waiting.size + len(text) <= MOST_WAITING:
                waiting.parts.append(text)
                waiting.size += len(text)
            if self._thread is None and not self._is_closing.is_set():
                self._thread = threading.Thread(target=self._run, name="words", daemon=True)
                self._thread.start()
        self._has_news.set()

    def close(self) -> None:
        self._is_closing.set()
        self._has_news.set()
        if self._thread is not None:
            self._thread.join(5)

    def _run(self) -> None:
        while not self._is_closing.is_set():
            self._has_news.wait()
            self._is_closing.wait(GATHER_S)
            self._has_news.clear()
            with self._lock:
                waiting, self._waiting = self._waiting, {}
            if waiting:
                self._publish(
                    [(speaker, _told(speaker, turn, words)) for (speaker, turn), words in waiting.items()]
                )


def _told(speaker: Speaker, turn: int, words: _Waiting) -> dict[str, Any]:
    return {
        "run_id": speaker.run_id,
        "node_id": speaker.node_id,
        "step": speaker.step,
        "activation": speaker.activation,
        "attempt": speaker.attempt,
        "turn": turn,
        "at": words.at,
        "text": "".join(words.parts),
    }
