"""Canaries in every secret: runs succeed, fail, echo and crash with them, and no place where anything is kept or shown
has one afterwards: not the database, the logs, events, answers, the live stream, Redis or an export."""

import base64
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qsl, quote, quote_plus

import pytest
import redis
from starlette.testclient import TestClient

from engine.core.discovery import discover
from engine.core.identity import Role
from engine.hiding import hide_in_logs
from engine.runner import Runner
from engine.runtime import get_runtime, use_runtime
from engine.services import hooks
from engine.store import secrets as rows
from openrooms_app.api import create_api
from openrooms_app.gate import Gate
from openrooms_app.session import COOKIE
from tests.app.api.conftest import a_room, an_account
from tests.app.api.test_rooms import finished
from tests.core.drawing import drawn, node, way
from tests.fixtures.runtimes import open_movable

PLAIN = "canary-plain-4f1d9a"
ODD = 'cänary "odd" \\ /+&=? <b>7c2e'
LONG = "-----BEGIN CANARY-----\nc4n4ryL1ne0neAAAABBBBCCCC\nc4n4ryL1neTw0DDDDEEEEFFFF\n-----END CANARY-----"
NUMBER = "7391826450"
SECRETS = {"plain": PLAIN, "odd": ODD, "long": LONG, "number": NUMBER}


