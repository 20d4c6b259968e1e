"""Named points where a process kills or stops itself, so that tests can crash it at one exact place. Off by default."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass
from enum import StrEnum

from engine.core.errors import OpenRoomsError


class Point(StrEnum):
    """Where a process can be made to die; the order is that of a run's way through a worker."""

    IN_START = "in_start"
    """Before the transaction that starts a run commits."""
    AFTER_START = "after_start"
    """A started run is on disk, its bell has not rung."""
    AFTER_POP = "after_pop"
    """A bell was taken from the queue, its run is not claimed."""
    AFTER_CLAIM = "after_claim"
    """The run is ours, nothing was done with it."""
    BEFORE_COMMIT = "before_commit"
    """Moves are decided and only in memory."""
    IN_COMMIT = "in_commit"
    """The moves are written, their transaction is open."""
    AFTER_COMMIT = "after_commit"
    """The moves are on disk, nobody was told."""
    AFTER_INTENT_COMMIT = "after_intent_commit"
    """The intent of a step is on disk, the step has not begun."""
    BEFORE_EFFECT = "before_effect"
    """The step is about to be called, on the loop."""
    AFTER_EFFECT = "after_effect"
    """The step has done what it does, its result is only in memory."""
    AFTER_PUBLISH = "after_publish"
    """Whoever watches was told."""
    BEFORE_RELEASE = "before_release"
    """The run is parked or over; the commit that gives it back comes next."""
    IN_FIRE_TIMERS = "in_fire_timers"
    """Due timers have become wishes, their transaction is open."""
    AFTER_FIRE_TIMERS = "after_fire_timers"
    """The wishes are on disk, nobody looks after their runs yet."""
    IN_FIRE_SCHEDULE = "in_fire_schedule"
    """A due time has moved on and its run is written, their transaction is open."""
    AFTER_FIRE_SCHEDULE = "after_fire_schedule"
    """The run of a due time is on disk, nobody looks after it yet."""
    AFTER_SEND = "after_send"
    """A notice was answered by whoever subscribed, that it was sent is not on disk."""


class BadFailpoint(OpenRoomsError):
    code = "bad_failpoint"

    def __init__(self, text: str) -> None:
        names = ", ".join(Point)
        super().__init__(
            f"OPENROOMS_CRASH_AT has {text!r}; it takes NAME, NAME:N or NAME:N:stop, separated by commas. "
            f"Names: {names}."
        )


@dataclass(slots=True)
class _Armed:
    passages: int
    """Passages left until it goes off."""
    how: signal.Signals


_HOW = {"": signal.SIGKILL, "kill": signal.SIGKILL, "stop": signal.SIGSTOP}
_armed: dict[str, _Armed] = {}
_lock = threading.Lock()


def arm(text: str) -> None:
    """Set the points named by "name", "name:n" (the n-th passage) or "name:n:stop", separated by commas.

    Raises:
        BadFailpoint: no such point, or not of this form.
    """
    with _lock:
        _armed.clear()
        _armed.update(_parsed(part.strip()) for part in text.split(",") if part.strip())


def reach(point: Point) -> None:
    """Pass a point; the process does not come back from it when it is armed for this passage."""
    if _armed:
        _pass(point)


def _pass(point: Point) -> None:
    with _lock:
        armed = _armed.get(point)
        if armed is None:
            return
        armed.passages -= 1
        if armed.passages:
            return
        del _armed[point]
    # To this very thread: it is the one that must not take another step.
    signal.pthread_kill(threading.get_ident(), armed.how)


def _parsed(text: str) -> tuple[str, _Armed]:
    name, number, how = (*text.split(":"), "", "")[:3]
    passages = int(number or 1) if (number or "1").isdecimal() else 0
    if name not in set(Point) or how not in _HOW or text.count(":") > 2 or passages < 1:
        raise BadFailpoint(text)
    return Point(name), _Armed(passages, _HOW[how])
