"""The live room and the page of a run, used as a person uses them, in a real browser against everything that `up` starts."""

import json
import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine.services import runs
from tests.e2e.conftest import RunningApp
from tests.e2e.editing import grip, press
from tests.e2e.room_page import APPROVAL, COUNTING, FAILING, RESTING, lines, named, open_room, status
from tests.e2e.test_room_kills import kill_part
from tests.fixtures.running import until

pytestmark = pytest.mark.e2e


def test_a_room_runs_and_shows_graph_log_and_result_as_they_come(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    room = running_app.make_room(named(COUNTING, "Counting"))
    open_room(as_ada, running_app, room)
    expect(status(as_ada)).to_have_text("Idle")
    expect(as_ada.get_by_test_id("never-run")).to_be_visible()

    as_ada.get_by_test_id("run").click()

    expect(status(as_ada)).to_have_text("Completed")
    expect(lines(as_ada).last).to_contain_text("Run completed after 3 steps")
    expect(as_ada.get_by_test_id("status-add")).to_have_attribute("data-status", "done")
    expect(as_ada.get_by_test_id("result")).to_contain_text("sum: 2")
    expect(as_ada.get_by_test_id("variable-add")).to_contain_text('"number":2')


def test_memory_lasts_from_run_to_run_and_can_be_mended_by_hand(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    room = running_app.make_room(named(COUNTING, "Remembering"))
    open_room(as_ada, running_app, room)
    as_ada.get_by_role("tab", name="Memory").click()
    memory = as_ada.get_by_test_id("memory-visits")

    for visits in (1, 2):
        as_ada.get_by_test_id("run").click()
        expect(memory).to_contain_text(str(visits))
    memory.get_by_role("button", name="Edit visits").click()
    as_ada.get_by_role("textbox", name="Value").fill('{"not json')
    as_ada.get_by_role("button", name="Save").click()
    expect(as_ada.get_by_role("alert")).to_contain_text("no JSON")
    as_ada.get_by_role("textbox", name="Value").fill("41")
    as_ada.get_by_role("button", name="Save").click()
    expect(memory).to_contain_text("41")
    as_ada.get_by_test_id("run").click()
    expect(memory).to_contain_text("42")
    as_ada.get_by_role("button", name="Add", exact=True).click()
    as_ada.get_by_role("textbox", name="Key").fill("greeting")
    as_ada.get_by_role("textbox", name="Value").fill('{"text": "hello"}')
    as_ada.get_by_role("button", name="Save").click()
    expect(as_ada.get_by_test_id("memory-greeting")).to_contain_text("hello")
    memory.get_by_role("button", name="Delete visits").click()
    as_ada.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(memory).to_have_count(0)
    assert [entry["key"] for entry in running_app.ask("GET", f"/api/rooms/{room}/memory")["items"]] == [
        "greeting"
    ]


def test_memory_is_shown_as_it_was_at_an_older_moment(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    room = running_app.make_room(named(COUNTING, "Remembering then"))
    for _ in range(2):
        run = running_app.start(room)
        running_app.run_until(run, "COMPLETED")
    set_at = next(event["seq"] for event in running_app.events(run) if event["type"] == "MEMORY_UPDATED")

    open_room(as_ada, running_app, room, f"?run=2&at={set_at - 1}")
    as_ada.get_by_role("tab", name="Memory").click()
    expect(as_ada.get_by_test_id("memory-moment")).to_contain_text(f"after event {set_at - 1}")
    expect(as_ada.get_by_test_id("memory-later")).to_contain_text("visits")
    expect(as_ada.get_by_test_id("memory-visits")).to_have_count(0)
    as_ada.keyboard.press(".")
    expect(as_ada.get_by_test_id("memory-visits")).to_contain_text("2")
    expect(as_ada.get_by_test_id("memory-later")).to_have_count(0)
    expect(as_ada.get_by_role("button", name="Edit visits")).to_have_count(0)
    as_ada.get_by_role("button", name="Now").click()
    expect(as_ada.get_by_role("button", name="Edit visits")).to_be_visible()


def test_a_run_whose_input_has_defaults_begins_at_once_or_with_other_values(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    schema = {
        "type": "object",
        "properties": {"to": {"type": "string", "default": "Bob"}},
        "required": ["to"],
    }
    room = running_app.make_room({**named(COUNTING, "By default"), "input_schema": schema})
    open_room(as_ada, running_app, room)
    as_ada.get_by_test_id("run").click()
    expect(status(as_ada)).to_have_text("Completed")
    as_ada.get_by_test_id("run-with").click()
    form = as_ada.get_by_role("dialog")
    form.get_by_label("to").fill("Eve")
    form.get_by_role("button", name="Run").click()
    expect(as_ada.get_by_test_id("run-link")).to_have_text("run #2")
    inputs = [run["input"] for run in running_app.ask("GET", f"/api/rooms/{room}/runs")["items"]]
    assert inputs == [{"to": "Eve"}, {"to": "Bob"}]


def test_a_run_asks_for_its_input_and_a_signal_is_answered_in_its_form(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    room = running_app.make_room(named(APPROVAL, "Approving"))
    open_room(as_ada, running_app, room, "?run=new")
    form = as_ada.get_by_role("dialog")
    expect(form.get_by_label("to")).to_have_value("Bob")
    form.get_by_role("button", name="Run").click()
    expect(form.get_by_role("alert")).to_have_text("This is needed.")
    form.get_by_label("amount").fill("12.5")
    form.get_by_role("button", name="Run").click()
    expect(form.get_by_role("alert")).to_contain_text("whole number")
    form.get_by_label("amount").fill("12")
    form.get_by_role("button", name="Run").click()

    asked = as_ada.get_by_test_id("signals")
    expect(asked).to_contain_text("Send 12 to Bob?")
    expect(status(as_ada)).to_have_text("Waiting")
    expect(as_ada.get_by_test_id("status-wait")).to_have_attribute("data-status", "waiting")
    as_ada.goto(running_app.url)
    wanting = as_ada.get_by_role("list", name="Wants a look").get_by_role("link", name="Approving")
    expect(wanting).to_contain_text("Waits for an answer: approval")
    wanting.click()
    asked.get_by_label("Approved").check()
    asked.get_by_label("reason").fill("It is fine")
    asked.get_by_label("share").fill("2")
    asked.get_by_role("button", name="Answer").click()
    expect(asked.get_by_role("alert")).to_have_count(2)
    expect(asked.get_by_label("grade")).to_be_focused()
    asked.get_by_label("due").fill("2026-12-24")
    asked.get_by_label("street").fill("Main")
    asked.get_by_label("zip").fill("abc")
    asked.get_by_label("share").fill("0.5")
    asked.get_by_label("grade").select_option("high")
    asked.get_by_role("button", name="Answer").click()
    expect(asked.get_by_role("alert")).to_contain_text('address.zip: "abc"')
    asked.get_by_label("zip").fill("10115")
    asked.get_by_role("button", name="Answer").click()

    expect(status(as_ada)).to_have_text("Completed")
    expect(asked).to_have_count(0)
    expect(lines(as_ada).filter(has_text="Signal approval received from Ada")).to_have_count(1)
    run = running_app.ask("GET", f"/api/rooms/{room}/runs")["items"][0]
    answer = {"ok": True, "reason": "It is fine", "grade": "high", "share": 0.5, "due": "2026-12-24"}
    assert run["output"] == answer | {"address": {"street": "Main", "zip": "10115"}}
    complaints.clear()  # of the answer that was refused


def test_a_run_is_paused_resumed_and_cancelled(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    room = running_app.make_room(named(RESTING, "Resting"))
    open_room(as_ada, running_app, room)
    as_ada.get_by_test_id("run").click()
    expect(status(as_ada)).to_have_text("Waiting")
    expect(as_ada.get_by_test_id("run")).to_have_count(0)

    expect(as_ada.get_by_test_id("timers")).to_contain_text("wait waits until")
    expect(lines(as_ada).last).not_to_contain_text("Z")  # the moment, by the clock of whoever reads
    as_ada.get_by_role("button", name="Pause").click()
    expect(status(as_ada)).to_have_text("Paused")
    as_ada.get_by_role("button", name="Resume").click()
    expect(status(as_ada)).to_have_text("Waiting")
    as_ada.get_by_role("button", name="Cancel", exact=True).click()
    as_ada.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    expect(status(as_ada)).to_have_text("Waiting")
    as_ada.get_by_role("button", name="Cancel", exact=True).click()
    as_ada.get_by_role("dialog").get_by_role("button", name="Cancel the run").click()

    expect(status(as_ada)).to_have_text("Cancelled")
    expect(lines(as_ada).filter(has_text="Cancelled by Ada")).to_have_count(1)
    expect(as_ada.get_by_test_id("status-wait")).to_have_attribute("data-status", "cancelled")
    expect(as_ada.get_by_test_id("result")).to_have_count(0)
    expect(as_ada.get_by_test_id("run")).to_be_enabled()
    as_ada.evaluate("setTimeout(() => document.querySelector('[data-testid=run]').click(), 300)")
    as_ada.context.clear_cookies()  # the session has ended meanwhile; another request may notice it first
    expect(as_ada).to_have_url(re.compile(r"/login\?next=%2Frooms%2F"))
    complaints.clear()


def test_a_failure_is_shown_with_its_reason_and_can_be_retried(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    room = running_app.make_room(named(FAILING, "Failing"))
    open_room(as_ada, running_app, room)
    as_ada.get_by_test_id("run").click()
    expect(status(as_ada)).to_have_text("Failed")
    expect(as_ada.get_by_test_id("failure")).to_contain_text("zero")
    expect(as_ada.get_by_test_id("status-bad")).to_have_attribute("data-status", "failed")
    as_ada.get_by_role("button", name="Show Divide").click()
    expect(as_ada.get_by_test_id("details")).to_contain_text("1 / 0")
    as_ada.get_by_role("tab", name="Variables").click()

    as_ada.get_by_role("button", name="Retry").click()

    expect(as_ada.get_by_test_id("run-link")).to_have_text("run #2")
    expect(status(as_ada)).to_have_text("Failed")
    expect(as_ada.get_by_test_id("status-bad")).to_have_attribute("data-status", "failed")
    expect(as_ada.get_by_test_id("status-good")).to_have_count(0)
    expect(as_ada.get_by_test_id("variable-good")).to_be_visible()
    as_ada.get_by_test_id("run-link").click()
    as_ada.get_by_role("tab", name="Log").click()
    as_ada.get_by_role("button", name="Show Divide").click()
    expect(as_ada.get_by_test_id("steps")).to_contain_text("1 / 0")


def test_the_log_is_searched_filtered_and_leads_to_the_node_and_back(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    room = running_app.make_room(named(FAILING, "Searching"))
    running_app.run_until(running_app.start(room), "FAILED")
    open_room(as_ada, running_app, room)
    expect(lines(as_ada).filter(has_text="Run failed")).to_have_count(1)

    graph = as_ada.get_by_role("application", name="Graph of the run")
    expect(graph).to_be_visible()
    as_ada.locator("#content").focus()
    as_ada.keyboard.press("Tab")
    as_ada.keyboard.press("Enter")  # the first thing is a link past all that stands above the log
    expect(as_ada.get_by_test_id("log-lines")).to_be_focused()
    as_ada.keyboard.press("F6")
    expect(as_ada.get_by_role("tab", name="Variables")).to_be_focused()
    as_ada.keyboard.press("Shift+F6")
    as_ada.keyboard.press("Shift+F6")
    expect(graph).to_be_focused()
    as_ada.keyboard.press("PageDown")
    as_ada.keyboard.press("ArrowRight")
    expect(as_ada.locator(".react-flow__node:focus")).to_have_attribute("data-id", "good")
    expect(as_ada.locator(".react-flow__node.selected")).to_have_attribute("data-id", "good")
    as_ada.keyboard.press("Enter")
    expect(as_ada.get_by_test_id("details").get_by_role("heading", name="good")).to_be_visible()
    for _ in range(5):  # four buttons of the view
        as_ada.keyboard.press("Tab")
    expect(as_ada.get_by_role("separator", name="Height of the graph")).to_be_focused()
    as_ada.keyboard.press("ArrowUp")
    expect(as_ada.get_by_role("separator", name="Height of the graph")).to_have_attribute(
        "aria-valuenow", "52"
    )
    as_ada.keyboard.press("Enter")

    as_ada.get_by_label("Least level").select_option("ERROR")
    expect(as_ada.get_by_test_id("log-count")).to_contain_text("3 of")
    as_ada.get_by_label("Search the log").fill("divide fail")
    expect(lines(as_ada).first).to_be_visible()
    as_ada.get_by_label("Search the log").fill("")
    lines(as_ada).first.click()
    expect(as_ada.get_by_test_id("event-detail")).to_contain_text("node bad")
    expect(as_ada.locator(".react-flow__node.selected")).to_have_attribute("data-id", "bad")
    as_ada.get_by_label("Least level").select_option("DEBUG")
    press(
        as_ada, grip(as_ada.get_by_test_id("node-good")), moved=3
    )  # no pan, though the canvas can be panned there
    as_ada.get_by_role("button", name="Only good").click()
    expect(as_ada.get_by_test_id("event-detail")).to_have_count(0)
    expect(lines(as_ada).filter(has_not_text="good")).to_have_count(0)
    expect(lines(as_ada).first).to_be_visible()
    as_ada.set_viewport_size({"width": 390, "height": 844})
    as_ada.get_by_role("tab", name="Log").click()
    as_ada.get_by_role("button", name="Filters", exact=True).click()
    sheet = as_ada.get_by_role("dialog", name="Filters")
    sheet.get_by_label("Type of event").select_option("NODE_FAILED")
    sheet.get_by_role("button", name=re.compile("^Show 1 of")).click()
    expect(as_ada.get_by_role("button", name="Filters, 1 active")).to_be_focused()
    expect(lines(as_ada)).to_have_count(1)
    as_ada.keyboard.press("Enter")
    sheet.get_by_text("Errors").click()
    sheet.get_by_label("Node").select_option("good")
    expect(sheet.get_by_role("button", name=re.compile("^Show 0 of"))).to_be_visible()
    as_ada.keyboard.press("Escape")
    expect(as_ada.get_by_test_id("filters-active")).to_have_text("3")
    as_ada.get_by_role("button", name="Filters, 3 active").click()
    sheet.get_by_role("button", name="Clear").click()
    as_ada.keyboard.press("Escape")
    expect(as_ada.get_by_role("button", name="Filters", exact=True)).to_be_visible()


def test_an_open_page_follows_what_others_start_and_loses_nothing_when_redis_dies(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    room = running_app.make_room(named(COUNTING, "Watched"))
    open_room(as_ada, running_app, room)
    as_ada.get_by_label("Least level").select_option("DEBUG")

    for number in (1, 2, 3):
        if number == 2:
            os.kill(int((running_app.data_dir / "redis.pid").read_text()), signal.SIGKILL)
        run_id = running_app.start(room)
        expect(as_ada.get_by_test_id("run-link")).to_have_text(f"run #{number}")
        expect(status(as_ada)).to_have_text("Completed")
        count = len(running_app.events(run_id))
        expect(as_ada.get_by_test_id("log-count")).to_have_text(f"{count} lines")


def test_a_lost_connection_is_told_and_made_good(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    room = running_app.make_room(named(COUNTING, "Cut off"))
    open_room(as_ada, running_app, room)
    expect(status(as_ada)).to_have_text("Idle")

    kill_part(running_app, "web")
    expect(as_ada.get_by_test_id("connection")).to_contain_text("reconnecting")
    run = runs.start(running_app.rt, running_app.admin, room)
    until(lambda: runs.get(running_app.rt, running_app.admin, run.id).status.is_over or None)

    expect(status(as_ada)).to_have_text("Completed", timeout=60_000)
    expect(as_ada.get_by_test_id("connection")).to_be_empty()
    as_ada.get_by_label("Least level").select_option("DEBUG")
    expect(as_ada.get_by_test_id("log-count")).to_have_text(f"{len(running_app.events(run.id))} lines")
    complaints.clear()  # of the requests that could not be made


def test_a_viewer_sees_the_room_and_can_press_nothing(running_app: RunningApp, page: Page) -> None:
    room = running_app.make_room(named(APPROVAL, "Only looking"))
    running_app.start(room, {"to": "Eve", "amount": 1})
    running_app.log_in(page, "Vi", f"/rooms/{room}")

    expect(status(page)).to_have_text("Waiting")
    for name in ("Pause", "Cancel", "Answer"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_disabled()
    page.get_by_role("tab", name="Memory").click()
    expect(page.get_by_role("button", name="Add", exact=True)).to_have_count(0)


def test_what_is_not_there_is_said_plainly(running_app: RunningApp, as_ada: Page) -> None:
    for what in ("room", "run", "workflow"):
        as_ada.goto(f"{running_app.url}/{what}s/ghost")
        expect(as_ada.get_by_role("heading", level=1)).to_have_text(f"There is no such {what}")
        expect(as_ada.get_by_role("alert")).to_contain_text(f"the address is mistyped.All {what}s")
    workflow = running_app.ask("POST", "/api/workflows", {"name": "Blank"})
    room = running_app.ask("POST", "/api/rooms", {"name": "Blank", "workflow_id": workflow["id"]})
    open_room(as_ada, running_app, room["id"])
    expect(as_ada.get_by_test_id("graph")).to_contain_text("no published version")
    expect(as_ada.get_by_test_id("run")).to_be_disabled()


def test_a_runs_page_tells_its_steps_and_replays_it(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    room = running_app.make_room(named(COUNTING, "Told"))
    run_id = running_app.start(room)
    run = running_app.run_until(run_id, "COMPLETED")
    as_ada.goto(f"{running_app.url}/runs/{run_id}")

    expect(as_ada.get_by_test_id("run-status")).to_have_text("Completed")
    as_ada.locator("#content").focus()
    for key in ("Tab", "Enter"):  # a link past the head of the page
        as_ada.keyboard.press(key)
    expect(as_ada.get_by_role("tab", name="Steps")).to_be_focused()
    as_ada.keyboard.press("Shift+F6")
    expect(as_ada.get_by_role("link", name="All runs")).to_be_focused()
    expect(as_ada.get_by_test_id("run-facts")).to_contain_text(run["fingerprint"][:12])
    as_ada.get_by_test_id("step-2").click()
    expect(as_ada.get_by_test_id("steps")).to_contain_text("1 + 1")
    as_ada.get_by_role("button", name="Replay").click()
    expect(as_ada.get_by_test_id("replay-result")).to_contain_text("Identical")
    as_ada.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    as_ada.get_by_role("tab", name="Log").click()
    expect(lines(as_ada).last).to_contain_text("Run completed")
    as_ada.get_by_role("link", name="Open in its room").click()
    expect(as_ada.get_by_test_id("room")).to_be_visible()


def test_the_shown_events_are_downloaded_as_json_lines(
    running_app: RunningApp, as_ada: Page, tmp_path: Path, complaints: list[str]
) -> None:
    room = running_app.make_room(named(COUNTING, "Taken along"))
    run_id = running_app.start(room)
    running_app.run_until(run_id, "COMPLETED")
    open_room(as_ada, running_app, room)
    as_ada.get_by_label("Least level").select_option("DEBUG")
    expect(lines(as_ada).last).to_be_visible()

    with as_ada.expect_download() as download:
        as_ada.get_by_role("link", name="Download the events shown as JSON lines").click()

    download.value.save_as(tmp_path / "events.jsonl")
    told = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert told == running_app.events(run_id)
