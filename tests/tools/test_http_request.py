"""The tool against a server on loopback that the operator has opened."""

import asyncio
import json

import pytest

from engine.core.catalogue import StepError
from engine.core.tool_call import call_tool
from engine.services.foreground import run_document
from tests.fixtures.contexts import a_context
from tests.fixtures.drawings import drawing
from tests.net.observing import a_server, answer, observed

BIG = json.dumps({"a": [1, 2]}).encode()


def request(talk, path="/x", allow="127.0.0.1", **arguments):
    """What the tool gave, and the request as the server saw it."""

    async def scenario():
        async with a_server(talk) as server:
            url = f"http://127.0.0.1:{server.port}{path}"
            ctx = a_context(settings={"http_allow": allow})
            given = await call_tool(ctx, "http_request", {"url": url, **arguments})
            return given, server.requests[-1]

    return asyncio.run(scenario())


def says(*parts):
    async def talk(path, writer):
        writer.write(b"".join(parts))

    return talk


JSON = {"Content_Type": "application/json; charset=utf-8"}


def test_json_comes_parsed_with_the_headers_that_are_safe_to_show():
    said = answer(BIG, Set_Cookie="s=1", X_RateLimit_Remaining="3", Server="x", ETag='"e"', **JSON)
    given, asked = request(says(said), query={"q": "ä &", "n": [1, 2], "on": True})

    assert given == {
        "status": 200,
        "headers": {
            "content-type": "application/json; charset=utf-8", "x-ratelimit-remaining": "3", "etag": '"e"',
            "content-length": str(len(BIG)),
        },
        "body": {"a": [1, 2]},
        "is_truncated": False,
    }  # fmt: skip
    assert asked.startswith("GET /x?q=%C3%A4+%26&n=1&n=2&on=true ")
    assert "idempotency-key" not in asked.lower()


@pytest.mark.parametrize(
    ("body", "media_type", "sent"),
    [
        ({"json_body": {"a": None}}, "application/json", '{"a":null}'),
        ({"json_body": []}, "application/json", "[]"),
        ({"form_body": {"a": "b c", "n": 1}}, "application/x-www-form-urlencoded", "a=b+c&n=1"),
        ({"text_body": "hallo"}, "text/plain; charset=utf-8", "hallo"),
        ({"text_body": "<a/>", "headers": {"content-type": "text/xml"}}, "text/xml", "<a/>"),
    ],
)
def test_a_body_goes_out_with_its_type_and_the_steps_own_key(body, media_type, sent):
    _, asked = request(says(answer()), method="POST", **body)

    assert asked.endswith("\r\n\r\n" + sent)
    assert f"content-type: {media_type}\r\n" in asked.lower()
    assert "Idempotency-Key: or-r1-a1\r\n" in asked


def test_a_key_of_the_callers_own_is_kept():
    _, asked = request(says(answer()), method="DELETE", headers={"idempotency-key": "mine"})

    assert asked.lower().count("idempotency-key") == 1
    assert "mine" in asked


@pytest.mark.parametrize(
    ("said", "expect", "body", "is_truncated"),
    [
        (answer(b"caf\xe9", Content_Type="text/plain; charset=latin-1"), "auto", "café", False),
        (answer(b"\xff\xfe", Content_Type="image/png"), "auto", None, False),
        (answer(b"x" * 600_000, Content_Type="text/plain"), "auto", "x" * 500_000, True),
        (answer(b"{}", Content_Type="text/plain"), "json", {}, False),
        (answer(b"{}", **JSON), "text", "{}", False),
        (answer(b"{}", **JSON), "nothing", None, False),
        (answer(b"", status="204 No Content"), "json", None, False),
        (answer(b"x", Content_Type="text/plain; charset=klingon"), "auto", "x", False),
    ],
)
def test_an_answer_is_read_as_it_is_expected(said, expect, body, is_truncated):
    given, _ = request(says(said), expect=expect)

    assert (given["body"], given["is_truncated"]) == (body, is_truncated)


