"""The transition function: give it the same plan, state, input and time, and get the same answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.core.catalogue import Behaviour
from engine.core.document import Outcome
from engine.core.events import EventType, Fact
from engine.core.expressions import ExpressionError
from engine.core.fingerprint import digest
from engine.core.inputs import (
    Abort,
    Asked,
    Broken,
    Cancelled,
    Command,
    Execute,
    Go,
    Input,
    Paused,
    Progress,
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
from engine.core.leaving import Output, complete, expression_failure, fail, remember, succeed, write_memory
from engine.core.losing import take_up_again
from engine.core.moving import Moving
from engine.core.plan import Plan, PlanNode
from engine.core.policy import stricter
from engine.core.retry import US_PER_S
from engine.core.run import RunStatus
from engine.core.tokens import ROOT, Phase, State, Token
from engine.core.waiting import begin_wait, receive_signal, rest_for_answers, wake


@dataclass(frozen=True, slots=True)
class Advanced:
    """The state after one input, the facts that tell the story, and what is to be done now."""

    state: State
    facts: tuple[Fact, ...]
    commands: tuple[Command, ...]


def advance(plan: Plan, state: State, given: Input, at_us: int) -> Advanced:
    """The state after one input at the recorded time `at_us`; the state before is left as it is.

    Total: an input that means nothing any more (a stale timer, a signal after the end) changes nothing and
    tells nothing; of a late result is told that it is discarded.
    """
    own = state.copy()
    facts, commands = move(plan, own, given, at_us)
    return Advanced(own, tuple(facts), tuple(commands))


def move(plan: Plan, state: State, given: Input, at_us: int) -> tuple[list[Fact], list[Command]]:
    """As `advance`, in place: for whoever owns the state alone."""
    status = state.status
    # A run is started once, before all else; until then it can only be ended.
    if status is RunStatus.QUEUED:
        is_in_turn = isinstance(given, Started | Cancelled | Broken)
    else:
        is_in_turn = type(given) is not Started and not status.is_over
    if not is_in_turn:
        return [], []
    m = Moving(plan, state, at_us)
    _APPLY[type(given)](m, given)
    m.settle()
    return m.facts, m.commands


def move_on(plan: Plan, state: State, given: Result, at_us: int) -> tuple[list[Fact], list[Command], int]:
    """As `move` with a step's result and then, at the same time, with `Go`; and how many of the facts are the result's."""
    status = state.status
    if status is RunStatus.QUEUED or status.is_over:
        return [], [], 0
    m = Moving(plan, state, at_us)
    _result(m, given)
    own = len(m.facts)
    _go(m, given)
    m.settle()
    return m.facts, m.commands, own


def can_go(state: State) -> bool:
    """Whether a token is ready and nobody holds the run."""
    return bool(state.ready) and not state.paused and not state.status.is_over


def _start(m: Moving, given: Started) -> None:
    state = m.state
    state.run, state.input, state.memory = given.run, given.input, given.memory
    state.expires = given.expires
    state.limits = {**m.plan.limits, **given.limits}
    state.overrides, state.pins, state.until = given.overrides, given.pins, given.until
    resumed = given.at_step or {}
    told: dict[str, Any] = {"at_step": resumed} if resumed else {}
    told |= {"pins": sorted(given.pins)} if given.pins else {}
    told |= {"until": given.until} if given.until else {}
    trial = [given.pins, given.until] if state.is_trial else []  # no trial passes for an ordinary run
    m.tell(EventType.ROOM_STARTED, d={**given.run, "input": given.input, **told})
    due_us = m.at_us + round(state.limits["max_duration_s"] * US_PER_S)
    m.commands.append(SetTimer("", "deadline", due_us))
    kept = dict(resumed.get("vars", {}))
    m.put(
        Token(
            branch=ROOT,
            at=resumed.get("node", m.plan.start),
            vars=kept,
            wrote=dict.fromkeys(kept, 0),
            chain=digest(given.input, given.memory, resumed, *trial),
        )
    )


def _go(m: Moving, _: Input) -> None:
    state = m.state
    if not state.ready or state.paused:
        return
    token = state.tokens[state.ready.pop(0)]
    node = m.node(token)
    if token.is_last:
        is_written = token.wrote.get(node.variable) == token.step
        complete(m, token, token.vars[node.variable] if is_written else None)
        return
    if token.is_again or token.progress:  # with progress alone, people have answered what its step has asked
        is_resumed, token.is_again = not token.is_again, False
        token.attempt += not is_resumed
        _execute(m, token, node, is_resumed=is_resumed)
        return
    if state.steps >= state.limits["max_steps"]:
        limit_reached(m, token, "max_steps", f"the run has made {state.steps} steps")
        return
    state.steps += 1
    token.activation = token.next_activation()
    token.count += 1
    token.step, token.attempt, token.entered_us = state.steps, 1, m.at_us
    entered = {"name": node.title, "type": node.type, "activation": token.activation}
    m.tell(EventType.NODE_ENTERED, token, d=entered)
    if node.id in state.pins:
        m.tell(EventType.NODE_PINNED, token, d={"name": node.title})
        succeed(m, token, Output(state.pins[node.id]))
        return
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
        token.vars[node.variable] = token.joined
        token.wrote[node.variable] = token.step
        token.joined = None
    if not node.branches or m.state.until == token.at:
        succeed(m, token)
    elif remember(m, token, node):
        fork_out(m, token, node)


def _enter_end(m: Moving, token: Token, node: PlanNode) -> None:
    template = node.templates.get("output")
    try:
        output = template.render(m.scope(token, node.names)) if template else node.config.get("output")
    except ExpressionError as error:
        fail(m, token, expression_failure(error, "output", token, code="evaluation_error"))
        return
    m.tell(EventType.NODE_EXECUTED, token)
    complete(m, token, output)


def _execute(m: Moving, token: Token, node: PlanNode, *, is_resumed: bool = False) -> None:
    """Render a step's parameters and hand it to the runner."""
    scope = m.scope(token, node.names) if node.templates else {}
    params: dict[str, Any] = dict(node.config)
    for name, template in node.templates.items():
        try:
            params[name] = template.render(scope)
        except ExpressionError as error:
            fail(m, token, expression_failure(error, f"config.{name}", token, code="evaluation_error"))
            return
    overrides = m.state.overrides
    if overrides:
        params |= {name: overrides[name] for name in node.overridable if overrides.get(name) is not None}
        if "policy" in overrides and node.type == "AGENT_TASK":
            params["policy"] = stricter(params.get("policy"), overrides["policy"])
    invoked = _STEP_EVENTS.get(node.type)
    if invoked:
        m.tell(invoked[0], token, d={**node.subject, "resumed": True} if is_resumed else params)
    else:
        m.tell(EventType.NODE_ENTERED, token, d={"name": node.title, "input": params})
    m.rest(token, Phase.RUNNING)
    m.commands.append(Execute(token.activation, node.id, token.attempt, params, node.timeout_s))


