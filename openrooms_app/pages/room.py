"""The live room: watch its runs, hold and answer them, read and mend what it remembers."""

import reflex as rx

from openrooms_app import routes
from openrooms_app.room_view import room_view
from openrooms_app.session import SessionState
from openrooms_app.shell import full_page, title


@rx.page(route=routes.ROOM, title=title("Room"))
def room_page() -> rx.Component:
    return full_page(room_view(can_edit=SessionState.can_edit))
