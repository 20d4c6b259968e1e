"""Rooms: make, list, change and remove them. Running them is in runs.py and control.py."""

from typing import Any, NamedTuple

import orjson

from engine.core.errors import InvalidInput, NotFound, OpenRoomsError, there
from engine.core.identity import Role, User
from engine.core.page import FIRST_PAGE, Page, Paging
from engine.core.room import LATEST, MAX_METADATA_BYTES, NewRoom, Pinned, Room, RoomPatch, RoomStatus
from engine.core.workflow import WorkflowStatus
from engine.runtime import Runtime
from engine.services.drafts import clean_name
from engine.services.permission import require
from engine.services.versions import WorkflowArchived
from engine.store import audit, requests, rooms, runs, workflows
from engine.store.database import Session
from engine.store.rooms import LASTING, Order, Sought

__all__ = [
    "NewRoom",
    "Order",
    "Room",
    "RoomPatch",
    "Sought",
    "create",
    "delete",
    "get",
    "list_rooms",
    "next_version",
    "patch",
]


class RoomStillRuns(OpenRoomsError):
    code = "room_busy"

    def __init__(self, name: str, status: str) -> None:
        super().__init__(
            f"The room {name!r} can't be deleted while its run is {status}. Cancel the run first."
        )


def create(
    rt: Runtime, user: User, new: NewRoom, *, request_id: str | None = None, is_passing: bool = False
) -> Room:
    """A new room, for good unless it is a passing one; the same `request_id` makes one, once. Its workflow need not have a version yet, but a version that is named must exist.

    Raises:
        NotFound: there is no such workflow or version.
        WorkflowArchived, InvalidInput
    """
    require(rt, user, Role.EDITOR, "create a room")
    name = clean_name(new.name, "room")
    _check_metadata(new.metadata)
    now_us, new_id = rt.now_us(), rt.new_id()
    with rt.db.write() as session:
        room_id = requests.made_for(session, user.id, requests.own("room", request_id), new_id, now_us)
        if room_id != new_id:
            return there(rooms.get(session, room_id), "room", room_id)
        workflow = workflows.get(session, new.workflow_id, lock=True)
        if workflow is None:
            raise NotFound("workflow", new.workflow_id)
        if workflow.status is WorkflowStatus.ARCHIVED:
            raise WorkflowArchived(workflow.name)
        _check_version(session, new.workflow_id, new.version)
        room = Room(
            **{**dict(new), "name": name},
            id=room_id,
            workflow_name=workflow.name,
            status=RoomStatus.IDLE,
            last_run_number=0,
            created_at=now_us,
            updated_at=now_us,
            created_by=user.id,
            is_passing=is_passing,
        )
        rooms.add(session, room)
    return room


def list_rooms(
    rt: Runtime,
    user: User,
    sought: Sought = LASTING,
    paging: Paging = FIRST_PAGE,
) -> Page[Room]:
    """In the order that is sought, the newest first if none is."""
    require(rt, user, Role.VIEWER, "list rooms")
    with rt.db.read() as session:
        found = rooms.list_after(session, sought, paging.after(), paging.limit + 1)
    return paging.page(found, lambda room: rooms.place_of(room, sought.order))


def get(rt: Runtime, user: User, room_id: str) -> Room:
    require(rt, user, Role.VIEWER, "see a room")
    with rt.db.read() as session:
        return there(rooms.get(session, room_id), "room", room_id)


class NextVersion(NamedTuple):
    """What a run that begins now would be a run of."""

    workflow_id: str
    number: int
    document: dict[str, Any]


def next_version(rt: Runtime, user: User, room_id: str) -> NextVersion | None:
    """None while there is no version to run."""
    room = get(rt, user, room_id)
    with rt.db.read() as session:
        number = room.version
        if number == LATEST:
            workflow = workflows.get(session, room.workflow_id)
            number = (workflow.latest_version if workflow else None) or 0
        text = runs.version_document(session, room.workflow_id, number)
    return NextVersion(room.workflow_id, number, orjson.loads(text)) if text else None


def patch(rt: Runtime, user: User, room_id: str, changes: RoomPatch) -> Room:
    """Change the room, which then is no passing one; a run that has started keeps what it started with.

    Raises:
        NotFound: there is no such room or version.
    """
    require(rt, user, Role.EDITOR, "change a room")
    fields = {name: value for name, value in dict(changes).items() if value is not None}
    if "name" in fields:
        fields["name"] = clean_name(fields["name"], "room")
    _check_metadata(fields.get("metadata", {}))
    with rt.db.write() as session:
        room = there(rooms.get(session, room_id, lock=True), "room", room_id)
        _check_version(session, room.workflow_id, fields.get("version", LATEST))
        after = room.model_copy(update={**fields, "updated_at": rt.now_us(), "is_passing": False})
        rooms.save(session, after)
    return after


def delete(rt: Runtime, user: User, room_id: str) -> None:
    """Remove the room with its runs, memory and conversation.

    Raises:
        RoomStillRuns: a run of it is not over.
    """
    require(rt, user, Role.EDITOR, "delete a room")
    with rt.db.write() as session:
        room = there(rooms.get(session, room_id, lock=True), "room", room_id)
        current = runs.current_run(session, room_id)
        if current is not None and not current.run.status.is_over:
            raise RoomStillRuns(room.name, current.run.status)
        rooms.remove(session, room_id)
        audit.append(session, rt.now_us(), user.id, "room_deleted", room_id, name=room.name)


def _check_version(session: Session, workflow_id: str, version: Pinned) -> None:
    if version != LATEST and workflows.version(session, workflow_id, version) is None:
        raise NotFound("version", f"{workflow_id} {version}")


def _check_metadata(metadata: dict[str, Any]) -> None:
    try:
        size = len(orjson.dumps(metadata))
    except TypeError as error:
        raise InvalidInput(f"The metadata can't be kept as JSON: {error}.") from None
    if size > MAX_METADATA_BYTES:
        raise InvalidInput(f"The metadata takes {size:,} bytes; {MAX_METADATA_BYTES:,} are the most.")
