"""How often a tool may be called: the promise it declares, and who keeps count of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Rate:
    """`times` calls in any `per_s` seconds, by the whole installation or by each room."""

    times: int
    per_s: int
    per_room: bool = False

    def __post_init__(self) -> None:
        if self.times < 1 or self.per_s < 1:
            raise ValueError(f"a rate takes whole numbers from 1 on; it has {self.times} in {self.per_s} s")

    def plain(self) -> dict[str, object]:
        return {"times": self.times, "per_s": self.per_s, "per": "room" if self.per_room else "installation"}


class Limiter(Protocol):
    """Counts the calls of this installation."""

    async def take(self, rate: Rate, what: str) -> float:
        """Seconds to wait for the next free place; 0 when one was free, which is taken now."""
        ...
