"""Settings: one's own account, providers, keys, secrets, users, the installation's health; a page for each."""

import reflex as rx

from openrooms_app import routes
from openrooms_app.pages.settings.account import account_view
from openrooms_app.pages.settings.frame import settings
from openrooms_app.pages.settings.health import HealthPage, health_view
from openrooms_app.pages.settings.keys import KeysPage
from openrooms_app.pages.settings.keys_view import keys_view
from openrooms_app.pages.settings.providers import ProvidersPage, providers_view
from openrooms_app.pages.settings.secrets import SecretsPage
from openrooms_app.pages.settings.secrets_view import secrets_view
from openrooms_app.pages.settings.users import UsersPage
from openrooms_app.pages.settings.users_view import users_view
from openrooms_app.shell import title


@rx.page(route=routes.SETTINGS, title=title("Settings"))
def account_page() -> rx.Component:
    return settings(account_view(), here=routes.SETTINGS)


@rx.page(route=routes.PROVIDERS, title=title("Providers"), on_load=ProvidersPage.load)
def providers_page() -> rx.Component:
    return settings(providers_view(), here=routes.PROVIDERS)


@rx.page(route=routes.KEYS, title=title("API keys"), on_load=KeysPage.load)
def keys_page() -> rx.Component:
    return settings(keys_view(), here=routes.KEYS)


@rx.page(route=routes.SECRETS, title=title("Secrets"), on_load=SecretsPage.load)
def secrets_page() -> rx.Component:
    return settings(secrets_view(), here=routes.SECRETS)


@rx.page(route=routes.USERS, title=title("Users"), on_load=UsersPage.load)
def users_page() -> rx.Component:
    return settings(users_view(), here=routes.USERS)


@rx.page(route=routes.HEALTH, title=title("Health"), on_load=HealthPage.follow)
def health_page() -> rx.Component:
    return settings(health_view(), here=routes.HEALTH)
