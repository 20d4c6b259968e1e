"""What Redis is to the product, without a Redis: bells that are lost, doubled and late, and watchers that check what they see."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.live.feed import Published
from engine.live.words import Speaker


@dataclass
class Redis:
    """What Redis would do, and fails to do. Bells that wait are lost when it is wiped."""

    is_alive: bool = True
    lost: float = 0.0
    doubled: float = 0.0
    latest_us: int = 2_000
    """The longest that a bell takes; so they overtake one another."""
    waiting: list[str] = field(default_factory=list)


class Place(Protocol):
    """The installation around them."""

    redis: Redis

    def ring(self, run_id: str) -> bool: ...
    def knock(self, worker_id: str, run_id: str) -> bool: ...
    def seq_of(self, run_id: str) -> int: ...
    def accuse(self, what: str) -> None: ...


class Bell:
    def __init__(self, place: Place) -> None:
        self._place = place

    def ring(self, run_id: str, priority: int = 0) -> bool:
        return self._place.ring(run_id)

    def queue_length(self) -> int:
        return len(self._place.redis.waiting)

    def close(self) -> None:
        pass


class Feed:
    """Publishes to watchers that compare with what is on disk."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def publish(self, batches: list[Published]) -> bool:
        for batch in batches:
            known = self._place.seq_of(batch.run_id)
            if batch.seq > known:
                self._place.accuse(f"{batch.run_id}: event {batch.seq} was shown, {known} are on disk")
        return self._place.redis.is_alive

    def voice(self, speaker: Speaker) -> None:
        """Nobody listens to models here."""

    def control(self, worker_id: str, message: dict[str, Any]) -> bool:
        return self._place.knock(worker_id, message["run"])

    def heal(self) -> None:
        pass

    def note_loss(self) -> None:
        pass

    def close(self) -> None:
        pass
