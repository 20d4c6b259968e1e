"""Runs over HTTP: what they did, live and afterwards; tried again, decided again, waited for."""

import math
import time
from collections.abc import Iterator
from typing import Any, Unpack

import httpx

from openrooms.calls import Calls, Paged, at, once, refusal
from openrooms.errors import TimedOut, Unreachable
from openrooms.events import Heard, heard
from openrooms.rooms import EventsAsked
from openrooms.values import Accepted, Page, Run

SILENCE_S = 40.0
"""The server says something every 15 s; after more than twice that, the connection is dead."""
AGAIN_S = 1.0


class RunsOfRoomAsked(Paged, total=False):
    """Times are RFC 3339; `q` are words of names, a number, or the beginning of an id."""

    status: str | None
    since: str | None
    until: str | None
    q: str


class RunsAsked(RunsOfRoomAsked, total=False):
    room_id: str | None
    workflow_id: str | None


class Runs(Calls):
    def list_runs(self, **asked: Unpack[RunsAsked]) -> Page[Run]:
        return self._page(Run, at("runs"), asked)

    def list_runs_of_room(self, room_id: str, **asked: Unpack[RunsOfRoomAsked]) -> Page[Run]:
        return self._page(Run, at("rooms", room_id, "runs"), asked)

    def get_run(self, run_id: str) -> Run:
        return self._get(Run, at("runs", run_id))

    def list_events(self, run_id: str, **asked: Unpack[EventsAsked]) -> Page[dict[str, Any]]:
        return self._plain_page(at("runs", run_id, "events"), asked)

    def find_events(self, run_id: str, **asked: Unpack[EventsAsked]) -> dict[str, Any]:
        """`{seqs, next_cursor}`: the numbers of the events asked for, as far as one search looks."""
        return dict(self.request("GET", at("runs", run_id, "events", "seqs"), params=asked).json())

    def export_events(self, run_id: str, **asked: Unpack[EventsAsked]) -> bytes:
        """All events asked for, one JSON object a line."""
        return self.request("GET", at("runs", run_id, "events", "export"), params=asked).content

    def list_steps(self, run_id: str, **asked: Unpack[Paged]) -> Page[dict[str, Any]]:
        return self._plain_page(at("runs", run_id, "steps"), asked)

    def get_state(self, run_id: str, at_seq: int | None = None, at_step: int | None = None) -> dict[str, Any]:
        """Where the run stands, or stood after that event, or when it entered that step."""
        asked = {"at_seq": at_seq, "at_step": at_step}
        return dict(self.request("GET", at("runs", run_id, "state"), params=asked).json())

    def retry_run(
        self, run_id: str, from_step: int | None = None, *, idempotency_key: str | None = None
    ) -> Accepted:
        path = at("runs", run_id, "retry")
        return self._send(
            Accepted, "POST", path, json={"from_step": from_step}, headers=once(idempotency_key)
        )

    def cancel_one_run(self, run_id: str) -> Accepted:
        """End this very run, also if it still stands in line for its room."""
        return self._send(Accepted, "POST", at("runs", run_id, "cancel"))

    def replay_run(self, run_id: str) -> dict[str, Any]:
        """`{identical: True, fingerprint, events}`, or `{identical: False, divergence}`."""
        return dict(self.request("POST", at("runs", run_id, "replay")).json())

    def stream_run(self, run_id: str, *, after: str = "") -> Iterator[dict[str, Any]]:
        """The run's events as they come, to its end; takes up where it was when the connection breaks."""
        for event in self._listen(at("runs", run_id, "stream"), after):
            if event.kind == "event":
                yield event.data

    def stream_room(self, room_id: str, *, run_id: str = "", after: str = "") -> Iterator[dict[str, Any]]:
        """The room's events as they come, run after run, for ever; or those of one run."""
        for event in self._listen(at("rooms", room_id, "stream"), after, run_id=run_id):
            if event.kind == "event":
                yield event.data

    def wait(self, run_id: str, timeout_s: float = 600.0) -> Run:
        """The run once it is over.

        Raises:
            TimedOut: it was not, in that time; it goes on.
        """
        for _ in self._listen(at("runs", run_id, "stream"), until=time.monotonic() + timeout_s):
            pass
        run = self.get_run(run_id)
        if not run.is_over:
            raise TimedOut(run_id, timeout_s)
        return run

    def _listen(
        self, path: str, after: str = "", *, until: float = math.inf, run_id: str = ""
    ) -> Iterator[Heard]:
        """What is told, over as many connections as it takes; ends when all is told, or at `until`."""
        params = {"run_id": run_id} if run_id else {}
        was_there = False
        while (left_s := until - time.monotonic()) > 0:
            before = after
            headers = {"Last-Event-ID": after} if after else {}
            patience = httpx.Timeout(10.0, read=min(SILENCE_S, left_s))
            try:
                with self._http.stream(
                    "GET", path, headers=headers, params=params, timeout=patience
                ) as answer:
                    if answer.status_code == 204:
                        return
                    if not answer.is_success:
                        answer.read()
                        raise refusal(answer)
                    was_there = True
                    for event in heard(answer.iter_lines()):
                        after = event.id or after
                        yield event
                        if time.monotonic() > until:
                            return
            except httpx.TransportError as error:
                if not was_there:
                    raise Unreachable(self.server, error or type(error).__name__) from error
            if after == before:
                time.sleep(min(AGAIN_S, max(0.0, until - time.monotonic())))
