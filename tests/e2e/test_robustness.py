"""What people and networks do to pages: names of every kind, a quick hand, a slow line, the back button, a reload."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import RunningApp
from tests.e2e.editing import node, open_editor, sums, way
from tests.e2e.room_page import RESTING, lines, named, open_room, status
from tests.fixtures.running import until
from tests.servers.slow_line import line_to

pytestmark = pytest.mark.e2e

MARKUP = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script><b>bold</b>'
LONG = "W" * 10_000
TURNED = "\u202egnp.exe"
NAMES = {
    "markup": MARKUP,
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈 Ça va?",
    "turned": f"مرحبا {TURNED} שלום",
    "long": LONG,
    "end": "many words " * 900,
}
SPILLED = """() => {
  const spilled = [], width = innerWidth + 1, seen = (e) => e.getClientRects().length > 0;
  if (document.documentElement.scrollWidth > width) spilled.push('the page');
  for (const e of document.querySelectorAll('main *, dialog *, [role=dialog] *')) {
    if (!seen(e) || e.closest('.react-flow__viewport, .react-flow__minimap, .sr-only, table, select, [role=tablist]') || e.querySelector(':scope > table')) continue;
    const { overflowX } = getComputedStyle(e);
    const isScrolled = (overflowX === 'auto' || overflowX === 'scroll') && e.scrollWidth > e.clientWidth + 1;
    const isWide = overflowX === 'visible' && e.childElementCount === 0 && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline';
    if (isScrolled || isWide) spilled.push(`${e.tagName}.${e.className} ${e.scrollWidth} > ${e.clientWidth}: ${e.textContent.slice(0, 40)}`);
  }
  return spilled;
}"""


def oddly_named(name: str) -> dict[str, Any]:
    """A workflow whose nodes have such names; one of them fails."""
    sum_, fault = (
        {"tool": "calculator", "arguments": {"expression": expression}} for expression in ("1", "1 / 0")
    )
    kinds = {
        "markup": ("TOOL_EXECUTION", sum_),
        "emoji": ("DECISION", {}),
        "turned": ("TOOL_EXECUTION", sum_),
    }
    kinds |= {"long": ("TOOL_EXECUTION", fault), "end": ("END", {})}
    nodes = [node("start", "START", 0, 0)]
    nodes += [
        {**node(id_, kind, 240 * place, 0, config=config), "name": NAMES[id_]}
        for place, (id_, (kind, config)) in enumerate(kinds.items(), 1)
    ]
    ways = [
        way("t1", "start", "markup"),
        way("t2", "markup", "emoji", "SUCCESS"),
        way("t3", "emoji", "turned"),
        way(
            "t4",
            "emoji",
            "long",
            "CONDITION_MET",
            when="vars.markup.number > 0" + " + 0" * 100,
            name="N" * 200,
        ),
        way("t5", "turned", "end", "SUCCESS"),
        way("t6", "long", "end", "SUCCESS"),
    ]
    return {"name": name, "nodes": nodes, "transitions": ways}


class Looking:
    """Looks at what a page shows and keeps what is wrong with it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.on("dialog", lambda dialog: self.faults.append(f"it ran: {dialog.message}"))

    def at(self, place: str) -> None:
        self.faults += [f"{place}: {each}" for each in self.page.evaluate(SPILLED)]
        if self.page.evaluate("window.pwned"):
            self.faults.append(f"{place}: it ran")