def needles(secrets: dict[str, str]) -> Iterator[str]:
    for value in secrets.values():
        raw = value.encode()
        yield from (value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
        yield from (base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode(), raw.hex())
        yield from (base64.b64encode(b"user:" + raw).decode()[8:-4], quote(value, safe=""), quote_plus(value))
        yield from (line for line in value.splitlines()[1:-1])


class Echo(BaseHTTPRequestHandler):
    """Sends everything back in every coat."""

    seen: ClassVar[list[dict]] = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        key = self.headers["authorization"].removeprefix("Bearer ")
        self.seen.append({"path": self.path, "key": key, "body": body})
        if self.path == "/fail":
            return self._say(500, "text/plain", f"no: {key} {body}")
        odd = json.loads(body)["odd"] if body.startswith("{") else dict(parse_qsl(body))["odd"]
        told = {
            "key": key, "body": body, "odd": odd, odd: [odd], "url": f"/x?k={quote(odd, safe='')}", "form": quote_plus(odd),
            "basic": base64.b64encode(f"user:{odd}".encode()).decode(), "safe": base64.urlsafe_b64encode(odd.encode()).decode(),
            "hex": odd.encode().hex(), "number": int(NUMBER), "deep": [{"a": f"xx{key}yy{odd}zz"}],
        }  # fmt: skip
        return self._say(200, "application/json", json.dumps(told))

    def _say(self, status, media_type, text):
        raw = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Location", f"/next?key={self.headers['authorization']}")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *args):
        pass


@pytest.fixture
def echo() -> Iterator[str]:
    Echo.seen.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(hostile, sqlite_url, redis_url, tmp_path) -> Iterator[TestClient]:
    with closing(open_movable(sqlite_url, redis_url, tmp_path)) as opened:
        settings = opened.settings.model_copy(update={"http_allow": "127.0.0.1"})
        rt = replace(opened, settings=settings, catalogue=discover({"http_allow": "127.0.0.1"}))
        use_runtime(rt)
        hide_in_logs()
        runner = Runner(rt, threads=2)
        runner.start()
        rt.bell.on_ring(runner.activate)
        consumer = rt.bell.consumer(1)
        ringing = threading.Thread(target=consumer.run)
        ringing.start()
        api = TestClient(Gate(create_api()), cookies={COOKIE: an_account(rt, Role.ADMIN)[1]})
        yield api
        consumer.stop(graceful=True)
        ringing.join(10)
        runner.stop()
        use_runtime(None)


HEADERS = {"Authorization": "Bearer {{ secrets.plain }}"}


def call(url, id_, retry=1, **arguments):
    config = {
        "tool": "http_request",
        "arguments": {"url": url, "method": "POST", "headers": HEADERS, **arguments},
    }
    return node(
        id_, "TOOL_EXECUTION", config=config, retry={"max_attempts": retry, "initial_delay_s": 0}, save_as=id_
    )


def telling(id_, how):
    config = {"tool": "tells", "arguments": {"key": "{{ secrets.long }}", "how": how}}
    return node(id_, "TOOL_EXECUTION", config=config, save_as=id_)


def document(url):
    """Every way a value may take: into memory, a prompt, a condition, an error, a child process, the run's output."""
    echoed = call(
        f"{url}/echo", "echoed", json_body={"odd": "{{ secrets.odd }}", "n": "{{ secrets.number }}"}
    )
    nodes = [
        node("start", "START"),
        {**echoed, "remember": {"kept": "vars.echoed.body"}},
        call(f"{url}/form", "formed", form_body={"odd": "{{ secrets.odd }}"}),
        node("decide", "DECISION"),
        node("ask", "AGENT_TASK", save_as="asked", config={
            "provider": "scripted", "model": "echo", "use_history": True, "prompt": "Say {{ vars.echoed.body.key }} {{ vars.echoed.body.odd }}",
        }),
        node("keep", "TOOL_EXECUTION", config={"tool": "memory_store", "arguments": {"key": "all", "value": "{{ vars.formed.body }}"}}),
        telling("told", "return"), telling("crashed", "crash"), telling("refused", "fail"),
        call(f"{url}/fail", "failed", retry=2, text_body="{{ secrets.odd }} and {{ vars.echoed.body.key }}"),
        node("end", "END", config={"output": {"vars": "{{ vars.echoed }}", "error": "{{ error }}", "told": "{{ has(vars.told) ? vars.told : null }}"}}),
    ]  # fmt: skip
    ways = [
        way("start", "echoed"), way("echoed", "formed", "SUCCESS"), way("formed", "decide", "SUCCESS"),
        way("decide", "ask", "CONDITION_MET", when="vars.echoed.body.key == 'x' || vars.echoed.body.odd != ''"), way("decide", "end"),
        way("ask", "keep", "SUCCESS"), way("keep", "told", "SUCCESS"), way("told", "crashed", "SUCCESS"),
        way("crashed", "refused", "FAILURE"), way("crashed", "end", "SUCCESS"), way("refused", "failed", "FAILURE"),
        way("refused", "end", "SUCCESS"), way("failed", "end", "FAILURE"), way("failed", "end", "SUCCESS"),
    ]  # fmt: skip
    return drawn(nodes, ways)


def test_no_canary_leaves_the_steps_it_was_given_to(  # noqa: PLR0917
    client, echo, redis_url, tmp_path, caplog, capfd
):
    caplog.set_level(logging.DEBUG)
    answers = [
        client.put(f"/api/secrets/{name}", json={"value": value}).text for name, value in SECRETS.items()
    ]
    room = a_room(client, document(echo))
    run_id = client.post(f"/api/rooms/{room}/run", json={}).json()["run_id"]
    run = finished(client, run_id)

    assert run["status"] == "COMPLETED", run
    assert [seen["key"] for seen in Echo.seen] == [PLAIN] * 4
    assert json.loads(Echo.seen[0]["body"]) == {"odd": ODD, "n": NUMBER}
    assert [seen["body"] for seen in Echo.seen[2:]] == [f"{ODD} and ***"] * 2
    assert run["output"]["vars"]["body"]["odd"] == run["output"]["vars"]["body"]["number"] == "***"
    assert run["output"]["vars"]["body"]["deep"] == [{"a": "xx***yy***zz"}]
    assert run["output"]["told"] == {"line": "***", "all": "***"}

    workflow = client.get(f"/api/rooms/{room}").json()["workflow_id"]
    paths = [
        "", "/events?limit=1000", "/steps", "/state", f"/../../rooms/{room}/status", f"/../../rooms/{room}/logs?limit=1000",
        f"/../../rooms/{room}/memory", f"/../../rooms/{room}/memory/kept", f"/../../rooms/{room}/memory/told",
        f"/../../workflows/{workflow}/export", f"/../../workflows/{workflow}/versions/1", "/../../secrets", "/../../audit",
    ]  # fmt: skip
    answers += [found.text for path in paths if (found := client.get(f"/api/runs/{run_id}{path}")).is_success]
    assert len(answers) == len(SECRETS) + len(paths)
    answers.append(client.post(f"/api/runs/{run_id}/replay").text)
    assert json.loads(answers[-1])["identical"] is True
    tried = {
        "arguments": {
            "url": f"{echo}/fail",
            "method": "POST",
            "headers": {"Authorization": PLAIN},
            "text_body": ODD,
        }
    }
    answers.append(client.post("/api/tools/http_request/invoke", json=tried).text)
    answers.append(client.put("/api/secrets/plain", json={"value": PLAIN, "valeu": ODD}).text)
    answers.append(streamed(client, run_id))

    logs = caplog.text + "".join(capfd.readouterr())
    assert "the key is ***" in logs
    assert "{{ secrets.plain }}" in "".join(answers)
    assert leaks(SECRETS, answers=answers, logs=logs, folder=tmp_path, redis_url=redis_url) == []


OUTSIDE = {
    "told_abroad": "canary-abroad-81c07e",
    "odd_abroad": 'äbroad "odd" \\ /+&=? <i>51fa',
    "number_abroad": "6482915370",
    "signalled": "canary-signalled-5d2e",
    "put_in": "canary-put-in-c90b",
    "kept": "canary-kept-77aa31",
}
WAITS = {
    "signal": "go",
    "form_schema": {
        "type": "object",
        "required": ["said"],
        "properties": {"said": {"type": "string", "maxLength": 40}},
    },
}


def test_no_canary_that_comes_from_outside_is_kept(client, redis_url, tmp_path, caplog, capfd):
    """As a hook's call, a signal, an input, a memory; whichever process has set the secret, and though none has used it."""
    caplog.set_level(logging.DEBUG)
    rt = get_runtime()
    set_elsewhere(rt, "told_abroad", "odd_abroad", "number_abroad")
    told, odd, number, signalled, put_in, kept = OUTSIDE.values()
    room = a_room(client, drawn(
        [node("start", "START"), {**node("wait", "WAIT", config=WAITS, save_as="heard"), "remember": {"kept": "vars.heard.said"}},
         node("end", "END", config={"output": {"heard": "{{ vars.heard }}", "input": "{{ input }}"}})],
        [way("start", "wait"), way("wait", "end", "SUCCESS")],
    ))  # fmt: skip
    mapping = {
        "apart": "{{ body.told.upperAscii() }}",
        "all": "{{ body }}",
        "headers": "{{ headers }}",
        "q": "{{ query.k }}",
    }
    starts = client.post(
        f"/api/rooms/{room}/hooks", json={"name": "In", "mapping": mapping, "headers": ["X-Key"]}
    ).json()
    sends = client.post(f"/api/rooms/{room}/hooks", json={"name": "Go", "signal": "go"}).json()
    encoded = base64.b64encode(f"user:{odd}".encode()).decode()
    body = {"told": told, odd: [odd, quote(told, safe="")], "n": int(number), "basic": encoded}

    begun = client.post(
        starts["url"], params={"k": odd}, json=body, headers={"X-Key": told, "X-OpenRooms-Delivery": told}
    )
    again = client.post(starts["url"], params={"k": odd}, json=body, headers={"X-OpenRooms-Delivery": told})
    assert (begun.status_code, again.json()["is_repeated"]) == (202, True), begun.text
    run_id, at = begun.json()["run_id"], f"/api/rooms/{room}"
    set_elsewhere(rt, "signalled")
    refused = [
        client.post(f"{at}/signals/go", json={"said": f"{signalled} {odd} " * 9, "why": odd}).text,
        client.post(sends["url"], data={odd: told}).text,
        client.post(sends["url"], content=odd, headers={"Content-Type": told}).text,
    ]
    assert ["***" in answer for answer in refused] == [True, False, True]
    taken = client.post(
        sends["url"],
        json={"said": f"x{told}y", "more": [odd, {odd: number}]},
        headers={"Idempotency-Key": odd[1:]},
    )
    assert taken.status_code == 202, taken.text
    run = finished(client, run_id)
    assert run["output"]["heard"] == {"said": "x***y", "more": ["***", {"***": "***"}]}
    assert run["output"]["input"]["apart"] == "***" == run["output"]["input"]["all"]["n"]
    set_elsewhere(rt, "put_in")
    second = client.post(
        f"{at}/run", json={"input": {"told": put_in}}, headers={"Idempotency-Key": told}
    ).json()["run_id"]
    link = hooks.signal_url(rt, second, "go")
    set_elsewhere(rt, "kept")
    remembered = client.put(f"{at}/memory/mine", json={"value": [kept], "metadata": {"a": told}}).text
    answers = [begun.text, again.text, *refused, remembered, client.post(link, json={"said": odd}).text]
    finished(client, second)
    pinned = client.post(f"{at}/run", json={"pins": {"wait": {"said": kept}}}).json()["run_id"]
    assert finished(client, pinned)["output"]["heard"] == {"said": "***"}

    paths = [
        f"runs/{run_id}", f"runs/{run_id}/events?limit=1000", f"runs/{run_id}/steps", f"runs/{run_id}/state", f"runs/{second}",
        f"rooms/{room}/status", f"rooms/{room}/logs?limit=1000", f"rooms/{room}/memory", f"runs/{second}/events?limit=1000",
        f"webhooks/{starts['hook']['id']}/deliveries", f"webhooks/{sends['hook']['id']}/deliveries", "audit",
    ]  # fmt: skip
    found = [client.get(f"/api/{path}") for path in paths]
    assert all(one.is_success for one in found)
    answers += [*(one.text for one in found), streamed(client, run_id)]
    logs = caplog.text + "".join(capfd.readouterr())
    assert "***" in "".join(answers)
    assert leaks(OUTSIDE, answers=answers, logs=logs, folder=tmp_path, redis_url=redis_url) == []


def set_elsewhere(rt, *names):
    """As another process sets secrets, so that this one has yet to learn of them."""
    with rt.db.write() as session:
        for name in names:
            rows.put(session, name, rt.vault.keyring().seal(name, OUTSIDE[name]), "somebody", rt.now_us())


def leaks(secrets, *, answers, logs, folder, redis_url):
    """(where, what) of each secret that can be read somewhere, in whatever coat."""
    files = [file.read_bytes().decode("utf-8", "replace") for file in folder.rglob("*") if file.is_file()]
    shown = {
        "answers": "\n".join(answers),
        "logs": logs,
        "files": "\n".join(files),
        "redis": redis_dump(redis_url),
    }
    return [
        (place, needle)
        for place, text in shown.items()
        for needle in sorted(set(needles(secrets)))
        if needle in text
    ]


def streamed(client, run_id):
    """The frames of the run's event stream as they go over the wire."""
    lines = []
    with client.stream("GET", f"/api/runs/{run_id}/stream") as answer:
        for line in answer.iter_lines():
            lines.append(line)
            if "ROOM_COMPLETED" in line:
                break
    return "\n".join(lines)


def redis_dump(url):
    with redis.Redis.from_url(url, decode_responses=True) as server:
        found = []
        for key in server.scan_iter():
            read = {"hash": server.hgetall, "string": server.get, "stream": server.xrange}.get(
                server.type(key)
            )
            found.append(f"{key} {read(key) if read else ''}")
        return "\n".join(found)
