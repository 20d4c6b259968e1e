"""How Reflex builds the front end; at run time `openrooms_app.serve` says the rest by environment."""

import reflex as rx

from openrooms_app import theme
from openrooms_app.compile_hooks import FewScripts, SameOrigin, ThemeStyles

config = rx.Config(
    app_name="openrooms_app",
    plugins=[FewScripts(), SameOrigin(), ThemeStyles(), rx.plugins.TailwindV4Plugin(theme.tailwind())],
    disable_plugins=[rx.plugins.SitemapPlugin],
    telemetry_enabled=False,
    show_built_with_reflex=False,
    state_manager_mode=rx.constants.StateManagerMode.MEMORY,
    default_color_mode="system",
)
