"""Buttons: one solid one per view for what the page is for, the others outlined or quiet."""

from typing import Any, Final, Literal

import reflex as rx

from openrooms_app.components.link import RouterLink
from openrooms_app.components.style import classes

Look = Literal["solid", "outline", "quiet", "danger"]

_BASE: Final = (
    "inline-flex h-8 shrink-0 cursor-pointer select-none items-center justify-center gap-1.5 whitespace-nowrap "
    "rounded-md px-3 text-sm font-medium transition-colors disabled:cursor-not-allowed disabled:opacity-50"
)
_LOOKS: Final[dict[str, str]] = {
    "solid": "bg-accent text-on-accent enabled:hover:brightness-110",
    "outline": "border border-line bg-panel text-ink enabled:hover:bg-hover",
    "quiet": "text-mute enabled:hover:bg-hover enabled:hover:text-ink",
    "danger": "border border-line bg-panel text-fail enabled:hover:bg-fail/10",
}


def button(*children: Any, look: Look = "outline", icon: str = "", **props: Any) -> rx.Component:
    """A button; `icon` is the name of a lucide icon, written out (a name in a Var loads all icons)."""
    inside = [rx.icon(icon, size=15, aria_hidden=True), *children] if icon else list(children)
    props.setdefault("type", "button")
    return rx.el.button(
        *inside,
        **_sending(props),
        class_name=classes(_BASE, _LOOKS[look], props.pop("class_name", "")),
        **props,
    )


_ICON: Final = (
    "grid size-8 shrink-0 cursor-pointer place-items-center rounded-md text-mute transition-colors "
    "enabled:hover:bg-hover enabled:hover:text-ink disabled:cursor-not-allowed disabled:opacity-50"
)


def icon_button(icon: str, label: str, **props: Any) -> rx.Component:
    """A button without words; `label` is its name for screen readers and on hover."""
    props.setdefault("type", "button")
    return rx.el.button(
        rx.icon(icon, size=16, aria_hidden=True),
        title=label,
        aria_label=label,
        **_sending(props),
        class_name=classes(_ICON, props.pop("class_name", "")),
        **props,
    )


def _sending(props: dict[str, Any]) -> dict[str, Any]:
    """Marks what asks the server for something: it is busy until the answer comes (`pressed.tsx`)."""
    return {"data_sends": "true"} if "on_click" in props or props["type"] == "submit" else {}


def link_icon(icon: str, label: Any, *, to: str | rx.Var[str]) -> rx.Component:
    """Looks like an icon button and leads to a page."""
    return RouterLink.create(
        rx.icon(icon, size=16, aria_hidden=True),
        to=to,
        title=label,
        aria_label=label,
        class_name=_ICON.replace("enabled:", ""),
    )


def link_button(
    *children: Any, to: str | rx.Var[str], look: Look = "outline", icon: str = ""
) -> rx.Component:
    """Looks like a button and leads to a page."""
    inside = [rx.icon(icon, size=15, aria_hidden=True), *children] if icon else list(children)
    return RouterLink.create(*inside, to=to, class_name=classes(_BASE, _LOOKS[look].replace("enabled:", "")))


def look_of(look: Look) -> str:
    """The class names of a button, for a component that draws one by itself."""
    return classes(_BASE, _LOOKS[look])
