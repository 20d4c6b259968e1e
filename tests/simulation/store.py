"""The real database under a scheduler: between any two transactions others may run, and any of them may go wrong."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from sqlalchemy import Engine, create_engine, event, text

from engine.store import sqlite
from engine.store.database import Database, DatabaseDown, Hot, Session
from engine.store.tables import SQLModel
from tests.simulation.scheduler import Crashed, Process, Scheduler


class Mishap(StrEnum):
    """What can befall a transaction, in the order in which it would happen."""

    AWAY = "away"
    """The database does not answer; nothing was written."""
    STOPPED = "stopped"
    """The process is stopped for a while before it begins, perhaps for longer than its lease."""
    CRASH_BEFORE = "crash_before"
    REFUSED = "refused"
    """The commit fails; nothing was written."""
    CRASH_INSIDE = "crash_inside"
    """Written, not committed."""
    UNKNOWN = "unknown"
    """The commit took effect, and nobody was told."""
    CRASH_AFTER = "crash_after"


WRITES_ONLY = (Mishap.REFUSED, Mishap.CRASH_INSIDE, Mishap.UNKNOWN)

Fate = Callable[[Process, bool], Mishap | None]
"""Decides each transaction of a process; the flag tells those that write."""


class SimulatedDatabase(Database):
    """One process's connections. Transactions are whole to the scheduler: SQLite has one writer anyway."""

    def __init__(self, engine: Engine, scheduler: Scheduler, process: Process, fate: Fate) -> None:
        self.url, self.is_sqlite, self.engine = engine.url, True, engine
        self._mutex, self._hot_turn = threading.Lock(), threading.Lock()
        self._file, self._lock_file, self._hot_connection = None, None, None
        self._scheduler, self._process, self._fate = scheduler, process, fate

    @contextmanager
    def read(self) -> Iterator[Session]:
        self._begin(writes=False)
        with self._whole(), super().read() as session:
            yield session
        self._scheduler.pause()

    @contextmanager
    def look(self) -> Iterator[Hot]:
        """Each statement sees another moment, as it does outside of a transaction."""
        self._begin(writes=False)
        with super().look() as hot:
            yield _Interrupted(hot, self._scheduler)
        self._scheduler.pause()

    @contextmanager
    def hot(self, *, is_lasting: bool = True) -> Iterator[Hot]:
        mishap = self._begin(writes=True)
        with self._whole():
            with super().hot(is_lasting=is_lasting) as hot:
                yield hot
                self._before_commit(mishap)
            self._after_commit(mishap)
        self._scheduler.pause()

    @contextmanager
    def change(self) -> Iterator[Hot]:
        mishap = self._begin(writes=True)
        with self._whole():
            with super().change() as hot:
                yield hot
                self._before_commit(mishap)
            self._after_commit(mishap)
        self._scheduler.pause()

    @contextmanager
    def write(self) -> Iterator[Session]:
        mishap = self._begin(writes=True)
        with self._whole():
            with super().write() as session:
                yield session
                session.flush()
                self._before_commit(mishap)
            self._after_commit(mishap)
        self._scheduler.pause()

    def close(self) -> None:
        if self._hot_connection is not None:
            self._hot_connection.close()
            self._hot_connection = None

    def _lock(self) -> None:
        """One thread, whole transactions: nobody else writes."""

    def _unlock(self) -> None:
        pass

    @contextmanager
    def _whole(self) -> Iterator[None]:
        self._scheduler.atomic += 1
        try:
            yield
        finally:
            self._scheduler.atomic -= 1

    def _begin(self, *, writes: bool) -> Mishap | None:
        if self._process.is_dead:
            raise Crashed
        if self._scheduler.atomic:
            return None
        self._scheduler.pause()
        mishap = self._fate(self._process, writes)
        if mishap is None:
            return None
        self._scheduler.say(mishap)
        if mishap is Mishap.AWAY:
            raise DatabaseDown("it is away")
        if mishap is Mishap.CRASH_BEFORE:
            self._crash()
        if mishap is Mishap.STOPPED:
            self._scheduler.pause()
        return mishap

    def _before_commit(self, mishap: Mishap | None) -> None:
        if mishap is Mishap.REFUSED:
            raise DatabaseDown("it refuses")
        if mishap is Mishap.CRASH_INSIDE:
            self._crash()

    def _after_commit(self, mishap: Mishap | None) -> None:
        if mishap is Mishap.UNKNOWN:
            raise DatabaseDown("it went away in the commit")
        if mishap is Mishap.CRASH_AFTER:
            self._crash()

    def _crash(self) -> None:
        self._scheduler.kill(self._process)
        raise Crashed


