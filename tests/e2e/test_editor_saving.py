"""What has been drawn is never lost and never overwrites: offline, reloads, two tabs, ended sessions."""

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.e2e.conftest import RunningApp
from tests.e2e.editing import Editing, open_editor, sums

pytestmark = pytest.mark.e2e

DRAFTS = "**/api/workflows/*"


@pytest.fixture
def editing(running_app: RunningApp, as_ada: Page) -> Editing:
    as_ada.on("dialog", lambda dialog: dialog.accept())
    return open_editor(running_app, as_ada, sums())


def refuse_saving(page: Page) -> None:
    page.route(DRAFTS, lambda route: route.abort() if route.request.method == "PUT" else route.continue_())


def rename(editing: Editing, name: str) -> None:
    editing.select("sum")
    editing.inspector.get_by_label("Name", exact=True).fill(name)


def test_a_drag_sends_one_save_and_none_while_it_goes_on(editing: Editing) -> None:
    sent: list[str] = []
    editing.page.on("request", lambda request: sent.append(request.url) if request.method == "PUT" else None)
    box = editing.node("sum").bounding_box()
    assert box
    editing.drag((box["x"] + 60, box["y"] + 20), (box["x"] + 60, box["y"] + 220), is_held=True)
    editing.page.wait_for_timeout(800)
    assert sent == []
    editing.page.mouse.up()
    assert editing.nodes()["sum"]["position"]["y"] > 100
    assert len(sent) == 1


def test_work_done_offline_is_kept_and_sent_when_the_server_answers(editing: Editing) -> None:
    refuse_saving(editing.page)
    rename(editing, "Made offline")
    expect(editing.saved).to_contain_text("Offline")
    editing.page.unroute(DRAFTS)
    assert editing.nodes()["sum"]["name"] == "Made offline"


def test_unsaved_work_is_offered_after_a_reload(editing: Editing) -> None:
    refuse_saving(editing.page)
    rename(editing, "Not yet saved")
    expect(editing.saved).to_contain_text("Offline")
    editing.page.unroute(DRAFTS)
    editing.page.route(
        DRAFTS, lambda route: route.abort() if route.request.method == "PUT" else route.continue_()
    )
    editing.page.reload()
    expect(editing.page.get_by_role("alert")).to_contain_text("never saved")
    editing.page.unroute(DRAFTS)
    editing.page.get_by_role("button", name="Take them").click()
    assert editing.nodes()["sum"]["name"] == "Not yet saved"


def test_a_stale_tab_is_told_and_overwrites_nothing(editing: Editing, context: BrowserContext) -> None:
    other = Editing(editing.app, context.new_page(), editing.id)
    other.page.goto(editing.page.url)
    other.node("sum").wait_for()
    rename(other, "Theirs")
    assert other.nodes()["sum"]["name"] == "Theirs"
    rename(editing, "Mine")
    expect(editing.saved).to_contain_text("Conflict")
    assert other.nodes()["sum"]["name"] == "Theirs"
    editing.page.get_by_role("button", name="Load theirs").click()
    expect(editing.node("sum")).to_contain_text("Theirs")
    editing.page.get_by_role("button", name="Undo (Ctrl+Z)").click()
    assert editing.nodes()["sum"]["name"] == "Mine"


def test_a_conflict_is_overwritten_only_after_saying_so(editing: Editing) -> None:
    current = editing.app.ask("GET", f"/api/workflows/{editing.id}")
    answer = editing.app.client.put(
        f"/api/workflows/{editing.id}",
        json={**current["draft"], "name": "Theirs"},
        headers={"if-match": f'"{current["revision"]}"'},
    )
    assert answer.is_success
    rename(editing, "Mine")
    expect(editing.saved).to_contain_text("Conflict")
    editing.page.get_by_role("button", name="Overwrite").click()
    draft = editing.draft()
    assert draft["name"] == "Sums"
    assert draft["nodes"][1]["name"] == "Mine"


def test_work_survives_the_end_of_the_session(editing: Editing) -> None:
    def ended(route: Route) -> None:
        if route.request.method == "PUT":
            editing.page.context.clear_cookies()
        route.continue_()

    editing.page.route(DRAFTS, ended)
    rename(editing, "Before the end")
    editing.page.wait_for_url("**/login**")
    editing.page.unroute(DRAFTS)
    editing.app.log_in(editing.page, "Ada", f"/workflows/{editing.id}")
    editing.page.get_by_role("button", name="Take them").click()
    assert editing.nodes()["sum"]["name"] == "Before the end"


def test_publishing_sends_what_is_unsaved_first(editing: Editing) -> None:
    rename(editing, "Just typed")
    editing.page.get_by_test_id("publish").click()
    editing.page.get_by_test_id("publish-confirm").click()
    expect(editing.page.get_by_test_id("version")).to_contain_text("version 1")
    version = editing.app.ask("GET", f"/api/workflows/{editing.id}/versions/1")
    nodes = (version.get("document") or version)["nodes"]
    assert nodes[1]["name"] == "Just typed"


def test_two_hundred_quick_undos_and_redos_end_where_they_began(editing: Editing) -> None:
    for index in range(20):
        editing.select("sum")
        editing.page.keyboard.press("Control+d")
        assert editing.page.locator(".react-flow__node-card").count() == 4 + index
    before = editing.draft()
    for key in ("Control+z", "Control+Shift+z") * 5:
        for _ in range(20):
            editing.page.keyboard.press(key)
    assert editing.draft() == before
