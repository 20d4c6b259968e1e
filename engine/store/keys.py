"""API keys, known by the hash of their text alone."""

from dataclasses import dataclass

from sqlalchemy import func, select, tuple_, update
from sqlmodel import Session, col

from engine.core.apikey import ApiKey
from engine.core.identity import Role, Scope, User
from engine.store.access_tables import ApiKeyRow, UserRow


@dataclass(frozen=True, slots=True)
class Living:
    """A key that is good at this moment, and its active owner."""

    owner: User
    scopes: tuple[Scope, ...]
    sha256: str
    used_us: int | None


def add(session: Session, key: ApiKey, sha256: str) -> None:
    session.add(
        ApiKeyRow(
            id=key.id,
            sha256=sha256,
            user_id=key.user_id,
            name=key.name,
            scopes=" ".join(key.scopes),
            created_us=key.created_at,
            expires_us=key.expires_at,
        )
    )
    session.flush()


def find(session: Session, key_id: str, now_us: int) -> Living | None:
    """The key, unless it has expired, was revoked, or its owner is switched off."""
    query = (
        select(ApiKeyRow, UserRow)
        .join(UserRow, col(ApiKeyRow.user_id) == col(UserRow.id))
        .where(col(ApiKeyRow.id) == key_id, col(UserRow.active), *_is_good(now_us))
    )
    found = session.execute(query).one_or_none()
    if found is None:
        return None
    key, row = found
    owner = User(id=row.id, name=row.name, role=Role(row.role), created_at=row.created_us)
    return Living(owner, _scopes(key), key.sha256, key.used_us)


def touch(session: Session, key_id: str, now_us: int) -> None:
    session.execute(update(ApiKeyRow).where(col(ApiKeyRow.id) == key_id).values(used_us=now_us))


def count_good(session: Session, user_id: str, now_us: int) -> int:
    query = select(func.count()).where(col(ApiKeyRow.user_id) == user_id, *_is_good(now_us))
    return int(session.execute(query).scalar_one())


def newest(session: Session, user_id: str | None, before: tuple[int, str] | None, limit: int) -> list[ApiKey]:
    """One's keys, or everybody's; `before` is the time and id of the last that was seen."""
    query = (
        select(ApiKeyRow, col(UserRow.name))
        .join(UserRow, col(ApiKeyRow.user_id) == col(UserRow.id))
        .order_by(col(ApiKeyRow.created_us).desc(), col(ApiKeyRow.id).desc())
        .limit(limit)
    )
    if user_id is not None:
        query = query.where(col(ApiKeyRow.user_id) == user_id)
    if before is not None:
        query = query.where(tuple_(col(ApiKeyRow.created_us), col(ApiKeyRow.id)) < before)
    return [_key(row, name) for row, name in session.execute(query)]


def revoke(session: Session, key_id: str, now_us: int, user_id: str | None = None) -> str | None:
    """Its name; None: there is no such key that is not revoked yet, or it is not that user's."""
    query = (
        update(ApiKeyRow)
        .where(col(ApiKeyRow.id) == key_id, col(ApiKeyRow.revoked_us).is_(None))
        .values(revoked_us=now_us)
        .returning(col(ApiKeyRow.name))
    )
    if user_id is not None:
        query = query.where(col(ApiKeyRow.user_id) == user_id)
    return session.execute(query).scalar()


def revoke_all_of(session: Session, user_id: str, now_us: int) -> None:
    query = update(ApiKeyRow).where(col(ApiKeyRow.user_id) == user_id, col(ApiKeyRow.revoked_us).is_(None))
    session.execute(query.values(revoked_us=now_us))


def _is_good(now_us: int):  # type: ignore[no-untyped-def] # conditions of SQLAlchemy
    expires = col(ApiKeyRow.expires_us)
    return col(ApiKeyRow.revoked_us).is_(None), expires.is_(None) | (expires > now_us)


def _scopes(row: ApiKeyRow) -> tuple[Scope, ...]:
    return tuple(Scope(name) for name in row.scopes.split())


def _key(row: ApiKeyRow, user_name: str) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        user_id=row.user_id,
        user_name=user_name,
        scopes=_scopes(row),
        created_at=row.created_us,
        expires_at=row.expires_us,
        used_at=row.used_us,
        revoked_at=row.revoked_us,
    )
