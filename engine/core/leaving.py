"""How a step ends: its output is kept, a retry is planned, or a way out is chosen and its reasons recorded."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from engine.core.catalogue import Behaviour
from engine.core.document import On, Outcome
from engine.core.events import EventType
from engine.core.expressions import Expression, ExpressionError
from engine.core.fingerprint import digest
from engine.core.inputs import Remember, SetTimer
from engine.core.joining import fail_token, follow, keep_apart
from engine.core.memory import Kind, seen_of
from engine.core.moving import Moving
from engine.core.plan import PlanNode, Way
from engine.core.retry import delay_us
from engine.core.run import RunStatus
from engine.core.tokens import Phase, Token

SHOWN = 200
"""Characters of a value that a TRANSITION's reasons show."""
_WELL = {"outcome": "SUCCESS"}


class Output(NamedTuple):
    """What a step gave: its value, the memory it wrote, and whether the log has the value with the input."""

    value: Any
    remember: Mapping[str, Any] = MappingProxyType({})
    about: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
    is_in_input: bool = False


def succeed(m: Moving, token: Token, output: Output | None = None) -> None:
    """End a step as SUCCESS: keep its output and what it remembers, then leave."""
    node = m.node(token)
    value = output.value if output else None
    if output is None:
        m.tell(EventType.NODE_EXECUTED, token, ms=_ms(m, token))
    elif output.is_in_input:
        m.tell(EventType.NODE_EXECUTED, token, ms=_ms(m, token), o=1)
    else:
        m.tell(EventType.NODE_EXECUTED, token, ms=_ms(m, token), d={"output": value})
    token.phase = Phase.READY
    if node.behaviour is not Behaviour.DECISION:  # its ways see the outcome and the error that led to it
        token.outcome, token.error = "SUCCESS", None
    token.chain = digest(token.chain, token.via, node.id, "SUCCESS", value)
    token.joined, token.progress = None, {}
    if output is not None:
        token.vars[node.variable] = value
        token.wrote[node.variable] = token.step
        m.tell(EventType.STATE_UPDATED, token, d=node.sets)
        if output.remember:
            write_memory(m, token, output.remember, output.about)
    if not node.remember or remember(m, token, node):
        _leave(m, token, node)


def remember(m: Moving, token: Token, node: PlanNode) -> bool:
    """Write what `node` remembers, all or nothing; False when that failed, which ends the step."""
    if node.disabled or not node.remember:
        return True
    scope, values = m.scope(token, node.names), {}
    for key, expression in node.remember:
        try:
            values[key] = expression.evaluate(scope).value
        except ExpressionError as error:
            fail(m, token, expression_failure(error, f"remember.{key}", token, code="evaluation_error"))
            return False
    write_memory(m, token, values)
    return True


def write_memory(
    m: Moving, token: Token, values: Mapping[str, Any], about: Mapping[str, Mapping[str, Any]] | None = None
) -> None:
    """Remember `values`: at the root they reach the room at once, in a branch when it has joined.

    In a run with pins they end with it: nothing that was made up stays in the room.
    """
    for key, value in values.items():
        token.memory[key] = value
        token.about.pop(key, None)
        more = about.get(key) if about else None
        if m.state.pins:
            more = {**seen_of(more or {}), "kind": Kind.SHORT_TERM}
        if more:
            keep_apart(m, token, key, more)
            continue
        m.tell(EventType.MEMORY_UPDATED, token, d={"key": key, "value": value})
        if not token.branch:
            m.commands.append(Remember(key, value))


def complete(m: Moving, token: Token, output: Any) -> None:
    """End the run well, with this output."""
    m.end(RunStatus.COMPLETED, token, output=output)
    told = {"steps": m.state.steps, "output": output, "fingerprint": m.state.fingerprint}
    m.tell(EventType.ROOM_COMPLETED, d={**told, "trial": True} if m.state.is_trial else told)


def fail(m: Moving, token: Token, error: Mapping[str, Any], *, outcome: Outcome = Outcome.FAILURE) -> None:
    """End a step as FAILURE or TIMEOUT, once its retries are spent."""
    node = m.node(token)
    failures = token.failures + 1
    is_timeout = outcome is Outcome.TIMEOUT
    told = EventType.NODE_TIMED_OUT if is_timeout else EventType.NODE_FAILED
    m.tell(told, token, e=dict(error), ms=_ms(m, token))
    if (
        failures < node.retry.max_attempts
        and error.get("retryable", True)
        and node.behaviour is Behaviour.STEP
    ):
        token.failures, token.is_again = failures, True
        _try_again(m, token, node, error.get("retry_after_s") or 0)
        return
    kept = {name: error[name] for name in ("code", "message", "node_id")}
    token.phase = Phase.READY
    token.outcome, token.error = outcome.value, kept
    token.chain = digest(token.chain, token.via, node.id, outcome.value, kept["code"])
    token.joined, token.progress = None, {}
    m.tell(EventType.NODE_EXITED, token, d={"outcome": outcome.value})
    ways = node.ways_on(*_triggers(node, is_timeout))
    if ways and m.state.until != token.at:
        follow(m, token, ways[0], {"outcome": outcome.value})
    else:
        fail_token(m, token, kept)


