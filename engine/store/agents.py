"""Agents and their versions; a version never changes."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import Row, Select, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from engine.core.agent import Agent, AgentSpec, AgentSummary, AgentVersion, UsedBy
from engine.store.access_tables import UserRow
from engine.store.agent_tables import AgentRow, AgentVersionRow
from engine.store.tables import VersionRow, WorkflowRow


def add(session: Session, agent: Agent) -> bool:
    """False: there is an agent with that name."""
    row = AgentRow(
        id=agent.id,
        name=agent.name,
        latest_version=agent.version,
        created_us=agent.created_at,
        updated_us=agent.updated_at,
        created_by=agent.created_by,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    _add_version(session, agent, agent.created_by)
    return True


def renew(session: Session, agent: Agent, by: str) -> None:
    """Keep its new version."""
    session.execute(
        update(AgentRow)
        .where(col(AgentRow.id) == agent.id)
        .values(latest_version=agent.version, updated_us=agent.updated_at)
    )
    _add_version(session, agent, by)


def get(session: Session, agent_id: str, *, lock: bool = False) -> Agent | None:
    row = session.get(AgentRow, agent_id, with_for_update=lock or None, populate_existing=True)
    latest = version(session, agent_id, row.latest_version) if row else None
    if row is None or latest is None:
        return None
    return Agent(**dict(_summary(row)), spec=latest.spec, note=latest.note)


def list_after(session: Session, last_name: str | None, limit: int) -> list[tuple[AgentSummary, AgentSpec]]:
    """By name, each as its latest version has it."""
    latest = (col(AgentVersionRow.agent_id) == col(AgentRow.id)) & (
        col(AgentVersionRow.number) == col(AgentRow.latest_version)
    )
    query = select(AgentRow, col(AgentVersionRow.spec)).join(AgentVersionRow, latest)
    if last_name is not None:
        query = query.where(col(AgentRow.name) > last_name)
    rows = session.execute(query.order_by(col(AgentRow.name)).limit(limit))
    return [(_summary(row), AgentSpec.model_validate_json(spec)) for row, spec in rows]


def version(session: Session, agent_id: str, number: int) -> AgentVersion | None:
    query = _versions().where(
        col(AgentVersionRow.agent_id) == agent_id, col(AgentVersionRow.number) == number
    )
    found = session.execute(query).one_or_none()
    return _version(found) if found else None


def versions_before(session: Session, agent_id: str, number: int | None, limit: int) -> list[AgentVersion]:
    """Newest first."""
    query = _versions().where(col(AgentVersionRow.agent_id) == agent_id)
    if number is not None:
        query = query.where(col(AgentVersionRow.number) < number)
    found = session.execute(query.order_by(col(AgentVersionRow.number).desc()).limit(limit))
    return [_version(row) for row in found]


def specs(
    session: Session, wanted: Collection[tuple[str, int | None]]
) -> dict[tuple[str, int | None], tuple[int, AgentSpec]]:
    """By name and version, the latest for None: its number and what it says; without what is not there."""
    names = sorted({name for name, _ in wanted})
    rows = session.execute(select(AgentRow).where(col(AgentRow.name).in_(names))).scalars()
    by_name = {row.name: row for row in rows}
    found = {}
    for name, number in wanted:
        if (row := by_name.get(name)) is None or not 0 < (number or 1) < 2**31:
            continue
        one = version(session, row.id, number or row.latest_version)
        if one is not None:
            found[name, number] = one.version, one.spec
    return found


def documents_with(session: Session, needle: str) -> Iterator[tuple[UsedBy, str]]:
    """Workflows whose draft or latest version holds that text, each with such a document; by name."""
    latest = (col(VersionRow.workflow_id) == col(WorkflowRow.id)) & (
        col(VersionRow.number) == col(WorkflowRow.latest_version)
    )
    draft, document = col(WorkflowRow.draft), col(VersionRow.document)
    found = session.execute(
        select(col(WorkflowRow.id), col(WorkflowRow.name), draft, document)
        .outerjoin(VersionRow, latest)
        .where(or_(draft.contains(needle, autoescape=True), document.contains(needle, autoescape=True)))
        .order_by(col(WorkflowRow.name), col(WorkflowRow.id))
    )
    for workflow_id, name, *texts in found:
        for text in texts:
            if text and needle in text:
                yield UsedBy(id=workflow_id, name=name), text


def remove(session: Session, agent_id: str) -> None:
    session.execute(delete(AgentRow).where(col(AgentRow.id) == agent_id))


def _add_version(session: Session, agent: Agent, by: str | None) -> None:
    session.add(
        AgentVersionRow(
            agent_id=agent.id,
            number=agent.version,
            spec=agent.spec.model_dump_json(exclude_none=True),
            note=agent.note,
            created_us=agent.updated_at,
            created_by=by,
        )
    )
    session.flush()


def _summary(row: AgentRow) -> AgentSummary:
    return AgentSummary(
        id=row.id,
        name=row.name,
        version=row.latest_version,
        created_at=row.created_us,
        updated_at=row.updated_us,
        created_by=row.created_by,
    )


def _versions() -> Select[AgentVersionRow, str | None]:
    return select(AgentVersionRow, col(UserRow.name)).join(
        UserRow, col(UserRow.id) == col(AgentVersionRow.created_by), isouter=True
    )


def _version(found: Row[AgentVersionRow, str | None]) -> AgentVersion:
    row, made_by = found
    return AgentVersion(
        agent_id=row.agent_id,
        version=row.number,
        spec=AgentSpec.model_validate_json(row.spec),
        note=row.note,
        created_at=row.created_us,
        created_by=row.created_by,
        created_by_name=made_by,
    )
