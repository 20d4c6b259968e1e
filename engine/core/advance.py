"""The transition function: give it the same plan, state, input and time, and get the same answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.core.catalogue import Behaviour, Effect
from engine.core.document import Outcome
from engine.core.events import EventType, Fact
from engine.core.expressions import ExpressionError
from engine.core.inputs import (
    Cancelled,
    Command,
    Execute,
    Go,
    Input,
    Paused,
    Result,
    Resumed,
    Say,
    SetTimer,
    Signalled,
    Started,
    TimerFired,
    WorkerLost,
)
from engine.core.joining import fork_out
from engine.core.leaving import Output, expression_failure, fail, remember, succeed, write_memory
from engine.core.moving import Moving
from engine.core.plan import Plan, PlanNode
from engine.core.retry import US_PER_S
from engine.core.run import RunStatus
from engine.core.tokens import ROOT, Phase, State, Token
from engine.core.waiting import begin_wait, receive_signal, wake

MAX_DEATHS = 3
"""Workers a step may take down before it counts as poison and fails with `worker_lost`."""


@dataclass(frozen=True, slots=True)
class Advanced:
    """The state after one input, the facts that tell the story, and what is to be done now."""

    state: State
    facts: tuple[Fact, ...]
    commands: tuple[Command, ...]


def advance(plan: Plan, state: State, given: Input, at_us: int) -> Advanced:
    """Apply one input at the recorded time `at_us`.

    Total: an input that means nothing any more (a stale timer, a signal after the end) changes nothing and
    tells nothing; of a late result is told that it is discarded.
    """
    if state.is_over or not _is_in_turn(state, given):
        return Advanced(state, (), ())
    m = Moving(plan, state, at_us)
    _APPLY[type(given)](m, given)
    return Advanced(m.done(), tuple(m.facts), tuple(m.commands))


def _is_in_turn(state: State, given: Input) -> bool:
    """A run is started once, before all else; until then it can only be cancelled."""
    if state.status is RunStatus.QUEUED:
        return isinstance(given, Started | Cancelled)
    return not isinstance(given, Started)


def can_go(state: State) -> bool:
    """Whether a token is ready and nobody holds the run."""
    return bool(state.ready) and not state.paused and not state.is_over


def _start(m: Moving, given: Started) -> None:
    limits = {**m.plan.limits, **given.limits}
    m.changes |= {
        "run": given.run,
        "input": given.input,
        "memory": given.memory,
        "limits": limits,
        "overrides": given.overrides,
    }
    resumed = given.at_step or {}
    told = {"at_step": resumed} if resumed else {}
    m.tell(EventType.ROOM_STARTED, d={**given.run, "input": given.input, **told})
    due_us = m.at_us + round(limits["max_duration_s"] * US_PER_S)
    m.commands.append(SetTimer("", "deadline", due_us))
    m.put(
        Token(
            branch=ROOT,
            at=resumed.get("node", m.plan.start),
            vars=resumed.get("vars", {}),
            wrote=dict.fromkeys(resumed.get("vars", {}), 0),
        )
    )


def _go(m: Moving, _: Input) -> None:
    if not m.ready or m.get("paused"):
        return
    token = m.tokens[m.ready.pop(0)]
    node = m.node(token)
    if token.failures or token.deaths:  # the same activation, tried again
        _execute(m, replace(token, attempt=token.attempt + 1), node)
        return
    if m.get("steps") >= m.get("limits")["max_steps"]:
        limit_reached(m, token, "max_steps", f"the run has made {m.get('steps')} steps")
        return
    m.changes["steps"] = m.get("steps") + 1
    token = replace(
        token,
        activation=token.next_activation(),
        count=token.count + 1,
        step=m.changes["steps"],
        attempt=1,
        entered_us=m.at_us,
    )
    m.tokens[token.branch] = token
    m.tell(
        EventType.NODE_ENTERED,
        token,
        d={"name": node.title, "type": node.type, "activation": token.activation},
    )
    if node.disabled and node.behaviour in (Behaviour.STEP, Behaviour.WAIT):
        m.tell(EventType.NODE_SKIPPED, token, d={"name": node.title})
        succeed(m, token)
        return
    _ENTER[node.behaviour](m, token, node)


def _enter_pure(m: Moving, token: Token, _: PlanNode) -> None:
    succeed(m, token)


def _enter_parallel(m: Moving, token: Token, node: PlanNode) -> None:
    if token.joined is not None:
        m.tell(EventType.STATE_UPDATED, token, d={"name": node.variable, "value": token.joined})
        token = replace(
            token,
            vars={**token.vars, node.variable: token.joined},
            wrote={**token.wrote, node.variable: token.step},
            joined=None,
        )
    if node.branches:
        kept = remember(m, token, node)
        if kept is not None:
            fork_out(m, kept, node)
    else:
        succeed(m, token)


def _enter_end(m: Moving, token: Token, node: PlanNode) -> None:
    template = node.templates.get("output")
    try:
        output = template.render(m.scope(token)) if template else node.config.get("output")
    except ExpressionError as error:
        fail(m, token, expression_failure(error, "output", token, code="evaluation_error"))
        return
    m.tell(EventType.NODE_EXECUTED, token)
    m.end(RunStatus.COMPLETED, token, output=output)
    m.tell(
        EventType.ROOM_COMPLETED,
        d={"steps": m.get("steps"), "output": output, "fingerprint": m.get("fingerprint")},
    )


def _execute(m: Moving, token: Token, node: PlanNode) -> None:
    """Render a step's parameters and hand it to the runner."""
    scope = m.scope(token)
    params: dict[str, Any] = dict(node.config)
    for name, template in node.templates.items():
        try:
            params[name] = template.render(scope)
        except ExpressionError as error:
            fail(m, token, expression_failure(error, f"config.{name}", token, code="evaluation_error"))
            return
    overrides = m.get("overrides")
    params |= {name: overrides[name] for name in node.overridable if overrides.get(name) is not None}
    invoked = _STEP_EVENTS.get(node.type)
    if invoked:
        m.tell(invoked[0], token, d=params)
    else:
        m.tell(EventType.NODE_ENTERED, token, d={"name": node.title, "input": params})
    m.put(replace(token, phase=Phase.RUNNING))
    m.commands.append(Execute(token.activation, node.id, token.attempt, params, node.timeout_s))


