"""Drafts: any JSON object is kept, with its problems listed; who saves over somebody else's work is told."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from engine.core.errors import InvalidInput, NotFound, OpenRoomsError
from engine.core.identity import Role, User
from engine.core.problem import ERROR, Problem
from engine.core.source_text import TooLarge
from engine.core.validation.reading import MAX_BYTES, read_document
from engine.core.workflow import Workflow, WorkflowSummary, meaning_sha256
from engine.runtime import Runtime
from engine.services import presets
from engine.services.permission import require
from engine.store import requests, workflows
from engine.store.workflows import Draft

MAX_NAME = 200
AGAIN = 10
"""How often a save without a revision tries to get in between others."""
UNTITLED = "Untitled"


class StaleDraft(OpenRoomsError):
    code = "stale_draft"

    def __init__(self, now: WorkflowSummary) -> None:
        by = f" by {now.saved_by_name}" if now.saved_by_name else ""
        super().__init__(
            f"The draft was changed meanwhile{by} and is at revision {now.revision} now. Nothing was overwritten: "
            "load it anew and make your change again."
        )
        self.revision = now.revision
        self.saved_by_name = now.saved_by_name

    @property
    def extra(self) -> dict[str, Any]:
        return {"revision": self.revision, "saved_by_name": self.saved_by_name}


def as_draft(
    rt: Runtime, user: User, data: Any, name_before: str = UNTITLED
) -> tuple[Draft, tuple[Problem, ...]]:
    """`data` as a draft to be stored by this user, and what is wrong with it.

    Raises:
        InvalidInput: it is no JSON object.
        TooLarge: over 5 MiB of JSON.
    """
    if not isinstance(data, dict):
        raise InvalidInput("A workflow document is a JSON object.")
    try:
        text = orjson.dumps(data)
    except (TypeError, RecursionError) as error:
        raise InvalidInput(f"The document can't be kept as JSON: {error}.") from None
    if len(text) > MAX_BYTES:
        raise TooLarge(f"The document takes {len(text):,} bytes; {MAX_BYTES:,} are the most. Split it.")
    problems = tuple(presets.problems_of(rt, data))
    errors = sum(problem.severity == ERROR for problem in problems)
    return Draft(_listed_name(data.get("name"), name_before), text.decode(), errors, user.id), problems


def create(
    rt: Runtime, user: User, document: Mapping[str, Any], *, request_id: str | None = None
) -> Workflow:
    """A new workflow with this draft, sound or not; ids are kept as given. The same `request_id` makes one, once.

    Raises:
        InvalidInput, drafts.TooLarge
    """
    require(rt, user, Role.EDITOR, "create a workflow")
    draft, problems = as_draft(rt, user, dict(document))
    new_id = rt.new_id()
    with rt.db.write() as session:
        asked = requests.own("workflow", request_id)
        workflow_id = requests.made_for(session, user.id, asked, new_id, rt.now_us())
        if workflow_id == new_id:
            workflows.add(session, workflow_id, draft, rt.now_us())
        made = workflows.get(session, workflow_id)
    if workflow_id != new_id and made is not None:
        problems = tuple(presets.problems_of(rt, made.draft))
    return there(made, workflow_id).model_copy(update={"problems": problems})


def change_draft(
    rt: Runtime, user: User, workflow_id: str, change: Callable[[dict[str, Any]], Any], revision: int | None
) -> Workflow:
    """Replace a draft by what `change` makes of it; again when somebody else was faster and no revision is named.

    Checked outside the transaction: a large document takes long, and nobody shall wait for that.

    Raises:
        StaleDraft, InvalidInput, TooLarge
    """
    for _ in range(AGAIN):
        before = read_workflow(rt, workflow_id)
        if revision is not None and before.revision != revision:
            break
        now_us = rt.now_us()
        changed = change(before.draft)
        draft, problems = as_draft(rt, user, changed, before.name)
        with rt.db.write() as session:
            is_saved = workflows.save_draft(session, workflow_id, draft, before.revision, now_us)
        if is_saved:
            after = {"name": draft.name, "draft": changed, "problems": problems, "updated_at": now_us}
            after |= {
                "revision": before.revision + 1,
                "error_count": draft.error_count,
                "saved_by_name": user.name,
            }
            saved = before.model_copy(update=after)
            return saved.model_copy(update={"draft_matches_version": is_published(rt, saved)})
    raise StaleDraft(read_workflow(rt, workflow_id))


def is_published(rt: Runtime, workflow: Workflow) -> bool:
    """Whether the draft means the same as the workflow's latest version."""
    if workflow.latest_version is None:
        return False
    with rt.db.read() as session:
        latest = workflows.version(session, workflow.id, workflow.latest_version)
    document, _ = read_document(presets.with_presets(rt, workflow.draft))
    return document is not None and latest is not None and latest.meaning_sha256 == meaning_sha256(document)


def read_workflow(rt: Runtime, workflow_id: str) -> Workflow:
    with rt.db.read() as session:
        return there(workflows.get(session, workflow_id), workflow_id)


def there(found: Workflow | None, workflow_id: str) -> Workflow:
    if found is None:
        raise NotFound("workflow", workflow_id)
    return found


def clean_name(name: str, what: str) -> str:
    """The name without space around it.

    Raises:
        InvalidInput: it is empty, too long, or holds control characters.
    """
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME or not _visible(name).isprintable() or not _visible(name):
        raise InvalidInput(f"The name of a {what} has 1 to {MAX_NAME} visible characters.")
    return name


def _listed_name(name: Any, before: str) -> str:
    """What lists show: a draft may hold anything in place of a name."""
    if not isinstance(name, str):
        return before
    kept = "".join(letter if _visible(letter).isprintable() else " " for letter in name[:MAX_NAME]).strip()
    return kept if _visible(kept) else before


def _visible(text: str) -> str:
    """Without the joiners, which Persian words and the emoji of families hold between letters."""
    return text.replace("\u200c", "").replace("\u200d", "")
