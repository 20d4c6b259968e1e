"""What an agent did in a step, turn by turn: a fold over the step's public events."""

from collections.abc import Callable
from typing import Any

Turn = dict[str, Any]
"""{turn, model, text, tokens, cost_usd, duration_ms, tool_calls}; a call is {call, tool, arguments, status, result, error,
duration_ms}, its status wanted, waiting (for a person), running, done or failed. Turn 0 is a summary of the conversation."""


def tell_turn(turns: list[Turn], event: dict[str, Any]) -> None:
    """Take over what an event of the step tells, if it tells of a turn."""
    number = event["data"].get("turn")
    fold = _FOLDS.get(event["type"])
    if fold is not None and number is not None:
        fold(_of(turns, number), event)


def _of(turns: list[Turn], number: int) -> Turn:
    found = next((turn for turn in turns if turn["turn"] == number), None)
    if found is None:
        found = {"turn": number, "model": "", "text": "", "tokens": 0, "cost_usd": 0.0}
        found |= {"duration_ms": None, "tool_calls": []}
        turns.append(found)
    return found


def _answered(turn: Turn, event: dict[str, Any]) -> None:
    """A turn may be paid for twice, when the first answer was no good."""
    told = event["data"]
    said = told.get("output") or {}
    wanted = said.get("tool_calls") or ()
    turn["model"] = told.get("model", turn["model"])
    turn["text"], turn["duration_ms"] = said.get("text", ""), event["duration_ms"]
    turn["tokens"] += told.get("tokens", 0)
    turn["cost_usd"] += told.get("cost_usd", 0.0)
    turn["tool_calls"] = [_wanted(number, call) for number, call in enumerate(wanted, 1)]


def _wanted(number: int, call: dict[str, Any]) -> dict[str, Any]:
    told = {"call": number, "tool": call.get("name"), "arguments": call.get("arguments")}
    return told | {"status": "wanted", "result": None, "error": None, "duration_ms": None}


def _called(status: str) -> Callable[[Turn, dict[str, Any]], None]:
    def fold(turn: Turn, event: dict[str, Any]) -> None:
        number = event["data"].get("call")
        for call in turn["tool_calls"]:
            if call["call"] == number:
                call["status"], call["error"] = status, event["error"]
                call["result"] = event["data"].get("output", call["result"])
                call["duration_ms"] = event["duration_ms"]

    return fold


_FOLDS: dict[str, Callable[[Turn, dict[str, Any]], None]] = {
    "AGENT_RESPONSE": _answered,
    "WAIT_STARTED": _called("waiting"),
    "TOOL_INVOKED": _called("running"),
    "TOOL_COMPLETED": _called("done"),
    "TOOL_FAILED": _called("failed"),
}