_STEP_EVENTS = {
    "TOOL_EXECUTION": (EventType.TOOL_INVOKED, EventType.TOOL_COMPLETED, EventType.TOOL_FAILED),
    "AGENT_TASK": (EventType.AGENT_INVOKED, EventType.AGENT_RESPONSE, EventType.AGENT_ERROR),
}


def _result(m: Moving, given: Result) -> None:
    token = m.now().at_activation(given.activation)
    if token is None or token.phase is not Phase.RUNNING or token.attempt != given.attempt:
        late = {"activation": given.activation, "reason": "its result came late and is discarded"}
        m.tell(EventType.BRANCH_CANCELLED, d=late, o=1)
        return
    node = m.node(token)
    _spend(m, given.usage)
    events = _STEP_EVENTS.get(node.type)
    is_success = given.outcome == Outcome.SUCCESS
    if events:
        error = None if is_success else dict(given.error or {})
        told = {**_subject(node), **given.usage}
        m.tell(events[1] if is_success else events[2], token, d=told, e=error)
    if given.said:
        m.commands.append(Say(given.said))
    if (over := _overspent(m)) is not None:
        limit_reached(m, token, over, f"{m.get('used_tokens')} tokens, {m.get('used_cost_usd'):g} USD used")
    elif is_success:
        succeed(m, token, Output(given.output, given.remember, is_in_input=True))
    else:
        token = write_memory(m, token, given.remember)
        outcome = Outcome.TIMEOUT if given.outcome == Outcome.TIMEOUT else Outcome.FAILURE
        error = {**_UNSAID[outcome], **(given.error or {}), "node_id": token.at}
        fail(m, token, error, outcome=outcome)


_UNSAID = {
    Outcome.FAILURE: {"code": "step_failed", "message": "The step failed and did not say why."},
    Outcome.TIMEOUT: {"code": "timeout", "message": "The step took too long."},
}
"""What is told of a failed step that gives no error."""


def _subject(node: PlanNode) -> dict[str, Any]:
    return {name: node.config[name] for name in ("tool", "provider", "model") if name in node.config}


def _spend(m: Moving, usage: Mapping[str, Any]) -> None:
    if usage:
        m.changes["used_tokens"] = m.get("used_tokens") + usage.get("tokens", 0)
        m.changes["used_cost_usd"] = m.get("used_cost_usd") + usage.get("cost_usd", 0.0)