_STEP_EVENTS = {
    "TOOL_EXECUTION": (EventType.TOOL_INVOKED, EventType.TOOL_COMPLETED, EventType.TOOL_FAILED),
    "AGENT_TASK": (EventType.AGENT_INVOKED, EventType.AGENT_RESPONSE, EventType.AGENT_ERROR),
}


def _result(m: Moving, given: Result) -> None:
    token = m.state.at_activation(given.activation)
    if token is None or token.phase is not Phase.RUNNING or token.attempt != given.attempt:
        late = {"activation": given.activation, "reason": "its result came late and is discarded"}
        m.tell(EventType.BRANCH_CANCELLED, d=late, o=1)
        _spend(m, given.usage)
        return
    node = m.node(token)
    if given.usage:
        _spend(m, given.usage)
    events = _STEP_EVENTS.get(node.type)
    is_success = given.outcome == Outcome.SUCCESS
    if events and not (is_success and token.progress and not given.usage):  # else its notes have told it
        error = None if is_success else dict(given.error or {})
        told = {**node.subject, **given.usage} if given.usage else node.subject
        m.tell(events[1] if is_success else events[2], token, d=told, e=error)
    if given.said and not m.state.pins:  # as memory: nothing that follows from what was made up stays
        m.commands.append(Say(given.said))
    if (over := _overspent(m)) is not None:
        limit_reached(m, token, over, f"{m.state.used_tokens} tokens, {m.state.used_cost_usd:g} USD used")
    elif is_success:
        succeed(m, token, Output(given.output, given.remember, given.about, is_in_input=True))
    else:
        write_memory(m, token, given.remember, given.about)
        outcome = Outcome.TIMEOUT if given.outcome == Outcome.TIMEOUT else Outcome.FAILURE
        error = {**_UNSAID[outcome], **(given.error or {}), "node_id": token.at}
        fail(m, token, error, outcome=outcome)


