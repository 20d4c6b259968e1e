"""API keys: made, listed and revoked by their owners."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from engine.core.apikey import ApiKey, MadeKey, NewKey
from engine.core.identity import Scope
from engine.core.page import Page
from engine.services import api_keys
from openrooms_app.api.bodies import StrictRoute
from openrooms_app.api.deps import By, PageAsked

router = APIRouter(prefix="/api/keys", tags=["administration"], route_class=StrictRoute)


class KeyWanted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=api_keys.MAX_NAME, description="what it is for")
    scopes: list[Scope] = Field([Scope.READ], min_length=1, max_length=len(Scope))
    expires_in_days: int | None = Field(90, ge=1, le=api_keys.MAX_DAYS, description="null: never")


@router.post("", status_code=201)
def create_key(body: KeyWanted, by: By) -> MadeKey:
    """A key of your own. `key` is in this answer and never again: only its hash is kept."""
    new = NewKey(name=body.name, scopes=tuple(body.scopes), expires_in_days=body.expires_in_days)
    return api_keys.create(*by, new)


@router.get("")
def list_keys(
    by: By,
    page: PageAsked,
    of_all: Annotated[bool, Query(description="everybody's, for administrators")] = False,
) -> Page[ApiKey]:
    """Your keys, newest first, revoked ones too."""
    return api_keys.list_keys(*by, page, of_all=of_all)


@router.delete("/{key_id}", status_code=204)
def revoke_key(key_id: str, by: By) -> None:
    """End a key at once; administrators may end anybody's."""
    api_keys.revoke(*by, key_id)
