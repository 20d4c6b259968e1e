"""What programs without an account may do at the addresses they were given; schedules and hooks as the API shows them."""

import pytest

from engine.services import hooks
from tests.app.api.conftest import a_room
from tests.fixtures.drawings import drawing

ASKS = drawing("start > wait > end")


@pytest.fixture
def asking(api, runner):
    """A room whose run waits for the signal `go`."""
    document = {**ASKS, "nodes": [dict(node) for node in ASKS["nodes"]]}
    for node in document["nodes"]:
        if node["type"] == "WAIT":
            node["config"] = {"signal": "go"}
        if node["type"] == "END":
            node["config"] = {"output": "{{ vars.wait }}"}
    room_id = a_room(api, document)
    return api.post(f"/api/rooms/{room_id}/run").json()["run_id"]


def over(api, run_id):
    import time

    end = time.monotonic() + 20
    while (run := api.get(f"/api/runs/{run_id}").json())["status"] not in {
        "COMPLETED",
        "FAILED",
        "CANCELLED",
    }:
        assert time.monotonic() < end, run
        time.sleep(0.01)
    return run


def test_a_signal_address_reaches_its_run_once_without_a_login(as_, api, rt, asking):
    nobody, path = as_("nobody"), hooks.signal_url(rt, asking, "go")

    first = nobody.post(path, data={"answer": "yes", "who": ["a", "b"]})
    assert (first.status_code, first.json()) == (202, {"status": "accepted"})
    assert over(api, asking)["output"] == {"answer": "yes", "who": ["a", "b"]}
    again = nobody.post(path, json={"answer": "no"})
    assert (again.status_code, again.json()["code"]) == (409, "run_is_over")


def test_a_signal_address_that_is_not_ours_or_has_expired_does_nothing(as_, api, rt, asking):
    nobody = as_("nobody")
    path, old = hooks.signal_url(rt, asking, "go"), hooks.signal_url(rt, asking, "go", expires_us=rt.now_us())

    assert nobody.post(path[:-5] + "AAAAA").json()["code"] == "not_found"
    assert nobody.post(old).json()["code"] == "link_expired"
    assert nobody.post(path, content=b"<x/>", headers={"Content-Type": "text/xml"}).status_code == 415
    assert nobody.post(path, content=b"x" * 1_000_001).json()["code"] == "too_large"
    assert (
        nobody.post(path, content=b'{"a":1,"a":2}', headers={"Content-Type": "application/json"}).status_code
        == 400
    )
    assert api.get(f"/api/runs/{asking}").json()["status"] != "COMPLETED"


def test_a_hook_is_opened_by_an_editor_and_called_by_anybody(as_, api):
    made = api.post(f"/api/rooms/{a_room(api)}/hooks", json={"name": "Shop", "headers": ["X-Shop"]}).json()
    nobody, hook = as_("nobody"), f"/api/webhooks/{made['hook']['id']}"

    first = nobody.post(
        f"{made['url']}?x=1", json={"n": 1}, headers={"X-OpenRooms-Delivery": "d1", "X-Shop": "7"}
    )
    again = nobody.post(made["url"], json={"n": 1}, headers={"X-OpenRooms-Delivery": "d1"})
    assert (first.status_code, first.json()["is_repeated"], again.json()["is_repeated"]) == (202, False, True)
    run = api.get(f"/api/runs/{first.json()['run_id']}").json()
    assert (run["input"]["body"], run["input"]["query"]) == ({"n": 1}, {"x": "1"})
    assert run["input"]["headers"]["x-shop"] == "7"
    busy = nobody.post(made["url"], json={"n": 1})
    assert (busy.status_code, busy.json()["code"]) == (409, "room_busy")
    assert "Desk" not in busy.text
    assert [one["code"] for one in api.get(f"{hook}/deliveries").json()["items"]] == ["room_busy", None]

    other = api.post(f"{hook}/rotate").json()["url"]
    assert (nobody.post(made["url"]).status_code, nobody.post(other).status_code) == (404, 409)
    assert api.patch(hook, json={"enabled": False}).json()["enabled"] is False
    assert nobody.post(other).status_code == 404
    assert (api.delete(hook).status_code, api.get(hook).status_code) == (204, 404)


def test_a_schedule_by_the_api(api):
    room_id = a_room(api)
    body = {
        "name": "Morning",
        "cron": "0 9 * * *",
        "zone": "Europe/Berlin",
        "overlap": "queue",
        "input": {"n": 1},
    }
    made = api.post(f"/api/rooms/{room_id}/schedules", json=body).json()
    at = f"/api/schedules/{made['id']}"

    assert body.items() <= made.items()
    assert api.get(f"{at}/times?count=2").json()["items"][0] == made["next_due_at"]
    asked = {"cron": "0 9 * * *", "zone": "Europe/Berlin", "count": 1}
    assert api.get("/api/schedules/preview", params=asked).json()["items"] == [made["next_due_at"]]
    assert api.get("/api/schedules/preview?cron=nonsense").json()["code"] == "invalid_input"
    assert api.patch(at, json={"enabled": False}).json()["next_due_at"] is None
    assert api.get(f"/api/rooms/{room_id}/schedules").json()["items"][0]["enabled"] is False
    assert api.get(f"{at}/firings").json() == {"items": [], "next_cursor": None}
    assert api.post(f"/api/rooms/{room_id}/schedules", json={**body, "overlap": "?"}).status_code == 422
    assert (api.delete(at).status_code, api.get(at).status_code) == (204, 404)


def test_a_subscription_by_the_api(api):
    body = {"name": "Ear", "url": "https://example.com/hook", "events": ["ROOM_FAILED", "ROOM_COMPLETED"]}
    made = api.post("/api/subscriptions", json=body)
    assert made.status_code == 201, made.text
    at = made.headers["Location"]

    assert made.json()["secret"].startswith("ors_")
    assert body.items() <= api.get(at).json().items()
    assert "secret" not in api.get(at).text
    assert api.patch(at, json={"events": ["WAIT_STARTED"], "enabled": False}).json()["events"] == [
        "WAIT_STARTED"
    ]
    assert api.get("/api/subscriptions?room_id=ghost").json()["items"] == []
    assert api.get(f"{at}/deliveries").json() == {"items": [], "next_cursor": None}
    assert api.get(f"{at}/deliveries?cursor=eHl6").json()["code"] == "invalid_input"
    assert api.post(f"{at}/deliveries/ghost/redeliver").status_code == 404
    for fault in ({"events": []}, {"events": ["NOTHING"]}, {"url": "http://127.0.0.1/"}, {"room_id": 5}):
        assert api.post("/api/subscriptions", json={**body, **fault}).status_code == 422
    assert api.get("/api/health").json()["checks"]["subscriptions"]["status"] == "up"
    assert (api.delete(at).status_code, api.get(at).status_code) == (204, 404)
