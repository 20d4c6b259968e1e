"""What every page has besides what it shows: the column of links, the watch over the tab's session, over its buttons, its name."""

from typing import Any

import reflex as rx

from openrooms_app.tsx import tsx_module


class Navigation(rx.Component):
    library = tsx_module(__file__, "navigation.tsx")
    tag = "Navigation"
    lib_dependencies: list[str] = ["lucide-react"]
    user_name: rx.Var[str]
    role: rx.Var[str]


class SessionWatch(rx.Component):
    library = tsx_module(__file__, "session.tsx")
    tag = "SessionWatch"
    lib_dependencies: list[str] = ["sonner"]
    ended: rx.Var[bool]
    notice: rx.Var[dict[str, Any]]


class Pressed(rx.Component):
    """Holds a button that sends until the server has `answered` once more."""

    library = tsx_module(__file__, "pressed.tsx")
    tag = "Pressed"
    answered: rx.Var[int]


class PageTitle(rx.Component):
    """What the browser's tab is called, where that is known only once the page's data is there."""

    library = tsx_module(__file__, "title.ts")
    tag = "PageTitle"
    name: rx.Var[str]
