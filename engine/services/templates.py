"""Workflows to begin with: shipped documents that run without a key, each showing another part of the engine."""

import functools
from pathlib import Path
from typing import Any

from engine.core.document import Frozen
from engine.core.errors import NotFound
from engine.core.identity import Role, User
from engine.core.page import Paging
from engine.core.parsing import parse_json
from engine.core.room import NewRoom
from engine.core.workflow import Workflow
from engine.runtime import Runtime
from engine.services import rooms, versions, workflows
from engine.services.exchange import create_named_freely
from engine.services.permission import require

FOLDER = Path(__file__).parents[1] / "templates"


class Template(Frozen):
    id: str
    name: str
    description: str
    document: dict[str, Any]


def list_templates(rt: Runtime, user: User) -> tuple[Template, ...]:
    require(rt, user, Role.VIEWER, "see the templates")
    return _shipped()


def create_from_template(
    rt: Runtime, user: User, template_id: str, *, request_id: str | None = None
) -> Workflow:
    """A new workflow with the template's document as its draft.

    Raises:
        NotFound: there is no such template.
    """
    require(rt, user, Role.EDITOR, "create a workflow")
    for template in _shipped():
        if template.id == template_id:
            return create_named_freely(rt, user, template.document, request_id=request_id)
    raise NotFound("template", template_id)


def seed_demo(rt: Runtime, user: User) -> int:
    """Fill an installation without workflows: each template published, with a room; how many were made."""
    if workflows.list_workflows(rt, user, paging=Paging(limit=1)).items:
        return 0
    for template in _shipped():
        made = create_named_freely(rt, user, template.document)
        versions.publish(rt, user, made.id, note="as shipped")
        rooms.create(rt, user, NewRoom(name=template.name, workflow_id=made.id))
    return len(_shipped())


@functools.cache
def _shipped() -> tuple[Template, ...]:
    return tuple(_read(file) for file in sorted(FOLDER.glob("*.json")))


def _read(file: Path) -> Template:
    document: Any = parse_json(file.read_bytes())
    return Template(
        id=file.stem, name=document["name"], description=document["description"], document=document
    )
