"""Ways and branches: following a transition, forking, arriving at a join, and what a failed branch does to its fork."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.core.document import On
from engine.core.events import EventType
from engine.core.fingerprint import digest
from engine.core.inputs import Remember
from engine.core.memory import Kind, seen_of
from engine.core.moving import Moving
from engine.core.plan import JoinPolicy, PlanNode, Way
from engine.core.run import RunStatus
from engine.core.tokens import Fork, Phase, Token

Error = Mapping[str, Any]

_ENOUGH = "enough branches have arrived"
_THE_RUNS = {"kind": Kind.SHORT_TERM}
"""About an entry that ends with its run."""


def follow(m: Moving, token: Token, way: Way, why: Mapping[str, Any] | None) -> None:
    """Take `way`: the token stands ready at its target, or has arrived if that is its fork's join."""
    if m.state.until == token.at:
        _stop(m, token)
        return
    m.tell(EventType.TRANSITION, token, d={**way.told, **why} if why else way.told)
    token.at, token.via, token.phase = way.target, way.id, Phase.READY
    token.attempt = token.failures = token.deaths = token.crowds = 0
    token.is_again = False
    fork = m.state.forks.get(token.fork) if token.branch else None
    if fork is not None and fork.join == way.target:
        _arrive(m, fork, token)
    else:
        m.put(token)


def _stop(m: Moving, token: Token) -> None:
    """The run was to end here: the token's next move, before any other, ends it."""
    m.tell(EventType.UNTIL_REACHED, token)
    token.is_last = True
    m.put(token)
    m.state.ready.remove(token.branch)
    m.state.ready.insert(0, token.branch)


def fork_out(m: Moving, token: Token, node: PlanNode) -> None:
    """Send a token along each branch, in document order, those that lead straight to the join last."""
    m.tell(EventType.BRANCH_FORKED, token, d={"branches": len(node.branches), "join": node.join})
    token.phase = Phase.READY
    m.drop(token)
    forks = m.state.forks
    fork = forks[token.activation] = Fork(
        token.activation, node.id, str(node.join), token, len(node.branches)
    )
    for index, way in sorted(enumerate(node.branches), key=lambda item: item[1].target == fork.join):
        branch = Token(
            branch=f"{fork.activation}.{index}",
            at=node.id,
            outcome=token.outcome,
            error=token.error,
            step=token.step,
        )
        if fork.activation in forks:
            follow(m, branch, way, None)
        else:  # the join has been passed by the branches before it
            m.tell(EventType.BRANCH_CANCELLED, branch, d={"reason": _ENOUGH})


def fail_token(m: Moving, token: Token, error: Error) -> None:
    """A failure that no way out of its node takes up: it fails the branch, or the run.

    A failed branch under a failing fork cancels its siblings; the join's FAILURE way is taken if there is
    one, else the failure goes on outward. Where a run was to end anyway, it fails at once.
    """
    while token.branch and m.state.until != token.at:
        fork = m.state.forks[token.fork]
        policy = _policy(m, fork)
        m.drop(token)
        if not policy.fail_fast:
            fork.failed = (*fork.failed, token.index)
            _settle(m, fork, error)
            return
        outer = _break(m, fork, token.chain, error)
        if outer is None:
            return
        token = outer
    if m.state.until == token.at:
        m.tell(EventType.UNTIL_REACHED, token)
    m.end(RunStatus.FAILED, token, error=dict(error))
    m.tell(EventType.ROOM_FAILED, e=dict(error))


def _break(m: Moving, fork: Fork, chain: str, error: Error) -> Token | None:
    """Give a fork up; the token that failed with it, or None when its join has a FAILURE way."""
    _cancel_rest(m, fork, f"a sibling failed: {error.get('code')}")
    del m.state.forks[fork.activation]
    failed = fork.parent
    failed.at, failed.phase = fork.join, Phase.READY
    failed.outcome, failed.error = "FAILURE", error
    failed.chain, failed.via = digest(failed.chain, failed.via, chain), ""
    ways = m.plan.nodes[fork.join].ways_on(On.FAILURE)
    if not ways or m.state.until == fork.join:
        return failed
    m.tell(EventType.NODE_FAILED, failed, e=dict(error))
    follow(m, failed, ways[0], {"outcome": "FAILURE"})
    return None


def _arrive(m: Moving, fork: Fork, token: Token) -> None:
    m.drop(token)
    fork.arrived = (*fork.arrived, token.index)
    fork.done[token.index] = token
    _settle(m, fork, None)


def _settle(m: Moving, fork: Fork, error: Error | None) -> None:
    """Pass the join if enough branches are there; give the fork up if that can't happen any more."""
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
    del m.state.forks[fork.activation]
    done = [fork.done[index] for index in sorted(fork.done)]
    joined = fork.parent
    memory = _merged([token.memory for token in done], policy.merge, policy.shared_memory)
    about = dict.fromkeys(memory, _THE_RUNS) if m.state.pins else _about(done, policy)
    joined.at, joined.phase, joined.attempt, joined.step = fork.join, Phase.READY, 0, 0
    joined.count += sum(token.count for token in done)
    joined.vars |= _merged([token.vars for token in done], policy.merge, policy.shared_vars)
    joined.memory |= memory
    joined.about = {key: more for key, more in joined.about.items() if key not in memory} | about
    joined.wrote |= _merged([token.wrote for token in done], None, frozenset())
    joined.outcome, joined.error = "SUCCESS", None
    joined.chain = digest(joined.chain, joined.via, [[token.chain, token.via] for token in done])
    joined.via = ""
    joined.joined = [_branch_result(fork, index) for index in range(fork.width)]
    arrived = {"branches": fork.width, "arrived": len(fork.arrived), "failed": len(fork.failed)}
    m.tell(EventType.BRANCH_JOINED, joined, d=arrived)
    if not joined.branch:
        for key, value in memory.items():
            if key in about:
                keep_apart(m, joined, key, about[key])
                continue
            m.tell(EventType.MEMORY_UPDATED, joined, d={"key": key, "value": value})
            m.commands.append(Remember(key, value))
    m.put(joined)


def keep_apart(m: Moving, token: Token, key: str, about: Mapping[str, Any]) -> None:
    """Remember an entry that is not plain: one that ends with the run, expires, or is found by its meaning.

    The state keeps all of it in a branch, for the join; at the root what decides how long the run sees it.
    """
    told = seen_of(about)
    m.tell(EventType.MEMORY_UPDATED, token, d={"key": key, "value": token.memory[key], **told})
    token.about[key] = about if token.branch else told
    if not token.branch and about.get("kind") != Kind.SHORT_TERM:
        m.commands.append(Remember(key, token.memory[key], about))


def _about(done: list[Token], policy: JoinPolicy) -> dict[str, Any]:
    """What is not plain about the branches' entries; a list of several values is plain."""
    about: dict[str, Any] = {}
    for token in done:
        for key in token.memory:
            about.pop(key, None)
        is_list = policy.merge == "list"
        about |= {k: v for k, v in token.about.items() if not (is_list and k in policy.shared_memory)}
    return about


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
    for token in [token for token in m.state.tokens.values() if token.branch.startswith(inside)]:
        m.cancel(token, reason)
    for activation in [name for name in m.state.forks if name.startswith(inside)]:
        del m.state.forks[activation]


def _policy(m: Moving, fork: Fork) -> JoinPolicy:
    policy = m.plan.nodes[fork.node].policy
    if policy is None:
        raise AssertionError(f"the fork {fork.node!r} has no join")  # compile_plan makes this impossible
    return policy
