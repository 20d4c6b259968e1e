"""Recorded facts: compact where they are stored, plain where people and programs read them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class EventType(StrEnum):
    ROOM_CREATED = "ROOM_CREATED"
    ROOM_STARTED = "ROOM_STARTED"
    ROOM_PAUSED = "ROOM_PAUSED"
    ROOM_RESUMED = "ROOM_RESUMED"
    ROOM_COMPLETED = "ROOM_COMPLETED"
    ROOM_FAILED = "ROOM_FAILED"
    ROOM_CANCELLED = "ROOM_CANCELLED"
    RUN_QUEUED = "RUN_QUEUED"
    NODE_ENTERED = "NODE_ENTERED"
    NODE_EXECUTED = "NODE_EXECUTED"
    NODE_EXITED = "NODE_EXITED"
    NODE_FAILED = "NODE_FAILED"
    NODE_RETRY_SCHEDULED = "NODE_RETRY_SCHEDULED"
    NODE_TIMED_OUT = "NODE_TIMED_OUT"
    NODE_SKIPPED = "NODE_SKIPPED"
    NODE_PINNED = "NODE_PINNED"
    TOOL_INVOKED = "TOOL_INVOKED"
    TOOL_COMPLETED = "TOOL_COMPLETED"
    TOOL_FAILED = "TOOL_FAILED"
    AGENT_INVOKED = "AGENT_INVOKED"
    AGENT_RESPONSE = "AGENT_RESPONSE"
    AGENT_ERROR = "AGENT_ERROR"
    TRANSITION = "TRANSITION"
    STATE_UPDATED = "STATE_UPDATED"
    MEMORY_UPDATED = "MEMORY_UPDATED"
    BRANCH_FORKED = "BRANCH_FORKED"
    BRANCH_JOINED = "BRANCH_JOINED"
    BRANCH_CANCELLED = "BRANCH_CANCELLED"
    WAIT_STARTED = "WAIT_STARTED"
    WAIT_ENDED = "WAIT_ENDED"
    SIGNAL_RECEIVED = "SIGNAL_RECEIVED"
    WORKER_LOST = "WORKER_LOST"
    EFFECT_UNKNOWN = "EFFECT_UNKNOWN"
    LIMIT_REACHED = "LIMIT_REACHED"
    UNTIL_REACHED = "UNTIL_REACHED"


LEVELS: dict[str, str] = {
    EventType.NODE_FAILED: "ERROR",
    EventType.TOOL_FAILED: "ERROR",
    EventType.AGENT_ERROR: "ERROR",
    EventType.ROOM_FAILED: "ERROR",
    EventType.LIMIT_REACHED: "ERROR",
    EventType.EFFECT_UNKNOWN: "ERROR",
    EventType.NODE_TIMED_OUT: "WARNING",
    EventType.NODE_RETRY_SCHEDULED: "WARNING",
    EventType.WORKER_LOST: "WARNING",
    EventType.ROOM_CANCELLED: "WARNING",
    EventType.BRANCH_CANCELLED: "WARNING",
    EventType.NODE_ENTERED: "DEBUG",
    EventType.NODE_EXITED: "DEBUG",
    EventType.STATE_UPDATED: "DEBUG",
}
"""Every type not named here is INFO."""

LEVEL_NAMES = ("DEBUG", "INFO", "WARNING", "ERROR", "FATAL")

Fact = dict[str, Any]
"""A stored fact: t type, n node, s step, a attempt (1 when absent), b branch, d data, e error, ms duration,
o: 1 when data.output is the output of the row's input, i: the number of its input's note that has all the rest."""


def fact(type_: EventType, **fields: Any) -> Fact:
    """A compact fact; fields that are None are left out."""
    return {"t": type_.value, **{name: value for name, value in fields.items() if value is not None}}


def with_note(stored: Fact, given: Mapping[str, Any]) -> Fact:
    """A fact of a step's progress, together with the note of its input that it stands for."""
    note = given["notes"][stored["i"]]
    output = {"output": note["o"]} if "o" in note else {}
    return {
        **stored,
        "d": {**note.get("d", {}), **output},
        **{name: note[name] for name in ("e", "ms") if name in note},
    }


