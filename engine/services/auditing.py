"""The audit log, for administrators: who did what, and whether anybody tampered with it since."""

from collections.abc import Iterator

from engine.core.audit import AuditEntry
from engine.core.document import Frozen
from engine.core.errors import InvalidInput
from engine.core.identity import Role, User
from engine.core.page import FIRST_PAGE, MAX_LIMIT, Page, Paging
from engine.runtime import Runtime
from engine.services.permission import require
from engine.store import audit
from engine.store.audit import EVERYTHING, Sought

__all__ = ["Sought", "Verdict", "export", "list_entries", "verify"]


class Verdict(Frozen):
    """`broken_at` is the first entry that does not follow from the one before."""

    is_intact: bool
    broken_at: int | None


def list_entries(
    rt: Runtime, user: User, paging: Paging = FIRST_PAGE, sought: Sought = EVERYTHING
) -> Page[AuditEntry]:
    """Newest first, those sought."""
    require(rt, user, Role.ADMIN, "read the audit log")
    last = paging.after()
    if last is not None and not (last.isascii() and last.isdecimal() and len(last) < 19):
        raise InvalidInput("This cursor is of another list.")
    with rt.db.read() as session:
        found = audit.newest(session, paging.limit + 1, int(last) if last else None, sought)
    return paging.page(found, lambda entry: entry.id)


def export(rt: Runtime, user: User, sought: Sought = EVERYTHING) -> Iterator[AuditEntry]:
    """All those sought, newest first, read as they are taken; that it was done is written down itself."""
    require(rt, user, Role.ADMIN, "export the audit log")
    with rt.db.write() as session:
        audit.append(session, rt.now_us(), user.id, "audit_exported")
    return _all(rt, user, sought)


def _all(rt: Runtime, user: User, sought: Sought) -> Iterator[AuditEntry]:
    cursor: str | None = None
    while True:
        page = list_entries(rt, user, Paging(limit=MAX_LIMIT, cursor=cursor), sought)
        yield from page.items
        if (cursor := page.next_cursor) is None:
            return


def verify(rt: Runtime, user: User) -> Verdict:
    """Follow the chain from its first entry; takes long where there are many."""
    require(rt, user, Role.ADMIN, "verify the audit log")
    with rt.db.read() as session:
        broken = audit.broken_at(session)
    return Verdict(is_intact=broken is None, broken_at=broken)
