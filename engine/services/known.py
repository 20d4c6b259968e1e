"""Who was there a moment ago: believed for two seconds, and no longer once anybody's rights changed here."""

import threading
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from engine.core.apikey import Holder
from engine.core.identity import User
from engine.runtime import Runtime
from engine.store.database import Database

FRESH_US = 2_000_000
"""How long a process may believe what it read: so late a logout elsewhere can bite."""
MAX_KNOWN = 10_000

T = TypeVar("T")


class Known(Generic[T]):
    """By the hash of their secret. What was read before a `clear` is not kept after it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[T, int]] = {}
        self._clears = 0

    def get(self, digest: str, now_us: int) -> T | None:
        with self._lock:
            seen = self._seen.get(digest)
        return seen[0] if seen and 0 <= now_us - seen[1] < FRESH_US else None

    def ticket(self) -> int:
        return self._clears

    def put(self, digest: str, who: T, at_us: int, ticket: int) -> None:
        with self._lock:
            if ticket != self._clears:
                return
            if len(self._seen) >= MAX_KNOWN:
                self._seen.clear()
            self._seen[digest] = (who, at_us)

    def clear(self) -> None:
        with self._lock:
            self._clears += 1
            self._seen.clear()


@dataclass(frozen=True, slots=True)
class Acquaintances:
    sessions: Known[User] = field(default_factory=Known)
    keys: Known[Holder] = field(default_factory=Known)


_of: WeakKeyDictionary[Database, Acquaintances] = WeakKeyDictionary()
_lock = threading.Lock()


def known(rt: Runtime) -> Acquaintances:
    with _lock:
        return _of.setdefault(rt.db, Acquaintances())


def forget(rt: Runtime) -> None:
    """Believe nothing read so far: a session ended, a key was revoked, or a user changed."""
    known(rt).sessions.clear()
    known(rt).keys.clear()
