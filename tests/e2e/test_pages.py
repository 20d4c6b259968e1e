"""The list pages, used as a person uses them, in a real browser against everything that `up` starts."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from engine.core.document import empty_document
from engine.core.room import NewRoom, Room
from engine.services import rooms, runs, workflows
from tests.e2e.conftest import PASSWORDS, RunningApp
from tests.fixtures.running import running

pytestmark = pytest.mark.e2e


def a_workflow(app: RunningApp, name: str, *, input_schema: Mapping[str, object] | None = None) -> str:
    """A published workflow that ends as soon as it begins."""
    way = {"id": "t1", "source": "start", "target": "end", "on": "ALWAYS"}
    document = {**empty_document(name), "transitions": [way]}
    if input_schema is not None:
        document["input_schema"] = dict(input_schema)
    made = workflows.create(app.rt, app.admin, document)
    workflows.publish(app.rt, app.admin, made.id)
    return made.id


def a_room(app: RunningApp, name: str, workflow_id: str) -> Room:
    return rooms.create(app.rt, app.admin, NewRoom(name=name, workflow_id=workflow_id))


def the_row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has_text=name)


def test_an_empty_installation_shows_the_first_steps_and_begins_with_a_template(
    page: Page, tmp_path: Path
) -> None:
    with running(tmp_path / "data") as fresh:
        fresh.log_in(page, "Ada")
        expect(page.get_by_role("heading", name="First steps")).to_be_visible()

        page.get_by_role("button", name="Begin with this: Customer support triage").click()

        page.wait_for_url(re.compile(r"/rooms/[0-9a-f-]{36}/?\?run=new"))
        expect(page.get_by_role("dialog", name="Run").get_by_role("textbox").first).to_be_focused()
        made = rooms.list_rooms(fresh.rt, fresh.admin).items[0]
        assert made.workflow_name == "Customer support triage"
        assert workflows.get(fresh.rt, fresh.admin, made.workflow_id).latest_version == 1


def test_a_new_workflow_opens_in_the_editor(running_app: RunningApp, as_ada: Page) -> None:
    as_ada.goto(running_app.url)
    as_ada.get_by_role("link", name="Workflows").click()
    as_ada.get_by_role("button", name="New workflow").first.click()
    as_ada.get_by_role("dialog").get_by_label("Name").fill("Order intake")
    as_ada.get_by_role("button", name="Create and open").click()

    as_ada.wait_for_url(re.compile(r"/workflows/[0-9a-f-]{36}"))
    found = workflows.list_workflows(running_app.rt, running_app.admin, search="Order intake")
    assert [item.id for item in found.items] == [as_ada.url.rstrip("/").rpartition("/")[2]]


def test_a_file_that_is_no_json_is_refused_with_the_reason(running_app: RunningApp, as_ada: Page) -> None:
    as_ada.goto(running_app.url + "/workflows")
    as_ada.get_by_label("Workflow file").set_input_files(
        {"name": "broken.json", "mimeType": "application/json", "buffer": b'{"name": "x",'}
    )

    dialog = as_ada.get_by_role("dialog")
    expect(dialog).to_contain_text("broken.json was not imported")
    expect(dialog.get_by_role("alert")).to_contain_text("JSON")


def test_an_exported_file_can_be_imported_again(
    running_app: RunningApp, as_ada: Page, tmp_path: Path
) -> None:
    a_workflow(running_app, "Round trip")
    as_ada.goto(running_app.url + "/workflows?q=Round trip")
    with as_ada.expect_download() as download:
        as_ada.get_by_label("Export Round trip").click()
    file = tmp_path / "round-trip.json"
    download.value.save_as(file)

    as_ada.get_by_label("Workflow file").set_input_files(file)

    as_ada.wait_for_url(re.compile(r"/workflows/[0-9a-f-]{36}"))
    found = workflows.list_workflows(running_app.rt, running_app.admin, search="Round trip").items
    assert sorted(item.name for item in found) == ["Round trip", "Round trip (2)"]


def test_a_template_becomes_a_workflow(running_app: RunningApp, as_ada: Page) -> None:
    as_ada.goto(running_app.url + "/workflows")
    as_ada.get_by_role("button", name="Templates", exact=True).click()  # an empty list has another
    as_ada.get_by_role("button", name="Use template AI testing").click()

    as_ada.wait_for_url(re.compile(r"/workflows/[0-9a-f-]{36}"))
    made = workflows.get(running_app.rt, running_app.admin, as_ada.url.rstrip("/").rpartition("/")[2])
    assert made.name.startswith("AI testing")
    assert not made.problems


def test_a_workflow_is_renamed_copied_and_deleted(running_app: RunningApp, as_ada: Page) -> None:
    a_workflow(running_app, "Before")
    as_ada.goto(running_app.url + "/workflows?q=Before")
    the_row(as_ada, "Before").get_by_label("More for").click()
    as_ada.get_by_role("menuitem", name="Rename").click()
    as_ada.get_by_role("dialog").get_by_label("Name").fill("Before and after")
    as_ada.get_by_role("button", name="Rename", exact=True).click()
    expect(as_ada.get_by_role("link", name="Before and after", exact=True)).to_be_visible()
    the_row(as_ada, "Before and after").get_by_label("More for").click()
    as_ada.get_by_role("menuitem", name="Duplicate").click()
    copy = the_row(as_ada, "Before and after (2)")
    expect(copy).to_be_visible()
    copy.get_by_label("More for").click()
    as_ada.get_by_role("menuitem", name="Delete").click()
    as_ada.get_by_role("button", name="Delete", exact=True).click()
    expect(copy).to_have_count(0)


def test_a_workflow_in_use_is_archived_instead_and_the_rooms_are_named(
    running_app: RunningApp, as_ada: Page
) -> None:
    workflow_id = a_workflow(running_app, "In use")
    a_room(running_app, "Room that needs it", workflow_id)
    as_ada.goto(running_app.url + "/workflows?q=In use")
    the_row(as_ada, "In use").get_by_label("More for").click()
    as_ada.get_by_role("menuitem", name="Delete").click()

    dialog = as_ada.get_by_role("dialog")
    expect(dialog).to_contain_text("Room that needs it")
    dialog.get_by_role("button", name="Archive").click()

    expect(as_ada.get_by_text("No workflow fits")).to_be_visible()
    as_ada.get_by_label("Status").select_option("ARCHIVED")
    the_row(as_ada, "In use").get_by_label("More for").click()
    as_ada.get_by_role("menuitem", name="Take back into use").click()
    expect(as_ada.get_by_text("No workflow fits")).to_be_visible()


def test_search_keeps_every_key_and_stands_in_the_address(running_app: RunningApp, as_ada: Page) -> None:
    a_workflow(running_app, "Needle in the hay")
    as_ada.goto(running_app.url + "/workflows")
    as_ada.get_by_label("Search workflows").press_sequentially("needle in the hay", delay=40)

    expect(as_ada.get_by_role("link", name="Needle in the hay", exact=True)).to_be_visible()
    expect(as_ada).to_have_url(re.compile(r"\?q=needle\+in\+the\+hay"))
    expect(as_ada.get_by_role("row")).to_have_count(2)
    as_ada.reload()
    expect(as_ada.get_by_label("Search workflows")).to_have_value("needle in the hay")
    expect(as_ada.get_by_role("row")).to_have_count(2)


def test_a_room_is_made_for_a_version_and_opened(running_app: RunningApp, as_ada: Page) -> None:
    workflow_id = a_workflow(running_app, "For a new room")
    draft = workflows.create(running_app.rt, running_app.admin, empty_document("Only a draft"))
    as_ada.goto(running_app.url + "/rooms")
    as_ada.get_by_role("button", name="New room").first.click()
    dialog = as_ada.get_by_role("dialog")
    dialog.get_by_label("Name").fill("A fresh room")
    expect(dialog.get_by_label("Workflow")).to_contain_text("Only a draft (never published)")
    dialog.get_by_label("Workflow").select_option(label="For a new room")
    expect(dialog.get_by_label("Version").locator("option")).to_have_count(2)
    dialog.get_by_label("Version").select_option("1")
    dialog.get_by_label("Let runs wait in line").check()
    dialog.get_by_role("button", name="Create and open").click()
    as_ada.wait_for_url(re.compile(r"/rooms/[0-9a-f-]{36}"))
    made = rooms.list_rooms(running_app.rt, running_app.admin, rooms.Sought(workflow_id=workflow_id)).items[0]
    assert (made.name, made.version, made.queue_runs) == ("A fresh room", 1, True)
    as_ada.set_viewport_size({"width": 390, "height": 844})
    as_ada.goto(f"{running_app.url}/rooms/{a_room(running_app, 'Early', draft.id).id}")
    expect(as_ada.get_by_text("There is nothing to run yet")).to_be_visible()


def test_a_room_runs_with_one_click_and_its_status_changes_without_a_reload(
    running_app: RunningApp, as_ada: Page
) -> None:
    a_room(running_app, "One click", a_workflow(running_app, "Quick"))
    as_ada.goto(running_app.url + "/rooms?q=One click")
    row = the_row(as_ada, "One click")
    expect(row.locator("[data-status=IDLE]")).to_be_visible()

    row.get_by_role("button", name="Run One click").click()

    expect(row.locator("[data-status=COMPLETED]")).to_be_visible(timeout=20_000)


def test_a_run_started_elsewhere_shows_in_an_open_list(running_app: RunningApp, as_ada: Page) -> None:
    room = a_room(running_app, "Seen from afar", a_workflow(running_app, "Afar"))
    as_ada.goto(running_app.url + "/rooms?q=Seen from afar")
    row = the_row(as_ada, "Seen from afar")
    expect(row.locator("[data-status=IDLE]")).to_be_visible()

    runs.start(running_app.rt, running_app.admin, room.id)

    expect(row.locator("[data-status=COMPLETED]")).to_be_visible(timeout=20_000)


def test_a_room_whose_workflow_wants_values_goes_to_its_form(running_app: RunningApp, as_ada: Page) -> None:
    schema = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}
    room = a_room(running_app, "Wants values", a_workflow(running_app, "Picky", input_schema=schema))
    as_ada.goto(running_app.url + "/rooms?q=Wants values")

    as_ada.get_by_role("button", name="Run Wants values").click()

    as_ada.wait_for_url(re.compile(rf"/rooms/{room.id}/?\?run=new"))


def test_rooms_are_filtered_by_status(running_app: RunningApp, as_ada: Page) -> None:
    a_room(running_app, "Never run", a_workflow(running_app, "Idle one"))
    as_ada.goto(running_app.url + "/rooms?q=Never run")
    as_ada.get_by_label("Status").select_option("FAILED")
    expect(as_ada.get_by_text("No room fits")).to_be_visible()

    as_ada.get_by_label("Status").select_option("IDLE")

    expect(the_row(as_ada, "Never run")).to_be_visible()
    expect(as_ada).to_have_url(re.compile("status=IDLE"))


def test_the_runs_page_lists_a_run_and_leads_to_it(running_app: RunningApp, as_ada: Page) -> None:
    room = a_room(running_app, "Runs twice", a_workflow(running_app, "Repeated"))
    run = runs.start(running_app.rt, running_app.admin, room.id)
    as_ada.goto(f"{running_app.url}/runs?room={room.id}")

    row = the_row(as_ada, "Runs twice")
    expect(row.locator("[data-status=COMPLETED]")).to_be_visible(timeout=20_000)
    expect(row.get_by_role("link", name="#1")).to_have_attribute("href", f"/runs/{run.id}")


def test_a_run_is_found_by_its_time_and_by_words_that_stand_in_the_address(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    room = a_room(running_app, "Seldom seen", a_workflow(running_app, "Sought after"))
    runs.start(running_app.rt, running_app.admin, room.id)
    as_ada.goto(f"{running_app.url}/runs?status=COMPLETED")
    row, search, began = (
        the_row(as_ada, "Seldom seen"),
        as_ada.get_by_role("searchbox"),
        as_ada.get_by_label("Began"),
    )
    expect(row).to_be_visible(timeout=20_000)
    search.press_sequentially("sought #1")
    began.select_option("Last hour")  # while the words are on their way
    expect(as_ada).to_have_url(re.compile(r"\?status=COMPLETED&began=1h&q=sought\+%231$"))
    as_ada.reload()
    expect(row).to_be_visible()
    expect(as_ada.locator("tbody tr")).to_have_count(1)
    expect(search).to_have_value("sought #1")

    began.select_option("From … until …")
    expect(as_ada).to_have_url(re.compile("began=between&q=[^&]*&since=20[^&]*Z$"))
    expect(row).to_be_visible()
    as_ada.get_by_label("until").fill("2020-01-01T00:00")
    expect(as_ada.get_by_text("is not before")).to_be_visible()
    as_ada.get_by_label("From").fill("2019-01-01T00:00")
    expect(as_ada.get_by_text("None has all")).to_be_visible()
    as_ada.get_by_role("link", name="Clear filters").click()
    expect(row).to_be_visible()
    expect(as_ada).to_have_url(running_app.url + "/runs")
    expect(search).to_have_value("")
    expect(began).to_have_value("")


def test_a_tool_is_tried_out_and_its_error_is_shown(running_app: RunningApp, as_ada: Page) -> None:
    as_ada.goto(running_app.url + "/tools")
    as_ada.get_by_role("button", name="Try it: Calculator").click()
    expect(as_ada.get_by_role("dialog").get_by_label("Expression")).to_be_focused()
    dialog = as_ada.get_by_role("dialog")
    dialog.get_by_label("Expression").fill("2 * (3.5 + 1.35)")
    dialog.get_by_role("button", name="Run tool").click()
    expect(dialog).to_contain_text('"result": "9.7"')

    dialog.get_by_label("Expression").fill("2 *")
    dialog.get_by_role("button", name="Run tool").click()

    expect(dialog.get_by_role("alert")).to_be_visible()


def test_a_memory_tool_writes_into_the_room_that_was_chosen(running_app: RunningApp, as_ada: Page) -> None:
    room = a_room(running_app, "Remembers", a_workflow(running_app, "Memory"))
    as_ada.goto(running_app.url + "/tools")
    as_ada.get_by_role("button", name="Try it: Memory: remember").click()
    dialog = as_ada.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Key").fill("customer")
    dialog.get_by_label(re.compile("^Value")).fill('{"name": "Ada"}')
    dialog.get_by_label("Room").select_option(room.id)
    dialog.get_by_role("button", name="Run tool").click()

    expect(dialog).to_contain_text("Written to the room's memory")


def test_a_changed_password_ends_every_other_session(
    running_app: RunningApp, browser: Browser, new_person: Callable[[str], str]
) -> None:
    name = new_person("Pat")
    here, there = browser.new_context(), browser.new_context()
    pages = [here.new_page(), there.new_page()]
    for page in pages:
        running_app.log_in(page, name, "/settings")
    pages[0].get_by_label("Present password").fill(PASSWORDS[name])
    pages[0].get_by_label("New password", exact=True).fill("a quite different one")
    pages[0].get_by_label("New password again").fill("a quite different one")
    pages[0].get_by_role("button", name="Change password").click()

    expect(pages[0].get_by_text("Your password is changed")).to_be_visible()
    expect(pages[0].get_by_role("heading", name="Your account")).to_be_visible()
    pages[1].reload()
    expect(pages[1].get_by_role("button", name="Log in")).to_be_visible()
    here.close()
    there.close()


def test_a_wrong_present_password_is_told_and_nothing_changes(
    running_app: RunningApp, page: Page, new_person: Callable[[str], str]
) -> None:
    running_app.log_in(page, new_person("Quinn"), "/settings")
    page.get_by_label("Present password").fill("not it at all")
    page.get_by_label("New password", exact=True).fill("a quite different one")
    page.get_by_label("New password again").fill("a quite different one")
    page.get_by_role("button", name="Change password").click()

    expect(page.get_by_role("alert")).to_contain_text("The present password is not right")
    expect(page.get_by_role("button", name="Change password")).to_be_focused()


def test_an_administrator_adds_a_user_and_locks_them_out(running_app: RunningApp, as_ada: Page) -> None:
    as_ada.goto(running_app.url + "/settings/users")
    as_ada.get_by_role("button", name="Add user").click()
    dialog = as_ada.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Newcomer")
    dialog.get_by_label("Password").fill("a long enough one")
    dialog.get_by_label("Role").select_option("viewer")
    dialog.get_by_role("button", name="Add").click()
    row = the_row(as_ada, "Newcomer")
    expect(row).to_contain_text("Active")

    row.get_by_label("Role of Newcomer").select_option("editor")
    expect(as_ada.get_by_text("Newcomer is editor now.")).to_be_visible()
    row.get_by_label("More for Newcomer").click()
    as_ada.get_by_role("menuitem", name="Deactivate").click()

    expect(row).to_contain_text("Deactivated")


@pytest.mark.usefixtures("complaints")
def test_a_viewer_sees_the_pages_without_a_button_that_writes(running_app: RunningApp, page: Page) -> None:
    a_room(running_app, "Looked at", a_workflow(running_app, "To look at"))
    running_app.log_in(page, "Vi", "/rooms?q=Looked at")
    expect(the_row(page, "Looked at")).to_be_visible()
    for path in (
        "/",
        "/workflows",
        "/rooms",
        "/runs",
        "/triggers",
        "/tools",
        "/settings",
        "/settings/providers",
        "/settings/health",
    ):
        page.goto(running_app.url + path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_role("status", name="Loading")).to_have_count(0)
        writing = re.compile("^(New|Import|Run |Try |Add|More|Use template|Begin|Cancel)")
        expect(page.get_by_role("button", name=writing)).to_have_count(0)
    expect(page.get_by_role("link", name=re.compile("^(Users|Secrets|Audit)$"))).to_have_count(0)
    for path in ("/settings/users", "/settings/secrets", "/audit"):
        page.goto(running_app.url + path)
        expect(page.get_by_role("alert")).to_contain_text("administrator")


def test_a_page_with_a_drawing_asks_for_all_at_once_and_for_nothing_twice(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    workflow = a_workflow(running_app, "At once")
    room = a_room(running_app, "At once", workflow).id
    run = running_app.start(room)
    running_app.run_until(run, "COMPLETED")
    asked: list[str] = []
    as_ada.on("request", lambda request: asked.append(request.url.removeprefix(running_app.url)))

    for path, sign in (
        (f"/workflows/{workflow}", ".react-flow__node"),
        (f"/rooms/{room}", ".react-flow__node"),
        (f"/runs/{run}", "[data-testid=steps]"),
    ):
        asked.clear()
        answer = as_ada.goto(running_app.url + path, wait_until="commit")
        as_ada.locator(sign).first.wait_for()
        assert answer is not None
        named = re.findall(r'<([^>]+)>; rel="(?:module)?preload"', answer.headers["link"])
        files = [each for each in asked if each.startswith("/assets/")]
        assert sorted(files) == sorted(each for each in named if each.startswith("/assets/"))
        once = [
            each for each in named if each != f"/api/runs/{run}"
        ]  # its facts are read anew with its events
        assert [asked.count(each) for each in once] == [1] * len(once)