def _triggers(node: PlanNode, is_timeout: bool) -> list[On]:
    triggers = [On.TIMEOUT] if is_timeout else []
    triggers.append(On.FAILURE)
    if node.behaviour is not Behaviour.DECISION and not node.branches:
        triggers.append(On.ALWAYS)  # else it is a branch of a fork, or an "otherwise": no condition was true
    return triggers


def expression_failure(
    error: ExpressionError, place: str, token: Token, *, code: str, **more: Any
) -> dict[str, Any]:
    """The error of a step whose expression can't be evaluated; trying again can't help."""
    return {
        "code": code,
        "message": f"{place}: {error}",
        "node_id": token.at,
        "line": error.line,
        "column": error.column,
        "retryable": False,
        **more,
    }


def _try_again(m: Moving, token: Token, node: PlanNode, asked_s: float) -> None:
    rest_us = delay_us(node.retry, token.failures, asked_s=asked_s)
    m.tell(
        EventType.NODE_RETRY_SCHEDULED,
        token,
        d={
            "delay_s": rest_us / 1_000_000,
            "next_attempt": token.attempt + 1,
            "due_us": m.at_us + rest_us,
        },
    )
    if rest_us == 0:
        m.rest(token, Phase.READY)
        return
    m.rest(token, Phase.RETRYING)
    m.commands.append(SetTimer(token.activation, "retry", m.at_us + rest_us))


def _leave(m: Moving, token: Token, node: PlanNode) -> None:
    """Choose the way out of a step that succeeded."""
    tried: list[dict[str, Any]] = []
    if node.on_condition:
        chosen = _choose(m, token, node, tried)
        if chosen is None:
            return
        if chosen[0] is not None:
            m.tell(EventType.NODE_EXITED, token, d=_WELL)
            follow(m, token, chosen[0], chosen[1])
            return
    m.tell(EventType.NODE_EXITED, token, d=_WELL)
    if node.on_success is not None:
        follow(m, token, node.on_success, {"tried": tried} if tried else None)
    else:
        message = f"No transition leaves {token.at!r} on SUCCESS."
        fail_token(m, token, {"code": "no_transition", "message": message, "node_id": token.at})


def _choose(
    m: Moving, token: Token, node: PlanNode, tried: list[dict[str, Any]]
) -> tuple[Way | None, dict[str, Any]] | None:
    """The first way whose condition holds, and why; (None, …) if none does, None when one can't be evaluated."""
    scope = m.scope(token, node.names)
    for way in node.on_condition:
        condition = _condition(way)
        try:
            is_met = condition.condition(scope)
        except ExpressionError as error:
            failure = expression_failure(
                error,
                f"transition {way.id!r}, condition {condition.source!r}",
                token,
                code="condition_error",
                transition_id=way.id,
                expression=condition.source,
            )
            fail(m, token, failure)
            return None
        why = _why(m, token, condition, scope)
        if is_met:
            return way, {**why, "tried": tried} if tried else why
        tried.append({"transition": way.id, "value": False, **why})
    return None, {}


def _condition(way: Way) -> Expression:
    if way.when is None:
        raise AssertionError(f"{way.id!r} has no condition")  # validation makes this impossible
    return way.when


def _why(m: Moving, token: Token, condition: Expression, scope: Mapping[str, Any]) -> dict[str, Any]:
    """Why a condition came out as it did: the values it read and the steps that wrote them."""
    values, wrote_by = {}, {}
    writers = m.state.writers_of(token)
    for path, parts in condition.paths:
        values[path] = _looked_up(scope, parts)
        if parts[0] == "vars" and len(parts) > 1 and parts[1] in writers:
            wrote_by[path] = writers[parts[1]]
    why: dict[str, Any] = {"when": condition.source, "values": values}
    if wrote_by:
        why["wrote_by"] = wrote_by
    return why


def _looked_up(scope: Mapping[str, Any], parts: tuple[str, ...]) -> Any:
    found: Any = scope
    for part in parts:
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    return _shown(found)


def _shown(value: Any) -> Any:
    """Scalars as they are, but short; containers by their size."""
    if isinstance(value, int | float | None):
        return value
    if isinstance(value, str):
        return value if len(value) <= SHOWN else value[: SHOWN - 1] + "…"
    if isinstance(value, Mapping):
        return f"{{{len(value)} keys}}"
    if isinstance(value, list | tuple):
        return f"[{len(value)} items]"
    return value


def _ms(m: Moving, token: Token) -> float | None:
    if not token.entered_us:
        return None
    return max(m.at_us - token.entered_us, 0) / 1000  # another worker's clock may be behind
