"""Settings, audit and tools, each page's job done as a person does it; what is secret passes through no websocket."""

import json
import re
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, WebSocket, expect
from sqlalchemy import text

from engine.core.secret import Secret
from engine.services import auditing, secrets
from engine.store import audit
from tests.e2e.conftest import RunningApp

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("complaints")]


@pytest.fixture
def frames(page: Page) -> list[str]:
    """All that goes over the page's websockets, both ways."""
    found: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", lambda data: found.append(str(data)))
        socket.on("framereceived", lambda data: found.append(str(data)))

    page.on("websocket", listen)
    return found


def the_row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has_text=name)


def status_with(app: RunningApp, key: str) -> int:
    return httpx.get(
        f"{app.url}/api/rooms", headers={"Authorization": f"Bearer {key}"}, trust_env=False
    ).status_code


def test_an_editor_makes_a_key_calls_with_it_and_revokes_it(
    running_app: RunningApp, page: Page, frames: list[str], complaints: list[str]
) -> None:
    running_app.log_in(page, "Ed", "/settings")
    page.get_by_role("navigation", name="Settings").get_by_role("link", name="API keys").click()
    expect(page.get_by_text("No keys yet")).to_be_visible()
    page.get_by_role("button", name="New key").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("checkbox")).to_have_count(3)  # an editor's key can't be an administrator's
    dialog.get_by_label("Name").fill(" ")
    dialog.get_by_role("button", name="Make key").click()
    expect(dialog.get_by_role("alert")).to_contain_text("visible characters")
    complaints.clear()  # the browser tells of the refusal
    dialog.get_by_label("Name").fill("Nightly report")
    dialog.get_by_role("checkbox", name="run").check()
    dialog.get_by_label("Expires").select_option("in 30 days")
    dialog.get_by_role("button", name="Make key").click()

    key = dialog.get_by_label("Key", exact=True).input_value()
    assert re.fullmatch(r"or_\w{8}_\w{32}", key)
    assert key in dialog.get_by_label("A first call", exact=True).input_value()
    page.mouse.click(5, 5)
    expect(dialog).to_be_visible()  # a click beside it must not lose the key
    assert status_with(running_app, key) == 200
    dialog.get_by_role("button", name="I have it").click()
    expect(dialog).to_have_count(0)
    page.reload()
    row = the_row(page, "Nightly report")
    expect(row).to_contain_text(re.compile(r"read, run.*Good.*just now|s ago"))
    row.get_by_label("Revoke Nightly report").click()
    page.get_by_role("button", name="Revoke", exact=True).click()

    expect(row).to_contain_text("Revoked")
    assert status_with(running_app, key) == 401
    assert frames
    assert not [frame for frame in frames if key[12:] in frame]
    assert key[12:] not in page.content()


def test_an_administrator_sees_and_revokes_everybodys_keys(running_app: RunningApp, as_ada: Page) -> None:
    made = (
        running_app.client_of("Ed").post("/api/keys", json={"name": "Ed's robot", "scopes": ["run"]}).json()
    )
    as_ada.goto(f"{running_app.url}/settings/keys")
    expect(as_ada.get_by_role("button", name="New key").first).to_be_visible()
    expect(the_row(as_ada, "Ed's robot")).to_have_count(0)
    as_ada.get_by_label("Whose keys").select_option("all")
    row = the_row(as_ada, "Ed's robot")
    expect(row).to_contain_text("Ed")
    row.get_by_label("Revoke").click()
    as_ada.get_by_role("button", name="Revoke", exact=True).click()

    expect(row).to_contain_text("Revoked")
    assert status_with(running_app, made["key"]) == 401


