"""The contract: an OpenAPI 3.1 document that tells the truth, documentation without foreign hosts, metrics."""

import re

import pytest

from tests.app.api.conftest import a_room, a_workflow
from tests.app.api.test_rooms import QUICK, run_through


@pytest.fixture
def document(api):
    return api.get("/api/openapi.json").json()


def test_the_document_is_openapi_3_1_and_every_reference_leads_somewhere(document):
    assert document["openapi"].startswith("3.1")
    for reference in set(re.findall(r"'\$ref': '([^']+)'", str(document))):
        assert reference.startswith("#/components/schemas/")
        assert reference.rpartition("/")[2] in document["components"]["schemas"]


def test_every_operation_has_its_own_id_a_tag_and_says_how_it_fails(document):
    operations = [operation for item in document["paths"].values() for operation in item.values()]

    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids)
    for operation in operations:
        assert operation["tags"]
        assert "application/problem+json" in operation["responses"]["default"]["content"]


def test_bodies_and_answers_are_described(document):
    def schema(path, method, *keys):
        found = document["paths"][path][method]
        for key in keys:
            found = found[key]
        return found["content"]["application/json"]["schema"]

    assert schema("/api/rooms", "post", "requestBody") == {"$ref": "#/components/schemas/NewRoom"}
    assert schema("/api/rooms/{room_id}", "get", "responses", "200") == {"$ref": "#/components/schemas/Room"}
    room = document["components"]["schemas"]["Room"]["properties"]
    assert room["created_at"] == {"type": "string", "format": "date-time", "title": "Created At"}


def test_the_documentation_page_needs_no_script_and_no_other_host(api):
    page = api.get("/api/docs")

    assert page.headers["content-type"].startswith("text/html")
    assert "<script" not in page.text
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert "/api/rooms/{room_id}/run" in page.text
    assert "Idempotency-Key".lower() in page.text.lower()


def test_health_says_what_is_up_to_anybody(as_, rt, runner):
    answer = as_("nobody").get("/api/health")

    assert answer.status_code == 503  # there is no Redis
    checks = answer.json()["checks"]
    assert answer.json()["status"] == "degraded"
    assert (checks["database"]["status"], checks["redis"]["status"], checks["workers"]["status"]) == (
        "up", "down", "up",
    )  # fmt: skip


def requests(text, method, route, status):
    """How many the metrics tell; they count for as long as the process lives."""
    told = f'requests_total{{method="{method}",route="{route}",status="{status}"}} '
    return sum(float(line.partition(told)[2]) for line in text.splitlines() if told in line)


def test_metrics_count_requests_by_route_and_tell_the_load(api, runner):
    before = api.get("/metrics").text
    run_through(api, runner, a_room(api, QUICK))
    api.get("/api/rooms/ghost")
    api.get("/api/nothing")

    text = api.get("/metrics").text

    assert 'openrooms_runs{status="COMPLETED"} 1.0' in text
    assert "openrooms_workers 1.0" in text
    assert "openrooms_queue_length -1.0" in text
    for asked in (("GET", "/api/rooms/{room_id}", 404), ("POST", "/api/rooms/{room_id}/run", 202)):
        assert requests(text, *asked) - requests(before, *asked) == 1
    assert "ghost" not in text
    assert "nothing" not in text


def test_the_catalogue_and_the_documents_schema_are_served(api):
    catalogue = api.get("/api/catalogue").json()
    schema = api.get("/api/schemas/workflow").json()

    assert {"node_types", "tools", "providers", "transitions", "limits"} <= catalogue.keys()
    assert schema["properties"]["format"]["const"] == "openrooms/workflow@1"
    assert [item["name"] for item in api.get("/api/providers").json()["items"]] == [
        item["name"] for item in catalogue["providers"]
    ]
    assert {item["name"] for item in api.get("/api/tools").json()["items"]} >= {"calculator"}
    assert api.get("/api/tools/calculator").json()["parameters"]["type"] == "object"


def test_answers_are_not_cached_stale(api):
    workflow_id = a_workflow(api)
    first = api.get(f"/api/workflows/{workflow_id}")
    api.patch(f"/api/workflows/{workflow_id}", json={"name": "Other"})

    assert api.get(f"/api/workflows/{workflow_id}").headers["etag"] != first.headers["etag"]
