"""Providers of language models: which can be used, where their keys come from, how to set them up."""

from typing import Any, Final

import reflex as rx

from engine.core.identity import User
from engine.runtime import Runtime
from engine.services import models
from engine.services.catalogue import ProviderView
from openrooms_app import routes
from openrooms_app.components import badge, facts, link, panel
from openrooms_app.following import Query, draw_again, try_once
from openrooms_app.pages.settings.frame import loaded
from openrooms_app.roles import requires
from openrooms_app.session import SessionState

NO_MODEL: Final = "scripted"
"""The provider that has no model behind it: it plays a script."""
TAKES_A_KEY: Final = frozenset({"openai", "anthropic"})
"""Whose key and address we know by name; a provider from a package says itself what it takes."""


class ProvidersPage(rx.State):
    providers: list[dict[str, Any]] = []
    is_loading: bool = True
    error: str = ""

    @rx.event
    @requires("viewer")
    async def load(self) -> None:
        await try_once(self, fetch)

    @rx.event
    @requires("viewer")
    async def refresh(self) -> None:
        await draw_again(self, fetch)


def fetch(rt: Runtime, user: User, _query: Query) -> dict[str, Any]:
    return {"providers": [_provider(item) for item in models.list_providers(rt, user)]}


def _provider(item: ProviderView) -> dict[str, Any]:
    variable = f"{item.name.upper()}_API_KEY"
    sources = {
        "environment": f"the environment variable {variable}",
        "secret": f"the secret {item.name}_api_key",
    }
    hint = f" Not configured: set {variable}."
    return {
        "name": item.name,
        "title": item.title,
        "state": "no_model" if item.name == NO_MODEL else "ready" if item.configured else "missing",
        "note": item.note.partition("\n\n")[0].replace(hint, ""),
        "key": sources.get(item.key_from, "none is set") if item.name in TAKES_A_KEY else "",
        "variable": variable,
        "secret": f"{item.name}_api_key",
        "base": f"{item.name.upper()}_BASE_URL",
        "models": list(item.models),
        "models_from": "told by its server" if item.models_from == "server" else "known here",
    }


state: Any = ProvidersPage
"""Read on the class, variables are Vars and handlers are events; a type checker knows neither."""


def providers_view() -> rx.Component:
    rows = rx.el.ul(rx.foreach(state.providers, _row), aria_label="Providers")
    return loaded(state, panel(rows, title="Language models"))


def _row(item: Any) -> rx.Component:
    is_ready = rx.match(
        item["state"],
        ("no_model", badge("No model: a script", color="queued")),
        ("ready", badge("Configured", color="ok")),
        badge("Not configured", color="wait"),
    )
    told = rx.cond(item["key"] != "", facts(("Key", item["key"])), rx.fragment())
    return rx.el.li(
        rx.el.div(
            rx.el.h3(item["title"], class_name="font-medium"),
            is_ready,
            class_name="flex flex-wrap items-center gap-2",
        ),
        rx.el.p(item["note"], class_name="text-mute"),
        told,
        rx.cond(item["state"] == "missing", _remedy(item), rx.fragment()),
        rx.cond(item["models"].to(list[str]).length() > 0, _models(item), rx.fragment()),
        class_name="flex flex-col gap-2 border-b border-line px-4 py-3 text-sm last:border-0",
    )


def _remedy(item: Any) -> rx.Component:
    secrets = rx.cond(SessionState.is_admin, link("Secrets", to=routes.SECRETS), "the secrets")
    return rx.el.p(
        "To set it up, keep the key in ",
        secrets,
        " as ",
        _code(item["secret"]),
        ", which holds within seconds; or set ",
        _code(item["variable"]),
        " where OpenRooms is started, and start it again. A compatible server of your own is named by ",
        _code(item["base"]),
        " and may need no key.",
        class_name="max-w-3xl",
    )


def _models(item: Any) -> rx.Component:
    names = rx.foreach(item["models"].to(list[str]), lambda name: rx.el.li(_code(name)))
    return rx.el.details(
        rx.el.summary(
            item["models"].to(list[str]).length(),
            " models, ",
            item["models_from"],
            class_name="w-fit cursor-pointer text-xs text-mute hover:text-ink",
        ),
        rx.el.ul(names, class_name="mt-2 flex max-w-4xl flex-wrap gap-x-4 gap-y-1 text-xs"),
    )


def _code(text: Any) -> rx.Component:
    return rx.el.code(text, class_name="break-words font-mono text-xs")
