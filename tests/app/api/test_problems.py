"""Refusals: problem details with a stable code for everything a caller can do wrong, and never a traceback."""

import importlib
import pkgutil

import pytest

import engine
from engine.core.catalogue import StepError
from engine.core.errors import OpenRoomsError
from engine.core.expressions import ExpressionError
from engine.store.database import DatabaseDown
from openrooms_app.api import problems
from openrooms_app.api.problems import STATUS
from tests.app.api.conftest import SOUND, a_room, a_workflow

NOT_FOR_THE_API = {
    "error", "bad_failpoint", "bad_prices", "bad_settings", "bad_tool_source", "calculator_error", "cannot_fit_schema", "message_refused", "not_rung",
    "redis_did_not_start", "redis_in_use", "redis_not_bundled", "redis_stuck", "signal_needed",
    "unsafe_socket_directory",
}  # fmt: skip
"""Raised on the command line, at start-up, or turned into a step's failure before anybody sees them."""


def assert_problem(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["type"] == "about:blank"
    assert "Traceback" not in answer.text
    return body


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/workflows/ghost"),
        ("PUT", "/api/workflows/ghost"),
        ("DELETE", "/api/workflows/ghost"),
        ("POST", "/api/workflows/ghost/versions"),
        ("GET", "/api/workflows/ghost/versions"),
        ("GET", "/api/workflows/ghost/versions/1"),
        ("GET", "/api/workflows/ghost/export"),
        ("GET", "/api/rooms/ghost"),
        ("DELETE", "/api/rooms/ghost"),
        ("POST", "/api/rooms/ghost/run"),
        ("POST", "/api/rooms/ghost/pause"),
        ("POST", "/api/rooms/ghost/signals/go"),
        ("GET", "/api/rooms/ghost/status"),
        ("GET", "/api/rooms/ghost/logs"),
        ("GET", "/api/rooms/ghost/memory"),
        ("GET", "/api/rooms/ghost/memory/key"),
        ("GET", "/api/runs/ghost"),
        ("GET", "/api/runs/ghost/events"),
        ("GET", "/api/runs/ghost/steps"),
        ("GET", "/api/runs/ghost/state"),
        ("POST", "/api/runs/ghost/retry"),
        ("POST", "/api/runs/ghost/replay"),
        ("GET", "/api/tools/ghost"),
        ("POST", "/api/templates/ghost/workflows"),
        ("GET", "/api/nothing"),
        ("POST", "/api/workflows/a/b/c"),
        ("GET", "/api"),
        ("GET", "/api/"),
        ("GET", "/api/workflows/"),
    ],
)
def test_what_is_not_there_is_404_in_json(api, method, path):
    body = {"json": {}} if method == "PUT" else {}
    assert_problem(api.request(method, path, **body), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/api/workflows", "GET, POST"),
        ("POST", "/api/workflows/w", "GET, PUT, PATCH, DELETE"),
        ("GET", "/api/rooms/r/run", "POST"),
        ("PUT", "/api/health", "GET"),
    ],
)
def test_a_method_that_an_address_does_not_take_is_405_with_those_it_does(api, method, path, allow):
    answer = api.request(method, path)

    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == allow


@pytest.mark.parametrize(
    "raw",
    [b"{", b"", b"{'a': 1}", b'{"a": 1, "a": 2}', b'{"a": NaN}', b'{"a": 1e999}', b"\xff", b"[1,]", b'{"a": "\\ud800"}', b"\xef\xbb\xbf{}"],
)  # fmt: skip
def test_a_body_that_is_no_json_is_refused(api, raw):
    answer = api.post("/api/workflows", content=raw, headers={"Content-Type": "application/json"})

    if raw:
        body = assert_problem(answer, 400, "malformed_json")
        assert body["line"] == 1
    else:
        assert_problem(answer, 422, "invalid_input")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_a_body_that_does_not_say_it_is_json_is_refused(api, kind):
    headers = {"Content-Type": kind} if kind else {}
    answer = api.post("/api/workflows", content=b'{"name": "Sneaky"}', headers=headers)

    assert_problem(answer, 415, "unsupported_media_type")


def test_a_body_over_the_limit_is_refused_announced_or_not(api):
    large = b'{"name": "' + b"x" * 11_000_000 + b'"}'

    def in_pieces():
        for start in range(0, len(large), 65_536):
            yield large[start : start + 65_536]

    json_type = {"Content-Type": "application/json"}
    assert_problem(api.post("/api/workflows", content=large, headers=json_type), 413, "too_large")
    assert_problem(api.post("/api/workflows", content=in_pieces(), headers=json_type), 413, "too_large")
    assert_problem(api.post("/api/workflows/import", content=in_pieces()), 413, "too_large")


def test_a_document_over_5_mib_or_too_deep_is_refused(api):
    assert_problem(
        api.post("/api/workflows", json={**SOUND, "description": "x" * 5_300_000}), 413, "too_large"
    )
    deep = b'{"a":' * 40 + b"1" + b"}" * 40
    answer = api.post("/api/workflows", content=deep, headers={"Content-Type": "application/json"})
    assert_problem(answer, 413, "too_large")


