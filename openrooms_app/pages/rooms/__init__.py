"""Rooms: what stands in each, live; run one with a click, make, change and remove them."""

import reflex as rx

from openrooms_app import routes
from openrooms_app.pages.rooms.state import RoomsPage
from openrooms_app.pages.rooms.view import dialogs, header_actions, room_list
from openrooms_app.shell import page, title


@rx.page(route=routes.ROOMS, title=title("Rooms"), on_load=[RoomsPage.arrive, RoomsPage.follow])
def rooms_page() -> rx.Component:
    return page(room_list(), dialogs(), heading="Rooms", actions=header_actions())
