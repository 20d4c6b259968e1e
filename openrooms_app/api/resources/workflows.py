"""Workflows: drafts that are saved by revision, checked, imported, exported and removed."""

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Body, Query, Request, Response
from pydantic import BaseModel

from engine.core.errors import InvalidInput
from engine.core.page import Page
from engine.core.problem import Problem
from engine.core.workflow import Workflow, WorkflowStatus, WorkflowSummary
from engine.services import workflows
from engine.services.exchange import FileFormat
from openrooms_app.api.bodies import RawBody, StrictRoute, media_type
from openrooms_app.api.deps import MAX_INT, By, PageAsked, RequestId, Revision
from openrooms_app.api.problems import UnsupportedMediaType

router = APIRouter(prefix="/api/workflows", tags=["workflows"], route_class=StrictRoute)

YAML_TYPES = {"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"}
FILE_TYPES = {
    "application/json": {"schema": {"type": "object"}},
    "application/yaml": {"schema": {"type": "object"}},
}


class Findings(BaseModel):
    valid: bool
    problems: list[Problem]


class NodeList(BaseModel):
    items: list[dict[str, Any]]
    next_cursor: None = None


@router.post("", status_code=201)
def create_workflow(body: dict[str, Any], by: By, request_id: RequestId, response: Response) -> Workflow:
    """Create a workflow from a document, or an empty draft from `{"name": …, "description"?: …}`."""
    if isinstance(body.get("name"), str) and body.keys() <= {"name", "description"}:
        made = workflows.create_empty(*by, **body, request_id=request_id)
    else:
        made = workflows.create(*by, body, request_id=request_id)
    return _told(response, made, is_new=True)


@router.get("")
def list_workflows(
    by: By,
    page: PageAsked,
    search: Annotated[str, Query(max_length=200)] = "",
    status: WorkflowStatus | None = None,
) -> Page[WorkflowSummary]:
    """Newest first; archived ones only with `status=ARCHIVED`."""
    return workflows.list_workflows(*by, search=search, status=status, paging=page)


@router.post("/validate")
def validate_document(body: Annotated[Any, Body()], by: By) -> Findings:
    """All problems of a document that is not stored."""
    return _findings(workflows.validate(*by, body))


@router.post("/import", status_code=201, openapi_extra={"requestBody": {"content": FILE_TYPES}})
def import_workflow(
    raw: RawBody, request: Request, by: By, request_id: RequestId, response: Response
) -> Workflow:
    """Create a workflow from a file: JSON, or YAML by its Content-Type. A name that is taken gets a number."""
    given = media_type(request)
    if given not in {"", "application/json", *YAML_TYPES}:
        raise UnsupportedMediaType(given, "application/json or application/yaml")
    made = workflows.import_document(
        *by, raw, "yaml" if given in YAML_TYPES else "json", request_id=request_id
    )
    return _told(response, made, is_new=True)


@router.get("/{workflow_id}")
def get_workflow(workflow_id: str, by: By, response: Response) -> Workflow:
    """The workflow with its draft and problems; `ETag` is the draft's revision."""
    return _told(response, workflows.get(*by, workflow_id))


@router.put("/{workflow_id}")
def save_draft(
    workflow_id: str, body: dict[str, Any], by: By, revision: Revision, response: Response
) -> Workflow:
    """Replace the draft, if it still has the revision in `If-Match`."""
    return _told(response, workflows.save_draft(*by, workflow_id, body, revision=revision))


@router.patch("/{workflow_id}")
def patch_draft(
    workflow_id: str, body: dict[str, Any], by: By, revision: Revision, response: Response
) -> Workflow:
    """Replace the draft's top-level fields that are named; null removes one."""
    return _told(response, workflows.patch_draft(*by, workflow_id, body, revision=revision))


@router.delete(
    "/{workflow_id}",
    status_code=204,
    responses={200: {"model": Workflow, "description": "in use, so archived"}},
)
def delete_workflow(workflow_id: str, by: By, force: bool = False) -> Response:
    """Delete the workflow; one that rooms use is refused, or archived with `force=true`."""
    archived = workflows.delete(*by, workflow_id, force=force)
    if archived is None:
        return Response(status_code=204)
    return Response(archived.model_dump_json(), 200, media_type="application/json")


@router.post("/{workflow_id}/unarchive")
def unarchive_workflow(workflow_id: str, by: By) -> Workflow:
    """Take an archived workflow back into use."""
    return workflows.unarchive(*by, workflow_id)


@router.post("/{workflow_id}/validate")
def validate_draft(workflow_id: str, by: By) -> Findings:
    """All problems of the draft."""
    return _findings(list(workflows.get(*by, workflow_id).problems))


@router.get("/{workflow_id}/nodes")
def list_nodes(
    workflow_id: str, by: By, version: Annotated[int | None, Query(ge=0, le=MAX_INT)] = None
) -> NodeList:
    """Nodes of a version, or of the draft, each with the `transitions` that leave it."""
    return NodeList(items=workflows.nodes(*by, workflow_id, version))


@router.get("/{workflow_id}/export", response_class=Response, responses={200: {"content": FILE_TYPES}})
def export_workflow(
    workflow_id: str,
    request: Request,
    by: By,
    version: str = "latest",
    format: FileFormat | None = None,
) -> Response:
    """The file of a version (a number or `latest`) or of the `draft`; YAML by `format` or by `Accept`."""
    wants_yaml = any(kind in request.headers.get("accept", "") for kind in YAML_TYPES)
    file_format: FileFormat = format or ("yaml" if wants_yaml else "json")
    file = workflows.export(*by, workflow_id, version=_version(version), file_format=file_format)
    name = quote(f"{workflows.get(*by, workflow_id).name}.{file_format}", safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(file, headers=headers, media_type=f"application/{file_format}")


def _version(text: str) -> int | Literal["latest", "draft"]:
    if text == "latest":
        return "latest"
    if text == "draft":
        return "draft"
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return int(text)
    raise InvalidInput(f"version is {text[:40]!r}; it takes a number, latest or draft.")


def _findings(problems: list[Problem]) -> Findings:
    return Findings(valid=all(problem.severity != "error" for problem in problems), problems=problems)


def _told(response: Response, workflow: Workflow, *, is_new: bool = False) -> Workflow:
    response.headers["ETag"] = f'"{workflow.revision}"'
    if is_new:
        response.headers["Location"] = f"/api/workflows/{workflow.id}"
    return workflow
