"""Versions: publish the draft, look at what was published, take it back into the draft."""

import hashlib
from typing import Any

import orjson

from engine.core.document import Document
from engine.core.errors import InvalidInput, NotFound, OpenRoomsError
from engine.core.identity import Role, User
from engine.core.page import FIRST_PAGE, Page, Paging
from engine.core.problem import ERROR, Problem
from engine.core.workflow import (
    Published,
    Version,
    VersionSummary,
    Workflow,
    WorkflowStatus,
    meaning_sha256,
)
from engine.runtime import Runtime
from engine.services.drafts import StaleDraft, change_draft, read_workflow
from engine.services.permission import require
from engine.services.presets import checked, without_presets
from engine.store import audit, workflows

MAX_NOTE = 2000


class InvalidWorkflow(OpenRoomsError):
    code = "invalid_workflow"

    def __init__(self, problems: list[Problem]) -> None:
        errors = [problem.message for problem in problems if problem.severity == ERROR]
        more = f" And {len(errors) - 1} more." if len(errors) > 1 else ""
        super().__init__(f"The draft can't be published yet: {errors[0]}{more}")
        self.problems = problems

    @property
    def extra(self) -> dict[str, Any]:
        return {"problems": [problem.plain() for problem in self.problems]}


class WorkflowArchived(OpenRoomsError):
    code = "workflow_archived"

    def __init__(self, name: str) -> None:
        super().__init__(f"The workflow {name!r} is archived. Unarchive it first.")


def publish(
    rt: Runtime, user: User, workflow_id: str, *, note: str = "", revision: int | None = None
) -> Published:
    """Make the draft a version; the latest one is given back when it means the same.

    Raises:
        InvalidWorkflow: the draft has errors; all problems are in `extra`.
        StaleDraft: the draft has another revision than the one asked for.
        WorkflowArchived
    """
    require(rt, user, Role.EDITOR, "publish a workflow")
    if len(note) > MAX_NOTE:
        raise InvalidInput(f"The note has {len(note)} characters; {MAX_NOTE} are the most.")
    draft = read_workflow(rt, workflow_id)
    if revision not in (None, draft.revision):
        raise StaleDraft(draft)
    if draft.status is WorkflowStatus.ARCHIVED:
        raise WorkflowArchived(draft.name)
    document, problems = checked(rt, draft.draft)
    if any(problem.severity == ERROR for problem in problems):
        raise InvalidWorkflow(problems)
    return _publish(rt, user, draft, note, document)


def _publish(rt: Runtime, user: User, draft: Workflow, note: str, document: dict[str, Any]) -> Published:
    """`document` is the draft with its agents' settings written out."""
    meaning = meaning_sha256(Document.of(document))
    text = orjson.dumps(document)
    with rt.db.write() as session:
        now = workflows.get(session, draft.id, lock=True)
        if now is None:
            raise NotFound("workflow", draft.id)
        if now.revision != draft.revision:
            raise StaleDraft(now)
        latest = workflows.version(session, draft.id, now.latest_version or 0)
        if latest is not None and latest.meaning_sha256 == meaning:
            return Published(version=latest, is_new=False)
        summary = VersionSummary(
            workflow_id=draft.id,
            version=(now.latest_version or 0) + 1,
            sha256=hashlib.sha256(text).hexdigest(),
            meaning_sha256=meaning,
            note=note,
            created_at=rt.now_us(),
            created_by=user.id,
        )
        version = workflows.add_version(session, summary, text.decode())
        told = {"name": draft.name, "version": summary.version, "note": note}
        audit.append(session, summary.created_at, user.id, "publish", draft.id, **told)
    return Published(version=version, is_new=True)


def list_versions(
    rt: Runtime, user: User, workflow_id: str, paging: Paging = FIRST_PAGE
) -> Page[VersionSummary]:
    """Newest first."""
    require(rt, user, Role.VIEWER, "list versions")
    last = paging.after()
    if last is not None and not (last.isascii() and last.isdecimal() and len(last) < 10):
        raise InvalidInput("This cursor is of another list.")
    with rt.db.read() as session:
        if workflows.get(session, workflow_id) is None:
            raise NotFound("workflow", workflow_id)
        before = int(last) if last else None
        found = workflows.versions_before(session, workflow_id, before, paging.limit + 1)
    return paging.page(found, lambda item: item.version)


def get_version(rt: Runtime, user: User, workflow_id: str, number: int) -> Version:
    """The exact document of a version."""
    require(rt, user, Role.VIEWER, "see a version")
    with rt.db.read() as session:
        found = workflows.version(session, workflow_id, number)
    if found is None:
        raise NotFound("version", f"{workflow_id} {number}")
    return found


def restore(
    rt: Runtime, user: User, workflow_id: str, number: int, *, revision: int | None = None
) -> Workflow:
    """Put a version's document back into the draft; nothing is published.

    Raises:
        StaleDraft: the draft has another revision than the one asked for.
    """
    require(rt, user, Role.EDITOR, "restore a version")
    document = get_version(rt, user, workflow_id, number).document
    return change_draft(rt, user, workflow_id, lambda _: without_presets(rt, document), revision)
