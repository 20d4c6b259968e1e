"""A state under construction during one call of the transition function; nobody else ever sees it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from engine.core.events import EventType, Fact, fact
from engine.core.fingerprint import digest
from engine.core.inputs import Abort, ClearTimers, Command
from engine.core.plan import Plan, PlanNode
from engine.core.run import RunStatus
from engine.core.tokens import Fork, Phase, State, Token


class Moving:
    """Collects what one input changes: tokens and forks are replaced, facts and commands are added."""

    def __init__(self, plan: Plan, state: State, at_us: int) -> None:
        self.plan = plan
        self.before = state
        self.at_us = at_us
        self.tokens: dict[str, Token] = dict(state.tokens)
        self.forks: dict[str, Fork] = dict(state.forks)
        self.ready: list[str] = list(state.ready)
        self.facts: list[Fact] = []
        self.commands: list[Command] = []
        self.changes: dict[str, Any] = {}

    def now(self) -> State:
        """The state as it stands, for looking variables up."""
        return replace(self.before, tokens=self.tokens, forks=self.forks, **self.changes)

    def get(self, name: str) -> Any:
        return self.changes[name] if name in self.changes else getattr(self.before, name)

    def put(self, token: Token) -> Token:
        """Keep `token`; one that is ready queues up behind the others."""
        self.tokens[token.branch] = token
        if token.phase is Phase.READY and token.branch not in self.ready:
            self.ready.append(token.branch)
        return token

    def drop(self, token: Token) -> None:
        """Take a token off the board, with whatever it waits for or executes."""
        self.tokens.pop(token.branch, None)
        if token.branch in self.ready:
            self.ready.remove(token.branch)
        if token.phase is Phase.RUNNING:
            self.commands.append(Abort(token.activation))
        elif token.phase in (Phase.WAITING, Phase.RETRYING):
            self.commands.append(ClearTimers(token.activation))

    def tell(self, type_: EventType, token: Token | None = None, **fields: Any) -> None:
        """Add a fact, placed at the token's step."""
        if token is not None:
            fields.setdefault("n", token.at)
            fields["s"] = token.step or None
            fields["b"] = token.branch or None
            fields["a"] = token.attempt if token.attempt > 1 else None
        self.facts.append(fact(type_, **fields))

    def node(self, token: Token) -> PlanNode:
        return self.plan.nodes[token.at]

    def scope(self, token: Token) -> dict[str, Any]:
        """The names an expression sees at this token's step."""
        state = self.now()
        parents = state.parents(token)
        return {
            "input": state.input,
            "vars": state.vars_of(token),
            "memory": state.memory_of(token),
            "outcome": token.outcome,
            "error": token.error,
            "run": {**state.run, "step": token.count + sum(parent.count for parent in parents)},
        }

    def end(self, status: RunStatus, token: Token | None, **changes: Any) -> None:
        """The run is over: nothing stays on the board and no timer is left."""
        self.changes["final_vars"] = self.now().vars_of(token or self._root())
        for left in list(self.tokens.values()):
            if token is None or left.branch != token.branch:
                self.drop(left)
        self.tokens.clear()
        self.forks.clear()
        self.ready.clear()
        self.commands.append(ClearTimers(None))
        error = changes.get("error") or {}
        chain = token.chain if token else ""
        self.changes |= changes
        self.changes["status"] = status
        self.changes["fingerprint"] = digest(chain, status.value, changes.get("output"), error.get("code"))

    def _root(self) -> Token:
        """The token outside any fork, or the one that forked last at that level."""
        if "" in self.tokens:
            return self.tokens[""]
        outside = [fork.parent for fork in self.forks.values() if not fork.parent.branch]
        return outside[0] if outside else Token("", "")

    def done(self) -> State:
        """The finished state, its status following from where the tokens stand."""
        state = replace(
            self.before, tokens=self.tokens, forks=self.forks, ready=tuple(self.ready), **self.changes
        )
        if state.is_over or "status" in self.changes:
            return state
        status = _status(state.paused, bool(self.ready), self.tokens.values())
        return state if status is state.status else replace(state, status=status)


def _status(paused: bool, has_ready: bool, tokens: Iterable[Token]) -> RunStatus:
    if paused:
        return RunStatus.PAUSED
    if has_ready or any(token.phase is Phase.RUNNING for token in tokens):
        return RunStatus.RUNNING
    return RunStatus.WAITING
