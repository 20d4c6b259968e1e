"""Where a run stands: its tokens, the forks they came from, and what each branch wrote.

Whoever moves a run owns its state alone and changes it in place: copies of it would be most of a step's cost.
JSON values inside are never changed, so they may be shared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from engine.core.run import RunStatus

ROOT = ""
"""The branch outside any fork."""


class Phase(StrEnum):
    READY = "ready"
    """To be moved as soon as somebody drives the run."""
    RUNNING = "running"
    """Its step is executed by the runner."""
    WAITING = "waiting"
    """It rests in a WAIT, or until people have answered what its step asks."""
    RETRYING = "retrying"
    """It rests before the next attempt."""


@dataclass(slots=True)
class Token:
    """Where one branch stands.

    `branch` is a path: "" is the root; "7.0" is branch 0 of the fork at activation "7". An activation is
    the branch's path with the count of its steps, so both are the same however branches interleave.
    `vars` and `memory` hold what this branch wrote since its fork; `wrote` the step that wrote each variable;
    `about` what is not plain about an entry of `memory`.
    `chain` sums up what it did, `via` is the transition it came by since.
    """

    branch: str
    at: str
    phase: Phase = Phase.READY
    count: int = 0
    activation: str = ""
    step: int = 0
    attempt: int = 0
    failures: int = 0
    deaths: int = 0
    """Processes that died while they executed the step it is in."""
    crowds: int = 0
    """1 if the first of them was a worker that executed so many that this step is hardly to blame."""
    is_again: bool = False
    """Its next move is one more attempt of the same activation."""
    entered_us: int = 0
    vars: dict[str, Any] = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    wrote: dict[str, int] = field(default_factory=dict)
    chain: str = ""
    via: str = ""
    outcome: str | None = None
    error: Mapping[str, Any] | None = None
    progress: dict[str, Any] = field(default_factory=dict)
    """What the step it is in has on record so far, by key: {o value, w memory written}, or {} for what has begun."""
    asks: list[Mapping[str, Any]] = field(default_factory=list)
    """What its step waits for people to answer, one after the other."""
    joined: list[dict[str, Any]] | None = None
    """How each branch ended, for a token that has just passed a join: the output of the join's step."""
    is_last: bool = False
    """The run was to end after the step it has made: its next move does that."""

    def next_activation(self) -> str:
        count = self.count + 1
        return f"{self.branch}.{count}" if self.branch else str(count)

    @property
    def is_apart(self) -> bool:
        """Whether its step is executed in a child process, so that a worker's death is not its doing any more."""
        return self.deaths > self.crowds

    @property
    def fork(self) -> str:
        """The activation of the innermost fork this token came from; "" at the root."""
        return self.branch.rpartition(".")[0]

    @property
    def index(self) -> int:
        """The number of its branch in that fork."""
        return int(self.branch.rpartition(".")[2])

    def copy(self) -> Token:
        return replace(
            self,
            vars=dict(self.vars),
            memory=dict(self.memory),
            about=dict(self.about),
            wrote=dict(self.wrote),
            progress=dict(self.progress),
            asks=list(self.asks),
        )


@dataclass(slots=True)
class Fork:
    """A fork whose join has not been passed: the token that forked and the branches that arrived.

    `arrived` and `failed` list branch numbers in the order recorded.
    """

    activation: str
    node: str
    join: str
    parent: Token
    width: int
    arrived: tuple[int, ...] = ()
    failed: tuple[int, ...] = ()
    done: dict[int, Token] = field(default_factory=dict)

    def copy(self) -> Fork:
        done = {index: token.copy() for index, token in self.done.items()}
        return replace(self, parent=self.parent.copy(), done=done)


