"""The gestures of the editor, with real mouse moves and keys; what counts is the draft that the server keeps."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import RunningApp
from tests.e2e.editing import Editing, as_text, grip, middle, node, open_editor, press, still, sums, way
from tests.fixtures.drawings import drawing

pytestmark = pytest.mark.e2e

Open = Callable[[dict[str, Any]], Editing]


@pytest.fixture
def opened(running_app: RunningApp, as_ada: Page, complaints: list[str]) -> Open:
    return lambda document: open_editor(running_app, as_ada, document)


def test_a_type_dragged_from_the_palette_lands_under_the_pointer(opened: Open) -> None:
    editing = opened(sums())
    made = editing.drop("WAIT", 300, 500)
    assert still(lambda: middle(editing.node(made))) == pytest.approx(editing.place(300, 500), abs=12)
    assert editing.nodes()[made]["type"] == "WAIT"
    assert made == "wait_1"


def test_a_type_is_added_by_click_and_by_keyboard_without_covering_a_card(opened: Open) -> None:
    editing = opened(sums())
    editing.page.get_by_test_id("palette-DECISION").click()
    editing.page.get_by_test_id("palette-DECISION").press("Enter")
    nodes = editing.nodes()
    assert {"decision_1", "decision_2"} <= nodes.keys()
    assert nodes["decision_1"]["position"] != nodes["decision_2"]["position"]


def test_a_second_start_is_refused_with_the_reason(opened: Open) -> None:
    editing = opened(sums())
    editing.page.get_by_test_id("palette-START").click()
    expect(editing.page.get_by_test_id("notice")).to_contain_text("exactly one START")
    assert len(editing.nodes()) == 3


def test_ways_out_of_a_task_are_success_then_failure_then_timeout(opened: Open) -> None:
    document = sums()
    document["nodes"] += [node("sorry", "END", 560, 160), node("late", "END", 560, 320)]
    editing = opened(document)
    editing.connect("sum", "out", "sorry")
    editing.connect("sum", "out", "late")
    assert {("sum", "FAILURE", "sorry"), ("sum", "TIMEOUT", "late")} <= editing.ways()


def test_a_decision_gets_conditions_by_priority_and_one_otherwise(opened: Open) -> None:
    editing = opened(
        {
            "name": "Choice",
            "nodes": [
                node("start", "START", 0, 0),
                node("choice", "DECISION", 240, 0),
                *(node(name, "END", 600, 120 * index) for index, name in enumerate(("one", "two", "three"))),
            ],
            "transitions": [way("t1", "start", "choice")],
        }
    )
    editing.connect("choice", "CONDITION_MET", "one")
    editing.connect("choice", "CONDITION_MET", "two")
    editing.connect("choice", "ALWAYS", "three")
    ways = [(w["on"], w["target"], w.get("priority")) for w in editing.draft()["transitions"][1:]]
    assert ways == [("CONDITION_MET", "one", 0), ("CONDITION_MET", "two", 1), ("ALWAYS", "three", None)]


def test_a_connection_is_dropped_anywhere_on_a_card(opened: Open) -> None:
    document = sums()
    document["transitions"] = []
    editing = opened(document)
    x, y = middle(editing.node("sum"))
    editing.drag(middle(editing.handle("start", "out")), (x + 40, y + 10))
    x, y = middle(editing.node("sum"))
    editing.drag(middle(editing.handle("sum", "out")), (x - 40, y))  # thought better of
    assert editing.ways() == {("start", "ALWAYS", "sum")}


def test_a_press_is_one_though_the_hand_moves_a_little(opened: Open) -> None:
    editing = opened(sums())
    page, before = editing.page, editing.ways()
    selected = page.locator(".react-flow__node.selected")
    for moved in (1, 3, 4):
        editing.page.keyboard.press("Escape")
        press(page, editing.place(300, 560), moved=moved)
        expect(selected).to_have_count(0)
        press(page, grip(editing.node("sum")), moved=moved)
        expect(selected).to_have_attribute("data-id", "sum")
        page.keyboard.down("Shift")
        press(page, grip(editing.node("end")), moved=moved)
        page.keyboard.up("Shift")
        expect(selected).to_have_count(2)
        press(page, middle(editing.handle("sum", "out")), moved=moved)
    assert editing.ways() == before
    assert editing.nodes()["sum"]["position"] == {"x": 240, "y": 0}


def test_a_refused_connection_says_why_at_the_pointer(opened: Open) -> None:
    editing = opened(sums())
    editing.drag(middle(editing.handle("start", "out")), middle(editing.handle("end", "in")), is_held=True)
    expect(editing.page.get_by_role("alert").filter(has_text="START leads to one node")).to_be_visible()
    editing.page.mouse.up()
    expect(editing.page.get_by_test_id("notice")).to_contain_text("START leads to one node")
    assert len(editing.ways()) == 2


def test_an_edge_dropped_on_empty_canvas_asks_for_a_node_and_connects_it(opened: Open) -> None:
    editing = opened(sums())
    editing.drag(middle(editing.handle("sum", "out")), editing.place(420, 560))
    expect(editing.page.get_by_test_id("quick-add")).to_be_visible()
    editing.page.keyboard.type("dec")
    editing.page.keyboard.press("Enter")
    expect(editing.node("decision_1")).to_be_visible()
    assert ("sum", "FAILURE", "decision_1") in editing.ways()


def test_a_double_click_opens_the_box_at_the_pointer_and_mod_enter_chains(opened: Open) -> None:
    editing = opened(sums())
    editing.page.mouse.dblclick(*editing.place(140, 560))
    box = editing.page.get_by_test_id("quick-add")
    expect(box.get_by_role("option", name="Start")).to_have_count(0)  # there is one
    editing.page.keyboard.press("ArrowDown")
    for _ in range(8):
        editing.page.keyboard.press("ArrowDown")
    expect(box.locator("[aria-selected=true]")).to_be_in_viewport(ratio=1)
    editing.page.keyboard.type("http")
    editing.page.keyboard.press("Control+Enter")
    expect(editing.node("http_request")).to_contain_text("HTTP request")
    editing.page.keyboard.type("wait")
    editing.page.keyboard.press("Control+Enter")
    editing.page.keyboard.type("end")
    editing.page.keyboard.press("Enter")
    assert {("http_request", "SUCCESS", "wait_1"), ("wait_1", "SUCCESS", "end_1")} <= editing.ways()
    assert editing.nodes()["http_request"]["config"] == {"tool": "http_request"}


def test_a_node_dropped_on_an_edge_is_spliced_in_and_healed_out(opened: Open) -> None:
    editing = opened(sums())
    start, end = middle(editing.handle("sum", "out")), middle(editing.handle("end", "in"))
    box = editing.canvas.bounding_box()
    assert box
    made = editing.drop("WAIT", (start[0] + end[0]) / 2 - box["x"], start[1] - box["y"])
    assert {("sum", "SUCCESS", made), (made, "SUCCESS", "end")} <= editing.ways()
    editing.page.keyboard.press("Control+Delete")
    assert editing.ways() == {("start", "ALWAYS", "sum"), ("sum", "SUCCESS", "end")}


def test_an_edge_is_moved_by_its_end_and_deleted_by_its_bin(opened: Open) -> None:
    document = sums()
    document["nodes"].append(node("other", "END", 560, 200))
    editing = opened(document)
    end = middle(editing.handle("end", "in"))
    editing.drag((end[0] - 13, end[1]), middle(editing.handle("other", "in")))
    assert ("sum", "SUCCESS", "other") in editing.ways()
    start, end = middle(editing.handle("start", "out")), middle(editing.handle("sum", "in"))
    editing.page.mouse.move((start[0] + end[0]) / 2, start[1])
    editing.page.get_by_role("button", name="Delete t1").click()
    assert editing.ways() == {("sum", "SUCCESS", "other")}


def test_deleting_a_node_takes_its_edges_and_undo_brings_all_back(opened: Open) -> None:
    editing = opened(sums())
    before = editing.draft()
    editing.select("sum")
    editing.page.keyboard.press("Delete")
    assert editing.ways() == set()
    editing.page.keyboard.press("Control+z")
    assert editing.draft() == before
    editing.page.keyboard.press("Control+Shift+z")
    assert editing.nodes().keys() == {"start", "end"}


def test_typing_in_a_field_is_one_step_of_undo(opened: Open) -> None:
    editing = opened(sums())
    editing.select("sum")
    name = editing.inspector.get_by_label("Name", exact=True)
    name.press("End")
    name.press_sequentially(" of all", delay=20)
    assert editing.nodes()["sum"]["name"] == "Sum of all"
    editing.page.get_by_role("button", name="Undo (Ctrl+Z)").click()
    expect(name).to_have_value("Sum")


def test_several_nodes_are_boxed_in_and_moved_together_in_one_step(opened: Open) -> None:
    editing = opened(sums())
    before = editing.nodes()
    editing.page.keyboard.down("Shift")
    box = [editing.node(name).bounding_box() for name in ("start", "sum")]
    assert box[0]
    assert box[1]
    editing.drag((box[0]["x"] - 20, box[0]["y"] - 40), (box[1]["x"] + box[1]["width"] / 2, box[1]["y"] + 90))
    editing.page.keyboard.up("Shift")
    x, y = middle(editing.node("sum"))
    editing.drag((x, y), (x, y + 160))
    after = editing.nodes()
    assert after["start"]["position"]["y"] > 40
    assert after["start"]["position"]["y"] == after["sum"]["position"]["y"]
    assert after["end"] == before["end"]
    editing.page.keyboard.press("Control+z")
    assert editing.nodes() == before


def test_the_right_button_tells_what_can_be_done_there(opened: Open) -> None:
    editing = opened(sums())
    menu = editing.page.get_by_test_id("context-menu")
    editing.node("end").click(button="right", position={"x": 70, "y": 12})
    expect(menu.get_by_role("menuitem", name="Disable")).to_have_count(0)  # END can't be
    editing.page.keyboard.press("Escape")
    editing.node("sum").click(button="right", position={"x": 70, "y": 12})
    expect(menu.get_by_role("menuitem", name="Settings")).to_be_focused()
    menu.get_by_role("menuitem", name="Disable").click()
    expect(menu).to_have_count(0)
    assert editing.nodes()["sum"]["disabled"] is True
    editing.page.mouse.click(*editing.place(400, 520), button="right")
    editing.page.keyboard.press("Enter")  # the first: add a node, there
    editing.page.keyboard.type("wait")
    editing.page.keyboard.press("Enter")
    x, y = middle(editing.node("wait_1"))
    wanted = editing.place(400, 520)
    assert abs(x - wanted[0]) + abs(y - wanted[1]) < 24
    editing.page.set_viewport_size({"width": 1440, "height": 420})
    editing.page.keyboard.press("f")
    editing.select("sum")
    scrolled = "column => (column.scrollTop += 150) && column.scrollTop"
    assert editing.inspector.evaluate(scrolled) == 150
    editing.select("wait_1")
    expect(editing.inspector.get_by_label("Id", exact=True)).to_have_value("wait_1")
    assert editing.inspector.evaluate(scrolled) == 150  # another is read from its beginning


def test_copies_get_ids_of_their_own_and_keep_their_connections(opened: Open) -> None:
    editing = opened(sums())
    editing.select("sum", "end")
    editing.page.keyboard.press("Control+d")
    assert ("sum_2", "SUCCESS", "end_2") in editing.ways()
    assert editing.nodes()["end_2"]["config"] == {"output": {"sum": "{{ vars.sum_2.number }}"}}


def test_what_is_copied_is_pasted_in_another_workflow(opened: Open) -> None:
    editing = opened(sums())
    editing.select("sum", "end")
    editing.page.keyboard.press("Control+c")
    other = opened({"name": "Other", "nodes": [node("start", "START", 0, 0)], "transitions": []})
    other.canvas.click(position={"x": 200, "y": 500})
    other.page.keyboard.press("Control+v")
    assert other.ways() == {("sum", "SUCCESS", "end")}


def test_a_workflow_as_text_is_pasted_as_a_drawing(opened: Open) -> None:
    editing = opened({"name": "Empty", "nodes": [node("start", "START", 0, 0)], "transitions": []})

    def paste(text: str) -> None:
        editing.page.evaluate(
            """text => {
                const data = new DataTransfer();
                data.setData("text/plain", text);
                document.body.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
            }""",
            text,
        )

    paste(
        json.dumps({"nodes": [{"name": "Set", "type": "another.set", "position": [0, 0]}], "connections": {}})
    )
    expect(editing.page.get_by_test_id("notice")).to_contain_text("no part of a workflow")
    editing.page.mouse.move(*editing.place(400, 500))
    paste(as_text(sums()))
    paste(as_text(sums()))
    places = {name: each["position"] for name, each in editing.nodes().items()}
    assert places.keys() == {"start", "sum", "end", "sum_2", "end_2"}
    assert places["sum_2"] != places["sum"]
    left, right = middle(editing.node("sum")), middle(editing.node("end"))
    wanted = editing.place(400, 500)
    assert abs((left[0] + right[0]) / 2 - wanted[0]) < 60  # at the pointer, wherever it was copied
    assert abs(left[1] - wanted[1]) < 20


def test_a_renamed_node_keeps_its_connections_and_its_readers(opened: Open) -> None:
    editing = opened(sums())
    editing.select("sum")
    field = editing.inspector.get_by_label("Id", exact=True)
    field.fill("total")
    field.press("Enter")
    assert editing.ways() == {("start", "ALWAYS", "total"), ("total", "SUCCESS", "end")}
    assert editing.nodes()["end"]["config"] == {"output": {"sum": "{{ vars.total.number }}"}}


def test_tidy_lays_out_what_has_no_order_and_is_undone_in_one_step(opened: Open) -> None:
    document = sums()
    for each, (x, y) in zip(document["nodes"], [(0, 0), (40, 20), (-200, 300)], strict=True):
        each["position"] = {"x": x, "y": y}
    editing = opened(document)
    before = editing.nodes()
    with editing.page.expect_response(lambda answer: answer.request.method == "PUT"):
        editing.page.keyboard.press("Shift+T")
    after = [editing.nodes()[name]["position"] for name in ("start", "sum", "end")]
    assert [place["x"] for place in after] == sorted(place["x"] for place in after)
    assert len({place["y"] for place in after}) == 1
    editing.page.keyboard.press("Control+z")
    assert editing.nodes() == before


def test_nodes_without_a_place_are_laid_out_when_opened(opened: Open) -> None:
    trunk = ("start", "draft", "review", "decide")
    editing = opened(
        drawing(
            "start > draft > review > decide -again?> draft; decide > publish > end; draft -FAILURE> failed"
        )
    )
    heads = still(lambda: [grip(editing.node(name)) for name in trunk])
    assert heads == sorted(heads)
    assert (
        max(y for _, y in heads) - min(y for _, y in heads) < 1
    )  # where one way alone leads on, it is straight


def test_a_note_is_written_moved_and_kept(opened: Open) -> None:
    editing = opened(sums())
    editing.page.drag_and_drop(
        '[data-testid="palette-NOTE"]', '[data-testid="canvas"]', target_position={"x": 300, "y": 500}
    )
    editing.page.get_by_label("Note n1", exact=True).fill("<b>Mind the gap</b> 🙂")
    (note,) = editing.draft()["notes"]
    assert note["text"] == "<b>Mind the gap</b> 🙂"


def test_the_main_job_is_done_with_the_keyboard_alone(opened: Open) -> None:
    editing = opened({"name": "Keys", "nodes": [node("start", "START", 0, 0)], "transitions": []})
    editing.page.keyboard.press("n")
    editing.page.keyboard.type("tool")
    editing.page.keyboard.press("Control+Enter")
    editing.page.keyboard.type("end")
    editing.page.keyboard.press("Enter")
    expect(editing.announced).to_contain_text("Added End")
    assert ("tool_1", "SUCCESS", "end") in editing.ways()
    x = editing.nodes()["end"]["position"]["x"]
    editing.page.locator('.react-flow__node[data-id="end"]').focus()
    editing.page.keyboard.press("Space")
    editing.page.keyboard.press("Control+ArrowRight")
    assert editing.nodes()["end"]["position"]["x"] > x
    editing.page.keyboard.press("Delete")
    assert editing.nodes().keys() == {"start", "tool_1"}


def test_a_problem_leads_to_its_node_which_wears_a_badge_and_publishing_waits(opened: Open) -> None:
    document = sums()
    document["nodes"][1]["config"] = {"tool": "calculator"}
    editing = opened(document)
    expect(editing.page.get_by_test_id("publish")).to_be_disabled()
    expect(editing.node("sum").get_by_role("img", name="1 error, 1 warning")).to_be_visible()
    editing.page.get_by_test_id("problems").get_by_role("button").filter(has_text="Sum").first.click()
    expect(editing.inspector).to_contain_text("Sum")
    editing.inspector.get_by_label("Expression").first.fill("2 + 2")
    expect(editing.page.get_by_test_id("publish")).to_be_enabled()
    assert editing.nodes()["sum"]["config"]["arguments"] == {"expression": "2 + 2"}


def test_a_viewer_sees_everything_and_changes_nothing(
    running_app: RunningApp, page: Page, complaints: list[str]
) -> None:
    workflow = running_app.ask("POST", "/api/workflows", {"format": "openrooms/workflow@1", **sums()})
    running_app.log_in(page, "Vi")
    page.goto(f"{running_app.url}/workflows/{workflow['id']}")
    editing = Editing(running_app, page, workflow["id"])
    editing.node("sum").click()
    expect(editing.inspector.get_by_label("Name", exact=True)).to_be_disabled()
    x, y = middle(editing.node("sum"))
    editing.drag((x, y), (x, y + 150))
    page.keyboard.press("Delete")
    assert abs(middle(editing.node("sum"))[1] - y) < 2 or middle(editing.node("sum"))[0] == x
    assert running_app.ask("GET", f"/api/workflows/{workflow['id']}")["revision"] == workflow["revision"]
    expect(editing.saved).to_have_attribute("data-state", "saved")
