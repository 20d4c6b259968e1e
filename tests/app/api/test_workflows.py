"""/api/workflows: the whole life of a workflow over HTTP."""

import json

import pytest
import yaml

from engine.services import workflows
from engine.services.documents import OPERATOR
from tests.app.api.conftest import SOUND, a_room, a_workflow


def test_a_workflow_is_created_from_a_document(api):
    made = api.post("/api/workflows", json=SOUND)

    assert made.status_code == 201
    body = made.json()
    assert made.headers["location"] == f"/api/workflows/{body['id']}"
    assert made.headers["etag"] == '"1"'
    assert (body["name"], body["draft"], body["problems"], body["latest_version"]) == (
        SOUND["name"], SOUND, [], None,
    )  # fmt: skip
    assert body["created_at"].endswith("Z")
    assert len(body["created_at"]) == len("2026-11-23T03:13:32.000001Z")


def test_a_name_alone_gives_an_empty_draft(api):
    body = api.post("/api/workflows", json={"name": "Fresh", "description": "of today"}).json()

    assert body["draft"]["description"] == "of today"
    assert [node["type"] for node in body["draft"]["nodes"]] == ["START", "END"]
    assert body["error_count"] > 0
    assert {"code", "severity", "message", "path"} <= body["problems"][0].keys()


def test_a_draft_is_saved_by_its_revision(api):
    made = api.post("/api/workflows", json=SOUND).json()
    address = f"/api/workflows/{made['id']}"

    saved = api.put(address, json={**SOUND, "name": "Two"}, headers={"If-Match": '"1"'})
    stale = api.put(address, json={**SOUND, "name": "Lost"}, headers={"If-Match": '"1"'})

    assert (saved.status_code, saved.json()["revision"], saved.headers["etag"]) == (200, 2, '"2"')
    assert (stale.status_code, stale.json()["code"], stale.json()["revision"]) == (409, "stale_draft", 2)
    assert api.get(address).json()["name"] == "Two"


def test_a_patch_changes_what_it_names(api):
    made = api.post("/api/workflows", json={**SOUND, "description": "old"}).json()

    patched = api.patch(
        f"/api/workflows/{made['id']}",
        json={"name": "New", "description": None},
        headers={"If-Match": 'W/"1"'},
    )

    assert patched.json()["draft"] == {**SOUND, "name": "New"}


@pytest.mark.parametrize("value", ["two", '"-1"', '""', '"99999999999"'])
def test_an_if_match_that_is_no_revision_is_refused(api, value):
    made = api.post("/api/workflows", json=SOUND).json()

    refused = api.put(f"/api/workflows/{made['id']}", json=SOUND, headers={"If-Match": value})

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")


def test_publishing_gives_a_version_or_the_problems(api):
    made = api.post("/api/workflows", json={**SOUND, "transitions": []}).json()
    address = f"/api/workflows/{made['id']}"

    refused = api.post(f"{address}/versions", json={"note": "first"})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_workflow")
    assert refused.json()["problems"] == made["problems"]

    api.put(address, json=SOUND)
    published = api.post(f"{address}/versions", json={"note": "first"})
    again = api.post(f"{address}/versions")
    assert (published.status_code, published.json()["version"], published.json()["note"]) == (201, 1, "first")
    assert (again.status_code, again.json()) == (200, published.json())
    assert api.get(f"{address}/versions").json()["items"] == [published.json()]
    assert api.get(f"{address}/versions/1").json()["document"] == SOUND


def test_a_version_is_put_back_into_the_draft(api):
    workflow_id = a_workflow(api)
    api.put(f"/api/workflows/{workflow_id}", json={"name": "Empty"})

    restored = api.post(f"/api/workflows/{workflow_id}/versions/1/restore", headers={"If-Match": '"2"'})

    assert (restored.json()["draft"], restored.json()["revision"]) == (SOUND, 3)


def test_a_document_is_checked_without_being_stored(api):
    fine = api.post("/api/workflows/validate", json=SOUND)
    broken = api.post("/api/workflows/validate", json={**SOUND, "surprise": 1, "nodes": []})
    nonsense = api.post("/api/workflows/validate", json=[1])

    assert fine.json() == {"valid": True, "problems": []}
    assert not broken.json()["valid"]
    assert len(broken.json()["problems"]) > 1
    assert nonsense.json()["problems"][0]["code"] == "bad_document"
    workflow_id = a_workflow(api)
    assert api.post(f"/api/workflows/{workflow_id}/validate").json() == {"valid": True, "problems": []}


def test_nodes_come_with_their_transitions(api):
    workflow_id = a_workflow(api)
    api.put(f"/api/workflows/{workflow_id}", json={"name": "Empty"})

    version = api.get(f"/api/workflows/{workflow_id}/nodes", params={"version": 1}).json()

    assert [node["id"] for node in version["items"]] == ["start", "wait", "end"]
    assert version["items"][0]["transitions"][0]["target"] == "wait"
    assert api.get(f"/api/workflows/{workflow_id}/nodes").json()["items"] == []


