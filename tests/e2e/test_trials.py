"""Trying out as a person does it: an output pinned, a run until a node, one node alone; by hand, by keys, from the room."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import RunningApp
from tests.e2e.editing import Editing, node, open_editor, way

pytestmark = pytest.mark.e2e


def triage() -> dict[str, Any]:
    calls: dict[str, Any] = {"tool": "calculator", "arguments": {"expression": "40 + 2"}}
    twice = {"tool": "calculator", "arguments": {"expression": "{{ vars.count.number }} * 2"}}
    asks = {"provider": "scripted", "model": "echo", "prompt": "Of {{ input.ticket }}"}
    shape = {"type": "object", "properties": {"urgent": {"type": "boolean"}}, "required": ["urgent"]}
    return {
        "name": "Triage",
        "input_schema": {
            "type": "object",
            "properties": {"ticket": {"type": "string"}},
            "required": ["ticket"],
        },
        "nodes": [
            node("start", "START", 0, 0),
            node("classify", "AGENT_TASK", 200, 0, name="Classify", config=asks),
            node("count", "TOOL_EXECUTION", 0, 180, name="Count", config=calls),
            node("double", "TOOL_EXECUTION", 260, 180, name="Double", config=twice),
            node("go", "WAIT", 520, 180, name="Go", config={"signal": "go", "form_schema": shape}),
            node("end", "END", 780, 180),
        ],
        "transitions": [
            way("t1", "start", "classify"),
            way("t2", "classify", "count", "SUCCESS"),
            way("t3", "count", "double", "SUCCESS"),
            way("t4", "double", "go", "SUCCESS"),
            way("t5", "go", "end", "SUCCESS"),
        ],
    }


def test_outputs_are_pinned_and_parts_of_a_workflow_run(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    editing = open_editor(running_app, as_ada, triage())
    page, app = editing.page, running_app
    editing.select("count")
    expect(editing.inspector.get_by_test_id("run-until")).to_be_disabled()  # only versions run
    app.ask("POST", f"/api/workflows/{editing.id}/versions")
    page.reload()
    editing.select("count")

    # until a node, by hand; the form says where and with what
    editing.inspector.get_by_test_id("run-until").click()
    dialog = page.get_by_role("dialog", name="Run until Count")
    dialog.get_by_label("Ticket").fill("a fire")
    dialog.get_by_test_id("run-here").click()
    over(editing, "until Count")
    expect(page.get_by_test_id("status-count")).to_have_attribute("data-status", "done")
    expect(page.get_by_test_id("status-double")).to_have_count(0)

    # an output pinned with one key, then changed by hand
    editing.select("classify")
    page.keyboard.press("p")
    expect(editing.node("classify").get_by_test_id("pinned")).to_be_visible()
    own = editing.inspector.get_by_test_id("pinned-output")
    expect(own).to_have_value('"Of a fire"')
    own.fill('{"urgency"')
    expect(editing.inspector.get_by_text("Not JSON yet")).to_be_visible()
    own.fill('{"urgency": 0.9}')
    page.reload()  # this browser keeps it; the draft does not
    expect(editing.node("classify").get_by_test_id("pinned")).to_be_visible()
    assert "urgency" not in str(editing.draft())

    # until a node with the pin, by keys alone
    editing.select("double")
    page.keyboard.press("Shift+R")
    dialog = page.get_by_role("dialog", name="Run until Double")
    expect(dialog.get_by_test_id("use-pins")).to_be_checked()
    expect(dialog.get_by_test_id("run-here")).to_be_focused()
    page.keyboard.press("Enter")
    room_id = over(editing, "until Double, with Classify pinned")
    expect(page.get_by_test_id("status-classify")).to_have_attribute("data-status", "pinned")
    run = last_run(app, room_id)
    assert (run["trial"], run["tokens"]) == ({"pins": ["classify"], "until": "double"}, 0)
    assert run["output"]["number"] == 84

    # one node alone, with the variables that it had, one of them changed
    editing.select("double")
    page.keyboard.press("Alt+r")
    dialog = page.get_by_role("dialog", name="Run Double alone")
    expect(dialog.get_by_test_id("executed")).to_contain_text("Calls Calculator")
    variables = dialog.get_by_test_id("trial-vars")
    expect(variables).to_have_value(re.compile(r'"urgency": 0\.9[\s\S]*"number": 42'))
    variables.fill("[]")
    dialog.get_by_test_id("run-here").click()
    expect(dialog.get_by_role("alert")).to_contain_text("a JSON object")
    variables.fill('{"count": {"number": 5}}')
    dialog.get_by_test_id("run-here").click()
    over(editing, "only Double")
    assert last_run(app, room_id)["output"]["number"] == 10

    # an output that the node could not have given is told at once, and no run begins with it
    editing.select("go")
    editing.inspector.get_by_test_id("pin").click()
    own.fill('{"urgent": "yes"}')
    expect(editing.inspector.get_by_text("urgent: must be true or false")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+R")
    dialog = page.get_by_role("dialog", name="Run until Go")
    dialog.get_by_test_id("run-here").click()
    expect(dialog.get_by_role("alert")).to_contain_text("The output pinned for the WAIT 'go' does not fit")
    page.keyboard.press("Escape")
    complaints.clear()  # of the run that was refused
    own.fill('{"urgent": true}')
    expect(editing.inspector.get_by_text("must be true")).to_have_count(0)
    editing.inspector.get_by_test_id("unpin").click()

    # the palette has them too, and the pin is let go
    editing.select("classify")
    page.keyboard.press("Control+k")
    page.keyboard.type("unpin")
    page.keyboard.press("Enter")
    expect(editing.node("classify").get_by_test_id("pinned")).to_have_count(0)

    # in the room: marked as trials, and a step runs alone once more
    page.goto(f"{app.url}/rooms/{room_id}?run=2")
    expect(page.get_by_test_id("trial").first).to_have_text("trial: until Double, with Classify pinned")
    page.get_by_test_id("node-count").click()
    page.get_by_role("button", name="Run this step alone").click()
    dialog = page.get_by_role("dialog", name="Run Count alone")
    expect(dialog.get_by_test_id("trial-vars")).to_have_value(re.compile("urgency"))
    dialog.get_by_test_id("run-alone").click()
    expect(page.get_by_test_id("trial").first).to_have_text("trial: only Count")
    expect(page.get_by_test_id("status-count")).to_have_attribute("data-status", "done")
    run = last_run(app, room_id)
    assert (run["number"], run["output"]["number"]) == (4, 42)
    assert app.ask("POST", f"/api/runs/{run['id']}/replay")["identical"]


def over(editing: Editing, trial: str) -> str:
    """The run that is painted is over and says which trial it was; its room."""
    strip = editing.page.get_by_test_id("run-strip")
    expect(strip.get_by_test_id("trial")).to_have_text(f"trial: {trial}")
    expect(strip).to_have_attribute("data-status", "COMPLETED")
    address = strip.get_by_role("link").get_attribute("href") or ""
    return re.findall(r"/rooms/([^?]+)", address)[0]


def last_run(app: RunningApp, room_id: str) -> dict[str, Any]:
    run: dict[str, Any] = app.ask("GET", f"/api/rooms/{room_id}/runs?limit=1")["items"][0]
    return run
