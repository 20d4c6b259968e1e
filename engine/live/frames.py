"""What travels through Redis to whoever watches: written by workers, read by the web process, trusted by nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import orjson

ROOMS = "rooms"
"""The channel of small notices: which run moved where. For lists."""
GAPS = "gaps"
"""The channel that says: something was lost, look into SQL."""

Kind = Literal["events", "ephemeral", "status", "gap"]


def run_channel(run_id: str) -> str:
    """Also the key of the run's stream."""
    return f"live:{run_id}"


def room_channel(room_id: str) -> str:
    return f"room:{room_id}"


def hot_key(run_id: str) -> str:
    return f"hot:{run_id}"


def control_channel(worker_id: str) -> str:
    return f"ctl:{worker_id}"


@dataclass(frozen=True, slots=True)
class Published:
    """What one commit made visible of one run."""

    run_id: str
    room_id: str
    seq: int
    """Of the last event."""
    status: str
    payload: bytes | str
    """JSON that watchers get as `data`. The engine gives none: this says that there is news, which stands in SQL."""
    summary: dict[str, Any] = field(default_factory=dict)
    """Small: goes to the lists and into the hot state."""
    first: int = 0
    """Seq of the first event. Left at 0, the reader can't tell when a batch before this one was lost."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a watcher gets.

    `events` and `ephemeral` carry the published payload as `data`, `status` a run's summary. A `gap`
    carries nothing and means: read SQL from the last seq you know.
    """

    kind: Kind
    run_id: str = ""
    room_id: str = ""
    seq: int = 0
    first: int = 0
    status: str = ""
    data: Any = None

    def plain(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


GAP = Batch("gap")


def event_frame(batch: Published) -> bytes:
    return _frame({"kind": "events", **_head(batch)}, batch.payload)


def status_frame(batch: Published) -> bytes:
    return orjson.dumps({"kind": "status", **_head(batch), "data": batch.summary})


def ephemeral_frame(run_id: str, room_id: str, payload: bytes | str) -> bytes:
    return _frame({"kind": "ephemeral", "run_id": run_id, "room_id": room_id}, payload)


def read_frame(raw: object) -> Batch | None:
    """The batch in `raw`, or None for anything that is none."""
    if not isinstance(raw, bytes):
        return None
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(value, dict) or value.get("kind") not in get_args(Kind):
        return None
    if not _FIELDS.keys() >= value.keys():
        return None
    if not all(isinstance(value[name], _FIELDS[name]) for name in value):
        return None
    return Batch(**value)


_FIELDS: dict[str, type] = {
    "kind": str,
    "run_id": str,
    "room_id": str,
    "seq": int,
    "first": int,
    "status": str,
    "data": object,
}


def _head(batch: Published) -> dict[str, Any]:
    return {
        "run_id": batch.run_id,
        "room_id": batch.room_id,
        "seq": batch.seq,
        "first": batch.first,
        "status": batch.status,
    }


def _frame(head: dict[str, Any], payload: bytes | str) -> bytes:
    """`head` with `payload` as its `data`: the payload is JSON already and is not read again."""
    body = payload.encode() if isinstance(payload, str) else payload
    return orjson.dumps(head)[:-1] + b',"data":' + body + b"}"
