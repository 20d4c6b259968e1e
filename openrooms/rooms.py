"""Rooms over HTTP: made, run, steered, answered; their memory and conversation."""

from typing import Any, Literal, TypedDict, Unpack

from openrooms.calls import Calls, Paged, at, once
from openrooms.values import Accepted, MemoryEntry, Page, Room, Turn

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "FATAL"]
MemoryKind = Literal["LONG_TERM", "SEMANTIC"]


class RoomsAsked(Paged, total=False):
    status: str | None
    workflow_id: str | None
    q: str
    passing: bool
    order: Literal["newest", "active", "name"]


class RoomFields(TypedDict, total=False):
    version: int | Literal["latest"]
    config: dict[str, Any]
    metadata: dict[str, Any]
    queue_runs: bool


class RoomChanges(RoomFields, total=False):
    name: str


class EventsAsked(Paged, total=False):
    level: Level
    type: list[str] | None
    node_id: str | None
    text: str
    after_seq: int | None
    seq: list[int] | None


class LogsAsked(EventsAsked, total=False):
    run_id: str | None


class TrialFields(TypedDict, total=False):
    pins: dict[str, Any]
    until: str | None
    only: str | None
    vars: dict[str, Any]


class EntriesAsked(Paged, total=False):
    kind: MemoryKind | None


class SearchAsked(EntriesAsked, total=False):
    by: Literal["words", "meaning"] | None
    min_score: float | None


class EntryFields(TypedDict, total=False):
    kind: MemoryKind
    ttl_s: float | None
    metadata: dict[str, Any]


class Rooms(Calls):
    def list_rooms(self, **asked: Unpack[RoomsAsked]) -> Page[Room]:
        return self._page(Room, at("rooms"), asked)

    def create_room(
        self, name: str, workflow_id: str, *, idempotency_key: str | None = None, **fields: Unpack[RoomFields]
    ) -> Room:
        body = {"name": name, "workflow_id": workflow_id, **fields}
        return self._send(Room, "POST", at("rooms"), json=body, headers=once(idempotency_key))

    def get_room(self, room_id: str) -> Room:
        return self._get(Room, at("rooms", room_id))

    def patch_room(self, room_id: str, **changes: Unpack[RoomChanges]) -> Room:
        return self._send(Room, "PATCH", at("rooms", room_id), json=changes)

    def delete_room(self, room_id: str) -> None:
        self.request("DELETE", at("rooms", room_id))

    def get_status(self, room_id: str) -> dict[str, Any]:
        """The room, its run, where each branch stands, vars, signals waited for, the next wake-up."""
        return dict(self.request("GET", at("rooms", room_id, "status")).json())

    def list_logs(self, room_id: str, **asked: Unpack[LogsAsked]) -> Page[dict[str, Any]]:
        """Events of the latest run or of `run_id`, newest last."""
        return self._plain_page(at("rooms", room_id, "logs"), asked)

    def start_run(
        self,
        room_id: str,
        input_: Any = None,
        *,
        idempotency_key: str | None = None,
        **trial: Unpack[TrialFields],
    ) -> Accepted:
        """Queue a run; a repeat with the same key gives the first run. With `pins`, `until` or `only` it is a trial."""
        return self._send(
            Accepted,
            "POST",
            at("rooms", room_id, "run"),
            json={"input": input_, **trial},
            headers=once(idempotency_key),
        )

    def pause_run(self, room_id: str) -> Accepted:
        return self._send(Accepted, "POST", at("rooms", room_id, "pause"))

    def resume_run(self, room_id: str) -> Accepted:
        return self._send(Accepted, "POST", at("rooms", room_id, "resume"))

    def cancel_run(self, room_id: str) -> Accepted:
        return self._send(Accepted, "POST", at("rooms", room_id, "cancel"))

    def send_signal(
        self, room_id: str, name: str, payload: Any = None, *, idempotency_key: str | None = None
    ) -> Accepted:
        """Answer a WAIT; a signal that comes before its WAIT is kept."""
        return self._send(
            Accepted,
            "POST",
            at("rooms", room_id, "signals", name),
            json=payload,
            headers=once(idempotency_key),
        )

    def list_entries(self, room_id: str, **asked: Unpack[EntriesAsked]) -> Page[MemoryEntry]:
        return self._page(MemoryEntry, at("rooms", room_id, "memory"), asked)

    def search_memory(self, room_id: str, query: str, **asked: Unpack[SearchAsked]) -> Page[dict[str, Any]]:
        """What fits best, each with its `score`."""
        return self._plain_page(at("rooms", room_id, "memory"), {"query": query, **asked})

    def get_entry(self, room_id: str, key: str) -> MemoryEntry:
        return self._get(MemoryEntry, at("rooms", room_id, "memory", key))

    def put_entry(self, room_id: str, key: str, value: Any, **fields: Unpack[EntryFields]) -> MemoryEntry:
        body = {"value": value, **fields}
        return self._send(MemoryEntry, "PUT", at("rooms", room_id, "memory", key), json=body)

    def delete_entry(self, room_id: str, key: str) -> None:
        self.request("DELETE", at("rooms", room_id, "memory", key))

    def list_turns(self, room_id: str, **asked: Unpack[Paged]) -> Page[Turn]:
        """What was said in the room, the newest first."""
        return self._page(Turn, at("rooms", room_id, "conversation"), asked)

    def forget_conversation(self, room_id: str) -> None:
        self.request("DELETE", at("rooms", room_id, "conversation"))
