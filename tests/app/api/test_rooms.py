"""/api/rooms: rooms, their memory, and running them."""

import json
import time

import pytest

from tests.app.api.conftest import a_room, a_workflow
from tests.fixtures.drawings import drawing

QUICK = drawing("start > a > b > end")
ASKS = drawing(
    "start > wait > end",
    wait={
        "config": {
            "signal": "go",
            "form_schema": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]},
        }
    },
)


def finished(api, run_id, within_s=30):
    end = time.monotonic() + within_s
    while (run := api.get(f"/api/runs/{run_id}").json())["ended_at"] is None:
        assert time.monotonic() < end, run
        time.sleep(0.02)
    return run


def status_is(api, room, status, within_s=30):
    end = time.monotonic() + within_s
    while (told := api.get(f"/api/rooms/{room}/status").json())["status"] != status:
        assert time.monotonic() < end, told
        time.sleep(0.02)
    return told


def run_through(api, runner, room, **body):
    started = api.post(f"/api/rooms/{room}/run", json=body)
    assert started.status_code == 202, started.text
    runner.activate(started.json()["run_id"])
    return finished(api, started.json()["run_id"])


def test_a_room_is_made_changed_listed_and_deleted(api):
    workflow_id = a_workflow(api)
    made = api.post(
        "/api/rooms",
        json={"name": "Desk", "workflow_id": workflow_id, "version": 1, "config": {"max_tokens": 5}, "metadata": {"a": [1]}},
    )  # fmt: skip
    room = made.json()

    assert (made.status_code, room["status"], room["version"]) == (201, "IDLE", 1)
    assert made.headers["location"] == f"/api/rooms/{room['id']}"
    assert api.get(f"/api/rooms/{room['id']}").json() == room
    patched = api.patch(f"/api/rooms/{room['id']}", json={"name": "Bench", "version": "latest"}).json()
    assert (patched["name"], patched["version"], patched["metadata"]) == ("Bench", "latest", {"a": [1]})
    assert [item["id"] for item in api.get("/api/rooms", params={"q": "ben"}).json()["items"]] == [room["id"]]
    assert api.get("/api/rooms", params={"status": "RUNNING"}).json()["items"] == []
    assert api.delete(f"/api/rooms/{room['id']}").status_code == 204
    assert api.get(f"/api/rooms/{room['id']}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "Desk"},
        {"name": "", "workflow_id": "w"},
        {"name": "Desk", "workflow_id": "w", "version": 0},
        {"name": "Desk", "workflow_id": "w", "version": 2**40},
        {"name": "Desk", "workflow_id": "w", "version": "1"},
        {"name": "Desk", "workflow_id": "w", "config": {"temperature": "hot"}},
        {"name": "Desk", "workflow_id": "w", "surprise": True},
    ],
)
def test_a_room_that_does_not_fit_is_refused_field_by_field(api, body):
    refused = api.post("/api/rooms", json=body)

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
    assert refused.json()["problems"]


def test_a_run_goes_from_the_request_to_its_result(api, runner):
    room = a_room(api, QUICK)
    started = api.post(f"/api/rooms/{room}/run", json={"input": {"x": 1}})
    body = started.json()

    assert (started.status_code, body["number"], body["status"]) == (202, 1, "QUEUED")
    assert started.headers["location"] == f"/api/runs/{body['run_id']}"
    runner.activate(body["run_id"])
    run = finished(api, body["run_id"])
    assert (run["status"], run["input"], run["version"]) == ("COMPLETED", {"x": 1}, 1)
    status = api.get(f"/api/rooms/{room}/status").json()
    assert (status["status"], status["run"]["id"]) == ("COMPLETED", run["id"])
    assert set(status["vars"]) == {"a", "b"}


def test_a_run_is_tried_out(api, runner):
    room = a_room(api, QUICK)
    refused = [
        ({"until": "nobody"}, "unknown_node"),
        ({"pins": {"start": 1}}, "bad_trial"),
        ({"only": "a", "until": "b"}, "bad_trial"),
        ({"vars": {"a": 1}}, "bad_trial"),
        ({"pins": {"a": "x" * 1_100_000}}, "invalid_input"),
        ({"pins": [1]}, "invalid_input"),
        ({"unti": "a"}, "invalid_input"),
    ]
    for body, code in refused:
        answer = api.post(f"/api/rooms/{room}/run", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)

    pinned = run_through(api, runner, room, pins={"a": {"n": 1}}, until="a")
    alone = run_through(api, runner, room, only="b", vars={"a": [1]})
    plain = run_through(api, runner, room)

    assert (pinned["status"], pinned["output"], pinned["tokens"]) == ("COMPLETED", {"n": 1}, 0)
    assert [run["trial"] for run in (pinned, alone, plain)] == [
        {"pins": ["a"], "until": "a"},
        {"only": "b"},
        None,
    ]
    steps = [api.get(f"/api/runs/{run['id']}/steps").json()["items"] for run in (pinned, alone)]
    assert [(step["node_id"], step["status"]) for step in steps[0]] == [("start", "done"), ("a", "pinned")]
    assert [step["node_id"] for step in steps[1]] == ["b"]
    state = api.get(f"/api/runs/{alone['id']}/state", params={"at_step": 1}).json()
    assert state["vars"] == {"a": [1]}
    assert api.get(f"/api/runs/{alone['id']}/state", params={"at_step": 7}).status_code == 422
    assert all(api.post(f"/api/runs/{run['id']}/replay").json()["identical"] for run in (pinned, alone))


