"""A run's state while one input is applied to it: the state changes in place, facts and commands are collected."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from engine.core.events import EventType, Fact
from engine.core.fingerprint import digest
from engine.core.inputs import Abort, ClearTimers, Command
from engine.core.plan import WHOLE, Plan, PlanNode
from engine.core.run import RunStatus
from engine.core.secret import REFERENCES, SCOPE
from engine.core.tokens import Phase, State, Token


class Moving:
    """One call of the transition function on a state that nobody else looks at meanwhile."""

    __slots__ = ("at_us", "commands", "facts", "plan", "state")

    def __init__(self, plan: Plan, state: State, at_us: int) -> None:
        self.plan = plan
        self.state = state
        self.at_us = at_us
        self.facts: list[Fact] = []
        self.commands: list[Command] = []

    def put(self, token: Token) -> None:
        """Keep `token`; one that is ready queues up behind the others."""
        state = self.state
        state.tokens[token.branch] = token
        if token.phase is Phase.READY and token.branch not in state.ready:
            state.ready.append(token.branch)

    def rest(self, token: Token, phase: Phase) -> None:
        """Let `token` stand where it is until something comes for it."""
        token.phase = phase
        self.put(token)

    def drop(self, token: Token) -> None:
        """Take a token off the board, with whatever it waits for or executes."""
        state = self.state
        state.tokens.pop(token.branch, None)
        if token.branch in state.ready:
            state.ready.remove(token.branch)
        if token.phase is Phase.RUNNING:
            self.commands.append(Abort(token.activation))
        elif token.phase is not Phase.READY:
            self.commands.append(ClearTimers(token.activation))

    def cancel(self, token: Token, reason: str) -> None:
        """Take a token off the board and say so."""
        self.tell(EventType.BRANCH_CANCELLED, token, d={"reason": reason})
        self.drop(token)

    def tell(  # noqa: PLR0913 - the fields of a fact
        self,
        type_: EventType,
        token: Token | None = None,
        *,
        d: dict[str, Any] | None = None,
        e: Mapping[str, Any] | None = None,
        ms: float | None = None,
        o: int | None = None,
    ) -> None:
        """Add a fact, placed at the token's step; what is None is left out. `d` and `e` may be shared: nobody changes them."""
        if token is None:
            told: Fact = {"t": type_._value_}
        elif token.step and not token.branch and token.attempt < 2:  # most of them: in one go
            told = {"t": type_._value_, "n": token.at, "s": token.step}
        else:
            told = _placed(type_, token)
        if d is not None:
            told["d"] = d
        if e is not None:
            told["e"] = e
        if ms is not None:
            told["ms"] = ms
        if o is not None:
            told["o"] = o
        self.facts.append(told)

    def node(self, token: Token) -> PlanNode:
        return self.plan.nodes[token.at]

    def scope(self, token: Token, names: Set[str]) -> dict[str, Any]:
        """Those of the names that an expression may read which are in `names`, as they are at this token's step."""
        state = self.state
        scope: dict[str, Any] = {"input": state.input, "outcome": token.outcome, "error": token.error}
        if "vars" in names:
            scope["vars"] = state.vars_of(token)
        if "memory" in names:
            scope["memory"] = state.memory_of(token, self.at_us)
        if not names.isdisjoint(WHOLE):
            for name in names & WHOLE:  # an expression may keep all of it, and ours changes in place
                scope[name[:-1]] = dict(scope[name[:-1]])
        if SCOPE in names:
            scope[SCOPE] = REFERENCES
        if "run" in names:
            step = token.count + sum(parent.count for parent in state.parents(token))
            scope["run"] = {**state.run, "step": step}
        return scope

    def end(
        self,
        status: RunStatus,
        token: Token | None,
        *,
        output: Any = None,
        error: Mapping[str, Any] | None = None,
        why: str = "",
    ) -> None:
        """The run is over, at `token` if it says so: nothing stays on the board and no timer is left."""
        state = self.state
        state.final_vars = dict(state.vars_of(token or self._root()))
        before = state.parents(token) if token and state.until else []  # only a trial ends inside a fork well
        standing = [*before, token] if token else self._standing()
        for left in list(state.tokens.values()):
            if token is not None and left.branch == token.branch:
                continue
            if left.branch:
                self.cancel(left, why or "the run is over")
            else:
                self.drop(left)
        state.tokens, state.forks, state.ready = {}, {}, []
        self.commands.append(ClearTimers(None))
        state.output, state.error, state.status = output, error, status
        code = error.get("code") if error else None
        state.fingerprint = digest([[t.chain, t.via] for t in standing], status._value_, output, code)

    def _standing(self) -> list[Token]:
        """All tokens, those that forked included, by branch: the same however they interleaved."""
        forked = [fork.parent for fork in self.state.forks.values()]
        return sorted([*self.state.tokens.values(), *forked], key=lambda token: token.branch)

    def _root(self) -> Token:
        """The token outside any fork, or the one that forked last at that level."""
        tokens, forks = self.state.tokens, self.state.forks
        if "" in tokens:
            return tokens[""]
        outside = [fork.parent for fork in forks.values() if not fork.parent.branch]
        return outside[0] if outside else Token("", "")

    def settle(self) -> None:
        """Let the run's status follow from where its tokens stand."""
        state = self.state
        if state.status.is_over:
            return
        if state.paused:
            state.status = RunStatus.PAUSED
        elif state.ready:
            state.status = RunStatus.RUNNING
        else:
            for token in state.tokens.values():
                if token.phase is Phase.RUNNING:
                    state.status = RunStatus.RUNNING
                    return
            state.status = RunStatus.WAITING


def _placed(type_: EventType, token: Token) -> Fact:
    told: Fact = {"t": type_._value_, "n": token.at}
    if token.step:
        told["s"] = token.step
    if token.branch:
        told["b"] = token.branch
    if token.attempt > 1:
        told["a"] = token.attempt
    return told
