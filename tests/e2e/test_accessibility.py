"""No page has a serious or critical finding of axe-core, in dark and in light, on a desk and on a phone."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import RunningApp
from tests.fixtures.drawings import drawing

pytestmark = pytest.mark.e2e

ASKING = drawing(
    "start > wait > end",
    wait={
        "config": {
            "signal": "answer",
            "form_schema": {
                "type": "object",
                "properties": {"ok": {"type": "boolean"}, "why": {"type": "string"}},
            },
        }
    },
)
FAILING = drawing(
    "start > sum > end", sum={"config": {"tool": "calculator", "arguments": {"expression": "1 / 0"}}}
)

LOOKS = [("dark", (1440, 900)), ("light", (1440, 900)), ("dark", (390, 844))]
OPTIONS = {"resultTypes": ["violations"]}


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1][0]}")
def ada(request: pytest.FixtureRequest, browser: Browser, running_app: RunningApp) -> Iterator[Page]:
    """A page of the administrator's in one of the looks."""
    scheme, (width, height) = request.param
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    running_app.log_in(page, "Ada")
    page.set_viewport_size({"width": width, "height": height})
    page.set_default_timeout(10_000)
    yield page
    context.close()


def findings(page: Page) -> list[str]:
    """What is serious: the rule, and where it is broken."""
    page.wait_for_timeout(300)  # what fades in has to be there, for colours are measured
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [
        f"{item['id']} {node['target']}: {node['failureSummary'].splitlines()[1].strip()}"
        for item in found
        if item["impact"] in ("serious", "critical")
        for node in item["nodes"]
    ]


def visit(page: Page, app: RunningApp, path: str) -> list[str]:
    page.goto(app.url + path)
    expect(page.get_by_role("heading").first).to_be_visible()
    expect(page.locator(".animate-pulse")).to_have_count(0)
    return [f"{path} {finding}" for finding in findings(page)]


def test_the_pages_shut_nobody_out(running_app: RunningApp, ada: Page) -> None:
    asking = running_app.make_room({**ASKING, "name": "Asking"})
    running_app.start(asking)
    failing = running_app.make_room({**FAILING, "name": "Failing"})
    failed = running_app.start(failing)
    workflow = running_app.ask("GET", f"/api/rooms/{asking}")["workflow_id"]
    ear = {"name": "Ear", "url": "http://127.0.0.1:9/x", "events": ["ROOM_FAILED"]}
    running_app.ask("POST", "/api/subscriptions", {**ear, "room_id": failing})
    nightly = running_app.ask(
        "POST", f"/api/rooms/{failing}/schedules", {"name": "Nightly", "cron": "0 3 * * *"}
    )
    spec = {"provider": "scripted", "model": "echo", "tools": ["calculator"]}
    agent = running_app.ask("POST", "/api/agents", {"name": f"Seen with {asking}", "spec": spec})["id"]
    running_app.ask("PUT", f"/api/agents/{agent}", {"spec": {**spec, "goal": "Help."}, "note": "kinder"})
    paths = (
        "/",
        "/workflows",
        "/rooms",
        "/runs",
        "/agents",
        "/triggers",
        "/tools",
        "/audit",
        "/rooms/ghost",
        "/nowhere",
    )
    settings = (
        "/settings",
        *(f"/settings/{name}" for name in ("providers", "keys", "secrets", "users", "health")),
    )
    inside = (
        "/agents/new",
        f"/agents/{agent}",
        f"/workflows/{workflow}",
        f"/rooms/{asking}",
        f"/rooms/{failing}?at=3",
        f"/runs/{failed}",
        f"/rooms/{failing}/triggers",
        f"/rooms/{failing}/triggers?schedule={nightly['id']}",
    )
    found = [finding for path in (*paths, *settings, *inside) for finding in visit(ada, running_app, path)]

    assert not found, "\n".join(found)


def test_what_stands_beside_a_run_shuts_nobody_out(running_app: RunningApp, ada: Page) -> None:
    failing = running_app.make_room({**FAILING, "name": "Failing beside"})
    for _ in range(2):
        running_app.run_until(running_app.start(failing), "COMPLETED")
    running_app.ask("PUT", f"/api/rooms/{failing}/memory/fact", {"value": "Cats purr.", "kind": "SEMANTIC"})
    ada.goto(f"{running_app.url}/rooms/{failing}?run=2&with=1")
    expect(ada.get_by_test_id("comparison")).to_be_visible()
    found = findings(ada)
    ada.get_by_role("tab", name="Timeline").click()
    ada.get_by_test_id("bar-2").click()
    found += findings(ada)
    ada.get_by_role("button", name=re.compile("^Why")).first.click()
    expect(ada.get_by_test_id("why")).to_be_visible()
    found += findings(ada)
    ada.get_by_role("tab", name="Memory").click()
    expect(ada.get_by_test_id("memory-fact")).to_be_visible()
    found += findings(ada)
    ada.get_by_role("button", name="Edit fact").click()
    expect(ada.get_by_role("dialog")).to_be_visible()
    found += findings(ada)

    assert not found, "\n".join(found)


def test_the_dialogs_shut_nobody_out(running_app: RunningApp, ada: Page) -> None:
    found = []
    for path, button in (
        ("/workflows", "Templates"),
        ("/workflows", "New workflow"),
        ("/rooms", "New room"),
        ("/settings/users", "Add user"),
        ("/settings/keys", "New key"),
        ("/settings/secrets", "New secret"),
        ("/tools", "Try "),
        ("/triggers", "New schedule"),
        ("/triggers", "New webhook"),
        ("/triggers", "New subscription"),
    ):
        ada.goto(running_app.url + path)
        ada.get_by_role("button", name=re.compile(button)).first.click()
        expect(ada.get_by_role("dialog")).to_be_visible()
        found += [f"{path} {button} {finding}" for finding in findings(ada)]

    assert not found, "\n".join(found)


def test_the_editor_with_a_card_and_problems_shuts_nobody_out(running_app: RunningApp, ada: Page) -> None:
    broken = {**FAILING, "name": "Broken", "transitions": FAILING["transitions"][:1]}
    workflow = running_app.ask("POST", "/api/workflows", {"format": "openrooms/workflow@1", **broken})
    ada.goto(f"{running_app.url}/workflows/{workflow['id']}")
    ada.get_by_test_id("node-sum").click()
    expect(ada.get_by_test_id("inspector").get_by_label("Id", exact=True)).to_be_visible()
    found = findings(ada)
    running_app.ask(
        "PUT",
        f"/api/workflows/{workflow['id']}",
        {"format": "openrooms/workflow@1", **FAILING, "name": "Broken"},
    )
    running_app.ask("POST", f"/api/workflows/{workflow['id']}/versions")
    ada.reload()
    ada.get_by_test_id("node-sum").wait_for()
    for keys, seen in (
        ("?", "dialog"),
        ("Control+k", "dialog"),
        ("Control+f", "search"),
        ("Shift+V", "dialog"),
    ):
        ada.keyboard.press(keys)
        expect(ada.get_by_role(seen)).to_be_visible()
        found += findings(ada)
        ada.keyboard.press("Escape")

    assert not found, "\n".join(found)


def test_the_way_in_shuts_nobody_out(running_app: RunningApp, browser: Browser) -> None:
    for scheme in ("dark", "light"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        assert not visit(page, running_app, "/login")
        context.close()
