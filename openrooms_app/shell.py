"""What stands around every page: navigation, header, skip link, and the watch over the session.

How to write a page (one file in `pages/`, found by being there):

    class RoomsPage(rx.State):
        rows: list[dict[str, str]] = []
        is_loading: bool = True

        @rx.event
        @requires("viewer")                      # every handler; without it the guard refuses the event
        async def load(self) -> None:
            self.rows = await ask(rooms.list_rows, current_user())   # a service, in a thread; no try/except
            self.is_loading = False

        @rx.event
        @requires("editor")
        async def run(self, room_id: str) -> rx.event.EventSpec:
            await ask(rooms.run, current_user(), room_id)            # errors of the engine become a toast
            return notify("Run queued.")

    @rx.page(route=routes.ROOMS, title=title("Rooms"), on_load=RoomsPage.load)
    def rooms_page() -> rx.Component:
        return page(panel(table(...)), heading="Rooms", actions=[button("New room", look="solid", icon="plus")])

`page` has a header and a padded column; `full_page` gives the whole area beside the navigation, for the editor
and the room. `current_user()` is who sent the event; never take a user or a role from an argument or from state.
A handler must not use `rx.call_script`, `rx.toast` or `rx.set_clipboard`: sent from the server they need `eval`
in the browser, which our CSP forbids. As an `on_click` of a component they are compiled and work. Annotate an
argument as `dict[str, Any]`, never as a bare `dict`: the first such event makes Reflex load its database layer.
"""

from collections.abc import Sequence
from typing import Any, Final

import reflex as rx

from openrooms_app.components.link import link
from openrooms_app.components.navigation import Navigation, PageTitle, Pressed, SessionWatch
from openrooms_app.components.style import classes
from openrooms_app.session import Answers, SessionState

RESTORE_FOLD: Final = (
    'try{const kept=localStorage;if(/^\\/workflows\\/[^/]/.test(location.pathname)?kept.getItem("openrooms.nav.editor")!=="open"'
    ':kept.getItem("openrooms.nav")==="folded")document.documentElement.dataset.nav="folded"}catch{}'
)
"""Runs in the head, so that a folded navigation does not flash open; `isFolded` in navigation.tsx asks the same."""


def title(name: str) -> str:
    return f"{name} · OpenRooms"


def page(
    *children: Any,
    heading: str | rx.Var[str],
    actions: Sequence[rx.Component] = (),
    lead: str | rx.Var[str] = "",
    back: tuple[str, str] | None = None,
) -> rx.Component:
    """A page with a header.

    Args:
        heading: a Var names the browser's tab too, as soon as it is known.
        actions: buttons at the right of the heading, the solid one last.
        lead: one line under the heading.
        back: (text, address) of the page above this one.
    """
    named = [PageTitle.create(name=heading)] if isinstance(heading, rx.Var) else []
    return full_page(
        *named,
        rx.el.div(
            _header(heading, actions, lead, back),
            *children,
            class_name="mx-auto flex w-full max-w-6xl flex-col gap-4 px-4 pb-12 pt-5 md:px-6",
        ),
        class_name="overflow-y-auto",
    )


def full_page(*children: Any, class_name: str = "") -> rx.Component:
    """A page that fills everything beside the navigation and scrolls by itself."""
    return rx.el.div(
        Navigation.create(user_name=SessionState.user_name, role=SessionState.role),
        SessionWatch.create(ended=SessionState.ended, notice=SessionState.notice),
        Pressed.create(answered=Answers.count),
        rx.el.main(
            *children,
            id="content",
            tab_index=-1,
            class_name=classes("flex min-h-0 min-w-0 flex-1 flex-col outline-none", class_name),
        ),
        class_name="flex h-dvh flex-col overflow-hidden md:flex-row",
    )


def for_editors(child: rx.Component) -> rx.Component:
    """What may be pressed by editors only; it has its place before the tab knows who is there, so that nothing jumps."""
    is_unknown = SessionState.role == ""
    held = rx.el.div(child, class_name=rx.cond(is_unknown, "invisible contents", "contents"))
    return rx.cond(SessionState.can_edit | is_unknown, held, rx.fragment())


def _header(
    heading: str | rx.Var[str],
    actions: Sequence[rx.Component],
    lead: str | rx.Var[str],
    back: tuple[str, str] | None,
) -> rx.Component:
    above = [link(rx.icon("arrow-left", size=14), back[0], to=back[1], class_name=_BACK)] if back else []
    below = [rx.el.p(lead, class_name="mt-0.5 text-sm text-mute")] if isinstance(lead, rx.Var) or lead else []
    return rx.el.header(
        rx.el.div(
            *above,
            rx.el.h1(
                heading,
                class_name="line-clamp-2 text-xl font-semibold tracking-tight [overflow-wrap:anywhere]",
            ),
            *below,
            class_name="min-w-0",
        ),
        rx.el.div(*actions, class_name="flex flex-wrap items-center gap-2"),
        class_name="flex flex-wrap items-end justify-between gap-3",
    )


_BACK: Final = "mb-1 inline-flex items-center gap-1 text-xs"
