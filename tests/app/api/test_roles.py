"""Who may call what: every route for nobody, viewer, editor and administrator; a new route needs a row here."""

import pytest
from fastapi.routing import APIRoute

from openrooms_app.api import METHODS, create_api

NOBODY, VIEWER, EDITOR, ADMIN = range(4)
NAMES = ("nobody", "viewer", "editor", "admin")

NEEDED = {
    "GET /api/health": NOBODY,
    "GET /metrics": VIEWER,
    "GET /api/docs": VIEWER,
    "GET /api/openapi.json": VIEWER,
    "GET /api/workflows": VIEWER,
    "POST /api/workflows": EDITOR,
    "POST /api/workflows/validate": VIEWER,
    "POST /api/workflows/import": EDITOR,
    "GET /api/workflows/{workflow_id}": VIEWER,
    "PUT /api/workflows/{workflow_id}": EDITOR,
    "PATCH /api/workflows/{workflow_id}": EDITOR,
    "DELETE /api/workflows/{workflow_id}": EDITOR,
    "POST /api/workflows/{workflow_id}/unarchive": EDITOR,
    "POST /api/workflows/{workflow_id}/validate": VIEWER,
    "GET /api/workflows/{workflow_id}/nodes": VIEWER,
    "GET /api/workflows/{workflow_id}/export": VIEWER,
    "POST /api/workflows/{workflow_id}/versions": EDITOR,
    "GET /api/workflows/{workflow_id}/versions": VIEWER,
    "GET /api/workflows/{workflow_id}/versions/{number}": VIEWER,
    "POST /api/workflows/{workflow_id}/versions/{number}/restore": EDITOR,
    "POST /api/rooms": EDITOR,
    "GET /api/rooms": VIEWER,
    "GET /api/rooms/{room_id}": VIEWER,
    "PATCH /api/rooms/{room_id}": EDITOR,
    "DELETE /api/rooms/{room_id}": EDITOR,
    "GET /api/rooms/{room_id}/status": VIEWER,
    "GET /api/rooms/{room_id}/logs": VIEWER,
    "GET /api/rooms/{room_id}/stream": VIEWER,
    "POST /api/rooms/{room_id}/run": EDITOR,
    "POST /api/rooms/{room_id}/pause": EDITOR,
    "POST /api/rooms/{room_id}/resume": EDITOR,
    "POST /api/rooms/{room_id}/cancel": EDITOR,
    "POST /api/rooms/{room_id}/signals/{name}": EDITOR,
    "GET /api/rooms/{room_id}/memory": VIEWER,
    "GET /api/rooms/{room_id}/memory/{key}": VIEWER,
    "PUT /api/rooms/{room_id}/memory/{key}": EDITOR,
    "DELETE /api/rooms/{room_id}/memory/{key}": EDITOR,
    "GET /api/rooms/{room_id}/runs": VIEWER,
    "GET /api/runs": VIEWER,
    "GET /api/runs/{run_id}": VIEWER,
    "GET /api/runs/{run_id}/events": VIEWER,
    "GET /api/runs/{run_id}/steps": VIEWER,
    "GET /api/runs/{run_id}/state": VIEWER,
    "GET /api/runs/{run_id}/stream": VIEWER,
    "POST /api/runs/{run_id}/retry": EDITOR,
    "POST /api/runs/{run_id}/replay": VIEWER,
    "GET /api/tools": VIEWER,
    "GET /api/tools/{name}": VIEWER,
    "POST /api/tools/{name}/invoke": EDITOR,
    "GET /api/catalogue": VIEWER,
    "GET /api/providers": VIEWER,
    "GET /api/schemas/workflow": VIEWER,
    "GET /api/templates": VIEWER,
    "POST /api/templates/{template_id}/workflows": EDITOR,
    "POST /api/expressions/evaluate": VIEWER,
    "GET /api/agents": VIEWER,
    "POST /api/agents": EDITOR,
    "GET /api/agents/{agent_id}": VIEWER,
    "PUT /api/agents/{agent_id}": EDITOR,
    "DELETE /api/agents/{agent_id}": EDITOR,
    "GET /api/agents/{agent_id}/versions": VIEWER,
    "POST /api/agents/{agent_id}/try": EDITOR,
    "GET /api/users": ADMIN,
    "POST /api/users": ADMIN,
    "PATCH /api/users/{user_id}": ADMIN,
    "GET /api/secrets": ADMIN,
    "PUT /api/secrets/{name}": ADMIN,
    "DELETE /api/secrets/{name}": ADMIN,
    "POST /api/secrets/rotate": ADMIN,
    "GET /api/audit": ADMIN,
    "POST /api/audit/verify": ADMIN,
}
BODIES = {
    "POST /api/agents": {"name": "x", "spec": {"provider": "scripted"}},
    "PUT /api/agents/{agent_id}": {"spec": {"provider": "scripted"}},
    "POST /api/agents/{agent_id}/try": {"prompt": "x"},
    "POST /api/rooms": {"name": "x", "workflow_id": "ghost"},
    "POST /api/users": {"name": "x", "password": "y", "role": "admin"},
    "PATCH /api/users/{user_id}": {"role": "admin"},
    "PUT /api/rooms/{room_id}/memory/{key}": {"value": 1},
    "PUT /api/secrets/{name}": {"value": "long enough"},
    "POST /api/expressions/evaluate": {"source": "1"},
    "POST /api/workflows": {"name": "x"},
}
ROWS = [(route, who) for route in NEEDED for who in range(4)]


