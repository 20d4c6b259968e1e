"""What the page of one agent draws; saving makes a version, trying asks it as the form stands."""

from collections.abc import AsyncIterator
from typing import Any, Final

import reflex as rx

from engine.core.agent import MAX_NAME, Agent, AgentChange, AgentVersion, NewAgent
from engine.core.errors import InvalidInput, OpenRoomsError
from engine.core.identity import User
from engine.core.page import Paging
from engine.runtime import Runtime
from engine.services import agents, models, tools
from engine.services.catalogue import ProviderView
from openrooms_app import routes
from openrooms_app.arguments import an_id, text_in
from openrooms_app.ask import ask, notify
from openrooms_app.following import Query, try_once
from openrooms_app.pages.agent.changes import changes
from openrooms_app.pages.agent.form import form_of, spec_of, tool_rows
from openrooms_app.pages.agent.trying import NOTHING, trials
from openrooms_app.pages.tools.cards import EFFECTS
from openrooms_app.roles import requires
from openrooms_app.session import current_user

NEW: Final = "new"
INTENT: Final = "intent"
"""Which button has sent the form: save or try."""
SHOWN_VERSIONS: Final = 100
NOBODY: Final = {"id": "", "name": "", "version": 0, "updated_at": "", "used_by": []}


class AgentPage(rx.State):
    agent: dict[str, Any] = NOBODY
    """{id, name, version, updated_at, used_by}; id is empty while it is not made yet."""
    shown: str = ""
    """Whose version the fields hold; another one makes them anew."""
    form: dict[str, str] = form_of(None)
    """What stood in the fields at first, and the provider that is chosen now."""
    tools: list[dict[str, Any]] = []
    providers: list[dict[str, Any]] = []
    versions: list[dict[str, Any]] = []
    is_loading: bool = True
    error: str = ""
    fault: str = ""
    """Why it was not saved."""
    is_deleting: bool = False
    is_trying: bool = False
    outcome: dict[str, Any] = NOTHING

    @rx.var
    def provider_choices(self) -> list[dict[str, str]]:
        return [{"value": each["name"], "text": each["title"]} for each in self.providers]

    @rx.var
    def provider_note(self) -> str:
        return str(_named(self.providers, self.form.get("provider")).get("note", ""))

    @rx.var
    def known_models(self) -> list[str]:
        return list(_named(self.providers, self.form.get("provider")).get("models", ()))

    @rx.event
    @requires("viewer")
    async def load(self) -> AsyncIterator[None]:
        asked = self.router.url.path.rstrip("/").rpartition("/")[2]
        self.is_loading, self.fault, self.outcome = True, "", NOTHING
        if asked != (self.agent["id"] or NEW):
            self.agent = NOBODY  # and with it what may be done to it, should the other one not be found
            yield  # another agent's fields are shown no longer; one's own stay as they are, with what was typed

        def fetch(rt: Runtime, user: User, _query: Query) -> dict[str, Any]:
            return whole(rt, user, asked)

        await try_once(self, fetch)

    @rx.event
    @requires("viewer")
    def choose_provider(self, name: str) -> None:
        """For the models that are suggested."""
        self.form = {**self.form, "provider": str(name)[:128]}

    @rx.event
    @requires("editor")
    async def take_over(self, version: int) -> None:
        """Put what an earlier version says into the fields; it is the latest again once it is saved."""
        found = await ask(of_version, current_user(), an_id(self.agent.get("id")), int(version))
        self.form, self.tools, self.shown, self.fault = found["form"], found["tools"], found["shown"], ""

    @rx.event
    @requires("viewer")
    def close(self) -> None:
        self.is_deleting = False

    @rx.event
    @requires("editor")
    def begin_delete(self) -> None:
        self.is_deleting = True

    @rx.event
    @requires("editor")
    async def delete(self) -> rx.event.EventSpec:
        await ask(agents.delete, current_user(), an_id(self.agent.get("id")))
        return rx.redirect(routes.AGENTS)

    @rx.event(background=True)
    @requires("editor")
    async def submit(self, form: dict[str, Any]) -> Any:
        """Save the agent, or try what the fields say, by the button that was pressed."""
        user = current_user()
        async with self:
            agent_id, version = str(self.agent.get("id") or ""), self.agent.get("version")
            is_try = text_in(form, INTENT) == "try"
            self.fault, self.is_trying = "", is_try
        if is_try:
            async for outcome in trials(user, agent_id or None, form):
                async with self:
                    self.outcome, self.is_trying = outcome, not outcome["is_over"]
            return
        found = await ask(saved, user, agent_id, version, form)
        async with self:
            for name, value in found["page"].items():
                setattr(self, name, value)
        for event in found["then"]:
            yield event


