"""What was made for which request: a repeat with the same key within a day gets the first thing."""

import hashlib

from sqlmodel import Session

from engine.store.database import Hot

KEPT_US = 24 * 3600 * 1_000_000
MAX_ID = 200


def own(whose: str, request_id: str | None) -> str | None:
    """The key of a request among those of others, who may have thought of the same one; None without a key."""
    if request_id is None:
        return None
    named = f"{whose}:{request_id}"
    return named if len(named) <= MAX_ID else hashlib.sha256(named.encode()).hexdigest()


def made_for(session: Session, user_id: str, request_id: str | None, new_id: str, now_us: int) -> str:
    """`new_id`, or the id that an earlier request of this user with the same key was given; who comes at once waits."""
    if request_id is None:
        return new_id
    hot = Hot.of(session)
    hot.run("DELETE FROM request_key WHERE at_us < ?", now_us - KEPT_US)
    hot.run(
        "INSERT INTO request_key (user_id, request_id, made, at_us) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        *(user_id, request_id, new_id, now_us),
    )
    return str(
        hot.one("SELECT made FROM request_key WHERE user_id = ? AND request_id = ?", user_id, request_id)[0]
    )
