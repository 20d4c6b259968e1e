"""Faults that a worker can be born with, each breaking one rule of the protocol; tests show that each is caught."""

from collections.abc import Callable
from typing import Any

from engine.core.catalogue import StepContext
from engine.core.inputs import Input, WorkerLost
from engine.failpoints import Point, reach
from engine.runner import preparing
from engine.runner.drive import Drive
from engine.store import claims, inbox, memory
from engine.store.database import Hot

NAME = "CRASH_FAULT"
"""The environment variable that names one."""


def effect_before_intent() -> None:
    """A step begins before its intent is on disk."""
    block = Drive._block

    def eager(self: Drive) -> bool:
        if self._to_start:
            self._start_effects()
            self._news.wait(1)
        return block(self)

    Drive._block = eager  # type: ignore[method-assign]


def no_sweep_for_lost_bells() -> None:
    claims.waiting_for_a_driver = lambda *_: []


def orphans_are_not_taken_up() -> None:
    """A run whose driver died goes on as if its steps were still executed."""
    Drive._take_over = lambda self: None  # type: ignore[method-assign]


def every_effect_may_be_repeated() -> None:
    """What may happen at most once is treated as what may happen again."""

    apply = Drive._apply

    def forgiving(self: Drive, given: Input, *, goes_on: bool = False) -> None:
        if isinstance(given, WorkerLost):
            given = WorkerLost(dict.fromkeys(given.effects, "external"), given.blame)
        apply(self, given, goes_on=goes_on)

    Drive._apply = forgiving  # type: ignore[method-assign]


def a_key_for_each_attempt() -> None:
    def context(**fields: Any) -> StepContext:
        fields["idempotency_key"] += f"-{fields['attempt']}"
        return StepContext(**fields)

    preparing.StepContext = context  # type: ignore[assignment, misc]


def timers_fire_in_two_transactions() -> None:
    """The timer is gone, and then its run is told."""
    put_many = inbox.put_many

    def later(hot: Hot, wishes: Any) -> None:
        hot.run("COMMIT")
        reach(Point.IN_FIRE_TIMERS)
        hot.run("BEGIN IMMEDIATE")
        put_many(hot, wishes)

    inbox.put_many = later


def memory_is_not_kept() -> None:
    memory.keep = lambda *_: None


FAULTS: dict[str, Callable[[], None]] = {
    fault.__name__: fault
    for fault in (
        effect_before_intent,
        no_sweep_for_lost_bells,
        orphans_are_not_taken_up,
        every_effect_may_be_repeated,
        a_key_for_each_attempt,
        timers_fire_in_two_transactions,
        memory_is_not_kept,
    )
}