def test_an_administrator_sets_changes_rotates_and_deletes_a_secret(
    running_app: RunningApp, as_ada: Page, frames: list[str], complaints: list[str]
) -> None:
    page, values = as_ada, ["the first value", "the second value"]
    page.goto(f"{running_app.url}/settings/secrets")
    page.get_by_role("button", name="New secret").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("shop_key")
    dialog.get_by_label("Value").fill("ab")
    dialog.get_by_role("button", name="Set", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("A secret has")
    complaints.clear()
    dialog.get_by_label("Value").fill(values[0])
    dialog.get_by_role("button", name="Set", exact=True).click()
    row = the_row(page, "{{ secrets.shop_key }}")
    expect(row).to_contain_text("Ada")

    def kept() -> Secret:
        return next(
            item
            for item in secrets.list_secrets(running_app.rt, running_app.admin).items
            if item.name == "shop_key"
        )

    first = kept()
    row.get_by_label("Change shop_key").click()
    dialog.get_by_label("Value").fill(values[1])
    dialog.get_by_role("button", name="Change", exact=True).click()
    expect(dialog).to_have_count(0)
    assert kept().updated_at > first.updated_at
    assert running_app.rt.vault.find(["shop_key"]) == {"shop_key": values[1]}
    page.get_by_role("button", name="Rotate master key").click()
    page.get_by_role("button", name="Rotate", exact=True).click()
    expect(page.get_by_text(re.compile(r"\d+ secrets are protected by a new master key"))).to_be_visible()
    assert running_app.rt.vault.find(["shop_key"]) == {"shop_key": values[1]}
    row.get_by_label("Delete shop_key").click()
    page.get_by_role("button", name="Delete", exact=True).click()

    expect(row).to_have_count(0)
    assert frames
    assert not [frame for frame in frames if any(value in frame for value in values)]


def test_the_health_page_tells_what_the_installation_stands_on(running_app: RunningApp, as_ada: Page) -> None:
    as_ada.goto(f"{running_app.url}/settings/health")

    for part in ("Database", "Redis", "Workers", "Subscriptions"):
        expect(as_ada.get_by_role("list", name="Health").get_by_role("listitem").filter(has_text=part)).to_contain_text("Fine")  # fmt: skip
    stands_on = as_ada.get_by_role("list", name="Installation")
    for part in ("Embedding", "Prices", "Tools folder"):
        expect(stands_on).to_contain_text(part)
    as_ada.get_by_role("navigation", name="Settings").get_by_role("link", name="Providers").click()
    openai = (
        as_ada.get_by_role("list", name="Providers").get_by_role("listitem").filter(has_text="OpenAI and")
    )
    expect(openai).to_contain_text("the environment variable OPENAI_API_KEY")
    anthropic = (
        as_ada.get_by_role("list", name="Providers").get_by_role("listitem").filter(has_text="Anthropic")
    )
    expect(anthropic).to_contain_text("none is set")
    expect(anthropic).to_contain_text("ANTHROPIC_API_KEY")


def test_the_audit_log_is_filtered_paged_exported_and_verified(
    running_app: RunningApp, as_ada: Page, tmp_path: Path
) -> None:
    rt, page = running_app.rt, as_ada
    begun_us = rt.now_us()
    with rt.db.write() as session:
        for number in range(60):
            audit.append(
                session, rt.now_us(), running_app.admin.id, "room_deleted", f"gone-{number}", times=number
            )
    page.goto(running_app.url)
    page.get_by_role("link", name="Audit").click()
    page.get_by_label("What").select_option("Room deleted")
    page.get_by_label("Who").select_option("Ada")
    rows = page.get_by_role("row").filter(has_text="gone-")
    expect(rows).to_have_count(50)
    expect(rows.first).to_contain_text("gone-59")
    expect(rows.first).to_contain_text("times: 59")
    page.get_by_role("link", name="Next page").click()
    expect(rows).to_have_count(10)
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    download.value.save_as(tmp_path / "audit.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    assert [line["target"] for line in lines] == [f"gone-{number}" for number in reversed(range(60))]

    page.get_by_role("link", name="gone-3", exact=True).click()
    expect(rows).to_have_count(1)
    page.get_by_label("From").fill(_later(page, begun_us))
    expect(page.get_by_text("No entry fits")).to_be_visible()
    expect(page).to_have_url(re.compile(r"since=\d{4}-.*Z"))

    page.get_by_role("button", name="Verify the chain").click()
    expect(page.get_by_text("The chain is intact")).to_be_visible()
    middle = auditing.list_entries(rt, running_app.admin, sought=auditing.Sought(target="gone-30")).items[0]
    for name, verdict in (("nobody-saw", f"broken at entry {middle.id}"), ("gone-30", "The chain is intact")):
        with rt.db.write() as session:
            session.execute(
                text("UPDATE audit SET target = :name WHERE id = :id"), {"name": name, "id": middle.id}
            )
        page.get_by_role("button", name="Verify the chain").click()
        expect(page.get_by_text(verdict)).to_be_visible()


def _later(page: Page, moment_us: int) -> str:
    """An hour after the moment, as the browser's clock shows it."""
    ms = moment_us // 1000 + timedelta(hours=1) // timedelta(milliseconds=1)
    return str(
        page.evaluate(
            "ms => new Date(ms - new Date(ms).getTimezoneOffset() * 60000).toISOString().slice(0, 16)", ms
        )
    )


def test_a_tool_is_found_and_tried_with_its_examples(running_app: RunningApp, as_ada: Page) -> None:
    page = as_ada
    page.goto(f"{running_app.url}/tools?q=template")
    panels = page.get_by_role("button", name="Try it: Text: fill a template", exact=True)
    expect(panels).to_have_count(1)
    expect(page.get_by_role("button", name=re.compile("^Try it: Calculator"))).to_have_count(0)
    section = page.locator("section").filter(has=panels)
    for told in ("text_template", "Built in", "No effect", "at most"):
        expect(section).to_contain_text(told)
    section.get_by_text("Result", exact=True).click()
    expect(section.get_by_role("table", name="Result of Text: fill a template")).to_contain_text("text")
    section.get_by_text("Examples", exact=True).click()
    section.get_by_role("button", name="Try this: Text: fill a template: One line for each").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label(re.compile("^Each"))).to_have_value('[{"name":"a"},{"name":"b"}]')
    dialog.get_by_role("button", name="Example 1").click()
    expect(dialog.get_by_label(re.compile("^Template"))).to_have_value("Dear {{ name }}, you owe {{ sum }}.")
    dialog.get_by_role("button", name="Run tool").click()
    expect(dialog).to_contain_text("Dear Ada, you owe 3.")

    dialog.get_by_label(re.compile("^Template")).fill("{{ nobody }}")
    dialog.get_by_role("button", name="Run tool").click()
    expect(dialog.get_by_role("alert")).to_contain_text("nobody")
    expect(dialog.get_by_role("alert").locator("code")).to_have_text(re.compile(r"^[a-z_]+$"))