def saved(rt: Runtime, user: User, agent_id: str, version: Any, form: Any) -> dict[str, Any]:
    """{page, then}: what the page shows now, and where it goes; a refusal is shown above the button."""
    note = text_in(form, "note").strip()
    try:
        spec = spec_of(form)
        if not agent_id:
            made = agents.create(rt, user, NewAgent(name=_name_in(form), spec=spec, note=note[:2000]))
            return {"page": {}, "then": [rx.redirect(routes.agent(made.id)), notify(f"Made {made.name!r}.")]}
        change = AgentChange(
            spec=spec, note=note[:2000], version=version if isinstance(version, int) else None
        )
        agent = agents.update(rt, user, agent_id, change)
    except OpenRoomsError as error:
        return {"page": {"fault": str(error)}, "then": []}
    told = "Nothing has changed." if agent.version == version else f"Saved as version {agent.version}."
    return {"page": whole(rt, user, agent_id), "then": [notify(told)]}


def _name_in(form: Any) -> str:
    name = text_in(form, "name").strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise InvalidInput(f"An agent needs a name of 1 to {MAX_NAME} characters.")
    return name


def whole(rt: Runtime, user: User, agent_id: str) -> dict[str, Any]:
    """Everything that the page shows of an agent, or of one that is to be made."""
    agent = None if agent_id == NEW else agents.get(rt, user, an_id(agent_id))
    providers = [_provider(each) for each in models.list_providers(rt, user)]
    form = form_of(agent.spec if agent else None)
    if agent is None:
        ready = [each["name"] for each in providers if each["is_ready"] and each["name"] != "scripted"]
        form["provider"] = (ready or ["scripted"])[0]
    return {
        "agent": _plain(rt, user, agent),
        "shown": f"{agent_id} {agent.version if agent else 0}",
        "form": form,
        "tools": tool_rows(agent.spec if agent else None, _tools(rt, user)),
        "providers": providers,
        "versions": _versions(rt, user, agent),
        "is_loading": False,
        "error": "",
    }


def of_version(rt: Runtime, user: User, agent_id: str, version: int) -> dict[str, Any]:
    found = agents.get_version(rt, user, agent_id, version)
    return {
        "form": form_of(found.spec),
        "tools": tool_rows(found.spec, _tools(rt, user)),
        "shown": f"{agent_id} {version} again",
    }


def _named(providers: list[dict[str, Any]], name: Any) -> dict[str, Any]:
    return next((each for each in providers if each["name"] == name), {})


def _plain(rt: Runtime, user: User, agent: Agent | None) -> dict[str, Any]:
    if agent is None:
        return NOBODY
    using = [{"id": each.id, "name": each.name} for each in agents.users(rt, user, agent.id)]
    plain = agent.plain()
    return {name: plain[name] for name in ("id", "name", "version", "updated_at")} | {"used_by": using}


def _tools(rt: Runtime, user: User) -> list[dict[str, str]]:
    return [
        {
            "name": tool.name,
            "title": tool.title,
            "effect": EFFECTS.get(tool.effect.value, tool.effect.value),
            "description": tool.description.partition("\n")[0],
        }
        for tool in tools.list_tools(rt, user)
    ]


def _provider(view: ProviderView) -> dict[str, Any]:
    title = view.title if view.configured else f"{view.title} (not configured)"
    return {
        "name": view.name,
        "title": title,
        "is_ready": view.configured,
        "note": view.note.partition("\n")[0],
        "models": list(view.models),
    }


def _versions(rt: Runtime, user: User, agent: Agent | None) -> list[dict[str, Any]]:
    if agent is None:
        return []
    found = agents.list_versions(rt, user, agent.id, Paging(limit=SHOWN_VERSIONS)).items
    older: list[AgentVersion | None] = [*found[1:], None]
    return [
        {
            "version": one.version,
            "note": one.note,
            "created_at": one.plain()["created_at"],
            "by": one.created_by_name or "",
            "is_latest": one.version == agent.version,
            "is_first": one.version == 1,
            "changes": changes(before.spec, one.spec) if before else [],
        }
        for one, before in zip(found, older, strict=True)
    ]
