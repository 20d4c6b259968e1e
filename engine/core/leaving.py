"""How a step ends: its output is kept, a retry is planned, or a way out is chosen and its reasons recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.core.catalogue import Behaviour
from engine.core.document import On, Outcome
from engine.core.events import EventType
from engine.core.expressions import Expression, ExpressionError
from engine.core.fingerprint import digest
from engine.core.inputs import Remember, SetTimer
from engine.core.joining import fail_token, follow
from engine.core.moving import Moving
from engine.core.plan import PlanNode, Way
from engine.core.retry import delay_us
from engine.core.tokens import Phase, Token

SHOWN = 200
"""Characters of a value that a TRANSITION's reasons show."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a step gave: its value, the memory it wrote, and whether the log has the value with the input."""

    value: Any
    remember: Mapping[str, Any] = field(default_factory=dict)
    is_in_input: bool = False


def succeed(m: Moving, token: Token, output: Output | None = None) -> None:
    """End a step as SUCCESS: keep its output and what it remembers, then leave."""
    node = m.node(token)
    value = output.value if output else None
    is_choice = node.behaviour is Behaviour.DECISION  # its ways see the outcome and the error that led to it
    told = {} if output is None else {"o": 1} if output.is_in_input else {"d": {"output": value}}
    m.tell(EventType.NODE_EXECUTED, token, ms=_ms(m, token), **told)
    after = replace(
        token,
        phase=Phase.READY,
        outcome=token.outcome if is_choice else "SUCCESS",
        error=token.error if is_choice else None,
        chain=digest(token.chain, node.id, "SUCCESS", value),
        joined=None,
    )
    if output is not None:
        after = replace(
            after,
            vars={**token.vars, node.variable: value},
            wrote={**token.wrote, node.variable: token.step},
        )
        m.tell(EventType.STATE_UPDATED, token, d={"name": node.variable})
        after = write_memory(m, after, output.remember)
    kept = remember(m, after, node)
    if kept is not None:
        _leave(m, kept)


def remember(m: Moving, token: Token, node: PlanNode) -> Token | None:
    """Write what `node` remembers, all or nothing; None when that failed, which ends the step."""
    if node.disabled or not node.remember:
        return token
    scope, values = m.scope(token), {}
    for key, expression in node.remember:
        try:
            values[key] = expression.evaluate(scope).value
        except ExpressionError as error:
            fail(m, token, expression_failure(error, f"remember.{key}", token, code="evaluation_error"))
            return None
    return write_memory(m, token, values)


def write_memory(m: Moving, token: Token, values: Mapping[str, Any]) -> Token:
    """Remember `values`: at the root they reach the room at once, in a branch when it has joined."""
    for key, value in values.items():
        m.tell(EventType.MEMORY_UPDATED, token, d={"key": key, "value": value})
        if not token.branch:
            m.commands.append(Remember(key, value))
    return replace(token, memory={**token.memory, **values}) if values else token


def fail(m: Moving, token: Token, error: Mapping[str, Any], *, outcome: Outcome = Outcome.FAILURE) -> None:
    """End a step as FAILURE or TIMEOUT, once its retries are spent."""
    node = m.node(token)
    failures = token.failures + 1
    is_timeout = outcome is Outcome.TIMEOUT
    m.tell(
        EventType.NODE_TIMED_OUT if is_timeout else EventType.NODE_FAILED,
        token,
        e=dict(error),
        ms=_ms(m, token),
    )
    if (
        failures < node.retry.max_attempts
        and error.get("retryable", True)
        and node.behaviour is Behaviour.STEP
    ):
        _try_again(m, replace(token, failures=failures))
        return
    kept = {name: error[name] for name in ("code", "message", "node_id")}
    after = replace(
        token,
        phase=Phase.READY,
        outcome=outcome.value,
        error=kept,
        chain=digest(token.chain, node.id, outcome.value, kept["code"]),
        joined=None,
    )
    triggers = [On.FAILURE, On.ALWAYS]
    if is_timeout:
        triggers.insert(0, On.TIMEOUT)
    if node.behaviour is Behaviour.DECISION or node.branches:
        triggers.remove(On.ALWAYS)  # a branch of a fork, or an "otherwise": no condition was true
    ways = node.ways_on(*triggers)
    m.tell(EventType.NODE_EXITED, token, d={"outcome": outcome.value})
    if ways:
        follow(m, after, ways[0], {"outcome": outcome.value})
    else:
        fail_token(m, after, kept)


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


def _try_again(m: Moving, token: Token) -> None:
    rest_us = delay_us(m.node(token).retry, token.failures)
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
        m.put(replace(token, phase=Phase.READY))
        return
    m.put(replace(token, phase=Phase.RETRYING))
    m.commands.append(SetTimer(token.activation, "retry", m.at_us + rest_us))


def _leave(m: Moving, token: Token) -> None:
    """Choose the way out of a step that succeeded."""
    tried: list[dict[str, Any]] = []
    scope = None
    for way in m.node(token).ways.get(On.CONDITION_MET, ()):
        scope = scope or m.scope(token)
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
            return
        reason = {"transition": way.id, "when": condition.source, "value": is_met}
        if is_met:
            m.tell(EventType.NODE_EXITED, token, d={"outcome": "SUCCESS"})
            follow(m, token, way, _why(m, token, condition, scope, tried))
            return
        tried.append(reason | _why(m, token, condition, scope, []))
    m.tell(EventType.NODE_EXITED, token, d={"outcome": "SUCCESS"})
    ways = m.node(token).ways_on(On.SUCCESS, On.ALWAYS)
    if ways:
        follow(m, token, ways[0], {"tried": tried} if tried else {})
    else:
        message = f"No transition leaves {token.at!r} on SUCCESS."
        fail_token(m, token, {"code": "no_transition", "message": message, "node_id": token.at})


def _condition(way: Way) -> Expression:
    if way.when is None:
        raise AssertionError(f"{way.id!r} has no condition")  # validation makes this impossible
    return way.when


def _why(
    m: Moving, token: Token, condition: Expression, scope: Mapping[str, Any], tried: list[dict[str, Any]]
) -> dict[str, Any]:
    """Why a condition came out as it did: the values it read and the steps that wrote them."""
    writers = m.now().writers_of(token)
    values, wrote_by = {}, {}
    for path in sorted(condition.reads):
        values[path] = _looked_up(scope, path)
        name = path.split(".")[1] if path.startswith("vars.") else None
        if name is not None and name in writers:
            wrote_by[path] = writers[name]
    why: dict[str, Any] = {"when": condition.source, "values": values}
    if wrote_by:
        why["wrote_by"] = wrote_by
    if tried:
        why["tried"] = tried
    return why


def _looked_up(scope: Mapping[str, Any], path: str) -> Any:
    found: Any = scope
    for part in path.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return _shown(found)


def _shown(value: Any) -> Any:
    """Scalars as they are, but short; containers by their size."""
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