@dataclass(slots=True)
class State:
    """Everything that decides how a run goes on. `ready` lists branches in the order they will move."""

    status: RunStatus = RunStatus.QUEUED
    tokens: dict[str, Token] = field(default_factory=dict)
    forks: dict[str, Fork] = field(default_factory=dict)
    ready: list[str] = field(default_factory=list)
    steps: int = 0
    paused: bool = False
    signals: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    input: Any = None
    memory: Mapping[str, Any] = field(default_factory=dict)
    expires: Mapping[str, int] = field(default_factory=dict)
    run: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    pins: Mapping[str, Any] = field(default_factory=dict)
    until: str | None = None
    used_tokens: int = 0
    used_cost_usd: float = 0.0
    output: Any = None
    error: Mapping[str, Any] | None = None
    fingerprint: str | None = None
    final_vars: Mapping[str, Any] = field(default_factory=dict)
    """The variables as the run left them, once it is over."""

    @property
    def is_over(self) -> bool:
        return self.status.is_over

    @property
    def is_trial(self) -> bool:
        return bool(self.pins) or self.until is not None

    def copy(self) -> State:
        """Its own tokens and forks; the JSON values are shared."""
        return replace(
            self,
            tokens={branch: token.copy() for branch, token in self.tokens.items()},
            forks={activation: fork.copy() for activation, fork in self.forks.items()},
            ready=list(self.ready),
            signals=dict(self.signals),
        )

    def become(self, other: State) -> None:
        """Be as `other` is from now on, for all who look at this one; nobody may use the other any more."""
        for item in fields(self):
            setattr(self, item.name, getattr(other, item.name))

    def parents(self, token: Token) -> list[Token]:
        """The tokens that forked to this one, outermost first."""
        if not token.branch:
            return []
        found: list[Token] = []
        while token.branch:
            token = self.forks[token.fork].parent
            found.append(token)
        return found[::-1]

    def vars_of(self, token: Token) -> Mapping[str, Any]:
        """The variables `token` sees: what was set before its forks and its own writes."""
        if not token.branch:
            return token.vars
        return _seen(token.vars, [parent.vars for parent in self.parents(token)])

    def memory_of(self, token: Token, at_us: int) -> Mapping[str, Any]:
        """What `token` sees of the memory at this time: what the room kept, and the run's writes before and in it."""
        parents = self.parents(token)
        seen = _seen(token.memory, [self.memory, *(parent.memory for parent in parents)])
        if not (self.expires or token.about or any(parent.about for parent in parents)):
            return seen
        about = self.about_memory(token)
        return {
            key: value
            for key, value in seen.items()
            if key not in about or about[key].get("expires_us", at_us + 1) > at_us
        }

    def about_memory(self, token: Token) -> dict[str, Mapping[str, Any]]:
        """What is not plain about the entries that `token` sees; what was written last counts."""
        about: dict[str, Mapping[str, Any]] = {k: {"expires_us": us} for k, us in self.expires.items()}
        for layer in (*self.parents(token), token):
            for key in layer.memory:
                about.pop(key, None)
            about |= layer.about
        return about

    def writers_of(self, token: Token) -> Mapping[str, int]:
        if not token.branch:
            return token.wrote
        return _seen(token.wrote, [parent.wrote for parent in self.parents(token)])

    def at_activation(self, activation: str) -> Token | None:
        """The token that is in this activation now."""
        token = self.tokens.get(activation.rpartition(".")[0])
        return token if token is not None and token.activation == activation else None

    def plain(self) -> dict[str, Any]:
        """This state as plain JSON, without what equals its default."""
        plain = _plain(self, _STATE_DEFAULTS)
        if self.tokens:
            plain["tokens"] = [_plain(token, _TOKEN_DEFAULTS) for token in self.tokens.values()]
        if self.forks:
            plain["forks"] = [_plain_fork(fork) for fork in self.forks.values()]
        return plain

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> State:
        """The state that `plain` came from."""
        tokens = [_token(item) for item in plain.get("tokens", ())]
        forks = [_fork(item) for item in plain.get("forks", ())]
        return cls(
            **{
                **plain,
                "status": RunStatus(plain.get("status", "QUEUED")),
                "ready": list(plain.get("ready", ())),
                "signals": {name: tuple(items) for name, items in plain.get("signals", {}).items()},
                "tokens": {token.branch: token for token in tokens},
                "forks": {fork.activation: fork for fork in forks},
            }
        )


def _seen(own: Mapping[str, Any], before: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    if not before:
        return own
    layers = [layer for layer in before if layer]
    if not layers:
        return own
    merged: dict[str, Any] = {}
    for layer in (*layers, own):
        merged.update(layer)
    return merged


_TOKEN_DEFAULTS = {item.name: getattr(Token("", ""), item.name) for item in fields(Token)} | {
    "branch": None,
    "at": None,
}
_STATE_DEFAULTS = {item.name: getattr(State(), item.name) for item in fields(State)}


def _plain(value: Any, defaults: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: found
        for name, default in defaults.items()
        if (found := getattr(value, name)) is not default and found != default
    }


def _plain_fork(fork: Fork) -> dict[str, Any]:
    return {
        "activation": fork.activation,
        "node": fork.node,
        "join": fork.join,
        "parent": _plain(fork.parent, _TOKEN_DEFAULTS),
        "width": fork.width,
        "arrived": fork.arrived,
        "failed": fork.failed,
        "done": [_plain(token, _TOKEN_DEFAULTS) for token in fork.done.values()],
    }


def _token(plain: Mapping[str, Any]) -> Token:
    return Token(**{**plain, "phase": Phase(plain.get("phase", "ready"))})


def _fork(plain: Mapping[str, Any]) -> Fork:
    done = [_token(item) for item in plain["done"]]
    return Fork(
        **{
            **plain,
            "parent": _token(plain["parent"]),
            "arrived": tuple(plain["arrived"]),
            "failed": tuple(plain["failed"]),
            "done": {token.index: token for token in done},
        }
    )


__all__ = ["ROOT", "Fork", "Phase", "State", "Token"]
