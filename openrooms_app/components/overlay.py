"""Dialog, menu, tabs and tooltip: usable with the keyboard alone. Cost: some 40 kB on pages that use one."""

from typing import Any, Final

import reflex as rx

from openrooms_app.components.button import button
from openrooms_app.session import SessionState
from openrooms_app.tsx import tsx_module

_PASS_ON: Final = rx.event.passthrough_event_spec


class Overlay(rx.Component):
    library = tsx_module(__file__, "overlays.tsx")
    lib_dependencies: list[str] = ["@base-ui/react@1.9.0", "lucide-react"]


class Dialog(Overlay):
    """`open` is a Var; `on_open_change` gets False when the user closes it."""

    tag = "Dialog"
    open: rx.Var[bool]
    title: rx.Var[str]
    description: rx.Var[str]
    stays: rx.Var[bool]
    """A click beside it does not close it: what it shows is shown once."""
    size: rx.Var[str]
    """small, medium or large"""
    on_open_change: rx.EventHandler[_PASS_ON(bool)]


class PageDialog(Dialog):
    """One that the page's state opens; once `is_known`, what is open already was left so on an earlier visit."""

    tag = "PageDialog"
    is_known: rx.Var[bool]


class Menu(Overlay):
    tag = "Menu"
    label: rx.Var[str]


class MenuItem(Overlay):
    tag = "MenuItem"
    danger: rx.Var[bool]
    disabled: rx.Var[bool]
    on_pick: rx.EventHandler[rx.event.no_args_event_spec]


class MenuLine(Overlay):
    tag = "MenuLine"


class Tabs(Overlay):
    tag = "Tabs"
    value: rx.Var[str]
    default_value: rx.Var[str]
    on_value_change: rx.EventHandler[_PASS_ON(str)]


class TabList(Overlay):
    tag = "TabList"
    label: rx.Var[str]


class Tab(Overlay):
    tag = "Tab"
    value: rx.Var[str]


class TabPanel(Overlay):
    tag = "TabPanel"
    value: rx.Var[str]


class Tooltip(Overlay):
    tag = "Tooltip"
    label: rx.Var[str]


menu_line = MenuLine.create


def dialog(*children: Any, **props: Any) -> rx.Component:
    """A dialog that is closed when somebody comes back to its page, and never by the page's late arrival."""
    return PageDialog.create(*children, is_known=SessionState.role != "", **props)


def dialog_of_address(*children: Any, **props: Any) -> rx.Component:
    """A dialog that is open because the address says so, and stays open when the page is loaded again."""
    return Dialog.create(*children, **props)


def menu(trigger: rx.Component, *items: rx.Component, label: str) -> rx.Component:
    """`trigger` is a plain `button` or `icon_button` without an event of its own; items are `menu_item`s."""
    return Menu.create(trigger, *items, label=label)


def menu_item(text: str, icon: str, on_pick: Any, **props: Any) -> rx.Component:
    return MenuItem.create(rx.icon(icon, size=15, aria_hidden=True), text, on_pick=on_pick, **props)


def tabs(*pages: tuple[str, str, rx.Component], label: str, **control: Any) -> rx.Component:
    """Tabs of (value, title, content); the browser keeps which is open unless `value` and `on_value_change` say."""
    control.setdefault("default_value", pages[0][0])
    return Tabs.create(
        TabList.create(*[Tab.create(title, value=value) for value, title, _ in pages], label=label),
        *[TabPanel.create(content, value=value) for value, _, content in pages],
        **control,
    )


def tooltip(child: rx.Component, label: str | rx.Var[str]) -> rx.Component:
    return Tooltip.create(child, label=label)


def confirm_dialog(
    open_: rx.Var[bool],
    title: str | rx.Var[str],
    text: str | rx.Var[str],
    confirm: rx.Component,
    on_close: Any,
) -> rx.Component:
    """Asks before something that can't be undone; `confirm` is the button that does it."""
    return dialog(
        rx.el.div(
            button("Cancel", on_click=on_close), confirm, class_name="flex flex-wrap justify-end gap-2"
        ),
        open=open_,
        title=title,
        description=text,
        size="small",
        on_open_change=on_close,
    )
