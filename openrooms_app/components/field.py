"""Form fields. Text goes to the server a moment after it was typed, and no key is lost over a slow network."""

from typing import Any, Final

import reflex as rx
from reflex_components_core.core.debounce import DebounceInput

from openrooms_app.components.style import classes
from openrooms_app.tsx import tsx_module

DEBOUNCE_MS: Final = 250
INPUT: Final = (
    "h-8 w-full rounded-md border border-line-strong bg-bg px-2.5 text-sm text-ink placeholder:text-mute "
    "disabled:opacity-60 aria-[invalid=true]:border-fail"
)
_AREA: Final = "min-h-20 w-full rounded-md border border-line-strong bg-bg px-2.5 py-1.5 text-sm text-ink"


class TypedText(DebounceInput):  # type: ignore[misc]  # Reflex says no type of it
    """As Reflex's, but an answer that is late takes no letter back."""

    library = tsx_module(__file__, "typed-text.tsx")
    tag = "TypedText"
    is_default = False


def field(
    label: str,
    control: rx.Component,
    *,
    hint: str = "",
    error: str | rx.Var[str] = "",
    required: bool = False,
) -> rx.Component:
    """A label with its control, a hint, and the error under it (a Var that is empty while all is well)."""
    star = [rx.el.span(" *", aria_hidden=True, class_name="text-fail")] if required else []
    parts = [rx.el.span(label, *star, class_name="mb-1 block text-xs font-medium"), control]
    if hint:
        parts.append(rx.el.span(hint, class_name="mt-1 block text-xs text-mute"))
    if isinstance(error, rx.Var) or error:
        shown = rx.el.span(error, role="alert", class_name="mt-1 block text-xs text-fail")
        parts.append(rx.cond(error, shown, rx.fragment()))
    return rx.el.label(*parts, class_name="block")


def text_input(**props: Any) -> rx.Component:
    """One line of text: give `value` and `on_change` (debounced here), or `default_value` and `name` in a form."""
    control = rx.el.input(class_name=classes(INPUT, props.pop("class_name", "")), **props)
    return _debounced(control, props)


def text_area(**props: Any) -> rx.Component:
    """Several lines; `class_name="font-mono"` for data."""
    control = rx.el.textarea(class_name=classes(_AREA, props.pop("class_name", "")), **props)
    return _debounced(control, props)


def search_input(value: rx.Var[str], on_change: Any, placeholder: str = "Search") -> rx.Component:
    return rx.el.div(
        rx.icon("search", size=14, aria_hidden=True, class_name="absolute left-2.5 top-2 text-mute"),
        text_input(
            value=value,
            on_change=on_change,
            placeholder=placeholder,
            aria_label=placeholder,
            type="search",
            class_name="pl-8",
        ),
        class_name="relative w-full max-w-72",
    )


def select_input(options: list[tuple[str, str]] | rx.Var[Any], **props: Any) -> rx.Component:
    """The browser's own select. Options are (value, text) pairs, or a Var of `{"value", "text"}`."""
    if isinstance(options, rx.Var):
        inside = [rx.foreach(options, lambda each: rx.el.option(each["text"], value=each["value"]))]
    else:
        inside = [rx.el.option(text, value=value) for value, text in options]
    return rx.el.select(*inside, class_name=classes(INPUT, "pr-8", props.pop("class_name", "")), **props)


def checkbox(label: str, **props: Any) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="checkbox", class_name="size-4 accent-accent", **props),
        rx.el.span(label),
        class_name="flex w-fit cursor-pointer items-center gap-2 text-sm",
    )


def _debounced(control: rx.Component, props: dict[str, Any]) -> rx.Component:
    if "on_change" not in props:
        return control
    return TypedText.create(control, debounce_timeout=DEBOUNCE_MS)
