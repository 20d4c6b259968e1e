"""What the tools page draws, and trying a tool out; search and origin stand in the address."""

from typing import Any, Final

import orjson
import reflex as rx

from engine.core.errors import OpenRoomsError
from engine.core.identity import Role, User
from engine.core.page import Paging
from engine.runtime import Runtime
from engine.services import rooms, tools
from openrooms_app.arguments import an_id, text_in
from openrooms_app.ask import ask
from openrooms_app.following import Query, draw_again, try_once
from openrooms_app.pages.tools.cards import card, filled, found, origins
from openrooms_app.pages.tools.form import arguments_of
from openrooms_app.roles import requires
from openrooms_app.session import current_user

ROOM: Final = "room"
CHOICES: Final = 500
SHOWN: Final = 60
"""The most tools at once: an MCP server may bring hundreds."""


class ToolsPage(rx.State):
    tools: list[dict[str, Any]] = []
    more: int = 0
    """How many others fit the search."""
    origins: list[dict[str, str]] = []
    sources: list[dict[str, Any]] = []
    """MCP servers and files that bring tools, for administrators alone."""
    is_loading: bool = True
    error: str = ""
    is_open: bool = False
    target: dict[str, Any] = {}
    """The tool that is tried out."""
    room_choices: list[dict[str, str]] = []
    is_trying: bool = False
    outcome: dict[str, Any] = {}
    """{error, code} or {result, remembered, duration_ms}; empty before the first try."""

    @rx.event
    @requires("viewer")
    async def load(self) -> None:
        await try_once(self, fetch)

    @rx.event
    @requires("viewer")
    async def refresh(self) -> None:
        await draw_again(self, fetch)

    @rx.event
    @requires("editor")
    async def begin(self, name: str, example: int) -> None:
        """Open the form, filled with the example of that number; -1 for the defaults."""
        tool = await ask(tools.get, current_user(), an_id(name))
        self.room_choices = await ask(choices_of_rooms, current_user())
        self.target, self.outcome, self.is_open = filled(tool, example), {}, True

    @rx.event
    @requires("viewer")
    def close(self) -> None:
        self.is_open = False

    @rx.event(background=True)
    @requires("editor")
    async def try_out(self, form: dict[str, Any]) -> None:
        user = current_user()
        async with self:
            self.is_trying, name = True, an_id(self.target.get("name"))
        outcome = await ask(tried, user, name, form)
        async with self:
            self.outcome, self.is_trying = outcome, False


def fetch(rt: Runtime, user: User, query: Query) -> dict[str, Any]:
    everything = tools.list_tools(rt, user)
    fitting = found(everything, query.get("q", ""), query.get("origin", ""))
    sources = tools.list_sources(rt, user) if user.role is Role.ADMIN else ()
    return {
        "tools": [card(tool) for tool in fitting[:SHOWN]],
        "more": max(0, len(fitting) - SHOWN),
        "origins": origins(everything),
        "sources": [source.plain() for source in sources],
    }


def choices_of_rooms(rt: Runtime, user: User) -> list[dict[str, str]]:
    some = rooms.list_rooms(rt, user, paging=Paging(limit=CHOICES)).items
    return [{"value": room.id, "text": room.name} for room in some]


def tried(rt: Runtime, user: User, name: str, form: Any) -> dict[str, Any]:
    """What came of calling the tool; an error is an answer too and stands beside the form."""
    try:
        arguments = arguments_of(form, tools.get(rt, user, name).parameters)
        done = tools.invoke(rt, user, name, arguments, room_id=text_in(form, ROOM) or None)
    except OpenRoomsError as error:
        return {"error": str(error), "code": error.code}
    return {
        "result": _pretty(done.result),
        "remembered": _pretty(done.remembered) if done.remembered else "",
        "duration_ms": done.duration_ms,
    }


def _pretty(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