def _progress(m: Moving, given: Progress) -> None:
    """Keep what a running step has done so far; what that cost counts even when nobody waits for it any more."""
    token, used = m.state.at_activation(given.activation), [note["u"] for note in given.notes if "u" in note]
    for usage in used:
        _spend(m, usage)
    if token is None or token.phase is not Phase.RUNNING or token.attempt != given.attempt:
        if used:
            late = {
                "activation": given.activation,
                "reason": "it was paid for when nobody waited for it any more",
            }
            m.tell(EventType.BRANCH_CANCELLED, d=late)
        return
    for number, note in enumerate(given.notes):
        m.tell(EventType(note["t"]), token)
        m.facts[-1]["i"] = number
        if "key" in note:
            token.progress[note["key"]] = {name: note[name] for name in ("o", "w") if name in note}
            if "o" in note and token.is_apart:  # it has come further: no poison, but it stays where it is
                token.deaths, token.crowds = 1, 0
    if (over := _overspent(m)) is not None:
        m.commands.append(Abort(token.activation))
        limit_reached(m, token, over, f"{m.state.used_tokens} tokens, {m.state.used_cost_usd:g} USD used")


def _asked(m: Moving, given: Asked) -> None:
    token = m.state.at_activation(given.activation)
    if token is not None and token.phase is Phase.RUNNING and token.attempt == given.attempt:
        rest_for_answers(m, token, given.asks)


_UNSAID = {
    Outcome.FAILURE: {"code": "step_failed", "message": "The step failed and did not say why."},
    Outcome.TIMEOUT: {"code": "timeout", "message": "The step took too long."},
}
"""What is told of a failed step that gives no error."""


def _spend(m: Moving, usage: Mapping[str, Any]) -> None:
    if usage:
        m.state.used_tokens += usage.get("tokens", 0)
        m.state.used_cost_usd += usage.get("cost_usd", 0.0)


def _overspent(m: Moving) -> str | None:
    state, limits = m.state, m.state.limits
    if state.used_tokens > limits["max_tokens"]:
        return "max_tokens"
    return "max_cost_usd" if state.used_cost_usd > limits["max_cost_usd"] else None


def limit_reached(m: Moving, token: Token | None, name: str, how: str) -> None:
    """Stop the run with an error named after the limit."""
    limit = m.state.limits[name]
    message = f"{name} is {limit:.15g}: {how}. Raise the limit or shorten the run."
    error = {"code": name, "message": message, "node_id": token.at if token else None}
    m.tell(EventType.LIMIT_REACHED, token, d={"limit": name, "value": limit}, e=error)
    m.end(RunStatus.FAILED, token, error=error, why="a limit was reached")
    m.tell(EventType.ROOM_FAILED, e=error)


def _timer(m: Moving, given: TimerFired) -> None:
    if given.timer == "deadline":
        limit_reached(m, None, "max_duration_s", "the run has lasted this many seconds")
        return
    token = m.state.at_activation(given.activation)
    if token is None:
        return
    if given.timer == "retry" and token.phase is Phase.RETRYING:
        m.tell(EventType.WAIT_ENDED, token, d={"what": "retry"})
        m.rest(token, Phase.READY)
    elif given.timer in ("wait", "timeout") and token.phase is Phase.WAITING:
        wake(m, token, given.timer)


def _pause(m: Moving, given: Paused) -> None:
    if not m.state.paused:
        m.state.paused = True
        m.tell(EventType.ROOM_PAUSED, d={"by": given.by})


def _resume(m: Moving, given: Resumed) -> None:
    if m.state.paused:
        m.state.paused = False
        m.tell(EventType.ROOM_RESUMED, d={"by": given.by})


def _cancel(m: Moving, given: Cancelled) -> None:
    error = {"code": "cancelled", "message": f"Cancelled by {given.by}.", "node_id": None}
    m.end(RunStatus.CANCELLED, None, error=error, why="the run was cancelled")
    m.tell(EventType.ROOM_CANCELLED, d={"by": given.by})


def _broken(m: Moving, given: Broken) -> None:
    m.end(RunStatus.FAILED, None, error=given.error, why="the run can't go on")
    m.tell(EventType.ROOM_FAILED, e=given.error)


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
    Progress: _progress,
    Asked: _asked,
    TimerFired: _timer,
    Signalled: receive_signal,
    Paused: _pause,
    Resumed: _resume,
    Cancelled: _cancel,
    WorkerLost: take_up_again,
    Broken: _broken,
}
