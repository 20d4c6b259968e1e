"""Schedules, webhooks and subscriptions, made and watched in a real browser; runs that stand in line leave it."""

import re
import subprocess

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import RunningApp
from tests.fixtures.drawings import drawing
from tests.fixtures.receiver import receiving
from tests.fixtures.running import until

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("complaints")]

TAKES_N = drawing("start > end") | {
    "input_schema": {"type": "object", "properties": {"n": {"type": "integer", "default": 1}}}
}
WAITS = drawing("start > wait > end", wait={"config": {"signal": "go"}})


@pytest.fixture
def told(as_ada: Page) -> list[str]:
    """What comes over the page's websocket, which is all that state holds."""
    frames: list[str] = []
    as_ada.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(str(frame))))
    return frames


def the_row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has_text=name)


def pick(page: Page, name: str, item: str) -> None:
    the_row(page, name).get_by_label(f"More for {name}").click()
    page.get_by_role("menuitem", name=item).click()


def read(page: Page, label: str) -> str:
    return page.get_by_role("dialog").locator(f'pre[aria-label="{label}"]').inner_text()


def test_a_schedule_is_previewed_checked_fires_and_is_switched_off(
    running_app: RunningApp, as_ada: Page
) -> None:
    room_id = running_app.make_room({**TAKES_N, "name": "Clockwork"})
    as_ada.goto(running_app.url + "/rooms?q=Clockwork")
    as_ada.get_by_role("link", name="Triggers of Clockwork").click()
    expect(as_ada.get_by_role("heading", name="Triggers of Clockwork")).to_be_visible()
    as_ada.get_by_role("button", name="New schedule").click()
    form = as_ada.get_by_role("dialog")
    form.get_by_label("Name").fill("Tick")
    times = form.get_by_label("The next times").get_by_role("listitem")
    form.get_by_label(re.compile("^When")).select_option("Mondays at 9:00")
    form.get_by_label("Time zone").fill("Asia/Tokyo")
    expect(times).to_have_count(5)
    expect(times.first).to_have_text(re.compile(r"^Mon \d+ \w{3} \d{4}, 09:00 JST"))

    form.get_by_label("Time zone").fill("Mars/Olympus")
    expect(form.get_by_role("alert").filter(has_text="no time zone")).to_be_visible()
    form.get_by_label("Time zone").fill("Europe/Berlin")
    form.get_by_label("Cron expression").fill("61 * * * *")
    expect(form.get_by_text("is no cron expression")).to_be_visible()
    form.get_by_label("Input of each run").fill('{"n": "one"}')
    expect(form.get_by_text("does not fit the workflow's input_schema: n:")).to_be_visible()
    form.get_by_role("button", name="Save").click()
    form.get_by_label("Input of each run").fill('{"n": 2}')
    expect(form.get_by_text("does not fit")).to_have_count(0)
    form.get_by_label("Cron expression").fill("* * * * * *")
    form.get_by_role("button", name="Save").click()
    expect(the_row(as_ada, "Tick")).to_contain_text("Europe/Berlin")

    the_row(as_ada, "Tick").get_by_role("link", name="History of Tick").click()
    firings = as_ada.get_by_role("dialog").get_by_role("row").filter(has_text="Started")
    expect(firings.first).to_be_visible(timeout=20_000)
    run_id = str(firings.last.get_by_role("link").get_attribute("href")).rpartition("/")[2]
    assert running_app.ask("GET", f"/api/runs/{run_id}")["input"] == {"n": 2}
    as_ada.reload()  # the history stands in the address
    expect(firings.first).to_be_visible()
    as_ada.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    expect(as_ada).not_to_have_url(re.compile("schedule="))

    pick(as_ada, "Tick", "Switch off")
    expect(the_row(as_ada, "Tick")).to_contain_text("Off")
    pick(as_ada, "Tick", "Change")
    form.get_by_label("If the room is busy").select_option("queue")
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    (kept,) = running_app.ask("GET", f"/api/rooms/{room_id}/schedules")["items"]
    assert (kept["overlap"], kept["enabled"], kept["next_due_at"]) == ("queue", False, None)
    pick(as_ada, "Tick", "Delete")
    as_ada.get_by_role("button", name="Delete", exact=True).click()
    expect(as_ada.get_by_text("No schedules")).to_be_visible()
    as_ada.goto(f"{running_app.url}/rooms/{room_id}/triggers?schedule={kept['id']}")
    expect(as_ada.get_by_role("dialog", name="There is no such schedule")).to_be_visible()


