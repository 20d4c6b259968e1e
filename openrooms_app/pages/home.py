"""Home: what runs now, and what wants a look."""

import reflex as rx

from openrooms_app import routes


@rx.page(route=routes.HOME, title="Home · OpenRooms")
def home() -> rx.Component:
    return rx.el.div("Home", class_name="p-4 text-mute")
