"""The audit log, for administrators: read in pages, taken away as a file, checked."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from engine.core.audit import AuditEntry
from engine.core.page import Page
from engine.services import auditing
from engine.services.auditing import Sought, Verdict
from openrooms_app.api.bodies import FILE, StrictRoute, file_of
from openrooms_app.api.deps import By, Moment, PageAsked

router = APIRouter(prefix="/api/audit", tags=["administration"], route_class=StrictRoute)

Filter = Annotated[str | None, Query(max_length=200)]


async def _sought(
    action: Filter = None,
    user_id: Filter = None,
    target: Filter = None,
    since: Annotated[Moment | None, Query(description="the first moment")] = None,
    until: Annotated[Moment | None, Query(description="the one after the last")] = None,
) -> Sought:
    return Sought(action, user_id, target, since, until)


SoughtAsked = Annotated[Sought, Depends(_sought)]


@router.get("")
def list_audit_entries(by: By, page: PageAsked, sought: SoughtAsked) -> Page[AuditEntry]:
    """Newest first, those that fit all filters."""
    return auditing.list_entries(*by, page, sought)


@router.get("/export", response_class=StreamingResponse, responses={200: FILE})
def export_audit_log(by: By, sought: SoughtAsked) -> StreamingResponse:
    """All that fit, newest first, one JSON object a line."""
    lines = (f"{entry.model_dump_json()}\n" for entry in auditing.export(*by, sought))
    return file_of(lines, "audit.jsonl")


@router.post("/verify")
def verify_audit_log(by: By) -> Verdict:
    """Whether every entry still follows from the one before."""
    return auditing.verify(*by)
