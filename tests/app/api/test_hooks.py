"""What programs without an account may do at the addresses they were given."""

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
