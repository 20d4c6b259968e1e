"""What has been drawn is never lost and never overwrites: offline, reloads, two tabs, ended sessions."""

from itertools import pairwise

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from openrooms_app.session import COOKIE
from tests.e2e.conftest import PASSWORDS, RunningApp
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


def test_work_done_offline_is_kept_and_sent_once_when_the_line_is_back(
    editing: Editing, context: BrowserContext
) -> None:
    context.set_offline(True)
    rename(editing, "Made offline")
    expect(editing.saved).to_contain_text("Offline – kept in this browser")
    with editing.page.expect_response(lambda answer: answer.request.method == "PUT") as saved:
        context.set_offline(False)
    assert editing.nodes()["sum"]["name"] == "Made offline"
    assert (
        saved.value.json()["revision"]
        == editing.app.ask("GET", f"/api/workflows/{editing.id}")["revision"]
        == 2
    )


def test_unsaved_work_is_offered_after_a_reload_and_meets_what_another_user_saved(
    editing: Editing, browser: Browser
) -> None:
    refuse_saving(editing.page)
    rename(editing, "Not yet saved")
    expect(editing.saved).to_contain_text("Offline")
    there = browser.new_context()
    other = Editing(editing.app, there.new_page(), editing.id)
    editing.app.log_in(other.page, "Ed", f"/workflows/{editing.id}")
    other.select("end")
    other.inspector.get_by_label("Name", exact=True).fill("Theirs")
    other.wait_saved()
    editing.page.reload()
    expect(editing.page.get_by_role("alert")).to_contain_text("never saved")
    editing.page.reload()  # nobody has decided yet
    expect(editing.node("end")).to_contain_text("Theirs")
    editing.page.unroute(DRAFTS)
    editing.page.get_by_role("button", name="Take them").click()
    merging = editing.page.get_by_role("dialog", name="Merge two drafts")
    expect(merging).to_contain_text("You and Ed changed different things: both are kept")
    merging.get_by_role("button", name="Merge").click()
    expect(editing.node("sum")).to_contain_text("Not yet saved")
    nodes = editing.nodes()
    assert (nodes["sum"]["name"], nodes["end"]["name"]) == ("Not yet saved", "Theirs")
    expect(editing.page.get_by_role("alert")).to_have_count(0)
    other.select("sum")
    other.inspector.get_by_label("Name", exact=True).fill("Mine, says Ed")
    expect(other.saved).to_have_attribute("data-state", "conflict")
    expect(other.page.get_by_role("alert")).to_contain_text("Ada saved a newer draft.")
    other.page.get_by_test_id("publish").click()
    other.page.get_by_test_id("publish-confirm").click()
    expect(other.page.get_by_role("dialog").get_by_role("alert")).to_contain_text("to be saved first")
    other.page.keyboard.press("Escape")
    other.page.get_by_role("button", name="Merge").click()
    merging = other.page.get_by_role("dialog", name="Merge two drafts")
    expect(merging.get_by_role("radio", name="Mine")).to_be_focused()
    merging.get_by_role("button", name="Merge").click()
    assert other.nodes()["sum"]["name"] == "Mine, says Ed"
    there.close()


def test_a_stale_tab_is_told_and_overwrites_nothing(editing: Editing, context: BrowserContext) -> None:
    other = Editing(editing.app, context.new_page(), editing.id)
    other.page.goto(editing.page.url)
    other.node("sum").wait_for()
    rename(other, "Theirs")
    assert other.nodes()["sum"]["name"] == "Theirs"
    rename(editing, "Mine")
    expect(editing.saved).to_contain_text("Conflict")
    expect(editing.page.get_by_role("alert")).to_contain_text("You saved a newer draft elsewhere.")
    assert other.nodes()["sum"]["name"] == "Theirs"
    editing.page.get_by_role("button", name="Load newer").click()
    expect(editing.node("sum")).to_contain_text("Theirs")
    editing.page.get_by_role("button", name="Undo (Ctrl+Z)").click()
    assert editing.nodes()["sum"]["name"] == "Mine"


def test_a_conflict_is_never_published_and_overwritten_only_after_saying_so(editing: Editing) -> None:
    def save_theirs(publishing: Route) -> None:
        current = editing.app.ask("GET", f"/api/workflows/{editing.id}")
        answer = editing.app.client.put(
            f"/api/workflows/{editing.id}",
            json={**current["draft"], "name": "Theirs"},
            headers={"if-match": f'"{current["revision"]}"'},
        )
        assert answer.is_success
        publishing.continue_()

    editing.page.route("**/versions", save_theirs, times=1)
    editing.page.get_by_test_id("publish").click()
    editing.page.get_by_test_id("publish-confirm").click()
    expect(editing.page.get_by_role("dialog").get_by_role("alert")).to_contain_text("changed meanwhile")
    assert editing.app.ask("GET", f"/api/workflows/{editing.id}")["latest_version"] is None
    editing.page.keyboard.press("Escape")
    expect(editing.saved).to_contain_text("A newer draft exists")
    expect(editing.page.get_by_text("saved a newer draft")).to_be_visible()
    rename(editing, "Mine")
    expect(editing.saved).to_contain_text("Conflict")
    editing.page.get_by_role("button", name="Overwrite").click()
    draft = editing.draft()
    assert draft["name"] == "Sums"
    assert draft["nodes"][1]["name"] == "Mine"


def test_work_survives_the_end_of_the_session(editing: Editing) -> None:
    page = editing.page
    token = next(each["value"] for each in page.context.cookies() if each["name"] == COOKIE)
    httpx.post(f"{editing.app.url}/api/auth/logout", cookies={COOKIE: token}, trust_env=False)
    editing.select("sum")
    field = editing.inspector.get_by_label("Name", exact=True)
    field.fill("")
    field.press_sequentially("Typed on after the end", delay=10)
    page.wait_for_url("**/login**")
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("Password").fill(PASSWORDS["Ada"])
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Take them").click()
    expect(editing.node("sum")).to_contain_text("Typed on after the end")
    assert editing.nodes()["sum"]["name"] == "Typed on after the end"


def test_publishing_sends_what_is_unsaved_first(editing: Editing) -> None:
    rename(editing, "Just typed")
    editing.page.get_by_test_id("publish").click()
    editing.page.get_by_test_id("publish-confirm").click()
    expect(editing.page.get_by_test_id("version")).to_contain_text("version 1")
    version = editing.app.ask("GET", f"/api/workflows/{editing.id}/versions/1")
    nodes = (version.get("document") or version)["nodes"]
    assert nodes[1]["name"] == "Just typed"


def test_two_hundred_quick_undos_and_redos_end_where_they_began(
    editing: Editing, complaints: list[str]
) -> None:
    for index in range(20):
        editing.select("sum")
        editing.page.keyboard.press("Control+d")
        expect(editing.page.locator(".react-flow__node-card")).to_have_count(4 + index)
    before = editing.draft()
    sent: list[tuple[str, str]] = []
    editing.page.on(
        "request",
        lambda asked: (
            sent.append((asked.headers["if-match"], asked.post_data or "")) if asked.method == "PUT" else None
        ),
    )
    for key in ("Control+z", "Control+Shift+z") * 5:
        for _ in range(20):
            editing.page.keyboard.press(key)
    editing.page.wait_for_timeout(700)
    assert editing.draft() == before
    assert len({revision for revision, _ in sent}) == len(sent)  # none in vain, none twice
    assert all(text != next_text for (_, text), (_, next_text) in pairwise(sent))
    assert not complaints