def test_a_repeat_with_the_same_key_gives_the_first_run(api, as_):
    room = a_room(api, QUICK)
    sent = {"headers": {"Idempotency-Key": "order-1815"}}

    first = api.post(f"/api/rooms/{room}/run", **sent)
    again = api.post(f"/api/rooms/{room}/run", **sent)
    other = api.post(f"/api/rooms/{room}/run", headers={"Idempotency-Key": "order-1816"})

    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (409, "room_busy")
    assert len(api.get(f"/api/rooms/{room}/runs").json()["items"]) == 1
    somebody_elses = as_("admin").post(f"/api/rooms/{room}/run", **sent)
    assert somebody_elses.json()["code"] == "room_busy"
    workflow = api.post("/api/workflows", json={"name": "Order"}, **sent).json()["id"]
    rooms = [api.post("/api/rooms", json={"name": "A", "workflow_id": workflow}, **sent) for _ in range(2)]
    assert [made.status_code for made in rooms] == [201, 201]
    assert rooms[0].json()["id"] == rooms[1].json()["id"] != workflow


def test_a_room_without_a_version_can_not_run(api):
    workflow_id = api.post("/api/workflows", json={"name": "Draft"}).json()["id"]
    room = api.post("/api/rooms", json={"name": "Desk", "workflow_id": workflow_id}).json()["id"]

    refused = api.post(f"/api/rooms/{room}/run")

    assert (refused.status_code, refused.json()["code"]) == (409, "no_version")


def test_events_and_steps_tell_the_run(api, runner):
    room = a_room(api, QUICK)
    run = run_through(api, runner, room)

    events = api.get(f"/api/runs/{run['id']}/events").json()
    assert [event["seq"] for event in events["items"]] == list(range(1, run["seq"] + 1))
    assert {"run_id", "seq", "type", "level", "at", "node_id", "step", "message", "data"} <= events["items"][
        0
    ].keys()
    steps = api.get(f"/api/runs/{run['id']}/steps").json()["items"]
    assert [step["node_id"] for step in steps] == ["start", "a", "b", "end"]
    assert steps[1]["output"] == {"result": "2", "number": 2}


def test_events_are_filtered_and_paged(api, runner):
    room = a_room(api, QUICK)
    run = run_through(api, runner, room)
    address = f"/api/runs/{run['id']}/events"
    everything = api.get(address).json()["items"]

    seen, cursor = [], None
    while True:
        params = {
            "limit": 3,
            "type": ["NODE_ENTERED", "NODE_EXITED"],
            **({"cursor": cursor} if cursor else {}),
        }
        page = api.get(address, params=params).json()
        seen += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break

    assert seen == [event for event in everything if event["type"] in ("NODE_ENTERED", "NODE_EXITED")]
    assert api.get(address, params={"node_id": "a"}).json()["items"] == [
        event for event in everything if event["node_id"] == "a"
    ]
    assert api.get(address, params={"level": "INFO", "after_seq": 2}).json()["items"] == [
        event for event in everything if event["level"] != "DEBUG" and event["seq"] > 2
    ]
    said = [event for event in everything if event["type"] == "ROOM_COMPLETED"]
    assert api.get(address, params={"text": "RUN complet"}).json()["items"] == said
    found = api.get(f"{address}/seqs", params={"text": "RUN complet"}).json()
    assert found == {"seqs": [event["seq"] for event in said], "next_cursor": None}
    file = api.get(f"{address}/export", params={"level": "INFO"})
    assert file.headers["content-disposition"] == 'attachment; filename="run-1.jsonl"'
    assert [json.loads(line) for line in file.text.splitlines()] == [
        event for event in everything if event["level"] != "DEBUG"
    ]


