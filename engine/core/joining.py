"""Ways and branches: following a transition, forking, arriving at a join, and what a failed branch does to its fork."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.core.document import On
from engine.core.events import EventType
from engine.core.fingerprint import digest
from engine.core.inputs import Remember
from engine.core.moving import Moving
from engine.core.plan import JoinPolicy, PlanNode, Way
from engine.core.run import RunStatus
from engine.core.tokens import Fork, Phase, Token

Error = Mapping[str, Any]

_ENOUGH = "enough branches have arrived"


def follow(m: Moving, token: Token, way: Way, why: Mapping[str, Any]) -> None:
    """Take `way`: the token stands ready at its target, or has arrived if that is its fork's join."""
    m.tell(
        EventType.TRANSITION,
        token,
        d={"transition": way.id, "target": way.target, "on": way.on.value, **why},
    )
    moved = replace(
        token,
        at=way.target,
        phase=Phase.READY,
        attempt=0,
        failures=0,
        deaths=0,
        chain=digest(token.chain, way.id),
    )
    fork = m.forks.get(token.fork) if token.branch else None
    if fork is not None and fork.join == way.target:
        _arrive(m, fork, moved)
    else:
        m.put(moved)


def fork_out(m: Moving, token: Token, node: PlanNode) -> None:
    """Send a token along each branch, in document order, those that lead straight to the join last."""
    m.tell(EventType.BRANCH_FORKED, token, d={"branches": len(node.branches), "join": node.join})
    m.drop(replace(token, phase=Phase.READY))
    fork = Fork(token.activation, node.id, str(node.join), token, len(node.branches))
    m.forks[fork.activation] = fork
    for index, way in sorted(enumerate(node.branches), key=lambda item: item[1].target == fork.join):
        branch = Token(
            branch=f"{fork.activation}.{index}",
            at=node.id,
            outcome=token.outcome,
            error=token.error,
            step=token.step,
        )
        if fork.activation in m.forks:
            follow(m, branch, way, {})
        else:  # the join has been passed by the branches before it
            m.tell(EventType.BRANCH_CANCELLED, branch, d={"reason": _ENOUGH})


def fail_token(m: Moving, token: Token, error: Error) -> None:
    """A failure that no way out of its node takes up: it fails the branch, or the run.

    A failed branch under a failing fork cancels its siblings; the join's FAILURE way is taken if there is
    one, else the failure goes on outward.
    """
    while token.branch:
        fork = m.forks[token.fork]
        policy = _policy(m, fork)
        m.drop(token)
        if not policy.fail_fast:
            _settle(m, replace(fork, failed=(*fork.failed, token.index)), error)
            return
        outer = _break(m, fork, token.chain, error)
        if outer is None:
            return
        token = outer
    m.end(RunStatus.FAILED, token, error=dict(error))
    m.tell(EventType.ROOM_FAILED, e=dict(error))


def _break(m: Moving, fork: Fork, chain: str, error: Error) -> Token | None:
    """Give a fork up; the token that failed with it, or None when its join has a FAILURE way."""
    _cancel_rest(m, fork, f"a sibling failed: {error.get('code')}")
    del m.forks[fork.activation]
    failed = replace(
        fork.parent,
        at=fork.join,
        phase=Phase.READY,
        outcome="FAILURE",
        error=error,
        chain=digest(fork.parent.chain, chain),
    )
    ways = m.plan.nodes[fork.join].ways_on(On.FAILURE)
    if not ways:
        return failed
    m.tell(EventType.NODE_FAILED, failed, e=dict(error))
    follow(m, failed, ways[0], {"outcome": "FAILURE"})
    return None


def _arrive(m: Moving, fork: Fork, token: Token) -> None:
    m.drop(token)
    _settle(
        m,
        replace(fork, arrived=(*fork.arrived, token.index), done={**fork.done, token.index: token}),
        None,
    )


def _settle(m: Moving, fork: Fork, error: Error | None) -> None:
    """Pass the join if enough branches are there; give the fork up if that can't happen any more."""
    m.forks[fork.activation] = fork
    policy = _policy(m, fork)
    still_out = fork.width - len(fork.arrived) - len(fork.failed)
    if policy.wait_for is None:
        is_enough, is_hopeless = still_out == 0, False
    else:
        wanted = min(policy.wait_for, fork.width)
        is_enough = len(fork.arrived) >= wanted
        is_hopeless = len(fork.arrived) + still_out < wanted
    if is_enough:
        _pass_join(m, fork, policy)
    elif is_hopeless:
        broken = error or {
            "code": "branch_failed",
            "message": "Too few branches arrived.",
            "node_id": fork.join,
        }
        outer = _break(m, fork, "", broken)
        if outer is not None:
            fail_token(m, outer, broken)


def _pass_join(m: Moving, fork: Fork, policy: JoinPolicy) -> None:
    _cancel_rest(m, fork, _ENOUGH)
    del m.forks[fork.activation]
    done = [fork.done[index] for index in sorted(fork.done)]
    memory = _merged([token.memory for token in done], policy.merge, policy.shared_memory)
    parent = fork.parent
    joined = replace(
        parent,
        at=fork.join,
        phase=Phase.READY,
        attempt=0,
        count=parent.count + sum(token.count for token in done),
        vars={**parent.vars, **_merged([token.vars for token in done], policy.merge, policy.shared_vars)},
        memory={**parent.memory, **memory},
        wrote={**parent.wrote, **_merged([token.wrote for token in done], None, frozenset())},
        outcome="SUCCESS",
        error=None,
        chain=digest(parent.chain, [token.chain for token in done]),
        joined=[_branch_result(fork, index) for index in range(fork.width)],
    )
    at_join = replace(joined, step=0)
    m.tell(
        EventType.BRANCH_JOINED,
        at_join,
        d={"branches": fork.width, "arrived": len(fork.arrived), "failed": len(fork.failed)},
    )
    if not parent.branch:
        for key, value in memory.items():
            m.tell(EventType.MEMORY_UPDATED, at_join, d={"key": key, "value": value})
            m.commands.append(Remember(key, value))
    m.put(joined)


def _branch_result(fork: Fork, index: int) -> dict[str, Any]:
    outcome = "SUCCESS" if index in fork.done else "FAILURE" if index in fork.failed else "CANCELLED"
    return {"branch": index, "outcome": outcome}


def _merged(overlays: list[Mapping[str, Any]], merge: str | None, shared: frozenset[str]) -> dict[str, Any]:
    """The branches' writes as one: in branch order the later wins, or a list where the fork asks for one."""
    merged: dict[str, Any] = {}
    for overlay in overlays:
        for name, value in overlay.items():
            if merge == "list" and name in shared:
                merged.setdefault(name, []).append(value)
            else:
                merged[name] = value
    return merged


def _cancel_rest(m: Moving, fork: Fork, reason: str) -> None:
    """Cancel whatever still moves inside the fork, forks within it included."""
    inside = f"{fork.activation}."
    for token in [token for token in m.tokens.values() if token.branch.startswith(inside)]:
        m.tell(EventType.BRANCH_CANCELLED, token, d={"reason": reason})
        m.drop(token)
    for activation in [name for name in m.forks if name.startswith(inside)]:
        del m.forks[activation]


def _policy(m: Moving, fork: Fork) -> JoinPolicy:
    policy = m.plan.nodes[fork.node].policy
    if policy is None:
        raise AssertionError(f"the fork {fork.node!r} has no join")  # compile_plan makes this impossible
    return policy
