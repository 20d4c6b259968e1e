"""What the loopback servers of both vendors share: a script of answers, and HTTP that streams, stalls and cuts."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

PIECE = 5
"""Characters of a text or of a tool call's arguments that one event brings."""


@dataclass(frozen=True)
class Call:
    """A tool that the model wants called; `arguments` may be text, to send what is no JSON."""

    name: str
    arguments: Any = field(default_factory=dict)
    id: str = ""
    """Made up from its place unless given."""


@dataclass(frozen=True)
class Turn:
    """What the model says when it is asked once."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    """Several are called in parallel."""
    stop: str = ""
    """In the vendor's words; left empty it follows from the rest."""
    refusal: str = ""
    tokens: tuple[int, int, int] = (12, 3, 0)
    """Read, written, and how many of those read came from the cache."""
    tells_usage: bool = True
    model: str = ""
    """That has answered; the one asked for unless given."""
    is_whole: bool = False
    """Answered in one piece, whatever was asked for."""
    delay_s: float = 0
    """Before the first byte."""
    pause_s: float = 0
    """Between two events."""
    until: threading.Event | None = None
    """What the second half of the events waits for."""
    cut_after: int | None = None
    """Break the connection after so many events."""
    end_after: int | None = None
    """End the stream properly after so many events, as if all had been said."""
    garbage_after: int | None = None
    """Send an event that is no JSON after so many."""


@dataclass(frozen=True)
class Failure:
    """An error in the vendor's own words; kinds: see FAILURES in each server."""

    kind: str
    retry_after: str | None = None
    after: int | None = None
    """In the middle of a stream that began well, after so many events."""


@dataclass(frozen=True)
class Raw:
    """An answer of any shape: JSON, or bytes to send as they are."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    delay_s: float = 0
    cuts: bool = False
    """Close the connection instead of answering."""
    cut_after: int | None = None
    """Close it after so many bytes of the body."""


@dataclass(frozen=True)
class Asked:
    """A request as it came; `body` is {} where there was none."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


Answer = Turn | Failure | Raw
Scripted = Answer | Callable[[Asked], Answer]
Event = tuple[str, Any]
"""Its name, empty where the vendor gives none, and its data: JSON, or text to send as it is."""


class Vendor(Protocol):
    """How one vendor says what a script means."""

    def whole(self, turn: Turn, asked: Asked) -> Any: ...
    def events(self, turn: Turn, asked: Asked) -> list[Event]: ...
    def failure(self, failure: Failure, asked: Asked) -> Raw: ...
    def failed(self, failure: Failure, asked: Asked) -> Event: ...
    def models(self, names: Sequence[str]) -> Any: ...


@dataclass
class ModelServer:
    """A running server. Put more into `answers` at any time; `asked` is what has come, oldest first."""

    url: str
    base_url: str
    """What goes into the setting of the provider."""
    answers: list[Scripted] = field(default_factory=list)
    """Given one by one; the last for ever. A function decides by what is asked."""
    asked: list[Asked] = field(default_factory=list)
    models: list[str] = field(default_factory=lambda: ["local-1", "local-2"])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_answer(self, asked: Asked) -> Answer:
        with self.lock:
            self.asked.append(asked)
            scripted = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return scripted(asked) if callable(scripted) else scripted


@contextmanager
def serving(vendor: Vendor, answers: Sequence[Scripted], prefix: str) -> Iterator[ModelServer]:
    """A server on a free port; `prefix` is the part of the base URL after the port."""
    server = ModelServer("", "", list(answers) or [Turn("Hello")])

    class Handler(_Handler):
        vendor_ = vendor
        server_ = server

    with _Http(("127.0.0.1", 0), Handler) as http:
        server.url = f"http://127.0.0.1:{http.server_port}"
        server.base_url = server.url + prefix
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


class _Http(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True
    block_on_close = False  # who waits for a slow answer may be gone; the thread ends with its sleep


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    vendor_: Vendor
    server_: ModelServer

    def do_GET(self) -> None:
        self._send(Raw(self.vendor_.models(self.server_.models)))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked = Asked(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
        answer = self.server_.next_answer(asked)
        with suppress(OSError):  # who waited may be gone
            self._answer(answer, asked)

    def _answer(self, answer: Answer, asked: Asked) -> None:
        if isinstance(answer, Failure) and answer.after is None:
            answer = self.vendor_.failure(answer, asked)
        if isinstance(answer, Turn) and (answer.is_whole or not asked.body.get("stream")):
            answer = Raw(self.vendor_.whole(answer, asked), delay_s=answer.delay_s)
        if isinstance(answer, Raw):
            self._send(answer)
        elif isinstance(answer, Failure):
            events = self.vendor_.events(Turn("A story that breaks off"), asked)
            self._stream([*events[: answer.after], self.vendor_.failed(answer, asked)], Turn())
        else:
            self._stream(self.vendor_.events(answer, asked), answer)

    def _send(self, answer: Raw) -> None:
        time.sleep(answer.delay_s)
        if answer.cuts:
            self._cut()
            return
        raw = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(raw))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw[: answer.cut_after])
        if answer.cut_after is not None:
            self._cut()

    def _stream(self, events: list[Event], turn: Turn) -> None:
        time.sleep(turn.delay_s)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number, (name, data) in enumerate(events):
            if number == turn.cut_after:
                self._cut()
                return
            if number == turn.end_after:
                break
            if turn.until is not None and number == len(events) // 2:
                turn.until.wait(60)
            self._chunk(name, "{nonsense" if number == turn.garbage_after else data)
            time.sleep(turn.pause_s)
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, name: str, data: Any) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        raw = (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()
        self.wfile.write(b"%x\r\n%b\r\n" % (len(raw), raw))
        self.wfile.flush()

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.close()

    def finish(self) -> None:
        if not self.wfile.closed and self.connection.fileno() >= 0:
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        pass


def pieces(text: str) -> list[str]:
    return [text[begin : begin + PIECE] for begin in range(0, len(text), PIECE)]


def arguments_of(call: Call) -> str:
    return call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments)


def failure_of(status: int, body: Any, failure: Failure) -> Raw:
    headers = {"Content-Type": "application/json"}
    if failure.retry_after is not None:
        headers["Retry-After"] = failure.retry_after
    return Raw(body, status, headers)