def _overspent(m: Moving) -> str | None:
    limits = m.get("limits")
    if m.get("used_tokens") > limits["max_tokens"]:
        return "max_tokens"
    return "max_cost_usd" if m.get("used_cost_usd") > limits["max_cost_usd"] else None


def limit_reached(m: Moving, token: Token | None, name: str, how: str) -> None:
    """Stop the run with an error named after the limit."""
    limit = m.get("limits")[name]
    message = f"{name} is {limit:.15g}: {how}. Raise the limit or shorten the run."
    error = {"code": name, "message": message, "node_id": token.at if token else None}
    m.tell(EventType.LIMIT_REACHED, token, d={"limit": name, "value": limit}, e=error)
    m.end(RunStatus.FAILED, token, error=error)
    m.tell(EventType.ROOM_FAILED, e=error)


def _timer(m: Moving, given: TimerFired) -> None:
    if given.timer == "deadline":
        limit_reached(m, None, "max_duration_s", "the run has lasted this many seconds")
        return
    token = m.now().at_activation(given.activation)
    if token is None:
        return
    if given.timer == "retry" and token.phase is Phase.RETRYING:
        m.tell(EventType.WAIT_ENDED, token, d={"what": "retry"})
        m.put(replace(token, phase=Phase.READY))
    elif given.timer in ("wait", "timeout") and token.phase is Phase.WAITING:
        wake(m, token, given.timer)


def _pause(m: Moving, given: Paused) -> None:
    if not m.get("paused"):
        m.changes["paused"] = True
        m.tell(EventType.ROOM_PAUSED, d={"by": given.by})


def _resume(m: Moving, given: Resumed) -> None:
    if m.get("paused"):
        m.changes["paused"] = False
        m.tell(EventType.ROOM_RESUMED, d={"by": given.by})


def _cancel(m: Moving, given: Cancelled) -> None:
    error = {"code": "cancelled", "message": f"Cancelled by {given.by}.", "node_id": None}
    for token in m.tokens.values():
        if token.branch:
            m.tell(EventType.BRANCH_CANCELLED, token, d={"reason": "the run was cancelled"})
    m.end(RunStatus.CANCELLED, None, error=error)
    m.tell(EventType.ROOM_CANCELLED, d={"by": given.by})


def _worker_lost(m: Moving, given: WorkerLost) -> None:
    """Take up the steps that a dead worker had begun, each by what its effect allows."""
    for token in [token for token in m.tokens.values() if token.phase is Phase.RUNNING]:
        if m.tokens.get(token.branch) is not token:
            continue  # the failure of one before it has cancelled its branch, or ended the run
        effect = given.effects.get(token.activation, Effect.EXTERNAL)
        deaths = token.deaths + 1
        if effect == Effect.AT_MOST_ONCE:
            _lost(m, token, "unknown_outcome", "the worker was lost and the effect may have happened")
            continue
        if deaths >= MAX_DEATHS:
            _lost(m, token, "worker_lost", f"{deaths} workers were lost while they executed this step")
            continue
        repeats = "it may have run twice" if effect == Effect.EXTERNAL else "it is repeated"
        m.tell(EventType.WORKER_LOST, token, d={"consequence": repeats, "effect": str(effect)})
        m.put(replace(token, phase=Phase.READY, deaths=deaths))


def _lost(m: Moving, token: Token, code: str, why: str) -> None:
    if code == "unknown_outcome":
        m.tell(EventType.EFFECT_UNKNOWN, token)
    error = {"code": code, "message": f"{why}.", "node_id": token.at, "retryable": False}
    fail(m, token, error)


_ENTER: dict[Behaviour, Callable[[Moving, Token, PlanNode], None]] = {
    Behaviour.START: _enter_pure,
    Behaviour.DECISION: _enter_pure,
    Behaviour.PARALLEL: _enter_parallel,
    Behaviour.END: _enter_end,
    Behaviour.WAIT: begin_wait,
    Behaviour.STEP: _execute,
}

_APPLY: dict[type[Input], Callable[[Moving, Any], None]] = {
    Started: _start,
    Go: _go,
    Result: _result,
    TimerFired: _timer,
    Signalled: receive_signal,
    Paused: _pause,
    Resumed: _resume,
    Cancelled: _cancel,
    WorkerLost: _worker_lost,
}
