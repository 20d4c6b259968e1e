"""The editor on a phone: what has room, what a finger does, and the sheet of settings."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import RunningApp
from tests.e2e.editing import Point, grip, middle, open_editor, sums

pytestmark = pytest.mark.e2e


def test_on_a_phone_the_drawing_has_the_screen_and_the_inspector_comes_when_asked(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    as_ada.set_viewport_size({"width": 390, "height": 844})
    editing = open_editor(running_app, as_ada, sums())
    box = editing.canvas.bounding_box()
    assert box
    assert (box["width"], box["height"] > 500) == (390, True)
    expect(as_ada.get_by_test_id("palette")).to_be_hidden()
    expect(editing.inspector).to_be_hidden()
    for name in ("publish", "save-state"):
        expect(as_ada.get_by_test_id(name)).to_be_in_viewport(ratio=1)
    editing.select("start")
    expect(editing.inspector).to_be_visible()
    above = """([card, sheet]) => card.getBoundingClientRect().bottom <= sheet.getBoundingClientRect().top"""
    pair = [editing.node("start").element_handle(), editing.inspector.element_handle()]
    as_ada.wait_for_function(above, arg=pair)
    as_ada.get_by_role("button", name="Close the inspector").click()
    expect(editing.inspector).to_be_hidden()
    as_ada.goto(as_ada.url + "?node=end")  # a link shows its card above the sheet too
    pair = [editing.node("end").element_handle(), editing.inspector.element_handle()]
    as_ada.wait_for_function(above, arg=pair)


def test_on_a_phone_fingers_wire_move_add_and_insert(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    page, fingers = as_ada, as_ada.context.new_cdp_session(as_ada)
    fingers.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 1})
    page.set_viewport_size({"width": 390, "height": 844})
    document = sums()
    document["transitions"] = []
    for each, (x, y) in zip(document["nodes"], [(0, 0), (0, 120), (0, 240)], strict=True):
        each["position"] = {"x": x, "y": y}
    editing = open_editor(running_app, page, document)

    def touch(start: Point, by: Point = (0, 0)) -> None:
        for part in (0, 0.3, 0.6, 1):
            at = {"x": start[0] + part * by[0], "y": start[1] + part * by[1]}
            kind = "touchMove" if part else "touchStart"
            if not part or any(by):
                fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [at]})
        fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    expect(page.get_by_test_id("first-hint")).to_contain_text("Choose a card and press +")
    (x, y), (to_x, to_y) = middle(editing.handle("start", "out")), middle(editing.handle("sum", "in"))
    touch((x, y), (to_x - x, to_y - y))
    assert editing.ways() == {("start", "ALWAYS", "sum")}
    touch(grip(editing.node("end")), (40, 60))
    assert editing.nodes()["end"]["position"]["y"] > 260  # what a finger has moved is kept
    expect(page.locator(".oi-inspector.is-open")).to_have_count(0)
    touch(grip(editing.node("sum")))
    expect(page.locator(".oi-inspector.is-open")).to_be_visible()
    page.get_by_role("button", name="Add a node").click()
    page.get_by_test_id("quick-add").get_by_role("option", name="Wait").first.click()
    assert editing.ways() == {("start", "ALWAYS", "sum"), ("sum", "SUCCESS", "wait_1")}


def test_a_drawing_that_nobody_has_moved_is_fitted_anew_when_the_phone_is_turned(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    fingers = as_ada.context.new_cdp_session(as_ada)
    fingers.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 1})
    as_ada.set_viewport_size({"width": 390, "height": 844})
    editing = open_editor(running_app, as_ada, sums())
    zoomed = "document.querySelector('.react-flow__viewport').style.transform.split('scale')[1]"
    upright = as_ada.evaluate(zoomed)
    as_ada.set_viewport_size({"width": 844, "height": 390})
    for node in ("start", "sum", "end"):
        expect(editing.node(node)).to_be_in_viewport(ratio=1)
    assert as_ada.evaluate(zoomed) != upright
    for _ in range(2):
        as_ada.get_by_role("button", name="Zoom Out").click()
    moved = as_ada.evaluate(zoomed)
    as_ada.set_viewport_size({"width": 390, "height": 844})
    as_ada.wait_for_function("document.querySelector('[data-testid=canvas]').clientWidth === 390")
    assert as_ada.evaluate(zoomed) == moved != upright  # what somebody has moved stays as large as it is
