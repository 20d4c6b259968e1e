"""What all pages of the settings share: the heading, the way from one to the other, loading and errors."""

from typing import Any, Final

import reflex as rx

from openrooms_app import routes
from openrooms_app.components import error_state, panel, plain_link, skeleton_rows
from openrooms_app.session import SessionState
from openrooms_app.shell import page

SECTIONS: Final = (
    (routes.SETTINGS, "Account"),
    (routes.PROVIDERS, "Providers"),
    (routes.KEYS, "API keys"),
    (routes.SECRETS, "Secrets"),
    (routes.USERS, "Users"),
    (routes.HEALTH, "Health"),
)
FOR_ADMINS: Final = {routes.SECRETS, routes.USERS}
_LINK: Final = (
    "flex h-9 items-center whitespace-nowrap border-b-2 border-transparent text-sm text-mute hover:text-ink "
    "aria-[current]:border-accent aria-[current]:font-medium aria-[current]:text-ink"
)


def settings(content: rx.Component, *, here: str) -> rx.Component:
    """The page of one section; `here` is its address."""
    sections = [_section(address, name, here) for address, name in SECTIONS]
    return page(
        rx.el.nav(
            *sections,
            aria_label="Settings",
            class_name="flex shrink-0 gap-3 md:gap-4 overflow-x-auto border-b border-line px-1",
        ),
        content,
        heading="Settings",
    )


def _section(address: str, name: str, here: str) -> rx.Component:
    current = {"aria_current": "page"} if address == here else {}
    link = plain_link(name, to=address, class_name=_LINK, **current)
    return rx.cond(SessionState.is_admin, link, rx.fragment()) if address in FOR_ADMINS else link


def loaded(state: Any, content: rx.Component) -> rx.Component:
    """The content, or that it is being fetched, or what is wrong."""
    return rx.cond(
        state.error != "",
        panel(error_state(state.error, state.refresh)),
        rx.cond(state.is_loading, panel(skeleton_rows()), content),
    )
