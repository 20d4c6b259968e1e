"""Older moments and older runs of a room, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import RunningApp
from tests.e2e.room_page import COUNTING, named, open_room

pytestmark = pytest.mark.e2e


def test_the_slider_shows_graph_and_variables_as_they_stood(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    room = running_app.make_room(named(COUNTING, "Travelling"))
    run_id = running_app.start(room)
    running_app.run_until(run_id, "COMPLETED")
    events = running_app.events(run_id)
    called = next(event["seq"] for event in events if event["type"] == "TOOL_INVOKED")

    open_room(as_ada, running_app, room, f"?at={called}")
    expect(as_ada.get_by_test_id("status-add")).to_have_attribute("data-status", "running")
    expect(as_ada.get_by_test_id("variable-add")).to_have_count(0)
    as_ada.locator("body").press(",")
    expect(as_ada).to_have_url(re.compile(rf"\?at={called - 1}$"))
    as_ada.get_by_label("Moment of the run").fill(str(len(events) - 1))
    expect(as_ada.get_by_test_id("variable-add")).to_be_visible()
    as_ada.get_by_role("button", name="Now").click()
    expect(as_ada.get_by_test_id("result")).to_be_visible()
    expect(as_ada).not_to_have_url(re.compile("at="))


def test_an_older_run_is_opened_by_its_number(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    room = running_app.make_room(named(COUNTING, "Thrice"))
    for _ in range(3):
        running_app.run_until(running_app.start(room), "COMPLETED")
    open_room(as_ada, running_app, room)
    expect(as_ada.get_by_test_id("run-link")).to_have_text("run #3")

    as_ada.get_by_role("tab", name="Runs").click()
    as_ada.get_by_test_id("runs").get_by_role("listitem").nth(2).get_by_role("button").first.click()
    expect(as_ada).to_have_url(re.compile(r"\?run=1$"))
    expect(as_ada.get_by_test_id("run-link")).to_have_text("run #1")
    expect(as_ada.get_by_test_id("older-run")).to_contain_text("the newest is #3")
    as_ada.get_by_role("button", name="Follow the newest").click()
    expect(as_ada.get_by_test_id("run-link")).to_have_text("run #3")
    as_ada.go_back()
    expect(as_ada.get_by_test_id("run-link")).to_have_text("run #1")
    open_room(as_ada, running_app, room, "?run=2")
    expect(as_ada.get_by_test_id("run-link")).to_have_text("run #2")
