"""A large drawing in the editor: only what is seen is in the page, and from afar it is outlines that can be worked on."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import RunningApp
from tests.e2e.editing import SUM, Editing, middle, node, open_editor, way

pytestmark = pytest.mark.e2e

COLUMNS = 12
COUNT = 150


def grid() -> dict[str, Any]:
    """START and rows of tools, each leading to the next."""
    places = [(300 * (index % COLUMNS), 120 * (index // COLUMNS)) for index in range(COUNT)]
    tools = [node(f"n{index}", "TOOL_EXECUTION", x, y, config=SUM) for index, (x, y) in enumerate(places)]
    ways = [way(f"t{index}", f"n{index - 1}", f"n{index}", "SUCCESS") for index in range(1, COUNT)]
    start = node("start", "START", -300, 0)
    return {"name": "Grid", "nodes": [start, *tools], "transitions": [way("t0", "start", "n0"), *ways]}


def drawn_way(editing: Editing, way_id: str) -> str | None:
    return editing.page.get_by_test_id(f"edge-{way_id}").locator("path").first.get_attribute("d")


def test_from_afar_cards_are_outlines_that_can_be_dragged_and_lines_that_can_be_chosen(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    editing = open_editor(running_app, as_ada, grid())
    cards, handles = as_ada.locator(".react-flow__node-card"), as_ada.locator(".react-flow__handle")
    assert cards.count() < COUNT / 2, "cards that nobody sees need not be drawn to be measured"
    expect(handles.first).to_be_attached()
    ahead = drawn_way(editing, "t1")

    as_ada.keyboard.press("Shift+1")
    expect(editing.canvas).to_have_class(re.compile("is-far"))
    expect(cards).to_have_count(COUNT + 1)
    expect(handles).to_have_count(0)
    expect(editing.node("n20")).to_have_text("N20")
    assert drawn_way(editing, "t1") is not None

    x, y = middle(editing.node("n30"))
    before = drawn_way(editing, "t31")
    editing.drag((x, y), (x + 8, y + 12))
    moved = editing.nodes()["n30"]["position"]
    assert (moved["x"], moved["y"]) != (300 * (30 % COLUMNS), 120 * (30 // COLUMNS))
    assert drawn_way(editing, "t31") != before

    as_ada.mouse.move(*middle(editing.node("n11")))
    editing.drag(middle(editing.handle("n11", "out")), middle(editing.node("n35")))  # one card has a handle
    assert ("n11", "FAILURE", "n35") in editing.ways()
    as_ada.mouse.move(*editing.place(20, 20))
    expect(handles).to_have_count(0)

    left, right = middle(editing.node("n5")), middle(editing.node("n6"))
    as_ada.mouse.click((left[0] + right[0]) / 2, (left[1] + right[1]) / 2)
    expect(as_ada.get_by_test_id("edge-t6")).to_have_class(re.compile("is-selected"))
    as_ada.keyboard.press("Delete")
    assert ("n5", "SUCCESS", "n6") not in editing.ways()

    editing.node("n0").click()
    as_ada.keyboard.press("Shift+0")
    expect(editing.canvas).to_have_class(re.compile("is-near"))
    expect(handles.first).to_be_attached()
    as_ada.get_by_test_id("palette-WAIT").click()
    expect(editing.node("wait_1")).to_be_in_viewport(ratio=1)
    assert ahead
