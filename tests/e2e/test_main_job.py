"""The main job, as a person does it: draw a workflow with the mouse, publish it, make a room, run it, read its log."""

import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import RunningApp

pytestmark = pytest.mark.e2e


def middle(of: Locator) -> tuple[float, float]:
    box = of.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def connect(page: Page, source: str, target: str) -> None:
    """Drag from one handle to another, with real mouse moves."""
    start, end = (page.get_by_test_id(name) for name in (source, target))
    page.mouse.move(*middle(start))
    page.mouse.down()
    x, y = middle(end)
    page.mouse.move(x - 30, y - 10, steps=8)
    page.mouse.move(x, y, steps=6)
    page.mouse.up()


def drop(page: Page, kind: str, x: int, y: int) -> str:
    """Drag a type from the palette to a place on the canvas; the id of the node that came to be."""
    before = set(node_ids(page))
    page.drag_and_drop(
        f'[data-testid="palette-{kind}"]', '[data-testid="canvas"]', target_position={"x": x, "y": y}
    )
    expect(page.locator(".react-flow__node")).to_have_count(len(before) + 1)
    return (set(node_ids(page)) - before).pop()


def node_ids(page: Page) -> list[str]:
    return page.locator(".react-flow__node").evaluate_all("all => all.map(e => e.dataset.id)")


def draw(page: Page) -> dict[str, str]:
    """START → TOOL → DECISION → two ways → two ENDs, with the mouse."""
    tool = drop(page, "TOOL_EXECUTION", 260, 110)
    choice = drop(page, "DECISION", 560, 130)
    small = drop(page, "END", 560, 560)
    connect(page, "handle-start-out", f"handle-{tool}-in")
    connect(page, f"handle-{tool}-out", f"handle-{choice}-in")
    connect(page, f"handle-{choice}-CONDITION_MET", "handle-end-in")
    connect(page, f"handle-{choice}-ALWAYS", f"handle-{small}-in")
    return {"tool": tool, "choice": choice, "small": small}


def configure(page: Page, ids: dict[str, str]) -> None:
    """Fill the generated forms: what the tool computes, when the decision is met, what the ends answer."""
    inspector = page.get_by_test_id("inspector")
    page.get_by_test_id(f"node-{ids['tool']}").click()
    inspector.get_by_label("Tool", exact=True).select_option("calculator")
    inspector.get_by_label("Expression").first.fill("6 * 7")
    inspector.get_by_label("Save as").fill("answer")
    page.get_by_test_id(f"node-{ids['choice']}").click()
    inspector.get_by_role("button", name=re.compile("CONDITION_MET|when", re.IGNORECASE)).first.click()
    inspector.get_by_label("When").fill("vars.answer.number > 40")


def stored(app: RunningApp, page: Page) -> dict[str, object]:
    workflow_id = page.url.rstrip("/").rpartition("/")[2]
    answer = page.request.get(f"{app.url}/api/workflows/{workflow_id}")
    found: dict[str, object] = answer.json()
    return found


