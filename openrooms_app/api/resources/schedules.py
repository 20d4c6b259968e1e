"""Schedules: rooms that run by themselves, by cron expression and time zone."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from engine.core.instant import Instant
from engine.core.page import Page
from engine.core.schedule import Firing, NewSchedule, Schedule, SchedulePatch
from engine.services import schedules
from openrooms_app.api.bodies import StrictRoute
from openrooms_app.api.deps import By, PageAsked

router = APIRouter(prefix="/api", tags=["schedules"], route_class=StrictRoute)


class Times(BaseModel):
    items: list[Instant]


Count = Annotated[int, Query(ge=1, le=schedules.MOST_PREVIEWED)]


@router.post("/rooms/{room_id}/schedules", status_code=201)
def create_schedule(room_id: str, body: NewSchedule, by: By, response: Response) -> Schedule:
    made = schedules.create(*by, room_id, body)
    response.headers["Location"] = f"/api/schedules/{made.id}"
    return made


@router.get("/rooms/{room_id}/schedules")
def list_schedules_of_room(room_id: str, by: By, page: PageAsked) -> Page[Schedule]:
    """Newest first."""
    return schedules.list_schedules(*by, room_id, page)


@router.get("/schedules")
def list_schedules(by: By, page: PageAsked) -> Page[Schedule]:
    """Of all rooms, newest first."""
    return schedules.list_schedules(*by, None, page)


@router.get("/schedules/preview")
def preview_times(
    by: By,
    cron: Annotated[str, Query(min_length=1, max_length=200)],
    zone: Annotated[str, Query(min_length=1, max_length=64)] = "UTC",
    count: Count = 5,
) -> Times:
    """The next due times of an expression that is not a schedule yet."""
    return Times(items=schedules.preview(*by, cron, zone, count))


@router.get("/schedules/{schedule_id}")
def get_schedule(schedule_id: str, by: By) -> Schedule:
    return schedules.get(*by, schedule_id)


@router.patch("/schedules/{schedule_id}")
def patch_schedule(schedule_id: str, body: SchedulePatch, by: By) -> Schedule:
    """Change what is named; new times begin with the first after now."""
    return schedules.patch(*by, schedule_id, body)


@router.delete("/schedules/{schedule_id}", status_code=204)
def delete_schedule(schedule_id: str, by: By) -> None:
    """Delete the schedule with its history; its runs stay."""
    schedules.delete(*by, schedule_id)


@router.get("/schedules/{schedule_id}/firings")
def list_firings(schedule_id: str, by: By, page: PageAsked) -> Page[Firing]:
    """What became of its due times: the run, or why none was started. Newest first."""
    return schedules.firings(*by, schedule_id, page)


@router.get("/schedules/{schedule_id}/times")
def list_times(schedule_id: str, by: By, count: Count = 5) -> Times:
    """The next due times, whether it is on or off."""
    found = schedules.get(*by, schedule_id)
    return Times(items=schedules.preview(*by, found.cron, found.zone, count))
