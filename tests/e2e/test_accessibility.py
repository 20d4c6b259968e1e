"""No page, and nothing that opens over one, has a serious finding of axe-core, in dark and in light, on a desk and on a phone."""

import re
from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.e2e.conftest import RunningApp
from tests.fixtures.drawings import drawing
from tests.fixtures.pages import PATIENCE_S

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
COLOURS = ("color-contrast", "link-in-text-block")
"""All that a scheme can break: what has been looked at in one scheme is looked at for these alone in the other."""
PAGES = (
    "/",
    "/workflows",
    "/rooms",
    "/runs?began=between",
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
RUN_AXE = """async ([scheme, rules]) => {
  const frame = () => new Promise(requestAnimationFrame)
  const other = {dark: 'light', light: 'dark'}[scheme]
  while (document.documentElement.classList.contains(other)) await frame()
  await frame().then(frame)
  const ends = document.getAnimations().filter(one => one.effect.getComputedTiming().endTime !== Infinity)
  await Promise.allSettled(ends.map(one => one.finished))
  return (await axe.run({resultTypes: ['violations'], ...(rules && {runOnly: rules})})).violations
}"""
"""What fades has to have faded, for colours are measured."""


WATCH_SHIFTS = """new PerformanceObserver((list) => {
  for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) window.shifted = (window.shifted ?? 0) + value;
}).observe({ type: "layout-shift", buffered: true })"""
MOST_SHIFT = 0.05


@pytest.fixture
def ada(as_ada: Page, context: BrowserContext) -> Iterator[Page]:
    """A page of the administrator's that watches itself: what jumps, and what the console says of it."""
    as_ada.emulate_media(color_scheme="dark")
    as_ada.set_default_timeout(PATIENCE_S * 1000)
    as_ada.add_init_script(WATCH_SHIFTS)
    said: list[str] = []
    context.on("weberror", lambda error: said.append(str(error.error)))
    context.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
    yield as_ada
    assert not [text for text in said if "Failed to load resource" not in text]  # of refusals that are wanted


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
    seen: set[int] = set()
    found = []
    for scheme, width, height in LOOKS:
        found += findings_in(page, scheme, width, height, COLOURS if width in seen else None)
        seen.add(width)
    return found


def findings_in(
    page: Page, scheme: Literal["dark", "light"], width: int, height: int, rules: tuple[str, ...] | None
) -> list[str]:
    page.emulate_media(color_scheme=scheme)
    if page.viewport_size != {"width": width, "height": height}:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(100)
    return [
        f"{scheme} {width} {item['id']} {node['target']}: {node['failureSummary'].splitlines()[1].strip()}"
        for item in page.evaluate(RUN_AXE, [scheme, rules])
        if item["impact"] in ("serious", "critical")
        for node in item["nodes"]
    ]


def visit(page: Page, app: RunningApp, path: str) -> list[str]:
    page.goto(app.url + path)
    expect(page.get_by_role("heading").first).to_be_visible()
    expect(page.locator(".animate-pulse")).to_have_count(0)
    shifted = page.evaluate("window.shifted ?? 0")
    jumps = [f"jumps by {shifted:.3f}"] if shifted > MOST_SHIFT else []
    return [f"{path} {finding}" for finding in [*jumps, *findings(page)]]


def on_a_phone(page: Page) -> Page:
    _, width, height = LOOKS[0]
    page.set_viewport_size({"width": width, "height": height})
    return page


@pytest.mark.parametrize("paths", [PAGES, SETTINGS], ids=["pages", "settings"])
def test_the_pages_shut_nobody_out(
    running_app: RunningApp, seen: tuple[str, ...], ada: Page, paths: tuple[str, ...]
) -> None:
    found = [finding for path in paths for finding in visit(ada, running_app, path)]

    assert not found, "\n".join(found)


def test_what_is_behind_them_shuts_nobody_out(
    running_app: RunningApp, seen: tuple[str, ...], ada: Page
) -> None:
    found = [finding for path in seen for finding in visit(on_a_phone(ada), running_app, path)]

    assert not found, "\n".join(found)


def test_what_stands_beside_a_run_shuts_nobody_out(running_app: RunningApp, ada: Page) -> None:
    failing = running_app.make_room({**FAILING, "name": "Failing beside"})
    for _ in range(2):
        running_app.run_until(running_app.start(failing), "COMPLETED")
    running_app.ask("PUT", f"/api/rooms/{failing}/memory/fact", {"value": "Cats purr.", "kind": "SEMANTIC"})
    ada.goto(f"{running_app.url}/rooms/{failing}?run=2&with=1")
    expect(ada.get_by_test_id("comparison")).to_be_visible()
    found = findings(ada)
    on_a_phone(ada).get_by_role("tab", name="Log").click()
    ada.get_by_role("button", name="Filters").click()
    expect(ada.get_by_role("dialog", name="Filters")).to_be_visible()
    found += findings_in(ada, "light", 390, 844, None)
    ada.keyboard.press("Escape")
    ada.set_viewport_size({"width": 1440, "height": 900})
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


@pytest.mark.timeout(300)  # a dozen looks of axe at a drawing with all its fields
def test_the_editor_and_all_that_opens_in_it_shut_nobody_out(running_app: RunningApp, ada: Page) -> None:
    broken = {**FAILING, "name": "Broken", "transitions": FAILING["transitions"][:1]}
    workflow = running_app.ask("POST", "/api/workflows", {"format": "openrooms/workflow@1", **broken})
    path = f"/api/workflows/{workflow['id']}"
    ada.goto(f"{running_app.url}/workflows/{workflow['id']}")
    ada.get_by_test_id("node-sum").click()
    expect(ada.get_by_test_id("inspector").get_by_label("Id", exact=True)).to_be_visible()
    expect(ada.get_by_test_id("problem-unreachable")).to_be_visible()
    found = findings(ada)
    mended = {"format": "openrooms/workflow@1", **FAILING, "name": "Mended"}
    running_app.ask("PUT", path, mended)
    running_app.ask("POST", f"{path}/versions")
    running_app.ask("PUT", path, {**mended, "description": "It has changed."})
    ada.reload()
    ada.get_by_test_id("node-sum").click()

    def look(place: str, seen: Locator) -> None:
        expect(seen).to_be_visible()
        found.extend(f"{place} {finding}" for finding in findings(ada))
        ada.keyboard.press("Escape")

    keys = {"Keys": "?", "Commands and nodes": "Control+k", "Versions": "Shift+V"}
    keys |= {"Connect": "c", "Add a node": "n"}
    for name, key in keys.items():
        ada.keyboard.press(key)
        look(name, ada.get_by_role("dialog", name=re.compile(name)))
    ada.keyboard.press("Control+f")
    ada.keyboard.type("1 / 0")
    look("find", ada.get_by_test_id("find"))
    ada.get_by_test_id("node-sum").click(button="right")
    look("menu", ada.get_by_test_id("context-menu"))
    for button, name in (("Publish", "Publish version 2"), ("Run", "Run")):
        ada.get_by_role("button", name=button, exact=True).click()
        look(name, ada.get_by_role("dialog", name=name, exact=True))
    refuse = "**/api/workflows/*"
    ada.route(refuse, lambda route: route.abort() if route.request.method == "PUT" else route.continue_())
    ada.get_by_test_id("inspector").get_by_label("Name", exact=True).fill("Mine")
    expect(ada.get_by_test_id("save-state")).to_have_attribute("data-state", "offline")
    nodes = [{**each, "name": "Theirs"} if each["id"] == "sum" else each for each in FAILING["nodes"]]
    running_app.ask("PUT", path, {**mended, "nodes": nodes})
    ada.unroute(refuse)
    ada.get_by_role("button", name="Merge").click(timeout=30_000)
    look("merge", ada.get_by_test_id("conflict-nodes:sum"))

    assert not found, "\n".join(found)


def test_the_way_in_shuts_nobody_out(running_app: RunningApp, page: Page) -> None:
    page.emulate_media(color_scheme="dark")

    assert not visit(page, running_app, "/login")
