"""Home: what runs now, what wants a look, who works; on an empty installation, the first steps."""

import reflex as rx

from openrooms_app import routes
from openrooms_app.pages.home.state import HomePage
from openrooms_app.pages.home.view import home_view
from openrooms_app.shell import page, title


@rx.page(route=routes.HOME, title=title("Home"), on_load=HomePage.follow)
def home_page() -> rx.Component:
    return page(home_view(), heading="Home")