def test_names_of_every_kind_run_nothing_and_break_no_page(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    looking = Looking(as_ada)
    editing = open_editor(running_app, as_ada, oddly_named(f"{MARKUP} {TURNED}"))
    keys = as_ada.keyboard
    for id_ in ("markup", "long"):
        editing.select(id_)
        expect(editing.inspector.get_by_label("Id", exact=True)).to_have_value(id_)
        looking.at(f"the inspector of {id_}")
    expect(editing.announced).to_have_text(re.compile(r"^Selected W{120}…, tool execution\.$"))
    for key, typed, place in (
        ("c", "W", "connect"),
        ("Control+k", "go to", "the palette"),
        ("Control+f", "W", "find"),
    ):
        keys.press(key)
        keys.type(typed)
        looking.at(place)
        keys.press("Escape")
    running_app.ask("POST", f"/api/workflows/{editing.id}/versions", {"note": MARKUP + "N" * 300})
    editing.select("turned")
    editing.inspector.get_by_label("Name", exact=True).fill("Q" * 10_000)
    keys.press("Escape")
    editing.page.keyboard.press("Control+k")
    keys.type("undo")
    keys.press("Escape")
    editing.wait_saved()
    keys.press("Shift+V")
    dialog = as_ada.get_by_role("dialog", name="Versions")
    dialog.get_by_role("button", name="Draft as it is").click()
    dialog.get_by_label("Compare with").select_option("1")
    expect(dialog.get_by_test_id("difference")).to_contain_text("1 changed")
    looking.at("versions")
    keys.press("Escape")
    expect(dialog).to_have_count(0)
    editing.select("long")
    editing.inspector.get_by_label("Expression").first.fill("{{ vars." + "q" * 300 + " }}")
    expect(as_ada.get_by_test_id("problem-undefined_variable")).to_be_visible()
    looking.at("problems")

    room = running_app.make_room({"format": "openrooms/workflow@1", **oddly_named(f"{MARKUP} مرحبا room")})
    run = running_app.start(room)
    running_app.run_until(run, "FAILED")
    open_room(as_ada, running_app, room)
    lines(as_ada).last.click()
    looking.at("the log")
    as_ada.get_by_role("tab", name="Timeline").click()
    as_ada.get_by_test_id("bar-4").click()
    as_ada.get_by_role("button", name=re.compile("^Why")).first.click()
    expect(as_ada.get_by_test_id("why")).to_be_visible()
    looking.at("why")
    for width in (1440, 390):
        as_ada.set_viewport_size({"width": width, "height": 844})
        for path in (
            "/",
            "/workflows",
            "/rooms",
            "/runs",
            f"/rooms/{room}",
            f"/runs/{run}",
            f"/rooms/{room}/triggers",
        ):
            as_ada.goto(running_app.url + path)
            expect(as_ada.get_by_text("<b>bold</b>").first).to_be_attached()
            expect(as_ada.get_by_role("status", name="Loading")).to_have_count(0)
            looking.at(f"{path} at {width}")

    assert not looking.faults, "\n".join(looking.faults)


def test_a_list_gives_long_names_two_lines_on_a_phone_and_keeps_its_buttons_in_sight_on_a_tablet(
    running_app: RunningApp, as_ada: Page
) -> None:
    long = " ".join(["Called by many words"] * 9)
    running_app.make_room({"format": "openrooms/workflow@1", **sums(), "name": long})
    as_ada.set_viewport_size({"width": 1024, "height": 768})
    as_ada.goto(running_app.url + "/rooms?q=many+words")
    expect(as_ada.get_by_role("button", name=f"More for {long}")).to_be_in_viewport(ratio=1)
    as_ada.set_viewport_size({"width": 390, "height": 844})
    box = as_ada.get_by_title(long, exact=True).first.bounding_box()
    assert box
    assert 30 < box["height"] < 60


def test_a_dialog_stays_for_a_quick_hand_and_a_lost_line_and_goes_with_its_page(
    running_app: RunningApp, as_ada: Page
) -> None:
    page, dialog = as_ada, as_ada.get_by_role("dialog")
    running_app.ask("POST", "/api/workflows", {"name": "To be chosen"})
    new = page.get_by_role("button", name="New room").first
    with line_to(running_app.url) as line:
        page.goto(f"http://127.0.0.1:{line.port}/rooms")
        new.click()
        expect(dialog.get_by_label("Name")).to_be_focused()
        page.keyboard.type("Half typed")
        line.cut()
        expect(page.get_by_text("Connection lost").first).to_be_visible()
        page.get_by_role("link", name="Tools", include_hidden=True).first.dispatch_event("click")
        expect(page.get_by_text("This page stays here until it does.")).to_be_visible()
        line.mend()
        expect(page.get_by_text("Connection lost")).to_have_count(0)
        expect(dialog.get_by_label("Name")).to_have_value("Half typed")
    page.goto(running_app.url + "/rooms")
    new.click()
    expect(dialog).to_be_visible()
    page.reload()
    expect(new).to_be_visible()
    new.click()
    expect(dialog).to_be_visible()
    page.go_back()
    page.goto(running_app.url + "/workflows")
    for _ in range(2):  # a first visit, and a return
        page.get_by_role("link", name="Rooms", exact=True).click()
        new.click()
        expect(dialog.get_by_label("Name")).to_be_focused()
        page.wait_for_timeout(600)
        expect(dialog).to_be_visible()
        page.go_back()
        expect(dialog).to_have_count(0)
    page.get_by_role("link", name="Rooms", exact=True).click()
    expect(new).to_be_visible()
    page.wait_for_timeout(600)
    expect(dialog).to_have_count(0)


def test_text_typed_over_a_slow_line_keeps_every_letter(running_app: RunningApp, as_ada: Page) -> None:
    running_app.make_room({"format": "openrooms/workflow@1", **sums()})
    text = "Typed while earlier answers are on their way."
    with line_to(running_app.url, round_trip_s=0.3) as line:
        as_ada.goto(f"http://127.0.0.1:{line.port}/triggers")
        as_ada.get_by_role("button", name="New schedule").first.click()
        dialog = as_ada.get_by_role("dialog")
        dialog.get_by_role("combobox").first.select_option(index=0)
        for label, typed in (("^Name", text), ("Input of each run", text)):
            field = dialog.get_by_role("textbox", name=re.compile(label))
            field.fill("")
            for number, part in enumerate(typed[at : at + 9] for at in range(0, len(typed), 9)):
                field.press_sequentially(part, delay=20)
                as_ada.wait_for_timeout(150 + 60 * (number % 4))  # around what a field waits before it sends
            expect(field).to_have_value(typed)
        as_ada.wait_for_timeout(900)
        expect(dialog.get_by_role("textbox", name=re.compile("^Name"))).to_have_value(text)
        expect(dialog.get_by_role("textbox", name="Input of each run")).to_have_value(text)
        expect(dialog.get_by_text("This is no JSON")).to_be_visible()
        dialog.get_by_role("textbox", name="Input of each run").fill("")
        save = dialog.get_by_role("button", name="Save")
        line.hold()
        save.click()
        expect(save).to_have_attribute("aria-busy", "true")
        save.click()
        line.let_go()
        expect(dialog).to_have_count(0)
        expect(as_ada.get_by_role("row").filter(has_text=text)).to_have_count(1)


NO_SAVING = """() => { const ask = window.fetch; window.fetch = (to, how) =>
  how?.method === 'PUT' ? Promise.reject(new TypeError('no line')) : ask(to, how) }"""
"""Until the page is left; Playwright's routes don't hold what a page sends while it is being left."""


def test_the_back_button_and_a_reload_lose_nothing(
    running_app: RunningApp, as_ada: Page, complaints: list[str]
) -> None:
    page = as_ada
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(running_app.url + "/workflows")
    editing = open_editor(running_app, page, sums())
    page.evaluate(NO_SAVING)
    editing.select("sum")
    editing.inspector.get_by_label("Name", exact=True).fill("Left at once")
    page.go_back()
    expect(page.get_by_role("heading", name="Workflows")).to_be_visible()
    page.go_forward()
    page.get_by_role("button", name="Take them").click()
    expect(editing.node("sum")).to_contain_text("Left at once")
    assert editing.nodes()["sum"]["name"] == "Left at once"

    room = running_app.make_room(named(RESTING, "Reloaded"))
    open_room(page, running_app, room)
    page.get_by_test_id("run").click()
    expect(status(page)).to_have_text("Waiting")
    run = str(running_app.ask("GET", f"/api/rooms/{room}/runs")["items"][0]["id"])
    page.reload()
    expect(status(page)).to_have_text("Waiting")
    count = len(running_app.events(run))
    page.get_by_label("Least level").select_option("DEBUG")
    expect(page.get_by_test_id("log-count")).to_have_text(f"{count} lines")
    page.go_back()
    page.go_forward()
    expect(status(page)).to_have_text("Waiting")
    running_app.ask("POST", f"/api/rooms/{room}/cancel")
    until(lambda: running_app.ask("GET", f"/api/runs/{run}")["status"] == "CANCELLED" or None)
    expect(status(page)).to_have_text("Cancelled")
    page.get_by_label("Least level").select_option("DEBUG")
    expect(page.get_by_test_id("log-count")).to_have_text(f"{len(running_app.events(run))} lines")
