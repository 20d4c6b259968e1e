"""Workflows and their versions. A draft is replaced by compare-and-set on its revision; a version never changes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Row, Select, delete, func, select, update
from sqlmodel import Session, col

from engine.core.run import RunStatus
from engine.core.workflow import (
    LastRun,
    Version,
    VersionSummary,
    Workflow,
    WorkflowStatus,
    WorkflowSummary,
)
from engine.store.access_tables import UserRow
from engine.store.tables import RoomRow, RunRow, VersionRow, WorkflowRow


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it is stored: the document's text, what its lists show of it, and who saved it."""

    name: str
    text: str
    error_count: int
    saved_by: str


@dataclass(frozen=True, slots=True)
class Sought:
    """Which workflows are asked for; without a status all but the archived ones."""

    status: WorkflowStatus | None = None
    search: str = ""


def add(session: Session, workflow_id: str, draft: Draft, now_us: int) -> None:
    session.add(
        WorkflowRow(
            id=workflow_id,
            name=draft.name,
            status=WorkflowStatus.DRAFT.value,
            draft=draft.text,
            revision=1,
            error_count=draft.error_count,
            created_us=now_us,
            updated_us=now_us,
            created_by=draft.saved_by,
            saved_by=draft.saved_by,
        )
    )
    session.flush()


def get(session: Session, workflow_id: str, *, lock: bool = False) -> Workflow | None:
    """The workflow; with `lock` nobody else changes it until the commit."""
    row = session.get(WorkflowRow, workflow_id, with_for_update=lock or None, populate_existing=True)
    if row is None:
        return None
    summary = _summaries(session, [row])[0]
    return Workflow(**dict(summary), draft=orjson.loads(row.draft))


def list_after(session: Session, sought: Sought, last_id: str | None, limit: int) -> list[WorkflowSummary]:
    """Newest first."""
    query = _matching(select(WorkflowRow), sought)
    if last_id is not None:
        query = query.where(col(WorkflowRow.id) < last_id)
    rows = session.execute(query.order_by(col(WorkflowRow.id).desc()).limit(limit)).scalars()
    return _summaries(session, list(rows))


def names(session: Session) -> set[str]:
    return set(session.execute(select(col(WorkflowRow.name))).scalars())


def save_draft(session: Session, workflow_id: str, draft: Draft, revision: int, now_us: int) -> bool:
    """Replace the draft that has this revision; False if it has another by now."""
    saved = session.execute(
        update(WorkflowRow)
        .where(col(WorkflowRow.id) == workflow_id, col(WorkflowRow.revision) == revision)
        .values(
            name=draft.name,
            draft=draft.text,
            error_count=draft.error_count,
            saved_by=draft.saved_by,
            revision=revision + 1,
            updated_us=now_us,
        )
        .returning(col(WorkflowRow.id))
    )
    return saved.scalar() is not None


def set_status(session: Session, workflow_id: str, status: WorkflowStatus, now_us: int) -> None:
    session.execute(
        update(WorkflowRow)
        .where(col(WorkflowRow.id) == workflow_id)
        .values(status=status.value, updated_us=now_us)
    )


def remove(session: Session, workflow_id: str) -> None:
    """The workflow with its versions; refused by the database while a room uses it."""
    session.execute(delete(WorkflowRow).where(col(WorkflowRow.id) == workflow_id))


def room_names(session: Session, workflow_id: str, limit: int) -> list[str]:
    query = select(col(RoomRow.name)).where(col(RoomRow.workflow_id) == workflow_id)
    return list(session.execute(query.order_by(col(RoomRow.id)).limit(limit)).scalars())


def add_version(session: Session, summary: VersionSummary, text: str) -> Version:
    """Keep the version; the workflow is active from now on."""
    session.add(
        VersionRow(
            workflow_id=summary.workflow_id,
            number=summary.version,
            document=text,
            sha256=summary.sha256,
            meaning_sha256=summary.meaning_sha256,
            note=summary.note,
            created_us=summary.created_at,
            created_by=summary.created_by,
        )
    )
    session.flush()
    session.execute(
        update(WorkflowRow)
        .where(col(WorkflowRow.id) == summary.workflow_id)
        .values(
            latest_version=summary.version,
            status=WorkflowStatus.ACTIVE.value,
            updated_us=summary.created_at,
        )
    )
    return _whole(session.execute(_numbered(summary.workflow_id, summary.version)).one())


def version(session: Session, workflow_id: str, number: int) -> Version | None:
    found = session.execute(_numbered(workflow_id, number)).one_or_none()
    return _whole(found) if found else None


