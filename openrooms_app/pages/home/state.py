"""What the home page draws, live, and the first step of an empty installation."""

from typing import Any, Final

import reflex as rx

from engine.core.identity import User
from engine.core.room import NewRoom, Room
from engine.core.run import RunStatus
from engine.runtime import Runtime
from engine.services import overview, rooms, templates, workflows
from openrooms_app import routes
from openrooms_app.arguments import an_id
from openrooms_app.ask import ask
from openrooms_app.components.template_card import cards_of
from openrooms_app.following import Query, draw_again, keep_drawn
from openrooms_app.roles import requires
from openrooms_app.session import current_user

REST_S: Final = 1.0
"""Counting all runs costs more than reading a page of them."""


class HomePage(rx.State):
    running: list[dict[str, Any]] = []
    asking: list[dict[str, Any]] = []
    wanting: list[dict[str, Any]] = []
    latest: list[dict[str, Any]] = []
    load: dict[str, Any] = {}
    gallery: list[dict[str, Any]] = []
    """Templates to begin with, while there is nothing else."""
    is_loading: bool = True
    error: str = ""

    @rx.event(background=True)
    @requires("viewer")
    async def follow(self) -> None:
        await keep_drawn(self, fetch, REST_S)

    @rx.event
    @requires("viewer")
    async def refresh(self) -> None:
        await draw_again(self, fetch)

    @rx.event
    @requires("editor")
    async def begin_with(self, template_id: str) -> rx.event.EventSpec:
        room = await ask(room_from_template, current_user(), an_id(template_id))
        return rx.redirect(f"{routes.room(room.id)}?run=new")


def fetch(rt: Runtime, user: User, _query: Query) -> dict[str, Any]:
    seen = overview.look_around(rt, user)
    runs = seen.load.runs
    return {
        "running": [line.plain() for line in seen.running],
        "asking": [line.plain() for line in seen.asking],
        "wanting": [line.plain() for line in seen.wanting],
        "latest": [line.plain() for line in seen.latest],
        "load": {
            "running": runs.get(RunStatus.RUNNING, 0),
            "waiting": runs.get(RunStatus.WAITING, 0),
            "paused": runs.get(RunStatus.PAUSED, 0),
            "queued": runs.get(RunStatus.QUEUED, 0),
            "workers": seen.load.workers,
            "threads": seen.load.worker_threads,
        },
        "gallery": [] if seen.has_workflows else cards_of(templates.list_templates(rt, user)),
    }


def room_from_template(rt: Runtime, user: User, template_id: str) -> Room:
    """A workflow from the template, published, in a room of its own."""
    made = templates.create_from_template(rt, user, template_id)
    workflows.publish(rt, user, made.id, note="From the template")
    return rooms.create(rt, user, NewRoom(name=made.name, workflow_id=made.id))
