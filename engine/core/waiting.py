"""Waiting: WAIT steps (a time to rest, a moment, a signal; one that comes early is kept), and steps that ask people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.core.document import Outcome
from engine.core.events import EventType
from engine.core.expressions import ExpressionError
from engine.core.inputs import ClearTimers, SetTimer, Signalled
from engine.core.leaving import Output, expression_failure, fail, succeed
from engine.core.moving import Moving
from engine.core.plan import PlanNode
from engine.core.retry import US_PER_S
from engine.core.times import parse_rfc3339, rfc3339
from engine.core.tokens import Phase, Token

SIGNALS_KEPT = 100
"""Signals of one name that a run keeps while nothing waits for them; later ones are refused."""


def begin_wait(m: Moving, token: Token, node: PlanNode) -> None:
    """Rest, or go on at once if what is waited for is there already."""
    signal = node.config.get("signal")
    if signal is not None:
        _wait_for_signal(m, token, node, signal)
        return
    try:
        due_us = _due(m, token, node)
    except (ExpressionError, ValueError) as error:
        fail(m, token, _bad_until(error, token))
        return
    if due_us <= m.at_us:
        succeed(m, token)
        return
    m.tell(EventType.WAIT_STARTED, token, d={"what": f"until {rfc3339(due_us)}", "until": rfc3339(due_us)})
    m.rest(token, Phase.WAITING)
    m.commands.append(SetTimer(token.activation, "wait", due_us))


def receive_signal(m: Moving, given: Signalled) -> None:
    """Hand a signal to the branch that has waited for it longest, or keep it."""
    told = {"name": given.name, "by": given.by, "payload": given.payload}
    waiting = [
        token
        for token in m.state.tokens.values()
        if token.phase is Phase.WAITING and signal_of(token, m.node(token)) == given.name
    ]
    kept = m.state.signals.get(given.name, ())
    is_too_many = not waiting and len(kept) >= SIGNALS_KEPT
    m.tell(EventType.SIGNAL_RECEIVED, d={**told, "discarded": True} if is_too_many else told)
    if waiting:
        token = min(waiting, key=lambda item: item.step)
        m.commands.append(ClearTimers(token.activation))
        if token.asks:
            _answered(m, token, {"payload": given.payload, "by": given.by})
        else:
            _go_on(m, token, given.payload)
        return
    if not is_too_many:
        m.state.signals[given.name] = (*kept, given.payload)


def signal_of(token: Token, node: PlanNode) -> str | None:
    """The name of the signal that a waiting token waits for."""
    name: str | None = token.asks[0]["signal"] if token.asks else node.config.get("signal")
    return name


def rest_for_answers(m: Moving, token: Token, asks: tuple[Mapping[str, Any], ...]) -> None:
    """Let a step's token wait until people have answered what it asks, one after the other."""
    token.asks = list(asks)
    _ask(m, token)


def _ask(m: Moving, token: Token) -> None:
    """Ask the first of what is left; with nothing left, the step goes on."""
    if not token.asks:
        m.rest(token, Phase.READY)
        return
    ask = token.asks[0]
    told = {name: value for name, value in ask.items() if name not in ("key", "timeout_s")}
    if ask.get("timeout_s") is not None:
        due_us = m.at_us + round(ask["timeout_s"] * US_PER_S)
        told["until"] = rfc3339(due_us)
        m.commands.append(SetTimer(token.activation, "timeout", due_us))
    m.tell(EventType.WAIT_STARTED, token, d=told)
    m.rest(token, Phase.WAITING)


def _answered(m: Moving, token: Token, answer: dict[str, Any]) -> None:
    ask = token.asks.pop(0)
    token.progress[ask["key"]] = {"o": answer}
    m.tell(EventType.WAIT_ENDED, token, d={"signal": ask["signal"], **answer})
    _ask(m, token)


def wake(m: Moving, token: Token, timer: str) -> None:
    """A WAIT's timer has fired: its rest is over, or its signal did not come in time."""
    if token.asks:
        if timer == "timeout":
            _answered(m, token, {"timed_out": True})
        return
    node = m.node(token)
    signal = node.config.get("signal")
    if signal is None and timer == "wait":
        m.tell(EventType.WAIT_ENDED, token)
        succeed(m, token)
        return
    if signal is None or timer == "wait" or node.timeout_s is None:
        return
    message = f"The signal {signal!r} did not come within {node.timeout_s:.15g} s."
    error = {"code": "timeout", "message": message, "node_id": token.at}
    m.tell(EventType.WAIT_ENDED, token, e=error)
    fail(m, token, error, outcome=Outcome.TIMEOUT)


def _wait_for_signal(m: Moving, token: Token, node: PlanNode, signal: str) -> None:
    kept = m.state.signals.get(signal, ())
    if kept:
        m.state.signals[signal] = kept[1:]
        _go_on(m, token, kept[0])
        return
    template = node.templates.get("message")
    try:
        message = template.render(m.scope(token, node.names)) if template else None
    except ExpressionError as error:
        fail(m, token, expression_failure(error, "config.message", token, code="evaluation_error"))
        return
    told: dict[str, Any] = {"what": f"signal {signal}", "signal": signal, "text": message}
    if node.timeout_s is not None:
        due_us = m.at_us + round(node.timeout_s * US_PER_S)
        told["until"] = rfc3339(due_us)
        m.commands.append(SetTimer(token.activation, "timeout", due_us))
    m.tell(EventType.WAIT_STARTED, token, d=told)
    m.rest(token, Phase.WAITING)


def _go_on(m: Moving, token: Token, payload: Any) -> None:
    m.tell(EventType.WAIT_ENDED, token)
    succeed(m, token, Output(payload))


def _due(m: Moving, token: Token, node: PlanNode) -> int:
    if node.until is None:
        rest_us: int = round(node.config["duration_s"] * US_PER_S)
        return m.at_us + rest_us
    moment = node.until.evaluate(m.scope(token, node.names)).value
    if not isinstance(moment, str):
        raise ValueError(f"until gave {type(moment).__name__}, not an RFC 3339 time as text")
    return parse_rfc3339(moment)


def _bad_until(error: Exception, token: Token) -> dict[str, Any]:
    if isinstance(error, ExpressionError):
        return expression_failure(error, "config.until", token, code="evaluation_error")
    return {"code": "evaluation_error", "message": str(error), "node_id": token.at, "retryable": False}
