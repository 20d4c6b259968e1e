"""The audit log: only ever appended to, each row chained to the one before."""

from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import select
from sqlmodel import Session, col

from engine.core.audit import AuditEntry, chained_hash
from engine.store.access_tables import AuditRow, UserRow
from engine.store.database import Hot

MAX_TARGET = 200

LOCK = 0x6F70656E61756469
"""PostgreSQL's advisory lock on the end of the chain: "openaudi" in ASCII."""


def append(
    session: Session | Hot,
    at_us: int,
    user_id: str | None,
    action: str,
    target: str = "",
    **detail: Any,
) -> None:
    """Add an entry; where `target` is an id, `name` among the details says what it is called. Call it last in a transaction, for it holds the end of the chain until the commit."""
    hot = Hot.of(session)
    if not hot.is_sqlite:
        hot.all("SELECT pg_advisory_xact_lock(?)", LOCK)
    last = hot.one("SELECT hash FROM audit ORDER BY id DESC LIMIT 1")
    told = (user_id, action, target[:MAX_TARGET], orjson.dumps(detail, option=orjson.OPT_SORT_KEYS).decode())
    hot.run(
        "INSERT INTO audit (at_us, user_id, action, target, detail, hash) VALUES (?, ?, ?, ?, ?, ?)",
        at_us,
        *told,
        chained_hash(last[0] if last else "", at_us, told),
    )


@dataclass(frozen=True, slots=True)
class Sought:
    """Which entries: those that fit all that is given; times from `since_us` on and before `until_us`."""

    action: str | None = None
    user_id: str | None = None
    target: str | None = None
    since_us: int | None = None
    until_us: int | None = None


EVERYTHING = Sought()


def newest(
    session: Session, limit: int, before_id: int | None = None, sought: Sought = EVERYTHING
) -> list[AuditEntry]:
    query = (
        select(AuditRow, col(UserRow.name))
        .join(UserRow, col(UserRow.id) == col(AuditRow.user_id), isouter=True)
        .order_by(col(AuditRow.id).desc())
        .limit(limit)
    )
    equal = {"action": sought.action, "user_id": sought.user_id, "target": sought.target}
    query = query.where(
        *[getattr(AuditRow, name) == value for name, value in equal.items() if value is not None]
    )
    if before_id is not None:
        query = query.where(col(AuditRow.id) < before_id)
    if sought.since_us is not None:
        query = query.where(col(AuditRow.at_us) >= sought.since_us)
    if sought.until_us is not None:
        query = query.where(col(AuditRow.at_us) < sought.until_us)
    return [_entry(row, name) for row, name in session.execute(query)]


def broken_at(session: Session) -> int | None:
    """The id of the first entry that does not follow from the one before, None when all do."""
    before = ""
    query = select(AuditRow).order_by(col(AuditRow.id)).execution_options(yield_per=1000)
    with session.execute(query) as rows:
        for row in rows.scalars():
            if row.hash != _hash(before, row):
                return row.id or 0
            before = row.hash
    return None


def _hash(before: str, row: AuditRow) -> str:
    return chained_hash(before, row.at_us, (row.user_id, row.action, row.target, row.detail))


def _entry(row: AuditRow, user_name: str | None) -> AuditEntry:
    detail = orjson.loads(row.detail)
    return AuditEntry(
        id=row.id or 0,
        at=row.at_us,
        user_id=row.user_id,
        user_name=user_name,
        action=row.action,
        target=row.target,
        target_name=detail.get("name"),
        detail=detail,
    )
