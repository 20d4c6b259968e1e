"""What a list shows instead of rows: nothing yet, loading, or what went wrong."""

from typing import Any

import reflex as rx

from openrooms_app.components.button import button


def empty_state(icon: str, title: str, text: str | rx.Var[Any], *actions: rx.Component) -> rx.Component:
    """Nothing here yet; `text` says what to do, `actions` do it."""
    return _notice(icon, "text-mute", title, text, *actions)


def error_state(
    text: str | rx.Var[str],
    on_retry: Any = None,
    title: str = "This could not be loaded",
    *actions: rx.Component,
) -> rx.Component:
    """What went wrong, in the engine's words, a button to try again, and other ways on."""
    retry = [button("Try again", icon="refresh-cw", on_click=on_retry)] if on_retry is not None else []
    return rx.el.div(_notice("circle-alert", "text-fail", title, text, *retry, *actions), role="alert")


def skeleton(class_name: str = "h-4 w-full") -> rx.Component:
    """A grey shape where content will be; give it the content's size."""
    return rx.el.div(
        aria_hidden=True, class_name=f"animate-pulse rounded bg-hover motion-reduce:animate-none {class_name}"
    )


def skeleton_rows(count: int = 5) -> rx.Component:
    """A list that is loading."""
    widths = ("w-2/3", "w-1/2", "w-3/5", "w-2/5", "w-1/2")
    rows = [
        rx.el.div(
            skeleton(f"h-3.5 {widths[i % len(widths)]}"),
            class_name="flex h-10 items-center border-b border-line px-4",
        )
        for i in range(count)
    ]
    return rx.el.div(rx.el.span("Loading", class_name="sr-only"), *rows, role="status")


def _notice(icon: str, color: str, title: str, text: Any, *actions: rx.Component) -> rx.Component:
    return rx.el.div(
        rx.icon(icon, size=24, stroke_width=1.6, aria_hidden=True, class_name=color),
        rx.el.h2(title, class_name="mt-3 text-base font-semibold"),
        rx.el.p(text, class_name="mt-1 max-w-md text-sm text-mute"),
        rx.el.div(*actions, class_name="mt-4 flex flex-wrap justify-center gap-2 empty:hidden"),
        class_name="flex flex-col items-center px-6 py-12 text-center",
    )