def test_a_webhook_shows_its_key_once_and_its_example_works(
    running_app: RunningApp, as_ada: Page, told: list[str]
) -> None:
    room_id = running_app.make_room({**TAKES_N, "name": "Called"})
    as_ada.goto(f"{running_app.url}/rooms/{room_id}/triggers")
    as_ada.get_by_role("button", name="New webhook").click()
    form = as_ada.get_by_role("dialog")
    form.get_by_label("Name").fill("Shop")
    form.get_by_label("How a call proves itself").select_option("openrooms")
    form.get_by_label("What the run gets").fill('{"n": ')
    expect(form.get_by_text("This is no JSON")).to_be_visible()
    form.get_by_label("What the run gets").fill('{"n": "{{ size(body) }}"}')
    form.get_by_role("button", name="Make webhook").click()
    address, key, example = (read(as_ada, each) for each in ("Address", "Key", "Try it with curl"))
    done = subprocess.run(["bash", "-c", example], capture_output=True, text=True, check=True, timeout=20)
    run = running_app.run_until(re.search(r'"run_id":"([^"]+)"', done.stdout)[1], "COMPLETED")  # type: ignore[index]
    assert run["input"] == {"n": 1}
    assert httpx.post(address, json={}, trust_env=False).status_code == 401
    form.get_by_role("button", name="Done").click()

    the_row(as_ada, "Shop").get_by_role("link", name="History of Shop").click()
    listed = as_ada.get_by_role("dialog")
    expect(the_row(as_ada, "order-4711")).to_contain_text("Taken")
    expect(listed.get_by_role("row").filter(has_text="Refused")).to_contain_text("there is no header")
    listed.get_by_role("button", name="Close").last.click()
    pick(as_ada, "Shop", "Another address")
    as_ada.get_by_role("button", name="Make another address").click()
    assert read(as_ada, "Address") != address
    assert read(as_ada, "Key") != key
    assert httpx.post(address, json={}, trust_env=False).status_code == 404
    new = read(as_ada, "Address")
    form.get_by_role("button", name="Done").click()
    pick(as_ada, "Shop", "Change")
    form.get_by_label("What a call does").select_option("signal")
    form.get_by_role("textbox", name="Signal", exact=True).fill("go")
    form.get_by_role("button", name="Save").click()
    expect(the_row(as_ada, "Shop")).to_contain_text("sends go")
    pick(as_ada, "Shop", "Switch off")
    expect(the_row(as_ada, "Shop")).to_contain_text("Off")
    assert httpx.post(new, json={}, trust_env=False).status_code == 404
    secrets = (key, address.rpartition("/")[2], new.rpartition("/")[2])
    assert "Shop" in "".join(told)
    assert not [each for each in secrets if each in "".join(told)]
    pick(as_ada, "Shop", "Delete")
    as_ada.get_by_role("button", name="Delete", exact=True).click()
    expect(as_ada.get_by_text("No webhooks")).to_be_visible()


def test_a_subscription_is_told_shows_its_deliveries_and_delivers_again(
    running_app: RunningApp, as_ada: Page, told: list[str], complaints: list[str]
) -> None:
    room_id = running_app.make_room({**TAKES_N, "name": "Heard"})
    with receiving() as ear:
        as_ada.goto(running_app.url + "/triggers")
        as_ada.get_by_role("button", name="New subscription").click()
        form = as_ada.get_by_role("dialog")
        form.get_by_label("Name").fill("Doorbell")
        form.get_by_label("URL").fill("http://10.0.0.1/hook")
        form.get_by_label("Of which rooms").select_option("Heard")
        form.get_by_label("Run failed").uncheck()
        form.get_by_role("button", name="Make subscription").click()
        expect(form.get_by_role("alert")).to_contain_text("The URL can't be called")
        assert "422" in complaints.pop()
        form.get_by_label("URL").fill(ear.url)
        form.get_by_role("button", name="Make subscription").click()
        ear.key = read(as_ada, "Key")
        form.get_by_role("button", name="Done").click()
        expect(the_row(as_ada, "Doorbell")).to_contain_text("Run completed")

        for _ in range(20):  # it hears what happens from a moment after it was made
            running_app.run_until(running_app.start(room_id), "COMPLETED")
            as_ada.wait_for_timeout(400)
            if ear.calls:
                break
        assert [each["type"] for each in ear.until(1)] == ["ROOM_COMPLETED"]
        the_row(as_ada, "Doorbell").get_by_role("link", name="History of Doorbell").click()
        delivery = form.get_by_role("row").filter(has_text="Delivered")
        until(lambda: form.get_by_role("button", name="Refresh").click() or delivery.count() or None)
        delivery.get_by_role("button", name="Deliver Run completed again").click()
        ear.until(2)
        assert ear.calls[0][1]["id"] == ear.calls[1][1]["id"]
    form.get_by_role("button", name="Close").last.click()
    pick(as_ada, "Doorbell", "Another key")
    as_ada.get_by_role("button", name="Make another key").click()
    assert not {ear.key, read(as_ada, "Key")} & set(re.findall(r"ors_[\w-]+", "".join(told)))
    assert read(as_ada, "Key") != ear.key
    form.get_by_role("button", name="Done").click()
    pick(as_ada, "Doorbell", "Delete")
    as_ada.get_by_role("button", name="Delete", exact=True).click()
    expect(the_row(as_ada, "Doorbell")).to_have_count(0)


def test_a_run_in_line_is_cancelled_and_the_one_before_it_goes_on(
    running_app: RunningApp, as_ada: Page
) -> None:
    room_id = running_app.make_room({**WAITS, "name": "In line"}, queue_runs=True)
    first, second = running_app.start(room_id), running_app.start(room_id)
    running_app.run_until(first, "WAITING")
    as_ada.goto(f"{running_app.url}/runs?room={room_id}")
    as_ada.get_by_role("button", name="Cancel run #2").click()
    as_ada.get_by_role("dialog").get_by_role("button", name="Cancel run").click()

    expect(as_ada.locator(f"[data-run='{second}'] [data-status=CANCELLED]")).to_be_visible()
    expect(as_ada.locator(f"[data-run='{first}'] [data-status=WAITING]")).to_be_visible()
    expect(as_ada.get_by_role("button", name="Cancel run #1")).to_have_count(0)
