"""Agents as a person makes, tries, changes and uses them, and the approval that one waits for in its room."""

import re

import pytest
from playwright.sync_api import Page, expect

from engine.services import agents, runs
from tests.e2e.conftest import RunningApp
from tests.fixtures.drawings import drawing

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("complaints")]

SCRIPT = """You count.
```json
[{"tool": "calculator", "arguments": {"expression": "6*7"}}, {"reply": "It is {tool.result}."}]
```"""
SPEC = {
    "goal": "Help.",
    "provider": "scripted",
    "model": "echo",
    "tools": ["calculator"],
    "policy": {"approval": ["calculator"]},
}


def test_an_agent_is_made_tried_changed_and_taken_away(running_app: RunningApp, as_ada: Page) -> None:
    page = as_ada
    page.goto(running_app.url)
    page.get_by_role("link", name="Agents").click()
    page.get_by_role("link", name="New agent").first.click()
    page.get_by_label("Name").fill("Counter")
    page.get_by_label("System prompt").fill(SCRIPT)
    page.locator("select[name=provider]").select_option("scripted")
    page.locator("input[name=model]").fill("script")
    page.get_by_label("Offer Calculator").check()
    page.get_by_label("Prompt", exact=True).fill("What is it?")

    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("calculator was not called")).to_be_visible()
    page.get_by_label("Call its tools, for real").check()
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("It is 42.")).to_be_visible()
    expect(page.get_by_text(re.compile(r"2 turns · \d+ tokens · free"))).to_be_visible()
    page.locator("input[name=model]").fill("fail")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("alert").filter(has_text="as it was told to")).to_be_visible()

    page.locator("input[name=model]").fill("script")
    page.get_by_role("button", name="Make agent").click()
    page.wait_for_url(re.compile(r"/agents/[0-9a-f-]{36}"))
    expect(page.get_by_role("heading", name="Counter")).to_be_visible()
    expect(page).to_have_title("Counter · OpenRooms")
    page.get_by_label("Goal").fill("Count for people.")
    page.get_by_label("Ask a person before Calculator").check()
    page.get_by_label("Note").fill("asks first")
    page.get_by_role("button", name="Save as version 2").click()
    versions = page.get_by_role("list", name="Versions")
    expect(versions).to_contain_text("Goal: nothing → Count for people.")
    expect(versions).to_contain_text("asks first")
    page.get_by_label("Temperature").fill("7")
    page.locator("form").evaluate("form => { form.noValidate = true }")
    page.get_by_role("button", name="Save as version 3").click()
    expect(page.get_by_role("alert")).to_contain_text("Temperature must be less than or equal to 2.")
    versions.get_by_role("button", name="Take over version 1").click()
    expect(page.get_by_label("Goal")).to_have_value("")
    expect(page.get_by_label("Ask a person before Calculator")).not_to_be_checked()
    page.get_by_role("button", name="Save as version 3").click()
    expect(page.get_by_role("button", name="Save as version 4")).to_be_visible()

    page.goto(f"{running_app.url}/agents/ghost")
    expect(page.get_by_role("heading", name="This agent can't be shown")).to_be_visible()
    expect(page.get_by_role("heading", name="Counter")).to_have_count(0)
    expect(page.get_by_role("button", name="Delete")).to_have_count(0)
    page.go_back()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url(re.compile(r"/agents/?$"))
    expect(page.get_by_role("link", name="Counter")).to_have_count(0)


def test_a_step_takes_over_from_an_agent_that_stays_while_it_is_used(
    running_app: RunningApp, as_ada: Page
) -> None:
    page = as_ada
    agent = running_app.ask("POST", "/api/agents", {"name": "Helper", "spec": SPEC})["id"]
    document = drawing(
        "start > ask > end", ask={"type": "AGENT_TASK", "config": {"prompt": "Hi", "agent": "Nobody"}}
    )
    workflow = running_app.ask("POST", "/api/workflows", {**document, "name": "Helped"})["id"]
    page.goto(f"{running_app.url}/workflows/{workflow}")
    page.get_by_test_id("node-ask").click()
    inspector = page.get_by_test_id("inspector")
    expect(inspector.get_by_text("There is no agent named “Nobody” here.")).to_be_visible()

    inspector.get_by_label("Agent", exact=True).select_option("Helper")
    expect(inspector.get_by_text("Taken over from Helper")).to_be_visible()
    expect(inspector.get_by_label("Calculator (the agent's policy)")).to_be_disabled()
    inspector.get_by_label("Model", exact=True).fill("tool:calculator")
    expect(inspector.get_by_text("this step has its own")).to_be_visible()
    expect(page.get_by_text("Saved")).to_be_visible()
    expect(inspector.get_by_text("There is no agent")).to_have_count(0)

    page.goto(f"{running_app.url}/agents")
    row = page.get_by_role("row").filter(has_text="Helper")
    expect(row.get_by_role("link", name="Helped")).to_be_visible()
    row.get_by_label("More for Helper").click()
    page.get_by_role("menuitem", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("link", name="Helped")).to_be_visible()
    expect(dialog.get_by_role("button", name="Delete")).to_have_count(0)
    assert agents.get(running_app.rt, running_app.admin, agent).version == 1


def test_a_template_shows_an_agent_that_asks_first(running_app: RunningApp, as_ada: Page) -> None:
    workflow = running_app.ask("POST", "/api/templates/agent_approval/workflows")
    running_app.ask("POST", f"/api/workflows/{workflow['id']}/versions")
    room = running_app.ask("POST", "/api/rooms", {"name": "Refunds", "workflow_id": workflow["id"]})["id"]
    given = {"customer": "Bob", "request": "Money back, please.", "order_total": 50}
    run = running_app.start(room, given)
    as_ada.goto(f"{running_app.url}/rooms/{room}")
    asked = as_ada.get_by_test_id("signals")
    expect(asked).to_contain_text("Refund desk wants to call memory_store")
    asked.get_by_role("button", name="Approve").click()

    running_app.run_until(run, "COMPLETED")
    ended = runs.get(running_app.rt, running_app.admin, run)
    assert ended.output == {"granted": True, "customer": "Bob"}
    kept = running_app.ask("GET", f"/api/rooms/{room}/memory")
    assert "45" in str(kept)
