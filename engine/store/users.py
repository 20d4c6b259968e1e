"""User accounts; a password's hash leaves only for the login that checks it."""

from dataclasses import dataclass

from sqlalchemy import delete, exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from engine.core.identity import Role, User, name_key
from engine.store.access_tables import SessionRow, UserRow


@dataclass(frozen=True, slots=True)
class Account:
    """A user with what a login is checked against."""

    user: User
    password_hash: str


def any_exist(session: Session) -> bool:
    return bool(session.execute(select(exists().where(col(UserRow.id).is_not(None)))).scalar())


def add(session: Session, user: User, password_hash: str) -> bool:
    """False: somebody has that name already."""
    row = UserRow(
        id=user.id,
        name=user.name,
        name_key=name_key(user.name),
        password_hash=password_hash,
        role=user.role,
        active=user.active,
        created_us=user.created_at,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


def get(session: Session, user_id: str, *, lock: bool = False) -> User | None:
    row = session.get(UserRow, user_id, with_for_update=lock or None)
    return _user(row) if row else None


def account(session: Session, user_id: str) -> Account | None:
    row = session.get(UserRow, user_id)
    return Account(_user(row), row.password_hash) if row else None


def find(session: Session, name: str) -> Account | None:
    """By name, whatever its case."""
    query = select(UserRow).where(col(UserRow.name_key) == name_key(name))
    row = session.execute(query).scalar_one_or_none()
    return Account(_user(row), row.password_hash) if row else None


def list_after(session: Session, last_id: str | None, limit: int) -> list[User]:
    """Oldest first."""
    query = select(UserRow).order_by(col(UserRow.id)).limit(limit)
    if last_id is not None:
        query = query.where(col(UserRow.id) > last_id)
    return [_user(row) for row in session.execute(query).scalars()]


def lock_admins(session: Session) -> list[str]:
    """The ids of all active administrators, who stay as they are until the commit."""
    query = (
        select(col(UserRow.id))
        .where(col(UserRow.role) == Role.ADMIN, col(UserRow.active))
        .order_by(col(UserRow.id))
        .with_for_update()
    )
    return list(session.execute(query).scalars())


def change(session: Session, user_id: str, **fields: str | bool) -> None:
    """Set fields of the row and end the user's sessions: old rights must not live on in them."""
    session.execute(update(UserRow).where(col(UserRow.id) == user_id).values(**fields))
    session.execute(delete(SessionRow).where(col(SessionRow.user_id) == user_id))


def keep_hash(session: Session, user_id: str, password_hash: str) -> None:
    """Replace the hash of an unchanged password, as when it was made with older parameters."""
    session.execute(update(UserRow).where(col(UserRow.id) == user_id).values(password_hash=password_hash))


def _user(row: UserRow) -> User:
    return User(id=row.id, name=row.name, role=Role(row.role), active=row.active, created_at=row.created_us)
