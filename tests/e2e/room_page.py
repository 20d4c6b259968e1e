"""Documents for the tests of rooms, and where things are on a room's page."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import RunningApp
from tests.fixtures.drawings import drawing

APPROVAL = drawing(
    "start > wait -SUCCESS> end",
    wait={
        "name": "Approve?",
        "config": {
            "signal": "approval",
            "message": "Send {{ input.amount }} to {{ input.to }}?",
            "form_schema": {
                "type": "object",
                "properties": {
                    "ok": {"type": "boolean", "title": "Approved"},
                    "reason": {"type": "string", "maxLength": 500},
                    "grade": {"enum": ["low", "high"]},
                    "share": {"type": "number", "minimum": 0, "maximum": 1},
                    "due": {"type": "string", "format": "date"},
                    "address": {
                        "type": "object",
                        "properties": {
                            "street": {"type": "string"},
                            "zip": {"type": "string", "pattern": "^[0-9]+$"},
                        },
                        "required": ["street"],
                    },
                },
                "required": ["grade", "share"],
            },
        },
    },
    end={"config": {"output": "{{ vars.wait }}"}},
) | {
    "input_schema": {
        "type": "object",
        "properties": {"to": {"type": "string", "default": "Bob"}, "amount": {"type": "integer"}},
        "required": ["to", "amount"],
    }
}
COUNTING = drawing(
    "start > add -SUCCESS> end",
    add={
        "config": {"tool": "calculator", "arguments": {"expression": "1 + 1"}},
        "remember": {"visits": "has(memory.visits) ? memory.visits + 1 : 1"},
    },
    end={"config": {"output": {"sum": "{{ vars.add.number }}"}}},
)
RESTING = drawing("start > wait > a > end", wait={"config": {"duration_s": 600}})
FAILING = drawing(
    "start > good > bad -SUCCESS> end",
    bad={"name": "Divide", "config": {"tool": "calculator", "arguments": {"expression": "1 / 0"}}},
)


def named(document: dict[str, Any], name: str) -> dict[str, Any]:
    return {**document, "name": name}


def open_room(page: Page, app: RunningApp, room_id: str, query: str = "") -> None:
    page.goto(f"{app.url}/rooms/{room_id}{query}")
    expect(page.get_by_test_id("room")).to_be_visible()


def status(page: Page) -> Locator:
    return page.get_by_test_id("room-status")


def lines(page: Page) -> Locator:
    return page.get_by_test_id("log-lines").get_by_role("option")
