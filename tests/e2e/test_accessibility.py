"""No page has a serious or critical finding of axe-core, in dark and in light, on a desk and on a phone."""

import re
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

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

LOOKS = (("dark", 390, 844), ("light", 1440, 900), ("dark", 1440, 900))
"""The last is how pages are opened; one page takes on all three, for to open one is most of the work."""
PAGES = (
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
SETTINGS = (
    "/settings",
    *(f"/settings/{name}" for name in ("providers", "keys", "secrets", "users", "health")),
)
AXE = Axe().axe_script
RUN_AXE = """async scheme => {
  const frame = () => new Promise(requestAnimationFrame)
  const other = {dark: 'light', light: 'dark'}[scheme]
  while (document.documentElement.classList.contains(other)) await frame()
  await frame().then(frame)
  const ends = document.getAnimations().filter(one => one.effect.getComputedTiming().endTime !== Infinity)
  await Promise.allSettled(ends.map(one => one.finished))
  return (await axe.run({resultTypes: ['violations']})).violations
}"""
"""What fades has to have faded, for colours are measured."""


@pytest.fixture
def ada(as_ada: Page) -> Page:
    as_ada.emulate_media(color_scheme="dark")
    as_ada.set_default_timeout(10_000)
    return as_ada


@pytest.fixture(scope="module")
def seen(running_app: RunningApp) -> tuple[str, ...]:
    """Something of each kind, so that no page is empty; the addresses of what has one of its own."""
    asking = running_app.make_room({**ASKING, "name": "Asking"})
    running_app.start(asking)
    failing = running_app.make_room({**FAILING, "name": "Failing"})
    failed = running_app.start(failing)
    workflow = running_app.ask("GET", f"/api/rooms/{asking}")["workflow_id"]
    subscription = {"name": "Listener", "url": "http://127.0.0.1:9/x", "events": ["ROOM_FAILED"]}
    running_app.ask("POST", "/api/subscriptions", {**subscription, "room_id": failing})
    nightly = running_app.ask(
        "POST", f"/api/rooms/{failing}/schedules", {"name": "Nightly", "cron": "0 3 * * *"}
    )
    spec = {"provider": "scripted", "model": "echo", "tools": ["calculator"]}
    agent = running_app.ask("POST", "/api/agents", {"name": f"Seen with {asking}", "spec": spec})["id"]
    running_app.ask("PUT", f"/api/agents/{agent}", {"spec": {**spec, "goal": "Help."}, "note": "kinder"})
    return (
        "/agents/new",
        f"/agents/{agent}",
        f"/workflows/{workflow}",
        f"/rooms/{asking}",
        f"/rooms/{failing}?at=3",
        f"/runs/{failed}",
        f"/rooms/{failing}/triggers",
        f"/rooms/{failing}/triggers?schedule={nightly['id']}",
    )


def findings(page: Page) -> list[str]:
    """What is serious in one of the looks: the rule, and where it is broken."""
    page.evaluate(AXE)
    return [finding for look in LOOKS for finding in findings_in(page, *look)]


def findings_in(page: Page, scheme: Literal["dark", "light"], width: int, height: int) -> list[str]:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_timeout(100)
    return [
        f"{scheme} {width} {item['id']} {node['target']}: {node['failureSummary'].splitlines()[1].strip()}"
        for item in page.evaluate(RUN_AXE, scheme)
        if item["impact"] in ("serious", "critical")
        for node in item["nodes"]
    ]


def visit(page: Page, app: RunningApp, path: str) -> list[str]:
    page.goto(app.url + path)
    expect(page.get_by_role("heading").first).to_be_visible()
    expect(page.locator(".animate-pulse")).to_have_count(0)
    return [f"{path} {finding}" for finding in findings(page)]


@pytest.mark.parametrize("paths", [PAGES, SETTINGS], ids=["pages", "settings"])
def test_the_pages_shut_nobody_out(
    running_app: RunningApp, seen: tuple[str, ...], ada: Page, paths: tuple[str, ...]
) -> None:
    found = [finding for path in paths for finding in visit(ada, running_app, path)]

    assert not found, "\n".join(found)


def test_what_is_behind_them_shuts_nobody_out(
    running_app: RunningApp, seen: tuple[str, ...], ada: Page
) -> None:
    found = [finding for path in seen for finding in visit(ada, running_app, path)]

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


def test_the_way_in_shuts_nobody_out(running_app: RunningApp, page: Page) -> None:
    page.emulate_media(color_scheme="dark")

    assert not visit(page, running_app, "/login")
