"""The column of links around every page, and the watch over the tab's session."""

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
