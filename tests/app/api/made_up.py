"""Requests made up from the OpenAPI document, right ones and wrong ones: none may break the server or its word.

By hand, for longer: `python -m tests.app.api.made_up 500` makes up that many for each operation.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from engine.core.identity import Role
from engine.runner import Runner
from engine.runtime import Runtime, use_runtime
from engine.store.migrations import migrate
from openrooms_app.api import create_api
from openrooms_app.gate import Gate
from openrooms_app.session import COOKIE
from tests.app.api.conftest import a_room, an_account
from tests.app.api.test_rooms import ASKS, QUICK, run_through
from tests.fixtures.runtimes import open_movable

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
NEVER_ENDS = "stream_room"
"""A stream of a room goes on as long as the room: made-up rooms alone."""
EITHER = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@contextmanager
def installation(folder: Path) -> Iterator[tuple[TestClient, dict[str, Any]]]:
    """An administrator's client, and names of things that are there."""
    url = f"sqlite:///{folder / 'openrooms.db'}"
    with closing(open_movable(url, f"unix://{folder / 'nobody.sock'}", folder)) as rt:
        migrate(rt.db)
        use_runtime(rt)
        _, token = an_account(rt, Role.ADMIN)
        client = TestClient(Gate(create_api()), cookies={COOKIE: token}, raise_server_exceptions=False)
        yield client, _furnished(rt, client)
        use_runtime(None)


def _furnished(rt: Runtime, api: TestClient) -> dict[str, Any]:
    runner = Runner(rt, threads=2)
    runner.start()
    room = a_room(api, QUICK)
    run = run_through(api, runner, room)
    waiting = a_room(api, ASKS)
    runner.activate(api.post(f"/api/rooms/{waiting}/run").json()["run_id"])
    runner.stop()
    api.put(f"/api/rooms/{room}/memory/customer", json={"value": "Zoë"})
    hook = api.post(f"/api/rooms/{room}/hooks", json={"name": "x"}).json()
    daily = {"name": "x", "cron": "@daily", "zone": "UTC"}
    told = {"name": "x", "url": "https://example.com/", "events": ["ROOM_FAILED"]}
    agent = {"name": "x", "spec": {"provider": "scripted", "model": "echo"}}
    return {
        "token": hook["url"].rpartition("/")[2],
        "hook_id": hook["hook"]["id"],
        "schedule_id": api.post(f"/api/rooms/{room}/schedules", json=daily).json()["id"],
        "subscription_id": api.post("/api/subscriptions", json=told).json()["subscription"]["id"],
        "agent_id": api.post("/api/agents", json=agent).json()["id"],
        "workflow_id": run["workflow_id"],
        "room_id": room,
        "run_id": run["id"],
        "number": 1,
        "key": "customer",
        "name": "calculator",
        "template_id": "data_processing",
        "user_id": an_account(rt, Role.VIEWER)[0].id,
        "key_id": api.post("/api/keys", json={"name": "x", "expires_in_days": None}).json()["id"],
    }


def operations(client: TestClient) -> dict[str, Any]:
    """Those of the document, by the names of their functions."""
    schema = schemathesis.openapi.from_dict(client.get("/api/openapi.json").json())
    found = [result.ok() for result in schema.get_all_operations()]
    named = {operation.definition.raw["operationId"]: operation for operation in found}
    del named["get_health"]  # answers 503 as it should: there is no Redis
    return named


def try_out(
    client: TestClient, operation: Any, known: dict[str, Any], examples: int, seed: int
) -> Counter[int]:
    """Send made-up requests; how often each status came. AssertionError shows the smallest that broke its word."""
    told: Counter[int] = Counter()
    may_be_real = operation.definition.raw["operationId"] != NEVER_ENDS

    @seeded(seed)
    @settings(max_examples=examples, database=None, deadline=None, suppress_health_check=list(HealthCheck),
              phases=[Phase.generate] if examples < 50 else [Phase.generate, Phase.shrink])  # fmt: skip
    @given(st.data(), st.sampled_from(EITHER), st.booleans())
    def send(data: st.DataObject, mode: GenerationMode, is_real: bool) -> None:
        case = data.draw(_cases(operation, mode))
        if is_real and may_be_real and case.path_parameters:
            case.path_parameters.update({name: known[name] for name in case.path_parameters if name in known})
        answer = _answer(client, case, is_readable=is_real)
        told[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    send()
    return told


def _cases(operation: Any, mode: GenerationMode) -> Any:
    """Where nothing can be wrong, what is right."""
    try:
        strategy = operation.as_strategy(generation_mode=mode)
        strategy.validate()
    except Exception:  # noqa: BLE001 - it has an error of its own for each reason
        return operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    return strategy


def _answer(client: TestClient, case: Any, *, is_readable: bool) -> Any:
    sent = case.as_transport_kwargs(base_url="http://testserver")
    headers = {
        name: value for name, value in (sent.get("headers") or {}).items() if _can_be_sent(name, str(value))
    }
    body = {name: sent[name] for name in ("json", "data", "files") if sent.get(name) is not None}
    if is_readable and "json" in body:
        body["json"] = _without_controls(body["json"])
    if isinstance(body.get("data"), bytes | str):
        body = {"content": body["data"]}
    return client.request(sent["method"], sent["url"], params=sent.get("params"), headers=headers, **body)


def _without_controls(value: Any) -> Any:
    """Texts without the characters for which all JSON is refused, or nothing else would be tried."""
    if isinstance(value, dict):
        return {_without_controls(name): _without_controls(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_controls(item) for item in value]
    return "".join(letter for letter in value if letter.isprintable()) if isinstance(value, str) else value


def _can_be_sent(name: str, value: str) -> bool:
    return name.lower() not in ("authorization", "cookie") and value.isascii() and value.isprintable()


def main(examples: int) -> None:
    with tempfile.TemporaryDirectory() as folder, installation(Path(folder)) as (client, known):
        for name, operation in operations(client).items():
            begun = time.perf_counter()
            try:
                told: Any = dict(try_out(client, operation, known, examples, seed=time.time_ns()))
            except (AssertionError, BaseExceptionGroup) as broken:
                told = f"BROKEN: {broken}"
            print(f"{name}: {told} in {time.perf_counter() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
