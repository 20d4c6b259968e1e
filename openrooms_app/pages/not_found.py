"""What an address without a page shows."""

import reflex as rx

from openrooms_app import routes
from openrooms_app.components import empty_state, link_button, panel
from openrooms_app.shell import page, title


@rx.page(route="404", title=title("Not found"))
def not_found() -> rx.Component:
    there = empty_state(
        "map-pin-off",
        "There is no such page",
        "The address is mistyped, or what it led to was deleted.",
        link_button("Go to Home", to=routes.HOME, look="solid"),
    )
    return page(panel(there), heading="Not found")