def public_event(run_id: str, seq: int, at: str, stored: Fact, output: Any) -> dict[str, Any]:
    """A stored fact in its public shape (see interfaces: engine.md 6); `at` is RFC 3339, `output` that of its input."""
    data = dict(stored.get("d", ()))
    if "o" in stored:
        data["output"] = output
    type_, node, error = stored["t"], stored.get("n"), stored.get("e")
    return {
        "run_id": run_id,
        "seq": seq,
        "type": type_,
        "level": LEVELS.get(type_, "INFO"),
        "at": at,
        "node_id": node,
        "step": stored.get("s"),
        "attempt": stored.get("a", 1) if "s" in stored else None,
        "branch": stored.get("b", "") if "n" in stored else None,
        "message": _message(type_, node, data, error),
        "data": data,
        "error": error,
        "duration_ms": stored.get("ms"),
    }


def _message(type_: str, node: str | None, data: Mapping[str, Any], error: Mapping[str, Any] | None) -> str:
    """One line for people, from the event's own fields."""
    words = _Words(data)
    words["node"] = words.get("name") or node or "an earlier step"
    if error is not None:
        words["why"] = error.get("message", "")
    if type_ == EventType.ROOM_STARTED:
        words["trial"] = _trial(data)
    text: str = _MESSAGES.get(type_, type_).format_map(words)
    return text if len(text) <= 500 else text[:499] + "…"


def _trial(data: Mapping[str, Any]) -> str:
    """What of a run's beginning makes it a trial, in words."""
    until, pins = data.get("until"), data.get("pins")
    is_alone = until is not None and data.get("at_step", {}).get("node") == until
    parts = [f"only {until}" if is_alone else f"until {until}"] if until else []
    parts += [f"with pinned {', '.join(pins)}"] if pins else []
    return f", a trial: {', '.join(parts)}" if parts else ""


class _Words(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


_MESSAGES: dict[str, str] = {
    "ROOM_CREATED": "Room created",
    "RUN_QUEUED": "Run #{number} queued",
    "ROOM_STARTED": "Run #{number} started with version {version}{trial}",
    "ROOM_PAUSED": "Paused by {by}",
    "ROOM_RESUMED": "Resumed by {by}",
    "ROOM_COMPLETED": "Run completed after {steps} steps",
    "ROOM_FAILED": "Run failed: {why}",
    "ROOM_CANCELLED": "Cancelled by {by}",
    "NODE_ENTERED": "Entered {node}",
    "NODE_EXECUTED": "{node} succeeded",
    "NODE_EXITED": "Left {node}",
    "NODE_FAILED": "{node} failed: {why}",
    "NODE_RETRY_SCHEDULED": "{node} will be tried again in {delay_s} s (attempt {next_attempt})",
    "NODE_TIMED_OUT": "{node} took too long: {why}",
    "NODE_SKIPPED": "{node} is disabled: skipped",
    "NODE_PINNED": "{node} is pinned: its output was given, nothing is executed",
    "TOOL_INVOKED": "Calling the tool {tool}",
    "TOOL_COMPLETED": "The tool {tool} answered",
    "TOOL_FAILED": "The tool {tool} failed: {why}",
    "AGENT_INVOKED": "Asking {provider} {model}",
    "AGENT_RESPONSE": "The agent answered ({tokens} tokens)",
    "AGENT_ERROR": "The agent failed: {why}",
    "TRANSITION": "{node} → {target} on {on}",
    "STATE_UPDATED": "vars.{name} was set",
    "MEMORY_UPDATED": "memory.{key} was set",
    "BRANCH_FORKED": "{node} forked into {branches} branches",
    "BRANCH_JOINED": "{node} joined {arrived} of {branches} branches",
    "BRANCH_CANCELLED": "A branch was cancelled at {node}: {reason}",
    "WAIT_STARTED": "Waiting: {what}",
    "WAIT_ENDED": "The wait is over",
    "SIGNAL_RECEIVED": "Signal {name} received from {by}",
    "WORKER_LOST": "The worker was lost during {node}; {consequence}",
    "EFFECT_UNKNOWN": "{node} may or may not have taken effect; it is not repeated",
    "LIMIT_REACHED": "Limit reached: {why}",
    "UNTIL_REACHED": "The trial ends after {node}, as asked",
}

_OTHERS = "an earlier step none true false null output a trial only until with pinned"
FIXED_WORDS = " ".join((*EventType, *_MESSAGES.values(), _OTHERS)).lower()
"""What stands in events without being recorded with them."""
