"""The address that a step makes is called by somebody without an account, before or after the run waits for it."""

import time

import pytest

from tests.app.api.conftest import a_room
from tests.core.drawing import line, node
from tests.fixtures.runtimes import SECOND

HOOK = {"tool": "wait_for_webhook", "arguments": {"signal": "paid", "expires_s": 3600}}


def waiting(*between):
    """A row of steps: make the address, whatever is between, wait for it, show what came."""
    config = {"signal": "paid"}
    steps = [node("hook", "TOOL_EXECUTION", config=HOOK), *between, node("rest", "WAIT", config=config)]
    document = line(*steps, end={"output": "{{ vars.rest }}"})
    return {**document, "transitions": [{**one, "on": "SUCCESS"} for one in document["transitions"]]}


@pytest.mark.parametrize("pause_s", [0, 4])
def test_a_call_at_the_address_ends_the_wait(as_, api, rt, runner, pause_s):
    between = [node("pause", "WAIT", config={"duration_s": pause_s})] if pause_s else []
    run_id = api.post(f"/api/rooms/{a_room(api, waiting(*between))}/run").json()["run_id"]

    def read(path=""):
        return api.get(f"/api/runs/{run_id}{path}").json()

    until = time.monotonic() + 20
    while read()["status"] != "WAITING":
        assert time.monotonic() < until
        time.sleep(0.01)
    made = next(step for step in read("/steps")["items"] if step["node_id"] == "hook")["output"]
    nobody = as_("nobody")
    assert made["signal"] == "paid"
    assert nobody.post(made["url"], json={"sum": 5}).status_code == 202
    if pause_s:  # it came early, is kept, and counts once
        assert nobody.post(made["url"], json={"sum": 6}).status_code == 202
        rt.move_clock(pause_s * SECOND)
    while (run := read())["status"] not in ("COMPLETED", "FAILED"):
        assert time.monotonic() < until
        time.sleep(0.01)
    assert (run["status"], run["output"]) == ("COMPLETED", {"sum": 5})
