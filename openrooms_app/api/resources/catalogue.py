"""What workflows are made of: node types, tools, providers, templates, the document's own schema, expressions."""

from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from engine.core.page import Page
from engine.core.workflow import Workflow
from engine.services import catalogue, models, templates, trying
from engine.services.catalogue import CatalogueView, ProviderView
from engine.services.templates import Template
from openrooms_app.api.bodies import StrictRoute
from openrooms_app.api.deps import By, RequestId

router = APIRouter(prefix="/api", tags=["catalogue"], route_class=StrictRoute)


class Trial(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    source: str
    kind: Literal["value", "condition", "template"] = Field("value", alias="as")
    scope: dict[str, Any] = {}
    tell: bool = False


@router.get("/catalogue")
def get_catalogue(by: By) -> CatalogueView:
    """Everything the editor offers, with the schemas of its forms, and every limit."""
    return catalogue.describe(*by)


@router.get("/providers")
def list_providers(by: By) -> Page[ProviderView]:
    """Language model providers: configured or not, and models; a server is asked for its own, once a minute."""
    return Page(items=models.list_providers(*by))


@router.get("/schemas/workflow")
def get_document_schema(by: By) -> dict[str, Any]:
    """The JSON Schema of the workflow document."""
    del by  # logged in is enough
    return catalogue.document_schema()


@router.get("/templates")
def list_templates(by: By) -> Page[Template]:
    """Workflows to begin with; each runs without a key."""
    return Page(items=templates.list_templates(*by))


@router.post("/templates/{template_id}/workflows", status_code=201)
def create_from_template(template_id: str, by: By, request_id: RequestId, response: Response) -> Workflow:
    """A new workflow with the template's document as its draft."""
    made = templates.create_from_template(*by, template_id, request_id=request_id)
    response.headers["Location"] = f"/api/workflows/{made.id}"
    return made


@router.post("/expressions/evaluate")
def evaluate_expression(body: Trial, by: By) -> dict[str, Any]:
    """`{value, reads, cost}` of an expression, a condition or a template; `scope` holds its top-level names.

    What is wrong with it is refused with 422; with `tell` it is the answer: `{value: null, fault: {code, detail,
    line, column}}`, for fields that ask at every letter.
    """
    del by  # logged in is enough
    if body.tell:
        return trying.told(body.source, body.kind, body.scope)
    return trying.evaluate(body.source, body.kind, body.scope)