def latest_versions(session: Session, limit: int) -> list[tuple[str, str, int, str]]:
    """(workflow id, its name, number, document) of what is published and not archived, oldest workflow first."""
    query = (
        select(col(WorkflowRow.id), col(WorkflowRow.name), col(VersionRow.number), col(VersionRow.document))
        .join(
            VersionRow,
            (col(VersionRow.workflow_id) == col(WorkflowRow.id))
            & (col(VersionRow.number) == col(WorkflowRow.latest_version)),
        )
        .where(col(WorkflowRow.status) != WorkflowStatus.ARCHIVED)
        .order_by(col(WorkflowRow.id))
        .limit(limit)
    )
    return [tuple(row) for row in session.execute(query)]


def versions_before(
    session: Session, workflow_id: str, number: int | None, limit: int
) -> list[VersionSummary]:
    """Newest first."""
    query = _versions().where(col(VersionRow.workflow_id) == workflow_id)
    if number is not None:
        query = query.where(col(VersionRow.number) < number)
    found = session.execute(query.order_by(col(VersionRow.number).desc()).limit(limit))
    return [_version(row) for row in found]


def _matching(query: Select[Any], sought: Sought) -> Select[Any]:
    if sought.status is None:
        query = query.where(col(WorkflowRow.status) != WorkflowStatus.ARCHIVED.value)
    else:
        query = query.where(col(WorkflowRow.status) == sought.status.value)
    if sought.search:
        query = query.where(
            func.lower(col(WorkflowRow.name)).contains(sought.search.lower(), autoescape=True)
        )
    return query


def _summaries(session: Session, rows: Collection[WorkflowRow]) -> list[WorkflowSummary]:
    ids = [row.id for row in rows]
    rooms, last_runs, published, savers = (
        _room_counts(session, ids),
        _last_runs(session, ids),
        _published(session, ids),
        _names_of(session, {row.saved_by for row in rows}),
    )
    return [
        WorkflowSummary(
            id=row.id,
            name=row.name,
            status=WorkflowStatus(row.status),
            revision=row.revision,
            error_count=row.error_count,
            latest_version=row.latest_version,
            published_at=published[row.id][0] if row.id in published else None,
            published_by_name=published[row.id][1] if row.id in published else None,
            room_count=rooms.get(row.id, 0),
            last_run=last_runs.get(row.id),
            created_at=row.created_us,
            updated_at=row.updated_us,
            created_by=row.created_by,
            saved_by_name=savers.get(row.saved_by),
        )
        for row in rows
    ]


def _published(session: Session, ids: list[str]) -> dict[str, tuple[int, str | None]]:
    """When and by whom the latest version of each was."""
    workflow_id, number = col(VersionRow.workflow_id), col(VersionRow.number)
    query = (
        select(workflow_id, col(VersionRow.created_us), col(UserRow.name))
        .join(WorkflowRow, (col(WorkflowRow.id) == workflow_id) & (col(WorkflowRow.latest_version) == number))
        .join(UserRow, col(UserRow.id) == col(VersionRow.created_by), isouter=True)
        .where(workflow_id.in_(ids))
    )
    return {of: (at_us, name) for of, at_us, name in session.execute(query)}


def _names_of(session: Session, ids: Collection[str | None]) -> dict[str | None, str]:
    """What the accounts are called."""
    query = select(col(UserRow.id), col(UserRow.name)).where(col(UserRow.id).in_(ids))
    return {user_id: name for user_id, name in session.execute(query)}  # noqa: C416 - as below


def _room_counts(session: Session, ids: list[str]) -> dict[str, int]:
    of = col(RoomRow.workflow_id)
    counted = session.execute(select(of, func.count()).where(of.in_(ids)).group_by(of))
    return {workflow_id: count for workflow_id, count in counted}  # noqa: C416 - rows are no pairs to mypy


def _last_runs(session: Session, ids: list[str]) -> dict[str, LastRun]:
    of = col(RunRow.workflow_id)
    newest = select(func.max(col(RunRow.id))).where(of.in_(ids)).group_by(of)
    found = session.execute(select(RunRow).where(col(RunRow.id).in_(newest))).scalars()
    return {
        row.workflow_id: LastRun(
            id=row.id,
            room_id=row.room_id,
            number=row.number,
            status=RunStatus(row.status),
            created_at=row.created_us,
        )
        for row in found
    }


def _versions() -> Select[VersionRow, str | None]:
    return select(VersionRow, col(UserRow.name)).join(
        UserRow, col(UserRow.id) == col(VersionRow.created_by), isouter=True
    )


def _numbered(workflow_id: str, number: int) -> Select[VersionRow, str | None]:
    return _versions().where(col(VersionRow.workflow_id) == workflow_id, col(VersionRow.number) == number)


def _whole(found: Row[VersionRow, str | None]) -> Version:
    return Version(**dict(_version(found)), document=orjson.loads(found[0].document))


def _version(found: Row[VersionRow, str | None]) -> VersionSummary:
    row, published_by = found
    return VersionSummary(
        workflow_id=row.workflow_id,
        version=row.number,
        sha256=row.sha256,
        meaning_sha256=row.meaning_sha256,
        note=row.note,
        created_at=row.created_us,
        created_by=row.created_by,
        created_by_name=published_by,
    )
