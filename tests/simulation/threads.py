"""The words of `threading`, `queue`, `time` and the thread pool, spoken by the scheduler: the runner can't tell."""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any

from engine.runner import committer, crashes, drive, lease, publishing, runner, sweeper, wanted
from tests.simulation.scheduler import Scheduler, Task

PREEMPTED = 0.1
"""How often a thread loses the processor where it takes a lock."""


class Threads:
    """Makes the stand-ins for one scheduler."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler

    @property
    def threading(self) -> Any:
        return SimpleNamespace(
            Lock=lambda: Lock(self.scheduler),
            Event=lambda: Event(self.scheduler),
            Thread=lambda **fields: Thread(self.scheduler, **fields),
        )

    @property
    def queue(self) -> Any:
        return SimpleNamespace(
            Queue=lambda size=0: Queue(self.scheduler, size),
            SimpleQueue=lambda: Queue(self.scheduler, 0),
            Empty=queue.Empty,
            Full=queue.Full,
        )

    @property
    def time(self) -> Any:
        return SimpleNamespace(perf_counter=lambda: self.scheduler.now_us / 1e6, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.scheduler.park(self.scheduler.now_us + round(seconds * 1e6))

    def pool(self, threads: int, **_: Any) -> Pool:
        return Pool(self.scheduler, threads)

    @contextmanager
    def installed(self, effects: Callable[..., Any], drives: type[drive.Drive]) -> Iterator[None]:
        """In place of the real ones, wherever the runner asks for them."""
        with ExitStack() as stack:
            for module in (committer, crashes, drive, lease, publishing, runner, sweeper, wanted):
                stack.enter_context(replaced(module, "threading", self.threading))
            for module in (committer, publishing):
                stack.enter_context(replaced(module, "queue", self.queue))
            for module in (publishing, drive):
                stack.enter_context(replaced(module, "time", self.time))
            stack.enter_context(replaced(runner, "ThreadPoolExecutor", self.pool))
            stack.enter_context(replaced(runner, "Effects", effects))
            stack.enter_context(replaced(runner, "Drive", drives))
            yield


@contextmanager
def replaced(where: Any, name: str, value: Any) -> Iterator[None]:
    """`where.name` is `value` for the length of the block."""
    before = vars(where)[name]
    setattr(where, name, value)
    try:
        yield
    finally:
        setattr(where, name, before)


class _Waited:
    """Something that tasks wait for."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.waiting: list[Task] = []

    def wait_until(self, is_so: Callable[[], bool], timeout: float | None = None) -> bool:
        scheduler = self.scheduler
        until_us = None if timeout is None else scheduler.now_us + round(timeout * 1e6)
        while not is_so():
            if until_us is not None and scheduler.now_us >= until_us:
                return False
            task = scheduler.current
            if task is not None:
                self.waiting.append(task)
            try:
                scheduler.park(until_us)
            finally:
                if task in self.waiting:
                    self.waiting.remove(task)
        return True

    def tell(self) -> None:
        for task in list(self.waiting):
            self.scheduler.wake(task)


class Lock(_Waited):
    is_taken = False

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def acquire(self) -> None:
        if self.scheduler.random.random() < PREEMPTED:
            self.scheduler.pause()
        self.wait_until(lambda: not self.is_taken)
        self.is_taken = True

    def release(self) -> None:
        self.is_taken = False
        self.tell()

    def locked(self) -> bool:
        return self.is_taken


class Event(_Waited):
    _is_set = False

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True
        self.tell()

    def clear(self) -> None:
        self._is_set = False

    def wait(self, timeout: float | None = None) -> bool:
        return self.wait_until(lambda: self._is_set, timeout)


class Queue(_Waited):
    def __init__(self, scheduler: Scheduler, size: int) -> None:
        super().__init__(scheduler)
        self.size = size
        self.items: deque[Any] = deque()

    def put(self, item: Any) -> None:
        self.items.append(item)
        self.tell()

    def put_nowait(self, item: Any) -> None:
        if self.size and len(self.items) >= self.size:
            raise queue.Full
        self.put(item)

    def get(self, timeout: float | None = None) -> Any:
        assert timeout is None, "SQLite has nothing to wait for beside what comes"
        self.wait_until(lambda: bool(self.items))
        return self.items.popleft()

    def get_nowait(self) -> Any:
        if not self.items:
            raise queue.Empty
        return self.items.popleft()


class Thread(_Waited):
    def __init__(self, scheduler: Scheduler, *, target: Callable[[], Any], name: str = "", **_: Any) -> None:
        super().__init__(scheduler)
        self.target, self.name = target, name
        self.is_over = False

    def start(self) -> None:
        assert self.scheduler.current is not None, "a thread is started by a process"
        self.scheduler.spawn(self.scheduler.current.process, self._run, self.name)

    def join(self, timeout: float | None = None) -> None:
        self.wait_until(lambda: self.is_over, timeout)

    def _run(self) -> None:
        try:
            self.target()
        finally:
            self.is_over = True
            self.tell()


class Pool(_Waited):
    """So many threads and a line before them."""

    def __init__(self, scheduler: Scheduler, threads: int) -> None:
        super().__init__(scheduler)
        self.threads = threads
        self.process = scheduler.current.process if scheduler.current else None
        self.line: deque[Callable[[], Any]] = deque()
        self.busy = 0
        self.is_shut = False

    def submit(self, work: Callable[..., Any], *arguments: Any) -> None:
        if self.is_shut:
            raise RuntimeError("cannot schedule new futures after shutdown")
        self.line.append(lambda: work(*arguments))
        if self.busy < self.threads and self.process is not None:
            self.busy += 1
            self.scheduler.spawn(self.process, self._work, "drive")

    def shutdown(self, *, wait: bool, cancel_futures: bool) -> None:
        self.is_shut = True
        if cancel_futures:
            self.line.clear()
        if wait:
            self.wait_until(lambda: self.busy == 0)

    def _work(self) -> None:
        try:
            while self.line:
                self.line.popleft()()
        finally:
            self.busy -= 1
            self.tell()
