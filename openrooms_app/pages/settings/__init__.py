"""Settings: one's own account, providers, users, the installation's health."""

import reflex as rx

from openrooms_app import routes
from openrooms_app.pages.settings.state import SettingsPage
from openrooms_app.pages.settings.view import settings_view
from openrooms_app.shell import page, title


@rx.page(route=routes.SETTINGS, title=title("Settings"), on_load=SettingsPage.follow)
def settings_page() -> rx.Component:
    return page(settings_view(), heading="Settings")
