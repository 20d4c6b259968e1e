"""Secrets as sealed text; nothing here could open one."""

from collections.abc import Iterable

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from engine.core.secret import Secret
from engine.store.access_tables import SecretRow
from engine.store.database import Hot


def list_after(session: Session, last_name: str | None, limit: int) -> list[Secret]:
    """By name."""
    query = select(SecretRow).order_by(col(SecretRow.name)).limit(limit)
    if last_name is not None:
        query = query.where(col(SecretRow.name) > last_name)
    return [_secret(row) for row in session.execute(query).scalars()]


def sealed(session: Session | Hot, names: Iterable[str] | None = None) -> dict[str, str]:
    """The sealed values of those that there are, of all without `names`."""
    wanted = None if names is None else sorted(names)
    where = "" if wanted is None else f" WHERE name IN ({', '.join('?' * len(wanted)) or 'NULL'})"
    rows = Hot.of(session).all(f"SELECT name, sealed FROM secret{where} ORDER BY name", *(wanted or ()))
    return dict(tuple(row) for row in rows)


def put(session: Session, name: str, text: str, by: str, now_us: int) -> Secret:
    """Set a secret, new or not."""
    row = session.get(SecretRow, name, with_for_update=True)
    if row is None:
        row = SecretRow(name=name, sealed=text, created_us=now_us, updated_us=now_us, created_by=by)
        session.add(row)
    row.sealed, row.updated_us = text, now_us
    session.flush()
    return _secret(row)


def reseal(session: Session, name: str, before: str, after: str) -> bool:
    """Replace the sealed text of an unchanged secret; False if it was set anew meanwhile."""
    query = update(SecretRow).where(col(SecretRow.name) == name, col(SecretRow.sealed) == before)
    return bool(session.execute(query.values(sealed=after)).rowcount)  # type: ignore[attr-defined]


def remove(session: Session, name: str) -> bool:
    query = delete(SecretRow).where(col(SecretRow.name) == name)
    return bool(session.execute(query).rowcount)  # type: ignore[attr-defined]


def _secret(row: SecretRow) -> Secret:
    return Secret(
        name=row.name, created_at=row.created_us, updated_at=row.updated_us, created_by=row.created_by
    )
