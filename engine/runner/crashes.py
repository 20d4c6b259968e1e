"""Runs whose drive crashed in this worker: what crashes again and again has to end, not go round for ever."""

from __future__ import annotations

import threading
from typing import Any

from engine.runner.wanted import CommitFailed
from engine.store.database import DatabaseDown

MAX_CRASHES = 3
"""Drives of a run that may crash, without one between them that ends well, before the run is given up."""
KEPT = 1_000
"""Runs remembered; those that crashed first are forgotten first, as others may have taken them up."""


class Crashes:
    """Counts by run. A database that is away is no crash: it comes back, and the run goes on."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._counts: dict[str, int] = {}
        self._last: dict[str, str] = {}

    def note(self, run_id: str, error: BaseException) -> None:
        cause = error.__cause__ or error if isinstance(error, CommitFailed) else error
        if isinstance(cause, DatabaseDown | CommitFailed):
            return
        with self._mutex:
            self._counts[run_id] = self._counts.get(run_id, 0) + 1
            self._last[run_id] = f"{type(cause).__name__}: {cause}"[:500]
            while len(self._counts) > KEPT:
                self._drop(next(iter(self._counts)))

    def forget(self, run_id: str) -> None:
        """Its drive has ended well."""
        if run_id in self._counts:
            with self._mutex:
                self._drop(run_id)

    def verdict(self, run_id: str) -> dict[str, Any] | None:
        """The error that a run fails with because it has crashed too often; None if it has not."""
        with self._mutex:
            count = self._counts.get(run_id, 0)
            if count < MAX_CRASHES:
                return None
            why = self._last[run_id].encode(errors="replace").decode()
        message = f"The engine crashed {count} times while it moved this run. The last time: {why}"
        return {"code": "engine_crashed", "message": message, "node_id": None}

    def _drop(self, run_id: str) -> None:
        self._counts.pop(run_id, None)
        self._last.pop(run_id, None)
