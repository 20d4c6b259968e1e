"""Login sessions and setup tokens, known by the hash of their secret alone."""

from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from engine.core.identity import Role, User
from engine.store.access_tables import SessionRow, SetupTokenRow, UserRow


@dataclass(frozen=True, slots=True)
class Login:
    """A session that has not expired; `seen_us` is the last use that was written down."""

    user: User
    seen_us: int


def add(session: Session, digest: str, user_id: str, now_us: int, expires_us: int) -> None:
    session.add(
        SessionRow(
            token_sha256=digest, user_id=user_id, created_us=now_us, seen_us=now_us, expires_us=expires_us
        )
    )
    session.flush()


def find(session: Session, digest: str, now_us: int, idle_since_us: int) -> Login | None:
    """The session of an active user, unless it has expired or was not used since `idle_since_us`."""
    query = (
        select(UserRow, col(SessionRow.seen_us))
        .join(SessionRow, col(SessionRow.user_id) == col(UserRow.id))
        .where(
            col(SessionRow.token_sha256) == digest,
            col(SessionRow.expires_us) > now_us,
            col(SessionRow.seen_us) > idle_since_us,
            col(UserRow.active),
        )
    )
    found = session.execute(query).one_or_none()
    if found is None:
        return None
    row, seen_us = found
    user = User(id=row.id, name=row.name, role=Role(row.role), created_at=row.created_us)
    return Login(user, seen_us)


def touch(session: Session, digest: str, now_us: int) -> None:
    session.execute(update(SessionRow).where(col(SessionRow.token_sha256) == digest).values(seen_us=now_us))


def remove(session: Session, digest: str) -> str | None:
    """The id of the user whose session it was."""
    query = (
        delete(SessionRow).where(col(SessionRow.token_sha256) == digest).returning(col(SessionRow.user_id))
    )
    return session.execute(query).scalar()


def remove_expired(session: Session, now_us: int, idle_since_us: int) -> None:
    session.execute(
        delete(SessionRow).where(
            (col(SessionRow.expires_us) <= now_us) | (col(SessionRow.seen_us) <= idle_since_us)
        )
    )


def add_setup_token(session: Session, digest: str, now_us: int, expires_us: int) -> None:
    """Those that have expired go."""
    session.execute(delete(SetupTokenRow).where(col(SetupTokenRow.expires_us) <= now_us))
    session.add(SetupTokenRow(sha256=digest, expires_us=expires_us))
    session.flush()


def is_setup_token(session: Session, digest: str, now_us: int) -> bool:
    """Whether it is still good."""
    row = session.get(SetupTokenRow, digest)
    return row is not None and row.expires_us > now_us


def take_setup_tokens(session: Session, now_us: int) -> set[str]:
    """Remove all setup tokens; the hashes of those that were still good.

    All at once, so that of two who come together one waits and finds none left.
    """
    query = delete(SetupTokenRow).returning(col(SetupTokenRow.sha256), col(SetupTokenRow.expires_us))
    return {digest for digest, expires_us in session.execute(query) if expires_us > now_us}
