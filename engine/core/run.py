"""A run's statuses and their legal moves, as a table."""

from enum import StrEnum


class RunStatus(StrEnum):
    QUEUED = "QUEUED"
    """Accepted; no worker has begun it."""
    RUNNING = "RUNNING"
    """Steps are being executed."""
    PAUSED = "PAUSED"
    """A person holds it; a step under way may finish, none begins."""
    WAITING = "WAITING"
    """Every branch rests until a timer or a signal."""
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    is_over: bool
    """Looked at several times in each step: no property, which would cost more than the rest of the look."""


MOVES: dict[RunStatus, frozenset[RunStatus]] = {
    RunStatus.QUEUED: frozenset({RunStatus.RUNNING, RunStatus.PAUSED, RunStatus.CANCELLED}),
    RunStatus.RUNNING: frozenset(
        {
            RunStatus.PAUSED,
            RunStatus.WAITING,
            RunStatus.COMPLETED,
            RunStatus.FAILED,
            RunStatus.CANCELLED,
        }
    ),
    RunStatus.PAUSED: frozenset(
        {RunStatus.RUNNING, RunStatus.WAITING, RunStatus.FAILED, RunStatus.CANCELLED}
    ),
    RunStatus.WAITING: frozenset(
        {RunStatus.RUNNING, RunStatus.PAUSED, RunStatus.FAILED, RunStatus.CANCELLED}
    ),
    RunStatus.COMPLETED: frozenset(),
    RunStatus.FAILED: frozenset(),
    RunStatus.CANCELLED: frozenset(),
}

for _status, _moves in MOVES.items():
    _status.is_over = not _moves

LIVE = frozenset(status for status, moves in MOVES.items() if moves)
"""The statuses in which a run holds its room."""
