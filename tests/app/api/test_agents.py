"""Agents over the API: made, changed by a new version, tried, used by a workflow, removed."""

SPEC = {"provider": "scripted", "model": "echo", "goal": "Help."}


def test_an_agent_s_life_over_the_api(api):
    made = api.post("/api/agents", json={"name": "Helper", "spec": SPEC})
    assert (made.status_code, made.json()["version"]) == (201, 1)
    address = made.headers["location"]

    assert api.post("/api/agents", json={"name": "Helper", "spec": SPEC}).json()["code"] == "name_taken"
    policy = {"approval": ["calculator"], "allowed_tools": ["calculator"], "max_tokens": 90}
    asking = {**SPEC, "tools": ["calculator"], "policy": policy}
    helped = api.post("/api/agents", json={"name": "Asking", "spec": asking}).json()
    assert api.get(f"/api/agents/{helped['id']}/versions/1").json()["spec"]["tools"] == ["calculator"]
    assert api.delete(f"/api/agents/{helped['id']}").status_code == 204
    changed = api.put(address, json={"spec": {**SPEC, "model": "json"}, "version": 1})
    assert changed.json()["version"] == 2
    stale = api.put(address, json={"spec": SPEC, "version": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_agent")
    assert [one["version"] for one in api.get(f"{address}/versions").json()["items"]] == [2, 1]
    assert api.get("/api/agents").json()["items"][0]["name"] == "Helper"
    tried = api.post(f"{address}/try", json={"prompt": "Hello", "spec": SPEC}).json()
    assert tried["reply"]["text"] == "Hello"
    assert api.delete(address).status_code == 204
    assert api.get(address).status_code == 404
    assert api.post("/api/agents", json={"name": "x", "spec": {"provider": "nobody"}}).status_code == 422
