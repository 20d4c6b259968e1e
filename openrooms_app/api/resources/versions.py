"""Versions of a workflow: published from the draft, never changed."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from engine.core.page import Page
from engine.core.workflow import Version, VersionSummary, Workflow
from engine.services import workflows
from openrooms_app.api.bodies import StrictRoute
from openrooms_app.api.deps import By, PageAsked, Revision, VersionNumber

router = APIRouter(
    prefix="/api/workflows/{workflow_id}/versions", tags=["workflows"], route_class=StrictRoute
)


class Publication(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    note: str = Field("", max_length=2000)


@router.post("", status_code=201, responses={200: {"description": "the latest version means the same"}})
def publish(
    workflow_id: str,
    by: By,
    revision: Revision,
    response: Response,
    body: Publication | None = None,
) -> VersionSummary:
    """Publish the draft. A draft that means what the latest version means gives that one, with 200."""
    note = body.note if body else ""
    published = workflows.publish(*by, workflow_id, note=note, revision=revision)
    if not published.is_new:
        response.status_code = 200
    response.headers["Location"] = f"/api/workflows/{workflow_id}/versions/{published.version.version}"
    summary = published.version.model_dump(exclude={"document"})
    return VersionSummary(**summary)


@router.get("")
def list_versions(workflow_id: str, by: By, page: PageAsked) -> Page[VersionSummary]:
    """Newest first."""
    return workflows.list_versions(*by, workflow_id, page)


@router.get("/{number}")
def get_version(workflow_id: str, number: VersionNumber, by: By) -> Version:
    """The version with its exact document."""
    return workflows.get_version(*by, workflow_id, number)


@router.post("/{number}/restore")
def restore_version(workflow_id: str, number: VersionNumber, by: By, revision: Revision) -> Workflow:
    """Put the version's document back into the draft."""
    return workflows.restore(*by, workflow_id, number, revision=revision)
