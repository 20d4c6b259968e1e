"""The frame around every page, in a real browser."""

import json
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, WebSocketRoute, expect

from tests.app.conftest import log_in
from tests.app.served import PASSWORDS
from tests.app.wire import SESSION_STATE
from tests.fixtures.pages import same_context

pytestmark = pytest.mark.e2e


@pytest.fixture
def context(browser: Browser, app_url: str, kept: dict[str, BrowserContext]) -> Iterator[BrowserContext]:
    yield from same_context(kept, browser, app_url)


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that must say nothing on its console but what a test expects: no error, no breach of the CSP."""
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    assert said == []


def test_a_login_is_sent_once_and_leads_to_the_page_that_was_asked_for(page: Page, app_url: str) -> None:
    sent: list[Route] = []
    page.route(
        "**/login", lambda route: sent.append(route) if route.request.method == "POST" else route.fallback()
    )
    page.goto(f"{app_url}/?from=a-link")
    page.get_by_label("Name").fill("Vi")
    page.get_by_label("Password").fill(PASSWORDS["Vi"])
    for _ in range(2):
        page.keyboard.press("Enter")
        page.wait_for_timeout(150)
    [login] = sent
    login.continue_()
    page.get_by_test_id("user-name").first.get_by_text("Vi", exact=True).wait_for(state="attached")

    assert page.url == f"{app_url}/?from=a-link"
    expect(page.get_by_role("navigation").get_by_role("link", name="Home")).to_have_attribute(
        "aria-current", "page"
    )


def test_nothing_is_asked_of_any_other_machine(page: Page, context: BrowserContext, app_url: str) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))

    log_in(page, app_url, "Vi")
    page.wait_for_load_state("networkidle")

    addresses = {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))}
    assert addresses == {urlsplit(app_url).netloc}
    assert any("_event" in url for url in asked)


def test_a_folded_navigation_stays_folded(page: Page, app_url: str) -> None:
    log_in(page, app_url, "Vi")
    label = page.get_by_role("navigation").get_by_text("Workflows", exact=True)
    expect(label).to_be_visible()

    page.get_by_role("button", name="Fold the navigation").click()
    expect(label).to_be_hidden()
    page.reload()

    expect(label).to_be_hidden()
    assert page.get_by_role("navigation").get_by_role("link", name="Workflows").is_visible()


def test_the_theme_goes_round_and_the_login_page_keeps_it(page: Page, app_url: str) -> None:
    log_in(page, app_url, "Vi")
    theme = page.get_by_test_id("theme").first
    background = "getComputedStyle(document.body).backgroundColor"
    page.emulate_media(color_scheme="light")
    light = page.evaluate(background)

    theme.click()
    expect(theme).to_have_text("Light theme")
    theme.click()
    expect(theme).to_have_text("Dark theme")
    expect(page.locator("html")).to_have_class(re.compile("dark"))
    dark = page.evaluate(background)
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")

    assert light != dark
    assert page.evaluate(background) == dark


def test_logging_out_ends_what_the_tab_knows(page: Page, app_url: str) -> None:
    log_in(page, app_url, "Ed")
    tab = page.evaluate("sessionStorage.token")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")

    page.get_by_label("Name").fill("Vi")
    page.get_by_label("Password").fill(PASSWORDS["Vi"])
    page.get_by_role("button", name="Log in").click()

    expect(page.get_by_test_id("user-name").first).to_have_text("Vi")
    assert page.evaluate("sessionStorage.token") == tab


def test_a_tab_whose_session_was_ended_elsewhere_goes_to_the_login(
    context: BrowserContext, app_url: str
) -> None:
    page = context.new_page()
    log_in(page, app_url, "Ed", "/?here")
    (cookie,) = [each for each in context.cookies() if each["name"] == "openrooms_session"]
    httpx.post(f"{app_url}/logout", headers={"cookie": f"openrooms_session={cookie['value']}"})

    page.evaluate("window.dispatchEvent(new Event('focus'))")

    page.wait_for_url(f"{app_url}/login?next=%2F%3Fhere")


def test_what_the_server_has_to_tell_appears_once_as_text(page: Page, app_url: str) -> None:
    text = "<img src=x onerror=alert(1)> is taken."
    told = {SESSION_STATE: {"notice_rx_state_": {"id": "1", "kind": "error", "text": text}}}
    frame = "42/_event," + json.dumps(["event", {"delta": told, "events": [], "final": True}])
    sockets: list[WebSocketRoute] = []

    def listen_in(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket(re.compile("/_event"), listen_in)
    log_in(page, app_url, "Vi")
    sockets[-1].send(frame)
    sockets[-1].send(frame)

    expect(page.locator("[data-sonner-toast]")).to_have_count(1)
    expect(page.locator("[data-sonner-toast]")).to_contain_text(text)


def test_the_keyboard_reaches_the_content_first(page: Page, app_url: str) -> None:
    log_in(page, app_url, "Vi")
    page.locator("body").press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()

    page.keyboard.press("Enter")

    expect(page.locator("main")).to_be_focused()


def test_on_a_phone_the_navigation_is_behind_a_button(page: Page, app_url: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(app_url)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_label("Name").fill("Vi")
    page.get_by_label("Password").fill(PASSWORDS["Vi"])
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", level=1).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    entry = page.get_by_role("link", name="Home")
    expect(entry).to_be_hidden()

    page.get_by_role("button", name="Open the navigation").click()
    expect(entry).to_be_visible()
    page.keyboard.press("Escape")

    expect(entry).to_be_hidden()
