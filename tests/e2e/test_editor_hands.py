"""The editor's finer gestures: previews, guides, keys, finding, the data lens, expressions, versions, merging."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import RunningApp
from tests.e2e.editing import Editing, middle, node, open_editor, still, sums, way

pytestmark = pytest.mark.e2e

Open = Callable[[dict[str, Any]], Editing]


@pytest.fixture
def opened(running_app: RunningApp, as_ada: Page, complaints: list[str]) -> Open:
    return lambda document: open_editor(running_app, as_ada, document)


def forked() -> dict[str, Any]:
    """START → choose → (one | two) → END: only one of the two variables is set at the end."""
    return {
        "name": "Forked",
        "input_schema": {"type": "object", "properties": {"ticket": {"type": "number"}}},
        "nodes": [
            node("start", "START", 0, 0),
            node(
                "first",
                "TOOL_EXECUTION",
                232,
                0,
                config={"tool": "calculator", "arguments": {"expression": "2 + 3"}},
            ),
            node("choose", "DECISION", 496, 0),
            node(
                "one",
                "TOOL_EXECUTION",
                232,
                200,
                config={"tool": "calculator", "arguments": {"expression": "{{ vars.first.number }} + 1"}},
            ),
            node("end", "END", 520, 200, config={"output": {"sum": "{{ vars.first.number }}"}}),
        ],
        "transitions": [
            way("t1", "start", "first"),
            way("t2", "first", "choose", "SUCCESS"),
            way("t3", "choose", "one", "CONDITION_MET", when="vars.first.number > 3", priority=0),
            way("t4", "choose", "end"),
            way("t5", "one", "end", "SUCCESS"),
        ],
    }


def test_a_dragged_card_shows_its_guides_and_the_way_that_it_would_part(opened: Open) -> None:
    document = sums()
    document["nodes"].append(node("wait", "WAIT", 0, 240, config={"duration_s": 1}))
    editing = opened(document)
    start, end = middle(editing.handle("sum", "out")), middle(editing.handle("end", "in"))
    x, y = middle(editing.node("wait"))
    editing.drag((x, y), (x, y + 24), is_held=True)
    expect(editing.page.get_by_test_id("guides").locator("line")).not_to_have_count(0)
    editing.page.mouse.move((start[0] + end[0]) / 2, start[1], steps=8)
    expect(editing.page.get_by_test_id("edge-t2")).to_have_class(re.compile("is-splicing"))
    expect(editing.page.get_by_test_id("splice-preview")).to_be_visible()
    editing.page.mouse.up()
    expect(editing.page.get_by_test_id("guides")).to_have_count(0)
    assert {("sum", "SUCCESS", "wait"), ("wait", "SUCCESS", "end")} <= editing.ways()


def test_cards_are_aligned_spread_and_tidied_and_each_is_one_step_of_undo(opened: Open) -> None:
    document = sums()
    for each, (x, y) in zip(document["nodes"], [(0, 0), (240, 64), (900, 160)], strict=True):
        each["position"] = {"x": x, "y": y}
    editing = opened(document)
    before = editing.nodes()
    editing.select("start", "sum", "end")
    editing.page.keyboard.press("Alt+w")
    assert {each["position"]["y"] for each in editing.nodes().values()} == {0}
    expect(editing.announced).to_contain_text("Aligned 3 nodes: top")
    editing.inspector.get_by_role("button", name="Spread evenly from left to right").click()
    places = {name: each["position"]["x"] for name, each in editing.nodes().items()}
    assert abs((places["sum"] - 168) - (places["end"] - places["sum"] - 216)) <= 16
    editing.page.keyboard.press("Control+z")
    editing.page.keyboard.press("Control+z")
    assert editing.nodes() == before


def test_the_graph_is_walked_wired_renamed_and_moved_by_keys_and_told(opened: Open) -> None:
    document = sums()
    document["nodes"].append(node("late", "END", 560, 160))
    editing = opened(document)
    keys = editing.page.keyboard
    drawing, separator = editing.page.get_by_label("Workflow canvas"), editing.page.get_by_role("separator")
    editing.page.locator("#content").focus()
    for link, goal in (
        ("Skip to settings", editing.inspector.get_by_role("textbox").first),
        ("Skip to drawing", drawing),
    ):
        editing.page.get_by_role("link", name=link).focus()
        keys.press("Enter")
        expect(goal).to_be_focused()
    expect(editing.page.get_by_test_id("problem-unreachable")).to_be_visible()
    for _ in range(
        5 + editing.page.locator(".oc-problem").count()
    ):  # the buttons of the view, and what is wrong
        keys.press("Tab")
    expect(separator).to_be_focused()
    keys.press("F6")
    expect(editing.page.get_by_label("Fold the navigation")).to_be_focused()
    keys.press("Shift+F6")
    expect(editing.inspector.get_by_role("textbox").first).to_be_focused()
    keys.press("Shift+F6")
    keys.press("Shift+F6")
    keys.press("PageDown")
    expect(editing.announced).to_contain_text("Selected Start, start")
    keys.press("PageDown")
    expect(editing.announced).to_contain_text("the transition from start to sum on ALWAYS")
    expect(editing.page.locator("[data-id=t1]:focus")).to_have_count(1)
    keys.press("End")
    expect(editing.announced).to_contain_text("Selected Late")  # no way leads to it
    keys.press("Shift+Tab")
    expect(editing.page.get_by_test_id("palette-NOTE")).to_be_focused()
    keys.press("Tab")
    keys.press("Home")
    expect(editing.announced).to_contain_text("Selected Start, start")
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    expect(editing.announced).to_contain_text("Selected End")
    keys.press("ArrowDown")
    expect(editing.announced).to_contain_text("Selected Late")
    keys.press("ArrowUp")
    keys.press("ArrowLeft")
    expect(editing.announced).to_contain_text("Selected Sum")
    keys.press("c")
    keys.type("late")
    keys.press("Enter")
    expect(editing.announced).to_contain_text("Connected sum to late on FAILURE")
    keys.press("F2")
    keys.type("Total")
    keys.press("Escape")
    keys.press("Control+ArrowDown")
    expect(editing.announced).to_contain_text("Moved Total to 240, 8")
    keys.press("Shift+n")
    keys.type("wait")
    keys.press("Enter")
    expect(editing.node("wait_1")).to_be_visible()
    nodes = editing.nodes()
    assert nodes["sum"]["name"] == "Total"
    assert nodes["sum"]["position"] == {"x": 240, "y": 8}
    assert {("sum", "FAILURE", "late"), ("sum", "TIMEOUT", "wait_1")} <= editing.ways()


def test_the_inspector_is_as_wide_as_one_makes_it(opened: Open) -> None:
    editing = opened(sums())
    page, line = editing.page, editing.page.get_by_role("separator", name="Width of the inspector")

    def shown() -> tuple[float, float]:
        """How wide the inspector is, and how far right of the middle of the drawing a card lies."""
        canvas, column = editing.canvas.bounding_box(), editing.inspector.bounding_box()
        assert canvas
        assert column
        return column["width"], middle(editing.node("sum"))[0] - canvas["x"] - canvas["width"] / 2

    def expect_width(width: int) -> None:
        expect(line).to_have_attribute("aria-valuenow", str(width))
        assert still(shown) == (width, pytest.approx(beside, abs=1))

    usual, beside = still(shown)
    x, y = middle(line)
    editing.drag((x, y), (x - 120, y))
    expect_width(usual + 120)
    page.reload()
    editing.wait_ready()
    expect(line).to_have_attribute("aria-valuenow", str(usual + 120))
    _, beside = still(shown)
    for key, width in (("ArrowRight", usual + 104), ("End", 720), ("Home", 280)):
        line.press(key)
        expect_width(width)
    line.press("ArrowRight")
    expect_width(280)  # it is not made smaller than fields need
    line.dblclick()
    expect_width(usual)
    assert page.evaluate("Object.keys(localStorage).filter(key => key.includes('split'))") == []
    page.set_viewport_size({"width": 390, "height": 844})
    expect(line).to_be_hidden()


def test_tab_moves_the_focus_and_is_never_bound(opened: Open) -> None:
    editing = opened(sums())
    editing.page.keyboard.press("?")
    row = editing.page.get_by_test_id("key-duplicate")
    row.get_by_role("button", name="Change the key").click()
    editing.page.keyboard.press("Tab")
    expect(editing.page.get_by_role("dialog").get_by_role("status")).to_contain_text("Tab moves the focus")
    row.get_by_role("button", name="Change the key").click()
    editing.page.keyboard.press("Control+z")
    expect(editing.page.get_by_role("dialog").get_by_role("status")).to_contain_text("belongs to “Undo”")
    row.get_by_role("button", name="Change the key").click()
    editing.page.keyboard.press("Control+j")
    expect(row.get_by_text("Ctrl+J")).to_be_visible()
    editing.page.keyboard.press("Escape")
    editing.page.reload()
    editing.wait_ready()
    editing.select("sum")
    editing.page.keyboard.press("Control+j")
    expect(editing.node("sum_2")).to_be_visible()


def test_everything_is_found_by_its_name(opened: Open) -> None:
    editing = opened(sums())
    editing.page.keyboard.press("Control+k")
    editing.page.keyboard.type("go to end")
    editing.page.keyboard.press("Enter")
    expect(editing.inspector.get_by_label("Id", exact=True)).to_have_value("end")
    editing.page.keyboard.press("Control+k")
    editing.page.keyboard.type("add deci")
    editing.page.keyboard.press("Enter")
    expect(editing.node("decision_1")).to_be_visible()
    editing.page.keyboard.press("Control+k")
    editing.page.keyboard.type("undo")
    editing.page.keyboard.press("Enter")
    expect(editing.node("decision_1")).to_have_count(0)


def test_text_is_found_in_every_field_and_replaced_in_one_step(opened: Open) -> None:
    editing = opened(forked())
    editing.page.keyboard.press("Control+f")
    find = editing.page.get_by_test_id("find")
    find.get_by_label("Find", exact=True).fill("first.number")
    expect(find.get_by_role("status")).to_have_text("3 in 3 fields")
    find.get_by_label("Find", exact=True).press("Enter")
    find.get_by_role("button", name="vars.first.number > 3").click()
    expect(editing.inspector).to_contain_text("Transition")
    find.get_by_label("Replace by").fill("first.text")
    find.get_by_role("button", name="All").click()
    expect(find.get_by_role("status")).to_have_text("Nothing found")
    draft = editing.draft()
    assert draft["transitions"][2]["when"] == "vars.first.text > 3"
    assert draft["nodes"][4]["config"]["output"]["sum"] == "{{ vars.first.text }}"
    find.get_by_role("button", name="Close").click()
    editing.page.keyboard.press("Control+z")
    assert editing.draft()["transitions"][2]["when"] == "vars.first.number > 3"


def test_shift_shows_who_writes_and_who_reads(opened: Open) -> None:
    editing = opened(forked())
    editing.page.mouse.move(*middle(editing.node("first")))
    editing.page.keyboard.down("Shift")
    lens = editing.page.get_by_test_id("lens-first")
    expect(lens).to_contain_text("vars.first")
    expect(editing.page.get_by_test_id("lens-one")).to_have_attribute("data-role", "reader")
    expect(editing.page.get_by_test_id("lens-choose")).to_contain_text("vars.first")
    editing.page.mouse.move(*middle(editing.node("one")))
    expect(editing.page.get_by_test_id("lens-first")).to_have_attribute("data-role", "writer")
    editing.page.keyboard.up("Shift")
    expect(lens).to_have_count(0)


def test_an_expression_completes_what_is_set_shows_its_last_value_and_where_it_is_wrong(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    room = running_app.make_room({"format": "openrooms/workflow@1", **forked()})
    running_app.run_until(running_app.start(room, {"ticket": 1}), "COMPLETED")
    workflow = running_app.ask("GET", f"/api/rooms/{room}")["workflow_id"]
    as_ada.goto(f"{running_app.url}/workflows/{workflow}?node=end")
    editing = Editing(running_app, as_ada, workflow)
    expect(editing.node("first").get_by_test_id("last-step")).to_have_attribute("data-status", "done")
    field = editing.inspector.get_by_role("textbox", name=re.compile("sum|Output")).last
    field.click()
    expect(editing.inspector.get_by_test_id("live-value")).to_contain_text("= 5")
    field.fill("{{ vars.")
    names = editing.inspector.get_by_role("listbox")
    expect(names).to_contain_text("vars.first.number")
    expect(names).to_contain_text("5")
    expect(names).not_to_contain_text("vars.one")
    field.fill("{{ has(vars.o")
    expect(names).to_contain_text("vars.one")
    field.fill("{{ input.colour }}")
    editing.inspector.get_by_test_id("undeclared-input").get_by_role("button", name="Add it").click()
    expect(editing.inspector.get_by_test_id("undeclared-input")).to_have_count(0)
    assert editing.draft()["input_schema"]["required"] == ["colour"]
    field.fill("{{ 1 + }}")
    expect(editing.inspector.locator(".oi-live.is-wrong")).to_be_visible()
    expect(editing.inspector.locator("u.oi-wrong")).to_have_count(1)


def test_a_run_is_started_here_and_paints_the_canvas(opened: Open) -> None:
    editing = opened(forked())
    editing.page.get_by_role("button", name="Run", exact=True).click()
    dialog = editing.page.get_by_role("dialog", name="Run")
    dialog.get_by_test_id("publish-first").click()  # rooms run versions: the first is made here
    expect(editing.page.get_by_test_id("version")).to_contain_text("version 1")
    dialog.get_by_label("Ticket").fill("7")
    dialog.get_by_label("Name of the new room").press("Enter")
    strip = editing.page.get_by_test_id("run-strip")
    expect(strip).to_have_attribute("data-status", "COMPLETED")
    expect(strip.get_by_test_id("run-result")).to_have_text('= {"sum":5}')
    editing.select("first")
    expect(editing.inspector.get_by_test_id("last-output")).to_contain_text("number: 5")
    editing.page.keyboard.press("Escape")
    expect(editing.page.get_by_test_id("status-one")).to_have_attribute("data-status", "done")
    expect(editing.page.get_by_test_id("edge-t3")).to_have_class(re.compile("is-taken"))
    expect(editing.page.get_by_test_id("edge-t4")).not_to_have_class(re.compile("is-taken"))
    strip.get_by_role("button", name="Take the run off").click()
    expect(editing.page.get_by_test_id("status-one")).to_have_count(0)
    expect(editing.node("one").get_by_test_id("last-step")).to_have_attribute("data-status", "done")


def test_what_is_half_typed_waits_in_its_field(opened: Open) -> None:
    editing = opened(forked())
    editing.select("end")
    output = editing.inspector.get_by_label("Output")
    output.fill('{"sum": {"of": "{{ vars.first.number }}"')
    editing.select("choose")
    ways = editing.inspector.locator("[data-testid^=way-]")
    expect(ways).to_contain_text(["when", "otherwise"])  # as they are tried
    editing.page.get_by_test_id("publish").click()
    expect(editing.page.get_by_test_id("publish-unread")).to_contain_text("“End”")
    editing.page.keyboard.press("Escape")
    editing.select("end")
    expect(output).to_have_value('{"sum": {"of": "{{ vars.first.number }}"')
    expect(editing.inspector.get_by_text("Not JSON yet")).to_be_visible()
    output.press("Control+End")
    output.press_sequentially("}}")
    assert editing.nodes()["end"]["config"]["output"] == {"sum": {"of": "{{ vars.first.number }}"}}
    editing.select("start")  # where a run begins one says what it asks for
    editing.inspector.get_by_role("button", name="Add a field").click()
    assert list(editing.draft()["input_schema"]["properties"]) == ["ticket", "field"]
    editing.page.keyboard.press("Control+f")
    find = editing.page.get_by_test_id("find")
    find.get_by_label("Find", exact=True).fill("number > 3")
    find.get_by_label("Replace by").fill("$& > 4")
    find.get_by_role("button", name="All").click()
    expect(find.get_by_label("Find", exact=True)).to_be_focused()
    editing.page.keyboard.press("Escape")
    expect(find).to_have_count(0)


def test_two_versions_are_compared_and_one_is_restored(opened: Open) -> None:
    editing = opened(sums())
    app, page = editing.app, editing.page
    app.ask("POST", f"/api/workflows/{editing.id}/versions", {"note": "the first"})
    editing.select("sum")
    editing.inspector.get_by_label("Name", exact=True).fill("Total")
    editing.drop("WAIT", 300, 460)
    editing.wait_saved()
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+V")
    dialog = page.get_by_role("dialog", name="Versions")
    expect(dialog.get_by_role("button", name="Version 1")).to_contain_text(
        re.compile(r"20\d\d.*the firstby Ada")
    )
    dialog.get_by_role("button", name="Draft as it is").click()
    dialog.get_by_label("Compare with").select_option("1")
    expect(dialog.get_by_test_id("difference")).to_have_text("1 added0 removed1 changed")
    expect(dialog.get_by_test_id("node-sum")).to_have_class(re.compile("is-changed"))
    expect(dialog.get_by_test_id("node-wait_1")).to_have_class(re.compile("is-added"))
    expect(dialog.get_by_role("list", name="Differences")).to_contain_text('"Sum""Total"')
    dialog.get_by_role("button", name="Version 1").click()
    dialog.get_by_role("button", name="Restore into the draft").click()
    expect(editing.node("wait_1")).to_have_count(0)
    assert editing.nodes()["sum"]["name"] == "Sum"


def test_a_second_tab_is_told_at_once_and_merges_node_by_node(
    opened: Open, context: BrowserContext, complaints: list[str]
) -> None:
    editing = opened(sums())
    other = Editing(editing.app, context.new_page(), editing.id)
    other.page.goto(editing.page.url)
    other.node("sum").wait_for()
    editing.page.route(
        "**/api/workflows/*",
        lambda route: route.abort() if route.request.method == "PUT" else route.continue_(),
    )
    editing.select("sum")
    editing.inspector.get_by_label("Name", exact=True).fill("Mine")
    for name, text in (("sum", "Theirs"), ("end", "Finish")):
        other.select(name)
        other.inspector.get_by_label("Name", exact=True).fill(text)
        other.wait_saved()
    editing.page.unroute("**/api/workflows/*")
    expect(editing.saved).to_have_attribute("data-state", "conflict")
    editing.page.get_by_role("button", name="Merge").click()
    dialog = editing.page.get_by_role("dialog", name="Merge two drafts")
    expect(dialog.get_by_test_id(re.compile("^conflict-"))).to_have_count(1)
    dialog.get_by_label("Theirs").check()
    dialog.get_by_role("button", name="Merge").click()
    nodes = editing.nodes()
    assert (nodes["sum"]["name"], nodes["end"]["name"]) == ("Theirs", "Finish")
    editing.select("start")
    editing.inspector.get_by_label("Name", exact=True).fill("Begin")
    editing.wait_saved()
    expect(other.saved).to_have_attribute("data-state", "conflict")
    other.page.get_by_role("button", name="Load newer").click()
    expect(other.node("start")).to_contain_text("Begin")
    complaints.clear()
