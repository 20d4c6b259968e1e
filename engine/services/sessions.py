"""Login sessions: opened at login, looked up with every request, ended at once."""

import hashlib

from engine.core.identity import User
from engine.runtime import Runtime
from engine.services.known import forget, known
from engine.store import audit, sessions
from engine.store.database import Session

SECOND_US = 1_000_000
IDLE_US = 12 * 3600 * SECOND_US
LIFE_US = 7 * 24 * 3600 * SECOND_US
TOUCH_US = 60 * SECOND_US
"""A use is written down at most this often."""


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
    digest, now_us, seen = digest_of(token), rt.now_us(), known(rt).sessions
    if (user := seen.get(digest, now_us)) is not None:
        return user
    ticket = seen.ticket()
    with rt.db.read() as session:
        found = sessions.find(session, digest, now_us, now_us - IDLE_US)
    if found is None:
        return None
    if now_us - found.seen_us > TOUCH_US:
        with rt.db.write() as session:
            sessions.touch(session, digest, now_us)
    seen.put(digest, found.user, now_us, ticket)
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


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
