"""Looking back at a run: why it went as it did, its steps over time, values that changed, a run beside another one."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import RunningApp
from tests.e2e.editing import still
from tests.e2e.room_page import lines, named, open_room
from tests.fixtures.drawings import drawing

pytestmark = pytest.mark.e2e

CHOOSING = drawing(
    "start > double -SUCCESS> decide -vars.double.number>10?> big -SUCCESS> end; decide > small > end; big -FAILURE> end",
    double={"config": {"tool": "calculator", "arguments": {"expression": "{{ input.n }} * 2"}}},
    small={"save_as": "double"},
    big={
        "type": "AGENT_TASK",
        "config": {"provider": "scripted", "model": "fail", "prompt": "Fail."},
        "retry": {"max_attempts": 2, "initial_delay_s": 0.2},
    },
) | {
    "input_schema": {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
    }
}


def click_way(page: Page, id_: str) -> None:
    """A click on the middle of an arrow, once all of the graph stands in view."""
    page.get_by_role("button", name="Fit View").click()
    path = page.get_by_test_id(f"edge-{id_}").locator("path").first
    middle = """path => { const at = path.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM());
                         return [Math.round(at.x), Math.round(at.y)]; }"""
    page.mouse.click(*still(lambda: path.evaluate(middle)))


@pytest.fixture
def room(running_app: RunningApp) -> str:
    """Run #1 with 2, which is small; run #2 with 9, which is big and fails twice."""
    room = running_app.make_room(named(CHOOSING, "Choosing"))
    for n in (2, 9):
        running_app.run_until(running_app.start(room, {"n": n}), "COMPLETED")
    return room


def test_the_room_tells_why_and_what_each_step_did(
    running_app: RunningApp, as_ada: Page, room: str, complaints: list[str]
) -> None:
    open_room(as_ada, running_app, room, "?run=1")
    expect(as_ada.get_by_test_id("status-small")).to_have_attribute("data-status", "done")
    click_way(as_ada, "t3")
    verdict = as_ada.get_by_test_id("why").get_by_test_id("verdict")
    expect(verdict).to_have_attribute("data-verdict", "false")
    for told in (
        "vars.double.number>10",
        "vars.double.number = 4",
        "written by step 2",
        "the run went to small",
    ):
        expect(verdict).to_contain_text(told)
    verdict.get_by_role("button", name="written by step 2").click()
    expect(as_ada.get_by_test_id("step-detail")).to_contain_text("expression: 2 * 2")

    as_ada.get_by_test_id("node-big").click()
    why_not = as_ada.get_by_test_id("why-not")
    expect(why_not).to_contain_text("It did not run.")
    expect(why_not.get_by_test_id("verdict")).to_have_attribute("data-verdict", "false")
    as_ada.get_by_role("button", name="Why end?").first.click()
    expect(as_ada.get_by_test_id("why")).to_contain_text("big has not run")

    as_ada.get_by_role("tab", name="Variables").click()
    double = as_ada.get_by_test_id("variable-double")
    expect(double).to_contain_text('"number":2')
    double.get_by_role("button", name="To the change before of double").click()
    expect(double).to_contain_text('"number":4')
    expect(as_ada).to_have_url(re.compile(r"run=1&at=\d+$"))
    expect(as_ada.get_by_test_id("status-small")).to_have_count(0)
    double.get_by_role("button", name="To the next change of double").click()
    expect(double).to_contain_text('"number":2')


def test_the_timeline_shows_attempts_and_a_run_begins_again_at_a_step(
    running_app: RunningApp, as_ada: Page, room: str, complaints: list[str]
) -> None:
    open_room(as_ada, running_app, room, "?run=2")
    as_ada.get_by_role("tab", name="Timeline").click()
    row = as_ada.get_by_test_id("bar-4")
    expect(row).to_contain_text("big")
    expect(row.locator("[data-bar]")).to_have_count(3)
    kinds = row.locator("[data-bar]").evaluate_all("bars => bars.map(bar => bar.dataset.bar)")
    assert kinds == ["work", "rest", "work"]
    row.click()
    detail = as_ada.get_by_test_id("step-detail")
    expect(detail).to_contain_text("attempt 1: at work, failed")
    as_ada.get_by_role("button", name="Why end?").first.click()
    expect(as_ada.get_by_test_id("verdict").last).to_contain_text("the step ended with FAILURE")

    as_ada.get_by_role("tab", name="Log").click()
    as_ada.get_by_label("Type of event").select_option("NODE_FAILED")
    expect(lines(as_ada)).to_have_count(2)
    with as_ada.expect_download() as given:
        as_ada.get_by_role("link", name="Download the events shown as JSON lines").click()
    told = [json.loads(line) for line in given.value.path().read_text().splitlines()]
    assert [event["type"] for event in told] == ["NODE_FAILED", "NODE_FAILED"]
    as_ada.get_by_label("Type of event").select_option("")
    as_ada.get_by_label("Search the log").fill("double succeeded")
    expect(lines(as_ada)).to_have_count(1)
    lines(as_ada).click()
    expect(as_ada.get_by_test_id("node-double")).to_have_class(re.compile("is-selected"))
    as_ada.get_by_test_id("event-detail").get_by_role("button", name="Step 2").click()
    expect(detail).to_contain_text("expression: 9 * 2")
    detail.get_by_role("button", name="Run again from here").click()
    expect(as_ada.get_by_test_id("run-link")).to_have_text("run #3")
    again = running_app.ask("GET", f"/api/rooms/{room}/runs")["items"][0]
    assert (again["number"], again["retry_of"] is not None) == (3, True)


def test_two_runs_are_compared_on_one_graph(
    running_app: RunningApp, as_ada: Page, room: str, complaints: list[str]
) -> None:
    open_room(as_ada, running_app, room, "?run=1")
    as_ada.get_by_role("tab", name="Runs").click()
    as_ada.get_by_role("button", name="Compare with run #2").click()
    compared = as_ada.get_by_test_id("comparison")
    expect(compared.get_by_test_id("parting")).to_contain_text("double")
    expect(compared.get_by_test_id("parting")).to_contain_text("Was given something else")
    expect(
        compared.get_by_test_id("differences").get_by_role("listitem").filter(has_text="run input.n")
    ).to_have_text(re.compile(r"#1\s*2\s*#2\s*9"))
    marks = {
        node: as_ada.get_by_test_id(f"node-{node}").get_by_test_id("difference")
        for node in ("double", "small", "big")
    }
    for node, mark in {"double": "first", "small": "here", "big": "there"}.items():
        expect(marks[node]).to_have_attribute("data-mark", mark)
    expect(as_ada).to_have_url(re.compile(r"run=1&with=2$"))
    as_ada.reload()
    expect(compared.get_by_test_id("parting")).to_contain_text("double")
    compared.get_by_role("button", name="Stop comparing").click()
    expect(marks["double"]).to_have_count(0)
    expect(as_ada).not_to_have_url(re.compile("with="))
