"""Secrets, for administrators: set, replaced and deleted by name; a value goes in and never comes out."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from engine.core.page import Page
from engine.core.secret import Secret
from engine.services import secrets
from engine.services.secrets import Rotated
from openrooms_app.api.bodies import StrictRoute
from openrooms_app.api.deps import By, PageAsked

router = APIRouter(prefix="/api", tags=["administration"], route_class=StrictRoute)


class SecretValue(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    value: str


@router.get("/secrets")
def list_secrets(by: By, page: PageAsked) -> Page[Secret]:
    """Their names; values are never shown."""
    return secrets.list_secrets(*by, page)


@router.put("/secrets/{name}")
def put_secret(name: str, body: SecretValue, by: By) -> Secret:
    return secrets.put(*by, name, body.value)


@router.delete("/secrets/{name}", status_code=204)
def delete_secret(name: str, by: By) -> None:
    secrets.delete(*by, name)


@router.post("/secrets/rotate")
def rotate_master_key(by: By) -> Rotated:
    """Protect all secrets by a new master key."""
    return secrets.rotate(*by)