@pytest.mark.parametrize(
    ("route", "who"), ROWS, ids=lambda part: part if isinstance(part, str) else NAMES[part]
)
def test_a_route_lets_in_whoever_may_and_nobody_else(as_, route, who):
    method, path = route.split()
    for name in ("workflow_id", "room_id", "run_id", "user_id", "template_id", "agent_id", "key", "name"):
        path = path.replace(f"{{{name}}}", "ghost")
    path = path.replace("{number}", "1")
    body = {"json": BODIES.get(route, {})} if method in ("POST", "PUT", "PATCH") else {}

    answer = as_(NAMES[who]).request(method, path, **body)

    if who >= NEEDED[route]:
        assert answer.status_code not in (401, 403), answer.text
    elif who == NOBODY:
        assert (answer.status_code, answer.json()["code"]) == (401, "not_logged_in")
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_every_route_has_its_row():
    document = create_api().openapi()
    found = {
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method in item
        if method.upper() in METHODS
    }

    assert sorted(found - NEEDED.keys()) == []
    assert sorted(NEEDED.keys() - found - {"GET /api/docs", "GET /api/openapi.json"}) == []
    assert all(
        isinstance(route, APIRoute) or route.path for route in create_api().routes if hasattr(route, "path")
    )


def test_an_administrator_rules_over_users(as_):
    admin = as_("admin")
    made = admin.post("/api/users", json={"name": "Zoë", "password": "a long password", "role": "viewer"})
    assert made.status_code == 201
    user = made.json()
    assert "password" not in made.text

    assert admin.patch(f"/api/users/{user['id']}", json={"role": "editor"}).json()["role"] == "editor"
    assert admin.patch(f"/api/users/{user['id']}", json={"active": False}).json()["active"] is False
    assert (
        admin.patch(f"/api/users/{user['id']}", json={"password": "short"}).json()["code"] == "weak_password"
    )
    assert admin.patch(f"/api/users/{user['id']}", json={"role": "editor", "active": True}).status_code == 422
    assert (
        admin.post("/api/users", json={"name": "ZOË", "password": "a long password"}).json()["code"]
        == "name_taken"
    )
    me = next(item for item in admin.get("/api/users").json()["items"] if item["name"] == "Admin")
    assert admin.patch(f"/api/users/{me['id']}", json={"role": "viewer"}).json()["code"] == "last_admin"
    actions = [entry["action"] for entry in admin.get("/api/audit").json()["items"]]
    assert actions == ["user_changed", "user_changed", "user_created"]
    assert admin.post("/api/audit/verify").json() == {"is_intact": True, "broken_at": None}


def test_a_change_from_another_site_is_refused(as_):
    answer = as_("editor").post(
        "/api/workflows", json={"name": "x"}, headers={"Origin": "https://evil.example"}
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
