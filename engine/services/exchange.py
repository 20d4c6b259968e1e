"""Workflows as files: taken in as they are, given out byte for byte the same."""

from typing import Any, Literal

from engine.core.document import FORMAT, Document
from engine.core.document_text import as_json, as_yaml
from engine.core.errors import InvalidInput, NotFound
from engine.core.identity import Role, User
from engine.core.parsing import parse_json, parse_yaml
from engine.core.workflow import Workflow, free_name
from engine.runtime import Runtime
from engine.services.drafts import MAX_NAME, create
from engine.services.permission import require
from engine.store import audit, workflows

FileFormat = Literal["json", "yaml"]


def import_document(
    rt: Runtime, user: User, raw: bytes, file_format: FileFormat = "json", *, request_id: str | None = None
) -> Workflow:
    """A new workflow from a file; ids are kept, a name that is taken gets a number.

    Raises:
        MalformedJson, TooLarge: the file can't be read.
        InvalidInput: it holds no JSON object, or one that another program wrote.
    """
    require(rt, user, Role.EDITOR, "import a workflow")
    document = parse_yaml(raw) if file_format == "yaml" else parse_json(raw)
    if not isinstance(document, dict):
        raise InvalidInput("The file holds no workflow: a workflow document is a JSON object.")
    if not _is_ours(document):
        raise InvalidInput(
            f'The file is no workflow of OpenRooms: its "format" has to be "{FORMAT}". '
            "Files of other programs can't be taken over."
        )
    made = create_named_freely(rt, user, document, request_id=request_id)
    with rt.db.write() as session:
        audit.append(session, rt.now_us(), user.id, "import", made.id, name=made.name)
    return made


def _is_ours(document: dict[str, Any]) -> bool:
    """Whether it says so, or says nothing and has no field that ours have not: a draft may be half a document."""
    if "format" in document:
        return bool(document["format"] == FORMAT)
    return document.keys() <= Document.model_fields.keys()


def create_named_freely(
    rt: Runtime, user: User, document: dict[str, Any], *, request_id: str | None = None
) -> Workflow:
    """A new workflow; a name that is taken gets a number."""
    name = document.get("name")
    if isinstance(name, str):
        with rt.db.read() as session:
            taken = workflows.names(session)
        if name in taken:
            document = {**document, "name": free_name(name[: MAX_NAME - 8], taken)}
    return create(rt, user, document, request_id=request_id)


def export(
    rt: Runtime,
    user: User,
    workflow_id: str,
    *,
    version: int | Literal["latest", "draft"] = "latest",
    file_format: FileFormat = "json",
) -> bytes:
    """The file of a version, byte-identical each time, or of the draft; `latest` is the draft before the first.

    Raises:
        NotFound: there is no such workflow or version.
    """
    require(rt, user, Role.VIEWER, "export a workflow")
    with rt.db.write() as session:
        found = workflows.get(session, workflow_id)
        if found is None:
            raise NotFound("workflow", workflow_id)
        document, number = found.draft, found.latest_version if version == "latest" else version
        if isinstance(number, int):
            published = workflows.version(session, workflow_id, number)
            if published is None:
                raise NotFound("version", f"{workflow_id} {number}")
            document = published.document
        audit.append(session, rt.now_us(), user.id, "export", workflow_id, name=found.name, version=number)
    return as_yaml(document) if file_format == "yaml" else as_json(document)
