"""The log of a run that is longer than what the page holds: scrolled, searched, travelled through and taken away whole."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import RunningApp
from tests.e2e.editing import middle
from tests.e2e.room_page import lines, open_room
from tests.fixtures.drawings import drawing

pytestmark = pytest.mark.e2e

ROUNDS = 6_200
LONG = drawing(
    f"start > add -SUCCESS> decide -vars.add.number<{ROUNDS}?> add; decide > end",
    add={
        "name": "Count",
        "config": {
            "tool": "calculator",
            "arguments": {"expression": "{{ has(vars.add) ? vars.add.number : 0 }} + 1"},
        },
    },
) | {"name": "Long", "limits": {"max_steps": 100_000}}


def test_a_run_longer_than_the_page_holds_is_read_searched_and_travelled_through(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    room = running_app.make_room(LONG)
    run_id = running_app.start(room)
    total = running_app.run_until(run_id, "COMPLETED")["seq"]
    assert total > 65_000  # more than the page holds whole
    open_room(as_ada, running_app, room)
    as_ada.get_by_label("Least level").select_option("DEBUG")
    count = as_ada.get_by_test_id("log-count")
    expect(count).to_have_text(f"{total:,} lines", timeout=60_000)
    expect(lines(as_ada).last).to_contain_text("Run completed")

    as_ada.get_by_test_id("log-lines").press("Home")
    expect(lines(as_ada).first).to_contain_text("Room created")  # dropped long ago, and read again
    log = as_ada.get_by_test_id("log-lines")
    pressed = log.locator("[data-seq='7']")
    as_ada.mouse.move(*middle(pressed))
    as_ada.mouse.down()
    log.evaluate("list => { list.scrollTop += 480; }")  # as a list that follows does
    expect(pressed).not_to_be_in_viewport()
    as_ada.mouse.up()
    expect(as_ada.get_by_test_id("event-detail")).to_be_visible()
    expect(pressed).to_have_attribute("aria-selected", "true")
    as_ada.get_by_label("Search the log").fill('"number":17, succeeded count')
    expect(count).to_have_text(f"0 of {total:,}")
    as_ada.get_by_label("Search the log").fill('"number":17} succeeded count')
    expect(count).to_have_text(f"1 of {total:,}")
    expect(lines(as_ada)).to_have_count(1)
    lines(as_ada).click()
    expect(as_ada.get_by_test_id("event-detail")).to_contain_text("number: 17")

    as_ada.get_by_role("button", name="Show this moment").click()
    expect(as_ada.get_by_test_id("status-add")).to_contain_text("×17")
    as_ada.get_by_role("tab", name="Variables").click()
    variable = as_ada.get_by_test_id("variable-add")
    expect(variable).to_contain_text('"number":16')
    variable.get_by_role("button", name="To the next change of add").click()
    expect(variable).to_contain_text('"number":17')
    as_ada.get_by_label("Moment of the run").fill(str(total // 2))
    expect(variable).to_contain_text(f'"number":{(total // 2) // 11}')
    as_ada.get_by_role("button", name="Now").click()
    expect(variable).to_contain_text(f'"number":{ROUNDS}')

    as_ada.get_by_label("Search the log").fill("")
    as_ada.get_by_label("Node").select_option("Count")
    as_ada.get_by_label("Type of event").select_option("NODE_EXECUTED")
    expect(count).to_have_text(f"{ROUNDS:,} of {total:,}")
    with as_ada.expect_download() as given:
        as_ada.get_by_role("link", name="Download the events shown as JSON lines").click()
    told = [json.loads(line) for line in given.value.path().read_text().splitlines()]
    assert [event["data"]["output"]["number"] for event in told] == [*range(1, ROUNDS + 1)]
