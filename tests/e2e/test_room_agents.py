"""An agent in the live room: its words as they come, its turns, a call that a person approves, and what was said."""

import json
import threading

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import RunningApp
from tests.e2e.room_page import named, open_room, status
from tests.fixtures.drawings import drawing
from tests.servers.model_server import ModelServer, Turn

pytestmark = pytest.mark.e2e

STORY = "There was a small machine that counted, and nobody had told it to stop."
TELLING = drawing(
    "start > ask > end",
    ask={"name": "Tell", "config": {"provider": "openai", "model": "local-1", "prompt": "Tell me."}},
)
SCRIPT = [
    {"tool": "calculator", "arguments": {"expression": "6*7"}},
    {"tool": "memory_store", "arguments": {"key": "answer", "value": 42}},
    {"reply": "It is kept."},
]
ASKING = drawing(
    "start > ask > end",
    ask={
        "name": "Keep",
        "config": {
            "provider": "scripted",
            "model": "script",
            "system": f"```json\n{json.dumps(SCRIPT)}\n```",
            "prompt": "Six times seven, kept.",
            "tools": ["calculator", "memory_store"],
            "policy": {"approval": ["memory_store"]},
            "use_history": True,
        },
    },
)


def test_a_models_words_are_shown_as_they_come_until_its_answer_is_there(
    running_app: RunningApp, model_server: ModelServer, as_ada: Page, complaints: list[str]
) -> None:
    may_go_on = threading.Event()
    model_server.answers[:] = [Turn(STORY, until=may_go_on)]
    open_room(as_ada, running_app, running_app.make_room(named(TELLING, "Telling")))
    as_ada.get_by_test_id("run").click()

    words = as_ada.get_by_test_id("words-ask")
    expect(words).to_contain_text("There was")
    as_ada.get_by_test_id("node-ask").click()
    said = as_ada.get_by_test_id("turn-1").get_by_test_id("speaking")
    expect(said).to_contain_text("a small machine")
    assert STORY not in said.inner_text()
    may_go_on.set()
    expect(status(as_ada)).to_have_text("Completed")
    expect(words).to_have_count(0)
    expect(said).to_have_count(0)
    expect(as_ada.get_by_test_id("turn-1")).to_contain_text(STORY)
    expect(as_ada.get_by_test_id("turn-1")).to_contain_text("12 → 3 tokens")


def test_a_call_is_approved_by_a_person_and_every_turn_is_readable(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    room = running_app.make_room(named(ASKING, "Approving a call"))
    open_room(as_ada, running_app, room)
    as_ada.get_by_test_id("run").click()
    asked = as_ada.get_by_test_id("approval")
    expect(asked).to_contain_text("Keep wants to call memory_store")
    expect(asked).to_contain_text("value: 42")

    as_ada.get_by_test_id("node-ask").click()
    second = as_ada.get_by_test_id("turn-2")
    expect(second).to_contain_text("waits for approval")
    asked.get_by_label("Note for the agent").fill("go on")
    asked.get_by_role("button", name="Approve").click()
    expect(status(as_ada)).to_have_text("Completed")
    expect(asked).to_have_count(0)
    first = as_ada.get_by_test_id("turn-1").get_by_test_id("call-1")
    for told in ("calculator", "expression: 6*7", "number: 42", "done"):
        expect(first).to_contain_text(told)
    expect(second).to_contain_text("Approved by Ada: “go on”")
    expect(second).to_contain_text("stored: true")
    expect(as_ada.get_by_test_id("turn-3")).to_contain_text("It is kept.")
    expect(as_ada.get_by_test_id("answers")).to_contain_text("approved: true")
    expect(as_ada.get_by_test_id("step-detail")).to_contain_text("Six times seven, kept.")

    as_ada.get_by_label("Moment of the run").fill("16")  # the call was asked for, and nobody had answered
    expect(second).to_contain_text("nobody has answered yet")
    expect(as_ada.get_by_test_id("turn-3")).to_have_count(0)
    as_ada.get_by_role("button", name="Now").click()

    as_ada.get_by_role("tab", name="Memory").click()
    as_ada.get_by_role("button", name="Conversation").click()
    said = as_ada.get_by_test_id("conversation")
    expect(said.get_by_role("listitem")).to_have_count(2)
    expect(said.get_by_role("listitem").first).to_contain_text("It is kept.")
    said.get_by_role("button", name="Clear").click()
    as_ada.get_by_role("dialog").get_by_role("button", name="Clear").click()
    expect(as_ada.get_by_text("Nothing has been said yet")).to_be_visible()


def test_a_denied_call_is_told_to_the_agent_and_to_the_reader(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    open_room(as_ada, running_app, running_app.make_room(named(ASKING, "Denying a call")))
    as_ada.get_by_test_id("run").click()
    asked = as_ada.get_by_test_id("approval")
    asked.get_by_label("Note for the agent").fill("not this one")
    asked.get_by_role("button", name="Deny").click()
    expect(status(as_ada)).to_have_text("Completed")
    as_ada.get_by_test_id("node-ask").click()
    call = as_ada.get_by_test_id("turn-2").get_by_test_id("call-1")
    expect(call).to_contain_text("Denied by Ada: “not this one”")
    expect(call).to_contain_text("failed")