@pytest.mark.parametrize("body", ["text", [1], None, 5, True])
def test_a_body_of_the_wrong_kind_is_422_and_says_so(api, body):
    problem = assert_problem(api.post("/api/workflows", json=body), 422, "invalid_input")

    assert problem["problems"][0]["code"] == "invalid_input"


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 1001},
        {"limit": "ten"},
        {"cursor": "?"},
        {"cursor": "x" * 2000},
        {"status": "BUSY"},
    ],
)
def test_a_parameter_out_of_bounds_is_422(api, params):
    assert_problem(api.get("/api/workflows", params=params), 422, "invalid_input")


@pytest.mark.parametrize(
    "path",
    [
        "/api/workflows/a%00b",
        "/api/rooms/a%00b",
        "/api/rooms/%F0%9F%92%A3/status",
        "/api/workflows/w/versions/99999999999999999999",
        "/api/workflows/w/versions/-1",
        "/api/workflows/w/nodes?version=1e9",
        "/api/runs/r/events?after_seq=99999999999999999999",
        "/api/runs/r/steps?cursor=eA",
        "/api/runs/r/events?cursor=%C2%B2",
        "/api/audit?cursor=eA",
        "/api/workflows?search=%00",
        "/api/workflows/w/export?version=v1",
        "/api/rooms/r/logs?level=LOUD",
        "/api/rooms/r/logs?type=NOTHING",
        "/api/rooms/" + "x" * 4000,
    ],
)
def test_hostile_addresses_are_the_callers_fault(as_, path):
    answer = as_("admin").get(path)

    if path != "/api/workflows?search=%00":
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    else:
        assert answer.status_code in (200, 422)


@pytest.mark.parametrize("key", [" ", "x" * 201])
def test_an_idempotency_key_that_is_none_is_refused(api, key):
    room = a_room(api)
    assert_problem(api.post(f"/api/rooms/{room}/run", headers={"Idempotency-Key": key}), 422, "invalid_input")


def test_an_expression_that_fails_says_where(api):
    answer = api.post("/api/expressions/evaluate", json={"source": "1 +", "as": "value"})
    body = assert_problem(answer, 422, "bad_expression")
    assert (body["line"], body["column"]) == (1, 4)

    told = api.post("/api/expressions/evaluate", json={"source": "1 +", "as": "value", "tell": True})
    assert (told.status_code, told.json()["fault"]["code"], told.json()["value"]) == (
        200,
        "bad_expression",
        None,
    )
    fine = api.post("/api/expressions/evaluate", json={"source": "a + 1", "scope": {"a": 2}}).json()
    assert (fine["value"], fine["reads"]) == (3, ["a"])


def test_a_tool_that_fails_at_a_try_out_says_why(api):
    answer = api.post("/api/tools/calculator/invoke", json={"arguments": {"expression": 5}})
    assert_problem(answer, 422, "bad_arguments")

    fine = api.post("/api/tools/calculator/invoke", json={"arguments": {"expression": "6*7"}})
    assert fine.json()["result"] == {"result": "42", "number": 42}


def test_a_database_out_of_reach_is_503_and_names_it(as_, rt, monkeypatch):
    def gone(*args, **kwargs):
        raise DatabaseDown("gone")

    api = as_("editor")
    assert api.get("/api/workflows").status_code == 200
    monkeypatch.setattr("engine.services.workflows.list_workflows", gone)

    body = assert_problem(api.get("/api/workflows"), 503, "database_unavailable")
    assert body["dependency"] == "database"


def test_a_crash_is_logged_and_told_without_its_text(as_, monkeypatch, caplog):
    def crash(*args, **kwargs):
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr("engine.services.workflows.list_workflows", crash)
    api = as_("editor")
    api._transport.raise_server_exceptions = False

    answer = api.get("/api/workflows")

    assert_problem(answer, 500, "internal_error")
    assert "secret" not in answer.text
    assert "a secret of ours" in caplog.text


def test_every_error_of_the_engine_has_a_status_of_its_own():
    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        if ".alembic" not in module.name:
            importlib.import_module(module.name)

    def all_of(kind):
        return {kind}.union(*(all_of(sub) for sub in kind.__subclasses__()))

    told = {
        kind.code
        for kind in all_of(OpenRoomsError)
        if kind.__module__.startswith("engine.") and not issubclass(kind, StepError | ExpressionError)
    }
    assert sorted(told - STATUS.keys() - NOT_FOR_THE_API) == []
    assert problems.status_of(StepError("x", code="anything")) == 422


def test_a_published_draft_that_is_broken_lists_its_problems_once(api):
    workflow_id = a_workflow(api)
    api.put(f"/api/workflows/{workflow_id}", json={"name": "Broken"})

    body = assert_problem(api.post(f"/api/workflows/{workflow_id}/versions"), 422, "invalid_workflow")

    assert len(body["problems"]) == len({str(problem) for problem in body["problems"]}) > 0
