"""Accounts, for administrators."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from engine.core.errors import InvalidInput
from engine.core.identity import Role, User
from engine.core.page import Page
from engine.services import users
from openrooms_app.api.bodies import StrictRoute
from openrooms_app.api.deps import By, PageAsked

router = APIRouter(prefix="/api", tags=["administration"], route_class=StrictRoute)

RoleName = Literal["viewer", "editor", "admin"]


class NewUser(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    password: str
    role: RoleName = "viewer"


class UserPatch(BaseModel):
    """One change at a time; each ends the user's sessions."""

    model_config = ConfigDict(extra="forbid", strict=True)

    role: RoleName | None = None
    active: bool | None = None
    password: str | None = None


@router.get("/users")
def list_users(by: By, page: PageAsked) -> Page[User]:
    return users.list_users(*by, page)


@router.post("/users", status_code=201)
def create_user(body: NewUser, by: By, response: Response) -> User:
    made = users.create(*by, body.name, body.password, Role(body.role))
    response.headers["Location"] = f"/api/users/{made.id}"
    return made


@router.patch("/users/{user_id}")
def patch_user(user_id: str, body: UserPatch, by: By) -> User:
    """Change a user's role, switch the account off or on, or give it a new password."""
    match body:
        case UserPatch(role=str(role), active=None, password=None):
            return users.set_role(*by, user_id, Role(role))
        case UserPatch(role=None, active=bool(active), password=None):
            return users.set_active(*by, user_id, active)
        case UserPatch(role=None, active=None, password=str(password)):
            return users.set_password(*by, user_id, password)
    raise InvalidInput("Name exactly one of role, active and password.")
