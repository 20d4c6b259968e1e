"""Rooms: made for a workflow, listed, changed, removed; where they stand and what they log."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from engine.core.page import Page
from engine.core.room import NewRoom, Room, RoomPatch, RoomStatus
from engine.services import history, logs, rooms
from engine.services.rooms import Order, Sought
from openrooms_app.api.bodies import StrictRoute
from openrooms_app.api.deps import By, PageAsked, RequestId
from openrooms_app.api.log_query import LogAsked

router = APIRouter(prefix="/api/rooms", tags=["rooms"], route_class=StrictRoute)


@router.post("", status_code=201)
def create_room(body: NewRoom, by: By, request_id: RequestId, response: Response) -> Room:
    room = rooms.create(*by, body, request_id=request_id)
    response.headers["Location"] = f"/api/rooms/{room.id}"
    return room


async def _sought(
    status: RoomStatus | None = None,
    workflow_id: Annotated[str | None, Query(max_length=100)] = None,
    q: Annotated[str, Query(max_length=200, description="part of the name")] = "",
    passing: Annotated[bool, Query(description="those made for one call over MCP instead")] = False,
    order: Annotated[
        Order, Query(description="newest: made last; active: run or changed last")
    ] = Order.NEWEST,
) -> Sought:
    return Sought(status, workflow_id, q, passing, order)


@router.get("")
def list_rooms(by: By, page: PageAsked, sought: Annotated[Sought, Depends(_sought)]) -> Page[Room]:
    """Newest first, unless `order` says otherwise."""
    return rooms.list_rooms(*by, sought, page)


@router.get("/{room_id}")
def get_room(room_id: str, by: By) -> Room:
    return rooms.get(*by, room_id)


@router.patch("/{room_id}")
def patch_room(room_id: str, body: RoomPatch, by: By) -> Room:
    """Change what is named; a run that has started keeps what it started with."""
    return rooms.patch(*by, room_id, body)


@router.delete("/{room_id}", status_code=204)
def delete_room(room_id: str, by: By) -> None:
    """Delete the room with its runs and memory; refused while a run is not over."""
    rooms.delete(*by, room_id)


@router.get("/{room_id}/status")
def get_status(room_id: str, by: By) -> dict[str, Any]:
    """The room, its run, where each branch stands, vars, signals waited for, the next wake-up."""
    return history.status(*by, room_id)


@router.get("/{room_id}/logs")
def list_logs(
    room_id: str,
    by: By,
    asked: LogAsked,
    run_id: Annotated[str | None, Query(max_length=100, description="instead of the latest run")] = None,
) -> Page[dict[str, Any]]:
    """Events of the room's latest run, newest last: the last ones, or those after `after_seq`."""
    if run_id is None:
        return logs.of_room(*by, room_id, asked)
    own = logs.run_of_room(*by, room_id, run_id)
    return logs.of_run(*by, own, asked)