@pytest.mark.parametrize(
    ("status", "retryable"), [("400 B", False), ("404 N", False), ("408 T", True), ("429 M", True), ("500 I", True), ("503 U", True)]
)  # fmt: skip
def test_a_bad_status_fails_the_step_with_its_own_code_unless_it_is_asked_for(status, retryable):
    said = says(answer(b"because", status))
    with pytest.raises(StepError, match="because") as failed:
        request(said)
    given, _ = request(said, fail_on_status=False)

    assert (failed.value.code, failed.value.retryable) == (f"http_{status[:3]}", retryable)
    assert (given["status"], given["body"]) == (int(status[:3]), "because")


def test_a_body_that_is_not_what_it_says_is_an_error():
    with pytest.raises(StepError) as failed:
        request(says(answer(b"{", **JSON)))

    assert failed.value.code == "http_bad_body"


@pytest.mark.parametrize(
    ("arguments", "says_"),
    [
        ({"json_body": 1, "text_body": "x", "method": "POST"}, "can't both be sent"),
        ({"json_body": 1}, "GET takes no body"),
        ({"headers": {"Host": "x"}}, "set by the connection"),
        ({"headers": {"A b": "x"}}, "headers"),
        ({"headers": {"A": "x\r\nB: y"}}, "headers"),
        ({"method": "CONNECT"}, "method"),
    ],
)
def test_arguments_that_make_no_request_are_refused_before_anything_is_sent(arguments, says_):
    ctx = a_context(settings={"http_allow": "127.0.0.1"})
    with observed() as seen, pytest.raises(StepError, match=says_) as refused:
        asyncio.run(call_tool(ctx, "http_request", {"url": "http://127.0.0.1:9/", **arguments}))

    assert refused.value.code == "bad_arguments"
    assert seen.connects == []


def test_without_the_operators_leave_loopback_is_out_of_reach():
    with observed() as seen, pytest.raises(StepError) as refused:
        request(says(answer()), allow="")

    assert (refused.value.code, refused.value.retryable) == ("http_refused", False)
    assert seen.connects == []


def test_a_host_that_a_runs_values_give_must_be_listed_and_so_must_be_where_it_redirects_to(
    monkeypatch, tmp_path
):
    """Played by the engine: what stands in the document decides, whatever the URL has become."""
    monkeypatch.setenv("OPENROOMS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("OPENROOMS_HTTP_ALLOW", "127.0.0.1")
    public = "http://93.184.216.34/"
    urls = {
        "listed": "http://{{ input.host }}/",
        "whole": "{{ input.url }}",
        "public": "http://{{ input.public }}/",
        "onward": "http://{{ input.host }}/onward",
    }
    nodes = {
        name: {"type": "TOOL_EXECUTION", "config": {"tool": "http_request", "arguments": {"url": url}}}
        for name, url in urls.items()
    }
    document = drawing("start > listed > whole > public > onward > end", **nodes)
    document["transitions"] = [
        {**way, "on": "ALWAYS"} if way["source"] in nodes else way for way in document["transitions"]
    ]
    told = []

    async def talk(path, writer):
        writer.write(answer(b"", "302 Found", Location=public) if path == "/onward" else answer(b"hi"))

    async def scenario():
        async with a_server(talk) as server:
            here = f"127.0.0.1:{server.port}"
            given = {"host": here, "url": f"http://{here}/", "public": "93.184.216.34"}
            await asyncio.to_thread(run_document, document, given, {}, told.append)
            return server.port

    with observed() as seen:
        port = asyncio.run(scenario())

    failed = {event["node_id"]: event["error"] for event in told if event["type"] == "NODE_FAILED"}
    assert {name: error["code"] for name, error in failed.items()} == dict.fromkeys(
        ("public", "onward"), "http_refused"
    )
    assert all("rule open_host" in error["message"] for error in failed.values())
    assert [place for place in seen.connects if place[0] != "127.0.0.1"] == []
    assert seen.connects.count(("127.0.0.1", port)) == 3