class _Interrupted(Hot):
    def __init__(self, hot: Hot, scheduler: Scheduler) -> None:
        super().__init__(hot._connection, hot.is_sqlite)
        self._scheduler = scheduler

    def all(self, sql: str, *parameters: Any) -> Any:
        found = super().all(sql, *parameters)
        self._scheduler.pause()
        return found

    def one(self, sql: str, *parameters: Any) -> Any:
        """Nobody comes between: most of these hold the writer's lock."""
        rows = super().all(sql, *parameters)
        return rows[0] if rows else None


ORACLE = {
    "an event is written by who was the last to claim its run": (
        "AFTER INSERT ON event",
        "NEW.fence <> (SELECT fence FROM run WHERE id = NEW.run_id)",
    ),
    "the fence never falls": ("AFTER UPDATE ON run", "NEW.fence < OLD.fence"),
    "seq never falls": ("AFTER UPDATE ON run", "NEW.seq < OLD.seq"),
    "what was read of the inbox stays read": ("AFTER UPDATE ON run", "NEW.inbox_done < OLD.inbox_done"),
    "what is over stays over": ("AFTER UPDATE ON run", "OLD.ended_us IS NOT NULL AND NEW.live"),
    "a run that nobody drives is ready if it has unread wishes": (
        "AFTER UPDATE ON run",
        "NEW.live AND NEW.owner IS NULL AND NOT NEW.ready AND NEW.inbox_high > NEW.inbox_done",
    ),
    "a claim raises the fence": (
        "AFTER UPDATE OF owner ON run",
        "NEW.owner IS NOT NULL AND NEW.fence = OLD.fence",
    ),
    "nobody is claimed from who lives": (
        "AFTER UPDATE OF owner ON run",
        "NEW.owner <> OLD.owner AND OLD.owner IN (SELECT id FROM worker WHERE expires_us > now_us())",
    ),
}
"""What is true of every single write, told by triggers: when it happens, and the condition that must not hold."""


class Witness:
    """Hears the oracle of the one database; `accuse` and `now_us` are those of the installation at work."""

    accuse: Callable[[str], None] = print
    now_us: Callable[[], int] = int


_opened: dict[Engine, list[sqlite3.Connection]] = {}


def open_engine(path: str) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}", connect_args={"check_same_thread": False}, pool_size=64, max_overflow=64
    )

    opened = _opened[engine] = []

    def prepare(connection: Any, record: object) -> None:
        opened.append(connection)
        sqlite.set_up(connection, record)
        connection.execute("PRAGMA synchronous=OFF")
        connection.create_function("accuse", 1, lambda what: Witness.accuse(what))  # noqa: PLW0108 - as it is then
        connection.create_function("now_us", 0, lambda: Witness.now_us())  # noqa: PLW0108

    event.listen(engine, "connect", prepare)
    with engine.connect() as connection:
        for number, (promise, (when, broken)) in enumerate(ORACLE.items()):
            connection.exec_driver_sql(
                f"CREATE TRIGGER oracle{number} {when} WHEN {broken} BEGIN SELECT accuse('{promise}'); END"
            )
    return engine


def close_engine(engine: Engine) -> None:
    """With the connections that whatever broke off in the middle still holds."""
    engine.dispose()
    for connection in _opened.pop(engine):
        connection.close()


def emptied(engine: Engine) -> None:
    """As it was when it was made, numbers included."""
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        for name in SQLModel.metadata.tables:
            connection.execute(text(f"DELETE FROM {name}"))
        connection.execute(text("DELETE FROM sqlite_sequence"))
        connection.commit()
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")
