"""What can happen to a run: the recorded inputs of the transition function, and the commands it answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from enum import StrEnum
from typing import Any, ClassVar

ENGINE_VERSION = 1
"""Changes when the same inputs may lead elsewhere than before."""


class Input:
    """A dataclass; `kind` names it in the log, and `plain()` is what the log keeps."""

    __slots__ = ()
    kind: ClassVar[str] = ""

    def plain(self) -> dict[str, Any]:
        told = {"k": self.kind}
        for name, short, default in _kept(type(self)):
            value = getattr(self, name)
            if value != default or name == "engine":
                told[short] = value
        return told


def _kept(kind: type[Input]) -> tuple[tuple[str, str, Any], ...]:
    """The fields of an input: name, name in the log, default."""
    kept = _FIELDS.get(kind)
    if kept is None:
        own: tuple[Field[Any], ...] = fields(kind)  # type: ignore[arg-type]
        names = [(item.name, _SHORT.get(item.name, item.name), _default(item)) for item in own]
        kept = _FIELDS[kind] = tuple(names)
    return kept


_FIELDS: dict[type[Input], tuple[tuple[str, str, Any], ...]] = {}


def _default(item: Field[Any]) -> Any:
    return item.default_factory() if item.default_factory is not MISSING else item.default


_SHORT = {"activation": "a", "outcome": "r", "output": "o", "error": "e"}
_LONG = {short: long for long, short in _SHORT.items()}


class Blame(StrEnum):
    """What a step has to do with the loss of its process."""

    WORKER = "worker"
    """It was one of many that the worker executed: it may be what killed it, unless it ran in a child already."""
    CROWD = "crowd"
    """It was one of so many that it hardly is what killed the worker: it is repeated where it was, and counts once."""
    CHILD = "child"
    """It was alone in the process that died."""
    NOBODY = "nobody"
    """No process died: the worker dropped the run, as when the database went away."""


@dataclass(frozen=True, slots=True)
class Started(Input):
    """A run begins. `memory` is the part of the room's memory that its expressions read.

    `expires` holds the time, in microseconds, from which an entry of it is not seen any more.
    """

    kind: ClassVar[str] = "start"
    run: Mapping[str, Any] = field(default_factory=dict)
    input: Any = None
    memory: Mapping[str, Any] = field(default_factory=dict)
    expires: Mapping[str, int] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    at_step: Mapping[str, Any] | None = None
    """For a retried run, or a node alone: {node, vars} to go on from instead of START."""
    pins: Mapping[str, Any] = field(default_factory=dict)
    """By node, the output that it gives without being executed."""
    until: str | None = None
    """The node after whose step the run ends."""
    engine: int = ENGINE_VERSION


_GO = {"k": "go"}


@dataclass(frozen=True, slots=True)
class Go(Input):
    """Move the next ready token."""

    kind: ClassVar[str] = "go"

    def plain(self) -> dict[str, Any]:
        return _GO


@dataclass(slots=True)
class Result(Input):
    """A step's function has ended. Times in milliseconds; `usage` holds tokens and cost_usd.

    Never changed, though not frozen: that would triple the time to make one, and every step makes one.
    """

    kind: ClassVar[str] = "result"
    activation: str = ""
    attempt: int = 1
    outcome: str = "SUCCESS"
    output: Any = None
    error: Mapping[str, Any] | None = None
    remember: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What is not plain about an entry in `remember`; see engine.core.memory."""
    said: tuple[Mapping[str, Any], ...] = ()
    usage: Mapping[str, Any] = field(default_factory=dict)
    trace: tuple[Mapping[str, Any], ...] = ()

    def plain(self) -> dict[str, Any]:
        if (
            self.outcome != "SUCCESS"
            or self.attempt != 1
            or self.remember
            or self.usage
            or self.said
            or self.trace
        ):
            return Input.plain(self)
        told: dict[str, Any] = {"k": "result", "a": self.activation}
        if self.output is not None:  # most results are no more than this
            told["o"] = self.output
        return told