def test_the_log_of_a_room_ends_with_the_newest_event(api, runner):
    room = a_room(api, QUICK)
    assert api.get(f"/api/rooms/{room}/logs").json() == {"items": [], "next_cursor": None}
    first = run_through(api, runner, room)
    second = run_through(api, runner, room)
    events = api.get(f"/api/runs/{second['id']}/events").json()["items"]

    assert api.get(f"/api/rooms/{room}/logs", params={"limit": 4}).json()["items"] == events[-4:]
    assert api.get(f"/api/rooms/{room}/logs", params={"after_seq": 3, "limit": 2}).json() == {
        "items": events[3:5],
        "next_cursor": "5",
    }
    old = api.get(f"/api/rooms/{room}/logs", params={"run_id": first["id"]}).json()["items"]
    assert {event["run_id"] for event in old} == {first["id"]}
    assert api.get(f"/api/rooms/{room}/logs", params={"type": "NODE_ENTERED", "limit": 1}).json()[
        "items"
    ] == [[event for event in events if event["type"] == "NODE_ENTERED"][-1]]
    other = a_room(api, QUICK)
    assert api.get(f"/api/rooms/{other}/logs", params={"run_id": first["id"]}).status_code == 404


def test_a_signal_ends_the_wait_and_a_wrong_one_does_not(api, runner):
    room = a_room(api, ASKS)
    run_id = api.post(f"/api/rooms/{room}/run").json()["run_id"]
    runner.activate(run_id)
    waiting = status_is(api, room, "WAITING")

    assert [signal["name"] for signal in waiting["signals"]] == ["go"]
    unknown = api.post(f"/api/rooms/{room}/signals/ghost", json={"x": 1})
    unfit = api.post(f"/api/rooms/{room}/signals/go", json={"x": "one"})
    sent = api.post(f"/api/rooms/{room}/signals/go", json={"x": 1}, headers={"Idempotency-Key": "once"})

    assert (unknown.status_code, unfit.status_code, sent.status_code) == (404, 422, 202)
    runner.activate(run_id)
    assert finished(api, run_id)["status"] == "COMPLETED"
    steps = api.get(f"/api/runs/{run_id}/steps").json()["items"]
    assert steps[1]["output"] == {"x": 1}
    assert api.post(f"/api/rooms/{room}/signals/go", json={"x": 1}).status_code == 409


def test_pause_resume_and_cancel_take_effect(api, runner):
    room = a_room(api, ASKS)
    assert api.post(f"/api/rooms/{room}/pause").json()["code"] == "illegal_transition"
    run_id = api.post(f"/api/rooms/{room}/run").json()["run_id"]
    runner.activate(run_id)
    status_is(api, room, "WAITING")

    for wish, becomes in (("pause", "PAUSED"), ("resume", "WAITING"), ("cancel", "CANCELLED")):
        asked = api.post(f"/api/rooms/{room}/{wish}")
        assert asked.status_code == 202, asked.text
        runner.activate(run_id)
        status_is(api, room, becomes)
    refused = api.post(f"/api/rooms/{room}/resume")
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")
    assert "is CANCELLED: it can't become RUNNING, only QUEUED" in refused.json()["detail"]
    assert api.delete(f"/api/rooms/{room}").status_code == 204


def test_a_room_is_not_deleted_while_it_runs(api):
    room = a_room(api, ASKS)
    api.post(f"/api/rooms/{room}/run")

    refused = api.delete(f"/api/rooms/{room}")

    assert (refused.status_code, refused.json()["code"]) == (409, "room_busy")


def test_a_run_is_replayed_to_the_same_fingerprint_and_a_failed_one_is_retried(api, runner):
    fails = drawing(
        "start > a -SUCCESS> end",
        a={"config": {"tool": "calculator", "arguments": {"expression": "{{ input.e }}"}}},
    )
    fails["input_schema"] = {"type": "object", "properties": {"e": {"type": "string"}}, "required": ["e"]}
    room = a_room(api, fails)
    run = run_through(api, runner, room, input={"e": "1/0"})
    assert run["status"] == "FAILED"

    replayed = api.post(f"/api/runs/{run['id']}/replay").json()
    assert (replayed["identical"], replayed["fingerprint"]) == (True, run["fingerprint"])
    retried = api.post(f"/api/runs/{run['id']}/retry")
    assert (retried.status_code, retried.json()["number"]) == (202, 2)
    runner.activate(retried.json()["run_id"])
    assert finished(api, retried.json()["run_id"])["retry_of"] == run["id"]
    assert api.post(f"/api/runs/{run['id']}/retry", json={"from_step": 99}).status_code == 422
    state = api.get(f"/api/runs/{run['id']}/state", params={"at_seq": 3}).json()
    assert state["run"]["id"] == run["id"]


