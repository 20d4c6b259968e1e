"""Tools: their schemas, and trying one out."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from engine.core.page import Page
from engine.services import tools
from engine.services.tools import ToolView, Tried
from openrooms_app.api.bodies import StrictRoute
from openrooms_app.api.deps import By

router = APIRouter(prefix="/api/tools", tags=["tools"], route_class=StrictRoute)


class TryOut(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    arguments: dict[str, Any] = {}
    room_id: str | None = None


@router.get("")
def list_tools(by: By) -> Page[ToolView]:
    """Every tool with the JSON Schema of its parameters and result."""
    return Page(items=tools.list_tools(*by))


@router.get("/{name}")
def get_tool(name: str, by: By) -> ToolView:
    return tools.get(*by, name)


@router.post("/{name}/invoke")
def invoke_tool(name: str, body: TryOut, by: By) -> Tried:
    """Call the tool for real; memory tools need a `room_id`."""
    return tools.invoke(*by, name, body.arguments, room_id=body.room_id)
