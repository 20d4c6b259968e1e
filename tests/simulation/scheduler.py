"""Threads that a seed schedules: greenlets on a virtual clock, so that one number decides who runs when."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from greenlet import getcurrent, greenlet

from engine.core.fingerprint import digest

LOOK_EVERY = 16
"""Moves between two looks whether it is enough."""
TOLD = 400
"""The last moves, told when a seed fails."""


class Crashed(BaseException):
    """The process of this thread was killed; nothing that unwinds may have an effect any more."""


class Stuck(AssertionError):
    """Code outside of the simulation waits for something."""


@dataclass(eq=False)
class Process:
    """What dies and stalls as one."""

    name: str
    is_dead: bool = False
    stalled_until_us: int = 0


@dataclass(eq=False)
class Task:
    """One thread of a process."""

    process: Process
    name: str
    body: greenlet
    lost: Callable[[], Any]
    """What comes of it if its process dies before it begins."""
    is_over: bool = False
    is_ready: bool = True
    sleep: int = 0
    """Which of its sleeps is the last one, so that an older wake-up means nothing."""


@dataclass
class Scheduler:
    """Lets one task run at a time until it waits, then another; time passes as tasks run, and when all wait."""

    random: Random
    now_us: int
    tasks: list[Task] = field(default_factory=list)
    """Those that are not over."""
    ready: list[Task] = field(default_factory=list)
    current: Task | None = None
    atomic: int = 0
    """Above 0 the current task can't be interrupted."""
    moves: int = 0
    is_broken: bool = False
    """Something ended a task from outside, a transaction perhaps in its middle."""
    trace: str = ""
    """Sums up every move: two passages of one seed have the same."""
    told: deque[str] = field(default_factory=lambda: deque(maxlen=TOLD))
    _later: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def spawn(
        self, process: Process, work: Callable[[], Any], name: str, lost: Callable[[], Any] = lambda: None
    ) -> Task:
        """A new thread of `process`; nothing if that is dead."""
        task = Task(process, name, greenlet(lambda: self._run(task, work)), lost)
        if process.is_dead:
            task.is_over = True
            lost()
            return task
        self.tasks.append(task)
        self.ready.append(task)
        return task

    def at(self, due_us: int, what: Callable[[], None]) -> None:
        """Do `what` outside of any task when its time has come."""
        heapq.heappush(self._later, (due_us, next(self._numbers), what))

    def say(self, what: str) -> None:
        who = f"{self.current.process.name}.{self.current.name}" if self.current else "-"
        self.told.append(f"{self.now_us / 1e6 % 10_000:11.6f} {who:24} {what}")

    # Called by tasks

    def pause(self) -> None:
        """Let others run; comes back some time."""
        task = self.current
        if task is None or self.atomic:
            return
        task.is_ready = True
        self.ready.append(task)
        self._switch(task)

    def park(self, until_us: int | None = None) -> None:
        """Rest until `wake`, or until the time has come."""
        task = self.current
        if task is None:
            raise Stuck("code outside of the simulation waits")
        if task.process.is_dead:
            raise Crashed
        task.is_ready = False
        if until_us is not None:
            task.sleep = number = next(self._numbers)
            self.at(until_us, lambda: self.wake(task) if task.sleep == number else None)
        self._switch(task)
        task.sleep = 0

    def wake(self, task: Task) -> None:
        if not task.is_ready and not task.is_over:
            task.is_ready = True
            self.ready.append(task)

    def _switch(self, task: Task) -> None:
        if task.process.is_dead:
            raise Crashed
        task.body.parent.switch()
        if task.process.is_dead:
            raise Crashed

    def _run(self, task: Task, work: Callable[[], Any]) -> None:
        try:
            work()
        except Crashed:
            pass
        finally:
            task.is_over = True

    # Called from outside

    def kill(self, process: Process) -> None:
        """SIGKILL; the current task goes on to its next pause, which it does not come back from."""
        process.is_dead = True
        self.say(f"{process.name} dies")

    def run(self, is_enough: Callable[[], bool], until_us: int) -> bool:
        """Move until it is enough (True; looked at now and then), or the time is over."""
        while self.now_us < until_us:
            if not self.moves % LOOK_EVERY and is_enough():
                return True
            self.step(until_us)
        return is_enough()

    def step(self, until_us: int) -> None:
        self._do_what_is_due()
        runnable = [task for task in self.ready if task.process.stalled_until_us <= self.now_us]
        if not runnable:
            self.now_us = min(self._next_us(until_us), until_us)
            return
        task = self.random.choice(runnable)
        self.ready.remove(task)
        self.moves += 1
        if not self.moves % 16:
            self.trace = digest(self.trace, self.now_us, task.process.name, task.name)
        self._resume(task, task.body.switch)
        self._bury()

    def _resume(self, task: Task, how: Callable[[], Any]) -> None:
        task.body.parent = getcurrent()
        self.current = task
        try:
            how()
        except BaseException:
            self.is_broken = True
            raise
        finally:
            self.current = None
        if task.is_over and task in self.tasks:
            self.tasks.remove(task)

    def _bury(self) -> None:
        """Unwind the threads of processes that were killed."""
        for task in [task for task in self.tasks if task.process.is_dead]:
            if not task.body:  # it never began
                task.is_over = True
                task.lost()
            while not task.is_over:
                self._resume(task, lambda task=task: task.body.throw(Crashed))
            if task in self.ready:
                self.ready.remove(task)
            if task in self.tasks:
                self.tasks.remove(task)

    def _do_what_is_due(self) -> None:
        while self._later and self._later[0][0] <= self.now_us:
            heapq.heappop(self._later)[2]()
        self._bury()

    def _next_us(self, until_us: int) -> int:
        times = [until_us, *(task.process.stalled_until_us for task in self.ready)]
        if self._later:
            times.append(self._later[0][0])
        return max(min(times), self.now_us + 1)

    def close(self) -> None:
        """End all that is left."""
        for task in self.tasks:
            task.process.is_dead = True
        self._bury()
