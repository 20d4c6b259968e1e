"""What a measurement is: figures of several rounds, beside a floor and a goal, printed as one JSON line."""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Database = Literal["sqlite", "postgresql"]
Place = Literal["disk", "tmpfs"]


@dataclass(frozen=True, slots=True)
class Case:
    """Where and how long to measure."""

    database: Database = "sqlite"
    place: Place = "disk"
    rounds: int = 3
    is_quick: bool = False
    idle_s: float = 0
    """Rest before the latency after idle time; 0 leaves it out."""

    def size(self, full: int, quick: int) -> int:
        return quick if self.is_quick else full


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure should be: of the value, or of its ratio to the floor; different databases may differ."""

    limit: float | Mapping[str, float]
    is_least: bool
    is_of_floor: bool = False

    def of(self, database: str) -> float | None:
        return self.limit.get(database) if isinstance(self.limit, Mapping) else self.limit


def at_least(limit: float | Mapping[str, float], *, of_floor: bool = False) -> Goal:
    return Goal(limit, True, of_floor)


def at_most(limit: float | Mapping[str, float]) -> Goal:
    return Goal(limit, False)


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured, once a round; `floors` are those of the same rounds."""

    name: str
    workload: str
    unit: str
    values: Sequence[float]
    goal: Goal | None = None
    floors: Sequence[float] = ()

    def line(self, case: Case) -> dict[str, object]:
        value = statistics.median(self.values)
        ratios = [mine / floor for mine, floor in zip(self.values, self.floors, strict=bool(self.floors))]
        ratio = statistics.median(ratios) if self.floors else None
        limit = self.goal.of(case.database) if self.goal else None
        return {
            "name": self.name,
            "workload": self.workload,
            "database": case.database,
            "place": case.place,
            "value": short(value),
            "unit": self.unit,
            "min": short(min(self.values)),
            "max": short(max(self.values)),
            "rounds": len(self.values),
            "floor": short(statistics.median(self.floors)) if self.floors else None,
            "ratio": short(ratio),
            "goal": self._told(limit),
            "ok": self._is_met(value, ratio, limit),
            "load": round(os.getloadavg()[0], 1),
            "command": "python -m benchmarks.engine " + " ".join(sys.argv[1:]),
        }

    def show(self, case: Case) -> None:
        print(json.dumps(self.line(case)), flush=True)

    def _told(self, limit: float | None) -> str | None:
        if self.goal is None or limit is None:
            return None
        sign = ">=" if self.goal.is_least else "<="
        return f"{sign} {limit:g}{' of the floor' if self.goal.is_of_floor else ''}"

    def _is_met(self, value: float, ratio: float | None, limit: float | None) -> bool | None:
        if self.goal is None or limit is None:
            return None
        found = ratio if self.goal.is_of_floor else value
        if found is None:
            return None
        return found >= limit if self.goal.is_least else found <= limit


def short(value: float | None) -> float | None:
    """Four digits that count."""
    if value is None:
        return None
    return round(value) if abs(value) >= 1000 else float(f"{value:.4g}")


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
