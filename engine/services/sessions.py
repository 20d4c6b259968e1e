"""Login sessions: opened at login, looked up with every request, ended at once."""

import hashlib
import threading
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from engine.core.identity import User
from engine.runtime import Runtime
from engine.store import audit, sessions
from engine.store.database import Database, Session

SECOND_US = 1_000_000
IDLE_US = 12 * 3600 * SECOND_US
LIFE_US = 7 * 24 * 3600 * SECOND_US
FRESH_US = 2 * SECOND_US
"""How long a process may believe what it read: so late a logout elsewhere can bite."""
TOUCH_US = 60 * SECOND_US
"""A use is written down at most this often."""
MAX_KNOWN = 10_000


def open_session(rt: Runtime, session: Session, user_id: str) -> str:
    """A new session's token; the database keeps its hash alone."""
    token, now_us = rt.new_token(), rt.now_us()
    sessions.remove_expired(session, now_us, now_us - IDLE_US)
    sessions.add(session, digest_of(token), user_id, now_us, now_us + LIFE_US)
    return token


def who(rt: Runtime, token: str | None) -> User | None:
    """Whose living session it is. Cheap: asks the database once in two seconds for each session."""
    if not token:
        return None
    digest, now_us, known = digest_of(token), rt.now_us(), _known_of(rt)
    if (user := known.get(digest, now_us)) is not None:
        return user
    ticket = known.ticket()
    with rt.db.read() as session:
        found = sessions.find(session, digest, now_us, now_us - IDLE_US)
    if found is None:
        return None
    if now_us - found.seen_us > TOUCH_US:
        with rt.db.write() as session:
            sessions.touch(session, digest, now_us)
    known.put(digest, found.user, now_us, ticket)
    return found.user


def log_out(rt: Runtime, token: str | None) -> None:
    """End the session; unknown tokens are fine."""
    if not token:
        return
    digest = digest_of(token)
    with rt.db.write() as session:
        user_id = sessions.remove(session, digest)
        if user_id:
            audit.append(session, rt.now_us(), user_id, "logout")
    forget(rt)


def forget(rt: Runtime) -> None:
    """Believe nothing read so far: a session ended, or a user changed."""
    _known_of(rt).clear()


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(slots=True)
class _Seen:
    user: User
    at_us: int


class _Known:
    """Sessions read a moment ago. What was read before a `clear` is not kept after it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, _Seen] = {}
        self._clears = 0

    def get(self, digest: str, now_us: int) -> User | None:
        with self._lock:
            seen = self._seen.get(digest)
        return seen.user if seen and 0 <= now_us - seen.at_us < FRESH_US else None

    def ticket(self) -> int:
        return self._clears

    def put(self, digest: str, user: User, at_us: int, ticket: int) -> None:
        with self._lock:
            if ticket != self._clears:
                return
            if len(self._seen) >= MAX_KNOWN:
                self._seen.clear()
            self._seen[digest] = _Seen(user, at_us)

    def clear(self) -> None:
        with self._lock:
            self._clears += 1
            self._seen.clear()


_known: WeakKeyDictionary[Database, _Known] = WeakKeyDictionary()
_known_lock = threading.Lock()


def _known_of(rt: Runtime) -> _Known:
    with _known_lock:
        return _known.setdefault(rt.db, _Known())
