"""The API over a real socket: log in, draw, run, watch it live, come back to the stream, read what happened."""

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.app.api.serving import PASSWORD, serving
from tests.app.api.test_rooms import finished


@pytest.fixture
def api(sqlite_url, redis_url, tmp_path) -> Iterator[httpx.Client]:
    with (
        serving(sqlite_url, redis_url, tmp_path) as server,
        httpx.Client(base_url=server.url, timeout=30) as client,
    ):
        yield client


def streamed(api, room, until, **headers):
    """The data of the room's events, with their ids, up to one of the type `until`."""
    seen, event_id, kind = [], "", ""
    with api.stream("GET", f"/api/rooms/{room}/stream", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name == "id":
                event_id = value
            elif name == "event":
                kind = value
            elif name == "data" and kind == "event":
                seen.append((event_id, json.loads(value)))
                if seen[-1][1]["type"] == until:
                    return seen
    raise AssertionError("the stream ended")


def test_a_workflow_is_run_and_watched_over_http(api):
    assert api.get("/api/workflows").status_code == 401
    assert api.post("/login", data={"name": "ada", "password": PASSWORD}).status_code == 303
    assert api.get("/api/health").json()["status"] == "healthy"

    workflow = api.post("/api/templates/data_processing/workflows").json()
    assert api.post(f"/api/workflows/{workflow['id']}/versions", json={}).status_code == 201
    room = api.post("/api/rooms", json={"name": "Orders", "workflow_id": workflow["id"]}).json()["id"]
    body = {"input": {"source": "orders of today", "currency": "EUR"}}
    run_id = api.post(f"/api/rooms/{room}/run", json=body).json()["run_id"]

    seen = streamed(api, room, "ROOM_COMPLETED")
    run = finished(api, run_id)
    assert run["output"] == {"message": "3 orders, 186.6 EUR, 2 rejected", "total": "186.6", "rejected": 2}
    events = api.get(f"/api/runs/{run_id}/events", params={"limit": 1000}).json()["items"]
    assert [event for _, event in seen] == events

    middle = len(seen) // 2
    rest = streamed(api, room, "ROOM_COMPLETED", **{"Last-Event-ID": seen[middle - 1][0]})
    assert rest == seen[middle:]
    last = {"Last-Event-ID": str(run["seq"] - 1)}
    with api.stream("GET", f"/api/runs/{run_id}/stream", headers=last) as answer:
        assert f"id: {run_id}:{run['seq']}" in list(answer.iter_lines())
    assert api.get(f"/api/rooms/{room}/memory/totals").json()["value"]["total"] == "186.6"
    assert api.post(f"/api/runs/{run_id}/replay").json()["identical"] is True


def test_a_large_body_is_refused_on_the_wire(api):
    api.post("/login", data={"name": "ada", "password": PASSWORD})

    def endless():
        for _ in range(300):
            yield b" " * 65_536

    refused = api.post("/api/workflows", content=endless(), headers={"Content-Type": "application/json"})

    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