def test_files_come_in_and_go_out_byte_for_byte(api):
    first = api.post("/api/workflows/import", content=json.dumps(SOUND)).json()
    api.post(f"/api/workflows/{first['id']}/versions")
    file = api.get(f"/api/workflows/{first['id']}/export")
    again = api.get(f"/api/workflows/{first['id']}/export", params={"version": "1"})

    assert file.content == again.content
    assert file.headers["content-type"] == "application/json"
    assert file.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert file.json() == SOUND
    second = api.post(
        "/api/workflows/import", content=file.content, headers={"Content-Type": "application/json"}
    )
    assert second.json()["name"] == f"{SOUND['name']} (2)"


def test_yaml_goes_both_ways_by_content_type(api):
    text = yaml.safe_dump(SOUND)
    made = api.post("/api/workflows/import", content=text, headers={"Content-Type": "application/yaml"})

    out = api.get(f"/api/workflows/{made.json()['id']}/export", headers={"Accept": "application/yaml"})

    assert made.json()["draft"] == SOUND
    assert out.headers["content-type"] == "application/yaml"
    assert yaml.safe_load(out.text) == SOUND


def test_a_file_of_another_kind_is_refused_by_its_type(api):
    refused = api.post("/api/workflows/import", content=b"PK", headers={"Content-Type": "application/zip"})

    assert (refused.status_code, refused.json()["code"]) == (415, "unsupported_media_type")
    for document in ({"nodes": [], "connections": {}}, {**SOUND, "format": "openrooms/workflow@2"}):
        refused = api.post("/api/workflows/import", json=document)
        assert refused.status_code == 422
        assert "no workflow of OpenRooms" in refused.json()["detail"]


def test_a_workflow_in_use_is_kept_or_archived(api):
    workflow_id = a_workflow(api)
    api.post("/api/rooms", json={"name": "Desk", "workflow_id": workflow_id})
    address = f"/api/workflows/{workflow_id}"

    refused = api.delete(address)
    archived = api.delete(address, params={"force": "true"})

    assert (refused.status_code, refused.json()["code"]) == (409, "workflow_in_use")
    assert (archived.status_code, archived.json()["status"]) == (200, "ARCHIVED")
    assert api.get("/api/workflows").json()["items"] == []
    assert len(api.get("/api/workflows", params={"status": "ARCHIVED"}).json()["items"]) == 1
    assert api.post(f"{address}/unarchive").json()["status"] == "ACTIVE"


def test_a_workflow_nobody_uses_is_gone(api):
    workflow_id = a_workflow(api)

    deleted = api.delete(f"/api/workflows/{workflow_id}")

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert api.get(f"/api/workflows/{workflow_id}").status_code == 404


def test_lists_come_in_pages_to_their_end(api):
    made = [api.post("/api/workflows", json={"name": f"W{number}"}).json()["id"] for number in range(5)]

    seen, cursor = [], None
    while True:
        page = api.get("/api/workflows", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break

    assert seen == made[::-1]
    assert "draft" not in page["items"][0]


def test_a_template_becomes_a_workflow(api):
    templates = api.get("/api/templates").json()["items"]

    made = api.post(f"/api/templates/{templates[0]['id']}/workflows")

    assert (made.status_code, made.json()["draft"]) == (201, templates[0]["document"])


def test_a_room_of_a_workflow_shows_in_its_list(api):
    a_room(api)

    (item,) = api.get("/api/workflows", params={"search": "draw"}).json()["items"] or [{}]

    assert item.get("room_count") == 1


def test_what_is_made_twice_with_the_same_key_is_made_once(api, as_, rt):
    once = {"headers": {"Idempotency-Key": "made-1"}}
    first = api.post("/api/workflows", json=SOUND, **once)
    again = api.post("/api/workflows", json=SOUND, **once)
    others = as_("admin").post("/api/workflows", json=SOUND, **once)
    room = {
        "json": {"name": "Desk", "workflow_id": first.json()["id"]},
        "headers": {"Idempotency-Key": "made-2"},
    }

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert others.json()["id"] != first.json()["id"]
    assert api.post("/api/rooms", **room).json() == api.post("/api/rooms", **room).json()
    assert len(api.get("/api/rooms").json()["items"]) == 1
    for path, sent in (("import", {"json": SOUND}), ("../templates/data_processing/workflows", {})):
        headers = {"Idempotency-Key": f"made-{path}"}
        ids = {api.post(f"/api/workflows/{path}", headers=headers, **sent).json()["id"] for _ in range(3)}
        assert len(ids) == 1


def test_a_key_of_yesterday_makes_something_new(rt):
    a = workflows.create(rt, OPERATOR, SOUND, request_id="late")
    rt.move_clock(25 * 3600 * 1_000_000)
    assert workflows.create(rt, OPERATOR, SOUND, request_id="late").id != a.id
