"""The memory of a room in its kinds: paged, searched, kept for a while, and shown as a run had it."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import RunningApp
from tests.e2e.room_page import COUNTING, named, open_room
from tests.fixtures.drawings import drawing

pytestmark = pytest.mark.e2e

KEEPING = drawing(
    "start > keep > end",
    keep={
        "config": {
            "tool": "memory_store",
            "arguments": {"key": "scratch", "value": "for now", "kind": "SHORT_TERM"},
        }
    },
)


def test_entries_have_kinds_and_ends_and_are_found(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    room = running_app.make_room(named(COUNTING, "Many memories"))
    for number in range(101):
        running_app.ask("PUT", f"/api/rooms/{room}/memory/k{number:03}", {"value": number})
    open_room(as_ada, running_app, room)
    as_ada.get_by_role("tab", name="Memory").click()
    memory = as_ada.get_by_test_id("memory")
    expect(memory.get_by_role("listitem")).to_have_count(100)
    memory.get_by_role("button", name="More entries").click()
    expect(memory.get_by_test_id("memory-k100")).to_be_visible()

    memory.get_by_role("button", name="Add", exact=True).click()
    form = as_ada.get_by_role("dialog")
    form.get_by_label("Key").fill("song")
    form.get_by_label("Kind").select_option("SEMANTIC")
    form.get_by_label("Text", exact=True).fill("Whales sing across whole oceans.")
    form.get_by_label("Forget after").fill("soon")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_have_text("Seconds are a number above 0.")
    form.get_by_label("Forget after").fill("3600")
    form.get_by_label("Metadata").fill('{"from": "a book"}')
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    memory.get_by_label("Kind of entry").select_option("SEMANTIC")
    expect(memory.get_by_role("listitem")).to_have_count(1)
    song = memory.get_by_test_id("memory-song")
    for told in ("semantic", "until", "from", "a book"):
        expect(song).to_contain_text(told)

    memory.get_by_label("Kind of entry").select_option("")
    memory.get_by_label("Search the memory").fill("whales oceans")
    hits = memory.get_by_test_id("memory-hits")
    expect(hits.get_by_role("listitem")).to_have_count(1)
    hits.get_by_role("button", name="Edit song").click()
    form.get_by_label("Text", exact=True).fill("Whales sing, and cats purr.")
    form.get_by_role("button", name="Save").click()
    expect(hits).to_contain_text("cats purr")
    memory.get_by_label("How to search").select_option("meaning")
    expect(memory.get_by_role("alert")).to_contain_text("mbedding")
    complaints.clear()  # the browser tells of every answer that refuses
    memory.get_by_label("How to search").select_option("words")
    hits.get_by_role("button", name="Delete song").click()
    as_ada.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(as_ada.get_by_text("Nothing fits")).to_be_visible()


def test_what_a_run_kept_for_itself_is_shown_until_its_end(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    room = running_app.make_room(named(KEEPING, "Keeping for now"))
    run = running_app.start(room)
    running_app.run_until(run, "COMPLETED")
    kept = next(event["seq"] for event in running_app.events(run) if event["type"] == "MEMORY_UPDATED")
    open_room(as_ada, running_app, room, f"?run=1&at={kept}")
    as_ada.get_by_role("tab", name="Memory").click()
    expect(as_ada.get_by_test_id("memory-scratch").get_by_test_id("memory-kind")).to_have_text("this run")
    as_ada.get_by_role("button", name="Now").click()
    expect(as_ada.get_by_text("Nothing is remembered yet")).to_be_visible()