def test_steps_come_in_pages(api, runner):
    run = run_through(api, runner, a_room(api, QUICK))
    address = f"/api/runs/{run['id']}/steps"

    first = api.get(address, params={"limit": 3}).json()
    last = api.get(address, params={"limit": 3, "cursor": first["next_cursor"]}).json()

    assert [step["node_id"] for step in first["items"] + last["items"]] == ["start", "a", "b", "end"]
    assert last["next_cursor"] is None


def test_runs_are_listed_and_filtered(api, runner):
    room, other = a_room(api, QUICK), a_room(api, QUICK)
    first, second = run_through(api, runner, room), run_through(api, runner, room)
    waiting = api.post(f"/api/rooms/{other}/run").json()["run_id"]

    def found(**params):
        return [run["id"] for run in api.get("/api/runs", params=params).json()["items"]]

    assert found() == [waiting, second["id"], first["id"]]
    assert found(status="QUEUED") == [waiting]
    assert found(room_id=room, limit=1) == [second["id"]]
    assert found(workflow_id=first["workflow_id"]) == [second["id"], first["id"]]
    assert found(since=second["created_at"], status="COMPLETED") == [second["id"]]
    assert found(until=second["created_at"], since=first["created_at"]) == [first["id"]]
    assert found(q="#2") == found(q=second["id"]) == found(q=f"run 2 {second['id'][:13]}") == [second["id"]]
    of_room = api.get(f"/api/rooms/{room}/runs", params={"q": "1", "until": second["created_at"]}).json()
    assert [run["id"] for run in of_room["items"]] == [first["id"]]
    asked = (
        {"since": "yesterday"},
        {"since": second["created_at"], "until": first["created_at"]},
        {"cursor": "YQ"},
    )
    refused = [api.get("/api/runs", params=params).json() for params in asked]
    assert [(each["status"], each["code"]) for each in refused] == [(422, "invalid_input")] * 3
    assert "RFC 3339" in str(refused[0])
    assert "swap the two" in refused[1]["detail"]
    assert api.get("/api/rooms/ghost/runs").status_code == 404


def test_memory_is_written_read_searched_and_deleted(api):
    room = a_room(api, QUICK)
    address = f"/api/rooms/{room}/memory"

    written = api.put(f"{address}/customer", json={"value": {"name": "Zoë"}})
    assert (written.status_code, written.json()["revision"]) == (200, 1)
    assert api.get(f"{address}/customer").json() == written.json()
    assert api.get(address).json() == {"items": [written.json()], "next_cursor": None}
    (hit,) = api.get(address, params={"query": "zoë"}).json()["items"]
    assert (hit["key"], hit["value"]) == ("customer", {"name": "Zoë"})
    assert api.put(f"{address}/memory", json={"value": 1}).status_code == 422
    assert api.put(f"{address}/customer", json={"name": "beside"}).status_code == 422
    assert api.put(f"{address}/nothing", json={"value": None}).json()["value"] is None
    assert api.delete(f"{address}/customer").status_code == 204
    assert api.get(f"{address}/customer").status_code == 404


def test_memory_has_kinds_and_is_searched_by_them(api):
    address = f"/api/rooms/{a_room(api, QUICK)}/memory"
    text = {"value": "Refunds take days", "kind": "SEMANTIC", "ttl_s": 60, "metadata": {"page": 1}}

    written = api.put(f"{address}/rules", json=text).json()
    assert (written["kind"], written["metadata"], written["is_embedded"]) == ("SEMANTIC", {"page": 1}, False)
    assert written["expires_at"] > written["updated_at"]
    api.put(f"{address}/plain", json={"value": "refunds"})

    def keys(**query):
        return [item["key"] for item in api.get(address, params=query).json()["items"]]

    assert keys(kind="SEMANTIC") == keys(query="refund", kind="SEMANTIC") == ["rules"]
    assert sorted(keys(query="refunds", by="words")) == ["plain", "rules"]
    assert keys(query="refunds", min_score=99) == []
    for query, code in (
        ({"query": "x", "by": "meaning"}, "no_embedding"),
        ({"kind": "SHORT_TERM"}, "invalid_input"),
        ({"by": "chance"}, "invalid_input"),
    ):
        answer = api.get(address, params=query)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert api.put(f"{address}/k", json={"value": 1, "ttl_s": 0}).status_code == 422
    conversation = address.replace("memory", "conversation")
    assert api.get(conversation).json() == {"items": [], "next_cursor": None}
    assert api.delete(conversation).status_code == 204
