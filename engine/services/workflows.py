"""Workflows: make, list, edit, check, publish, give out and remove them."""

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from engine.core.document import empty_document
from engine.core.errors import NotFound, OpenRoomsError
from engine.core.identity import Role, User
from engine.core.page import FIRST_PAGE, Page, Paging
from engine.core.problem import Problem
from engine.core.workflow import Workflow, WorkflowStatus, WorkflowSummary
from engine.runtime import Runtime
from engine.services import presets
from engine.services.drafts import change_draft, clean_name, create, is_published, read_workflow, there
from engine.services.exchange import export, import_document
from engine.services.permission import require
from engine.services.versions import get_version, list_versions, publish, restore
from engine.store import audit, workflows
from engine.store.workflows import Sought

__all__ = [
    "create",
    "create_empty",
    "delete",
    "export",
    "get",
    "get_version",
    "import_document",
    "list_versions",
    "list_workflows",
    "nodes",
    "patch_draft",
    "publish",
    "rename",
    "restore",
    "save_draft",
    "unarchive",
    "validate",
]

NAMED_ROOMS = 5


class WorkflowInUse(OpenRoomsError):
    code = "workflow_in_use"

    def __init__(self, name: str, rooms: int, names: list[str]) -> None:
        shown = ", ".join(repr(room) for room in names) + (", …" if rooms > len(names) else "")
        super().__init__(
            f"The workflow {name!r} is used by {rooms} room(s): {shown}. Delete them first, or force it: "
            "the workflow is then archived, and its rooms keep working."
        )


def create_empty(
    rt: Runtime, user: User, name: str, *, description: Any = None, request_id: str | None = None
) -> Workflow:
    """A new workflow whose draft is a START and an END."""
    told = {} if description is None else {"description": description}
    document = {**empty_document(clean_name(name, "workflow")), **told}
    return create(rt, user, document, request_id=request_id)


def list_workflows(
    rt: Runtime,
    user: User,
    *,
    search: str = "",
    status: WorkflowStatus | None = None,
    paging: Paging = FIRST_PAGE,
) -> Page[WorkflowSummary]:
    """Newest first; the archived ones only when asked for by status."""
    require(rt, user, Role.VIEWER, "list workflows")
    with rt.db.read() as session:
        found = workflows.list_after(session, Sought(status, search), paging.after(), paging.limit + 1)
    return paging.page(found, lambda item: item.id)


def get(rt: Runtime, user: User, workflow_id: str) -> Workflow:
    """The workflow with its draft and the draft's problems."""
    require(rt, user, Role.VIEWER, "see a workflow")
    found = read_workflow(rt, workflow_id)
    problems = tuple(presets.problems_of(rt, found.draft))
    is_same = is_published(rt, found)
    return found.model_copy(update={"problems": problems, "draft_matches_version": is_same})


def save_draft(
    rt: Runtime, user: User, workflow_id: str, draft: Any, *, revision: int | None = None
) -> Workflow:
    """Replace the draft that has this revision; without one, whatever it is.

    Raises:
        StaleDraft: it has a newer revision.
        InvalidInput, drafts.TooLarge
    """
    require(rt, user, Role.EDITOR, "change a workflow")
    return change_draft(rt, user, workflow_id, lambda _: draft, revision)


def patch_draft(
    rt: Runtime,
    user: User,
    workflow_id: str,
    patch: Mapping[str, JsonValue],
    *,
    revision: int | None = None,
) -> Workflow:
    """Replace the draft's top-level fields named in `patch`; null removes a field.

    Raises:
        StaleDraft: the draft has a newer revision.
    """
    require(rt, user, Role.EDITOR, "change a workflow")

    def patched(draft: dict[str, Any]) -> dict[str, Any]:
        merged = {**draft, **patch}
        return {key: value for key, value in merged.items() if value is not None or key not in patch}

    return change_draft(rt, user, workflow_id, patched, revision)


def rename(rt: Runtime, user: User, workflow_id: str, name: str) -> Workflow:
    return patch_draft(rt, user, workflow_id, {"name": clean_name(name, "workflow")})


def delete(rt: Runtime, user: User, workflow_id: str, *, force: bool = False) -> Workflow | None:
    """Remove the workflow and its versions; None then. With `force`, one in use is archived and given back.

    Raises:
        WorkflowInUse: rooms use it.
    """
    require(rt, user, Role.EDITOR, "delete a workflow")
    with rt.db.write() as session:
        found = there(workflows.get(session, workflow_id, lock=True), workflow_id)
        if not found.room_count:
            workflows.remove(session, workflow_id)
            audit.append(session, rt.now_us(), user.id, "workflow_deleted", workflow_id, name=found.name)
            return None
        if not force:
            names = workflows.room_names(session, workflow_id, NAMED_ROOMS)
            raise WorkflowInUse(found.name, found.room_count, names)
        workflows.set_status(session, workflow_id, WorkflowStatus.ARCHIVED, rt.now_us())
        audit.append(session, rt.now_us(), user.id, "workflow_archived", workflow_id, name=found.name)
        return workflows.get(session, workflow_id)


def unarchive(rt: Runtime, user: User, workflow_id: str) -> Workflow:
    """Take an archived workflow back into use."""
    require(rt, user, Role.EDITOR, "unarchive a workflow")
    with rt.db.write() as session:
        found = there(workflows.get(session, workflow_id, lock=True), workflow_id)
        if found.status is WorkflowStatus.ARCHIVED:
            status = WorkflowStatus.ACTIVE if found.latest_version else WorkflowStatus.DRAFT
            workflows.set_status(session, workflow_id, status, rt.now_us())
    return get(rt, user, workflow_id)


def validate(rt: Runtime, user: User, document: JsonValue) -> list[Problem]:
    """What is wrong with a document that is not stored."""
    require(rt, user, Role.VIEWER, "validate a document")
    return presets.problems_of(rt, document)


def nodes(rt: Runtime, user: User, workflow_id: str, version: int | None = None) -> list[dict[str, Any]]:
    """The nodes of a version, or of the draft, each with the `transitions` that leave it."""
    require(rt, user, Role.VIEWER, "see a workflow")
    if version is None:
        document = read_workflow(rt, workflow_id).draft
    else:
        with rt.db.read() as session:
            found = workflows.version(session, workflow_id, version)
        if found is None:
            raise NotFound("version", version)
        document = found.document
    leaving = _objects(document.get("transitions"))
    return [
        {**node, "transitions": [way for way in leaving if way.get("source") == node.get("id")]}
        for node in _objects(document.get("nodes"))
    ]


def _objects(value: Any) -> list[dict[str, Any]]:
    """The objects in a list; a draft may hold anything anywhere."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
