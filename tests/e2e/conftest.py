"""Everything that `up` starts, for all browser tests of a session, and pages that are logged in to it."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, WebError

from engine.core.identity import Role
from engine.services import identity, users
from openrooms_app.session import COOKIE
from tests.app.conftest import built
from tests.fixtures.pages import same_context
from tests.fixtures.running import PASSWORDS, Running, running
from tests.servers.model_server import ModelServer
from tests.servers.openai_server import openai_server

__all__ = ["PASSWORDS", "RunningApp", "built"]

RunningApp = Running


@pytest.fixture(scope="session")
def model_server() -> Iterator[ModelServer]:
    """What answers where a node asks `openai`; a test that asks it says first what it answers."""
    with openai_server() as server:
        yield server


@pytest.fixture(scope="session")
def running_app(tmp_path_factory: pytest.TempPathFactory, model_server: ModelServer) -> Iterator[Running]:
    """One installation with the administrator Ada, the editor Ed and the viewer Vi; each test makes rooms of its own."""
    environment = {
        "OPENAI_API_KEY": "k",
        "OPENAI_BASE_URL": model_server.base_url,
        "OPENROOMS_HTTP_ALLOW": "127.0.0.1",
    }
    with running(tmp_path_factory.mktemp("up") / "data", **environment) as app:
        users.create(app.rt, app.admin, "Ed", PASSWORDS["Ed"], Role.EDITOR)
        users.create(app.rt, app.admin, "Vi", PASSWORDS["Vi"], Role.VIEWER)
        yield app


@pytest.fixture
def context(
    browser: Browser, running_app: Running, kept: dict[str, BrowserContext]
) -> Iterator[BrowserContext]:
    yield from same_context(kept, browser, running_app.url)


@pytest.fixture
def complaints(context: BrowserContext) -> Iterator[list[str]]:
    """What the browser's console complained of; a test that expects some empties it."""
    found: list[str] = []

    def failed(error: WebError) -> None:
        found.append(str(error.error))

    def told(line: ConsoleMessage) -> None:
        if line.type in ("error", "warning"):
            found.append(line.text)

    context.on("weberror", failed)
    context.on("console", told)
    yield found
    context.remove_listener("weberror", failed)
    context.remove_listener("console", told)
    assert not found


@pytest.fixture
def as_ada(running_app: Running, context: BrowserContext, page: Page) -> Page:
    """A page of the administrator's, who has a session and has opened nothing yet."""
    token = identity.log_in(running_app.rt, "Ada", PASSWORDS["Ada"])
    context.add_cookies([{"name": COOKIE, "value": token, "url": running_app.url}])
    return page


@pytest.fixture
def new_person(running_app: Running) -> Callable[[str], str]:
    """Makes an account and gives its name back, as in `new_person("Quinn")`."""

    def make(name: str, role: Role = Role.EDITOR) -> str:
        PASSWORDS[name] = f"{name.lower()} has a long password"
        users.create(running_app.rt, running_app.admin, name, PASSWORDS[name], role)
        return name

    return make
