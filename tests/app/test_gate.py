"""Nothing on the port answers to somebody who is not there."""

from contextlib import closing
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient
from starlette.types import Scope
from starlette.websockets import WebSocketDisconnect

from engine.runtime import use_runtime
from openrooms_app.api import create_api
from openrooms_app.entrance import Entrance
from openrooms_app.gate import Gate, is_loopback, is_own_origin, is_public
from tests.app.conftest import AsUser, Served
from tests.fixtures.runtimes import open_movable

HTML = {"accept": "text/html"}


def a_scope(origin: str | None, host: str = "here:8000", kind: str = "http", scheme: str = "http") -> Scope:
    headers = [(b"host", host.encode())] + ([(b"origin", origin.encode())] if origin else [])
    return {"type": kind, "scheme": scheme, "headers": headers}


@pytest.mark.parametrize("path", ["/", "/workflows", "/rooms/x?run=3", "/not-a-page"])
def test_a_page_without_a_session_leads_to_the_login_and_back(app_url: str, path: str) -> None:
    answer = httpx.get(app_url + path, headers=HTML)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")
    by_curl = httpx.get(app_url + path, headers={"accept": "*/*"})
    assert by_curl.status_code == (401 if path == "/not-a-page" else 303)
    if path != "/":
        assert httpx.QueryParams(answer.headers["location"].split("?", 1)[1])["next"] == path


@pytest.mark.parametrize(
    "path", ["/api/rooms", "/api/openapi.json", "/api/not-there", "/metrics", "/_event/", "/_upload"]
)
def test_the_api_without_a_session_answers_401_with_a_code(app_url: str, path: str) -> None:
    answer = httpx.get(app_url + path)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_logged_in"
    assert answer.json().keys() >= {"type", "title", "status", "detail"}


def test_whether_all_is_well_can_be_asked_by_head(app_url: str) -> None:
    assert httpx.head(f"{app_url}/api/health").status_code == httpx.get(f"{app_url}/api/health").status_code


def test_an_unknown_api_address_answers_json_even_to_those_logged_in(app_url: str, as_user: AsUser) -> None:
    answer = as_user("Vi").get("/api/not-there", headers=HTML)

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_a_made_up_session_is_no_session(app_url: str) -> None:
    answer = httpx.get(f"{app_url}/api/rooms", headers={"cookie": "openrooms_session=made-up"})

    assert answer.status_code == 401


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_request_of_another_sites_page_is_refused_with_a_session_too(
    app_url: str, as_user: AsUser, origin: str, method: str
) -> None:
    answer = as_user("Ada").request(method, "/api/rooms", headers={"origin": origin})

    assert answer.status_code == 403
    assert answer.json()["code"] == "foreign_origin"
    assert "access-control-allow-origin" not in answer.headers


def test_another_sites_page_cannot_log_anybody_in_or_out(app_url: str) -> None:
    for path in ("/login", "/logout", "/setup"):
        answer = httpx.post(app_url + path, data={"name": "Ada"}, headers={"origin": "http://evil.example"})
        assert answer.status_code == 403


@pytest.mark.parametrize(
    ("scope", "own"),
    [
        (a_scope("http://here:8000"), True),
        (a_scope("http://here:8001"), False),
        (a_scope("https://here:8000"), False),
        (a_scope("http://there:8000"), False),
        (a_scope("http://here:8000.evil.example"), False),
        (a_scope(None), True),
        (a_scope(None, kind="websocket", scheme="ws"), False),
        (a_scope("http://here:8000", kind="websocket", scheme="ws"), True),
        (a_scope("https://here", host="here", kind="websocket", scheme="wss"), True),
        (a_scope("http://here", host="here", kind="websocket", scheme="wss"), False),
    ],
)
def test_an_origin_is_own_only_if_it_is_exactly_the_one_asked(scope: Scope, own: bool) -> None:
    assert is_own_origin(scope) is own


@pytest.mark.parametrize(
    "path", ["/login/", "/loginx", "/assets/../rooms", "/api/authx", "/api/health/x", "//login"]
)
def test_only_the_exact_public_addresses_are_public(path: str) -> None:
    assert not is_public(path)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_alone(host: str, loopback: bool) -> None:
    assert is_loopback({"type": "http", "client": (host, 1)}) is loopback


def test_nobody_from_outside_may_connect_until_an_administrator_exists(unclaimed: Served) -> None:
    outside = {"x-forwarded-for": "203.0.113.7"}  # the server trusts this header from a proxy on this machine

    refused = httpx.get(f"{unclaimed.url}/login", headers=outside)

    assert refused.status_code == 403
    assert refused.json()["code"] == "loopback_only"
    assert httpx.get(f"{unclaimed.url}/", headers=HTML).headers["location"] == "/setup"


def test_without_its_database_every_door_says_so(tmp_path: Path) -> None:
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    with closing(open_movable(nowhere, f"unix://{tmp_path}/nobody.sock", tmp_path)) as rt:
        use_runtime(rt)
        try:
            here = TestClient(Gate(Entrance(create_api())), client=("127.0.0.1", 1), follow_redirects=False)
            here.cookies = {"openrooms_session": "x" * 43}
            for path in ("/api/rooms", "/api/auth/session", "/api/openapi.json", "/_event/"):
                for key in ({}, {"authorization": "Bearer or_made.up"}):
                    answer = here.get(path, headers=key)
                    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable"), path
                    assert answer.json()["dependency"] == "database"
                    assert "127.0.0.1" not in answer.text  # where it is, is nobody's who is not known
            assert here.post("/api/hooks/x", json={}).status_code == 503
            for path in ("/", "/rooms/x", "/login", "/setup"):
                page = here.get(path, headers=HTML)
                assert (page.status_code, page.headers["refresh"]) == (503, "3"), path
                assert "The database can&#x27;t be reached" in page.text
            health = here.get("/api/health")
            assert (health.status_code, health.json()["checks"]["database"]["status"]) == (503, "down")
            with pytest.raises(WebSocketDisconnect), here.websocket_connect("/_event/"):
                pass
        finally:
            use_runtime(None)