@dataclass(frozen=True, slots=True)
class Progress(Input):
    """A running step tells what it has done so far; see engine.core.checkpoints for the notes."""

    kind: ClassVar[str] = "progress"
    activation: str = ""
    attempt: int = 1
    notes: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Asked(Input):
    """A step's function has ended for now: it is to be executed again when people have answered what it asks."""

    kind: ClassVar[str] = "asked"
    activation: str = ""
    attempt: int = 1
    asks: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class TimerFired(Input):
    """`timer` is wait, timeout, retry or deadline."""

    kind: ClassVar[str] = "timer"
    activation: str = ""
    timer: str = ""


@dataclass(frozen=True, slots=True)
class Signalled(Input):
    kind: ClassVar[str] = "signal"
    name: str = ""
    payload: Any = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Paused(Input):
    kind: ClassVar[str] = "pause"
    by: str = ""


@dataclass(frozen=True, slots=True)
class Resumed(Input):
    kind: ClassVar[str] = "resume"
    by: str = ""


@dataclass(frozen=True, slots=True)
class Cancelled(Input):
    kind: ClassVar[str] = "cancel"
    by: str = ""


@dataclass(frozen=True, slots=True)
class WorkerLost(Input):
    """Whoever executed steps of this run is gone; `effects` says how each activation may be repeated.

    A child takes only the steps in `effects` along, a worker all that it executed. `why` tells people how.
    """

    kind: ClassVar[str] = "lost"
    effects: Mapping[str, str] = field(default_factory=dict)
    blame: str = Blame.WORKER
    why: str = ""


@dataclass(frozen=True, slots=True)
class Broken(Input):
    """The engine itself can't go on with the run; `error` says why."""

    kind: ClassVar[str] = "broken"
    error: Mapping[str, Any] = field(default_factory=dict)


KINDS: dict[str, type[Input]] = {
    kind.kind: kind
    for kind in (
        Started,
        Go,
        Result,
        Progress,
        Asked,
        TimerFired,
        Signalled,
        Paused,
        Resumed,
        Cancelled,
        WorkerLost,
        Broken,
    )
}


def ends_of(given: Input) -> tuple[str, ...]:
    """The activations whose execution this input ends."""
    if isinstance(given, (Result, Asked)):  # a union is asked five times slower, and this in each step
        return (given.activation,)
    return tuple(given.effects) if isinstance(given, WorkerLost) and given.blame == Blame.CHILD else ()


def input_of(plain: Mapping[str, Any]) -> Input:
    """The input that the log kept as `plain`."""
    values = {_LONG.get(name, name): value for name, value in plain.items() if name != "k"}
    for name in ("said", "trace", "notes", "asks"):
        if name in values:
            values[name] = tuple(values[name])
    return KINDS[plain["k"]](**values)


@dataclass(slots=True)
class Execute:
    """Run a step's function, after the facts so far are on disk unless its effect is none. As `Result`, not frozen."""

    activation: str
    node: str
    attempt: int
    params: Any
    timeout_s: float | None


@dataclass(frozen=True, slots=True)
class SetTimer:
    activation: str
    timer: str
    due_us: int


@dataclass(frozen=True, slots=True)
class ClearTimers:
    """All timers of an activation; of the whole run when it is None."""

    activation: str | None


@dataclass(frozen=True, slots=True)
class Abort:
    """Stop a step's function if it still runs; its result is not wanted."""

    activation: str


@dataclass(frozen=True, slots=True)
class Remember:
    """Write the room's memory, together with the facts."""

    key: str
    value: Any
    about: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """Add turns to the room's conversation, together with the facts."""

    turns: tuple[Mapping[str, Any], ...]


Command = Execute | SetTimer | ClearTimers | Abort | Remember | Say
