"""What a run has cost, told to each of its steps that are executed: also what branches beside it pay meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.core.times import month_of
from engine.store import runs
from engine.store.claims import Claimed
from engine.store.database import Database


class Spending:
    """Of one run, kept by its driver; what a step pays itself it counts itself, as soon as it has paid."""

    def __init__(self, db: Database, claimed: Claimed) -> None:
        self._db = db
        self._claimed = claimed
        self.told: dict[str, dict[str, float]] = {}

    def begin(
        self, activation: str, params: Mapping[str, Any], run_usd: float, now_us: int
    ) -> dict[str, float]:
        """`StepContext.spent` of a step; `month` if its policy asks for that: other runs of a room that has this one rest."""
        spent = {"run": run_usd}
        policy = params.get("policy")
        if isinstance(policy, Mapping) and policy.get("max_cost_usd_month") is not None:
            with self._db.read() as session:
                room_id, run_id = self._claimed.room_id, self._claimed.run_id
                spent["month"] = runs.cost_since(session, room_id, month_of(now_us), but=run_id)
        self.told[activation] = spent
        return spent

    def add(self, payer: str, cost_usd: float) -> None:
        """The step of this activation has paid: the others learn of it."""
        for activation, spent in self.told.items():
            if activation != payer:
                spent["run"] += cost_usd

    def end(self, activation: str) -> None:
        self.told.pop(activation, None)