def test_a_person_draws_publishes_runs_and_watches(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    page = as_ada
    page.set_viewport_size({"width": 1600, "height": 1000})
    created = page.request.post(
        f"{running_app.url}/api/workflows",
        data=json.dumps({"name": "Drawn by hand"}),
        headers={"content-type": "application/json"},
    )
    assert created.status == 201
    page.goto(f"{running_app.url}/workflows/{created.json()['id']}")
    expect(page.get_by_test_id("canvas")).to_be_visible()
    page.get_by_test_id("node-start").wait_for()

    ids = draw(page)
    configure(page, ids)

    expect(page.get_by_test_id("save-state")).to_have_attribute("data-state", "saved")
    document = stored(running_app, page)["draft"]
    assert isinstance(document, dict)
    ways = {(way["source"], way["target"], way["on"]) for way in document["transitions"]}
    assert ways == {
        ("start", ids["tool"], "ALWAYS"),
        (ids["tool"], ids["choice"], "SUCCESS"),
        (ids["choice"], "end", "CONDITION_MET"),
        (ids["choice"], ids["small"], "ALWAYS"),
    }

    publish = page.get_by_test_id("publish")
    expect(publish).to_be_enabled()
    publish.click()
    page.get_by_test_id("publish-confirm").click()
    expect(page.get_by_test_id("version")).to_contain_text("version 1")

    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_test_id("create-room").click()
    page.wait_for_url(re.compile(r"/rooms/"))
    page.get_by_role("button", name="Run", exact=True).first.click()
    expect(page.get_by_text("Completed", exact=False).first).to_be_visible()
    expect(page.get_by_text("Run completed after", exact=False).first).to_be_visible()


def tab_to(page: Page, goal: Locator, key: str = "Tab") -> None:
    """Go on with the keyboard until `goal` has the focus."""
    expect(goal).to_be_visible()
    expect(goal).to_be_enabled()  # what has just been changed is not looked at yet
    for _ in range(80):
        if goal.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"the keyboard does not come to {goal}")


def test_the_whole_job_is_done_with_the_keyboard_alone(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    page, keys = as_ada, as_ada.keyboard
    page.goto(running_app.url + "/workflows")
    tab_to(page, page.get_by_role("button", name="New workflow").first)
    keys.press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Name")).to_be_focused()
    keys.type("By keys alone")
    keys.press("Enter")
    page.get_by_test_id("node-start").wait_for()
    told = page.locator("[aria-live=polite].sr-only")

    keys.press("ArrowRight")
    expect(told).to_contain_text("Selected Start")
    keys.press("Shift+n")
    keys.type("tool")
    keys.press("Enter")
    expect(told).to_contain_text("tool")
    inspector = page.get_by_test_id("inspector")
    keys.press("F2")
    keys.type("Six times seven")
    tab_to(page, inspector.get_by_label("Tool", exact=True))
    keys.type("Calculator")
    tab_to(page, inspector.get_by_label("Expression").first)
    keys.type("6 * 7")
    keys.press("Escape")
    keys.press("c")
    keys.type("end")
    keys.press("Enter")
    expect(told).to_contain_text("Connected tool_1 to end on SUCCESS")
    keys.press("Control+ArrowDown")
    expect(told).to_contain_text("Moved Six times seven to")
    keys.press("Shift+n")
    keys.type("wait")
    keys.press("Enter")
    keys.press("Delete")
    expect(told).to_contain_text("Deleted")

    tab_to(page, page.get_by_test_id("publish"), "Shift+Tab")
    keys.press("Enter")
    keys.type("made by keys")
    keys.press("Enter")
    expect(page.get_by_test_id("version")).to_contain_text("version 1")
    tab_to(page, page.get_by_role("button", name="Run", exact=True), "Shift+Tab")
    keys.press("Enter")
    expect(page.get_by_test_id("run-here")).to_be_visible()
    tab_to(page, page.get_by_test_id("create-room"), "Shift+Tab")
    keys.press("Enter")
    page.wait_for_url(re.compile(r"/rooms/"))
    tab_to(page, page.get_by_role("button", name="Run", exact=True).last)
    keys.press("Enter")
    expect(page.get_by_text("Run completed after", exact=False).first).to_be_visible()
    tab_to(page, page.get_by_test_id("log-lines"))
    keys.press("ArrowUp")
    keys.press("ArrowUp")
    expect(page.get_by_test_id("log-lines").get_by_role("option", selected=True)).to_have_count(1)


def test_the_app_asks_nothing_of_other_machines(running_app: RunningApp, as_ada: Page) -> None:
    asked: list[str] = []
    as_ada.on("request", lambda request: asked.append(request.url))
    for path in ("/", "/workflows", "/rooms", "/runs", "/tools", "/settings", "/settings/keys"):
        as_ada.goto(running_app.url + path)
        as_ada.wait_for_load_state("networkidle")

    foreign = [url for url in asked if not url.startswith((running_app.url, "data:", "blob:"))]
    assert not foreign
