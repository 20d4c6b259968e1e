"""What a workflow can be made of: node types, tools and providers, entered here by decorators."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from pydantic import BaseModel

from engine.core.chat import ChatReply, ChatRequest, Usage
from engine.core.document import Outcome
from engine.core.errors import OpenRoomsError
from engine.core.registry import Registry


class Effect(StrEnum):
    """What repeating a step does to the world; decides what happens after a crash in the middle of it."""

    NONE = "none"
    """Nothing: recomputed freely, needs no record of its intent."""
    IDEMPOTENT = "idempotent"
    """Repeating is harmless."""
    EXTERNAL = "external"
    """The world changes; repeated with the same idempotency key and said so."""
    AT_MOST_ONCE = "at_most_once"
    """Never repeated: after a crash in the window the step fails with `unknown_outcome`."""


class Runs(StrEnum):
    """Where a function is executed."""

    AT_ONCE = "at_once"
    """In the thread that asks: it is quick and never waits."""
    ON_LOOP = "on_loop"
    """On the event loop, among all others that wait for the world."""
    APART = "apart"
    """In a child process that a timeout or a cancel kills: it blocks, or may take its process down."""


class Behaviour(StrEnum):
    """How the transition function treats a node of a type."""

    START = "start"
    END = "end"
    DECISION = "decision"
    PARALLEL = "parallel"
    WAIT = "wait"
    STEP = "step"
    """Executed by the runner: the type's own function."""


class StepError(OpenRoomsError):
    """A step's failure, raised by node types, tools and providers.

    `retryable` says whether a second attempt could end better, `retry_after_s` how long it has to wait at least.
    """

    code = "step_failed"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        retryable: bool = True,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code or type(self).code
        self.retryable = retryable
        self.retry_after_s = retry_after_s

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> StepError:
        """The failure that `step_call.told` has told."""
        return StepError(
            plain["message"],
            code=plain["code"],
            retryable=plain.get("retryable", True),
            retry_after_s=plain.get("retry_after_s"),
        )


NO_USAGE = Usage()


class RoomMemory(Protocol):
    """A room's memory as a step sees it: what the room keeps plus what this run wrote."""

    def get(self, key: str) -> Any: ...
    def search(self, query: str, limit: int) -> list[dict[str, Any]]: ...
    def history(self, limit: int) -> list[dict[str, str]]: ...


class Show(Protocol):
    """Shows a piece of a model's answer to whoever watches."""

    def __call__(self, text: str, *, turn: int, is_last: bool) -> None: ...


class CallApart(Protocol):
    """Calls a tool where it can harm nobody, within its own time limit."""

    async def __call__(self, ctx: StepContext, tool: Tool, arguments: dict[str, Any]) -> Any: ...


class Recorder(Protocol):
    """Puts notes of a running step on record; see engine.core.checkpoints."""

    def add(self, note: dict[str, Any]) -> None:
        """It will be on disk before anything that comes after it."""

    async def kept(self) -> None:
        """Everything so far is on disk."""


@dataclass(slots=True)
class StepContext:
    """What a step may use besides its parameters.

    `remember` and `said` collect memory writes and conversation turns; they are committed together
    with the step's result, or not at all.
    """

    run_id: str
    room_id: str
    node_id: str
    activation: str
    attempt: int
    idempotency_key: str
    now_us: int
    memory: RoomMemory
    catalogue: Catalogue
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    remember: dict[str, Any] = field(default_factory=dict)
    said: list[dict[str, str]] = field(default_factory=list)
    trace: list[dict[str, Any]] = field(default_factory=list)
    usage: Usage = NO_USAGE
    hidden: tuple[str, ...] = field(default=(), repr=False)
    """Values of secrets among its parameters; they are masked in all that it gives."""
    call_apart: CallApart | None = None
    """The way to tools that run apart; without one they are called in this very thread."""
    show: Show | None = None
    recorded: Mapping[str, Any] = field(default_factory=dict)
    """What earlier executions of this step have put on record, by key."""
    recorder: Recorder | None = None
    spent: Mapping[str, float] = field(default_factory=dict)
    """US dollars when the step began: `run` by its run, `month` by the room's other runs of this month, if asked for."""

    def write(self, key: str, value: Any) -> None:
        self.remember[key] = value

    def stream(self, text: str, *, turn: int = 0, is_last: bool = False) -> None:
        """Show a piece of a model's answer as it comes. Nothing of it is kept: the step's result is what counts."""
        if self.show is not None and (text or is_last):
            self.show(text, turn=turn, is_last=is_last)

    def spend(self, usage: Usage) -> None:
        """Account for what was used: whoever gets a model's reply does, and the provider itself where it fails."""
        self.usage += usage

    def note(self, note: dict[str, Any]) -> None:
        """Put something that happened within the step on record; without a recorder it is only gathered here."""
        if self.recorder is not None:
            self.recorder.add(note)
        elif "o" in note:
            self.trace.append({**note.get("d", {}), "output": note["o"]})
            used = note.get("u", {})
            self.spend(Usage(**{name: used[name] for name in Usage.model_fields if name in used}))


AtOnce = Callable[[Mapping[str, Any], "StepContext"], Any]
"""From rendered params, unchecked, to the output."""
ToolFunction = Callable[[Any, StepContext], Any]
StepFunction = Callable[[Any, StepContext], Awaitable[Any]]
ListModels = Callable[[Mapping[str, Any]], Awaitable[tuple[str, ...]]]
"""From settings to the models that the provider's server offers now."""
ChatFunction = Callable[[ChatRequest, StepContext], Awaitable[ChatReply]]
Finding = tuple[tuple[str | int, ...], str]
"""What is wrong with an argument: the keys that lead to it, and a sentence."""
Vet = Callable[[Mapping[str, Any], Mapping[str, Any]], Iterable[Finding]]
"""From arguments as they stand in a document, templates unfilled, and the installation's settings."""


@dataclass(frozen=True, slots=True)
class NodeType:
    """A kind of node: the form of its config and what it does."""

    name: str
    title: str
    description: str
    icon: str
    category: str
    behaviour: Behaviour
    outcomes: tuple[Outcome, ...]
    params: type[BaseModel]
    effect: Callable[[Mapping[str, Any], Catalogue], Effect]
    runs: Callable[[Mapping[str, Any], Catalogue], Runs]
    execute: StepFunction | None = None
    at_once: AtOnce | None = None
    """Does the same as `execute` without an event loop, for steps that run at once."""


@dataclass(frozen=True, slots=True)
class Tool:
    """Something a step or an agent can call; `returns` is a JSON Schema or None where unknown."""

    name: str
    title: str
    description: str
    category: str
    effect: Effect
    runs: Runs
    params: type[BaseModel]
    returns: dict[str, Any] | None
    timeout_s: float
    examples: tuple[dict[str, Any], ...]
    call: ToolFunction
    vet: Vet | None = None
    """Finds what is certainly wrong with arguments that fit the parameters, as an address nobody may call."""

    @property
    def parameters(self) -> dict[str, Any]:
        return self.params.model_json_schema()

    @property
    def secret_slots(self) -> frozenset[str]:
        """The parameters in which `{{ secrets.name }}` may stand, at any depth."""
        return self._marked("secret")

    @property
    def url_slots(self) -> frozenset[str]:
        """The parameters whose templates are URLs: what is filled in is encoded for its place."""
        return self._marked("url")

    def _marked(self, mark: str) -> frozenset[str]:
        return frozenset(
            name
            for name, info in self.params.model_fields.items()
            if isinstance(info.json_schema_extra, dict) and info.json_schema_extra.get(mark)
        )

    @property
    def is_async(self) -> bool:
        return inspect.iscoroutinefunction(self.call)


@dataclass(frozen=True, slots=True)
class Provider:
    """A source of language models; `is_configured` looks at the settings it is given."""

    name: str
    title: str
    description: str
    models: tuple[str, ...]
    chat: ChatFunction
    is_configured: Callable[[Mapping[str, Any]], bool]
    close: Callable[[], Awaitable[None]] | None = None
    """Closes the connections it keeps on the running event loop."""
    list_models: ListModels | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All node types, tools and providers a process knows."""

    node_types: Registry[NodeType] = field(default_factory=lambda: Registry[NodeType]("node type"))
    tools: Registry[Tool] = field(default_factory=lambda: Registry[Tool]("tool"))
    providers: Registry[Provider] = field(default_factory=lambda: Registry[Provider]("provider"))
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What a tool's `vet` may know of the installation; nothing of it is secret."""

    def add(self, item: NodeType | Tool | Provider) -> None:
        match item:
            case NodeType():
                self.node_types.add(item)
            case Tool():
                self.tools.add(item)
            case Provider():
                self.providers.add(item)


def node_type(  # noqa: PLR0913 - a declaration: each word names itself
    params: type[BaseModel],
    *,
    name: str,
    title: str,
    icon: str,
    category: str = "logic",
    behaviour: Behaviour = Behaviour.STEP,
    outcomes: tuple[Outcome, ...] = (Outcome.SUCCESS, Outcome.FAILURE),
    effect: Effect | Callable[[Mapping[str, Any], Catalogue], Effect] = Effect.EXTERNAL,
    runs: Runs | Callable[[Mapping[str, Any], Catalogue], Runs] = Runs.ON_LOOP,
    at_once: AtOnce | None = None,
) -> Callable[[StepFunction], NodeType]:
    """Enter a node type; its docstring is its description, its function executes a step.

    Its function must not block the loop: give it `Runs.APART` if it does.

    Types whose `behaviour` is not STEP are moved by the transition function itself; their
    function is never called.
    """
    decide = effect if callable(effect) else lambda _config, _catalogue: effect
    place = runs if callable(runs) else lambda _config, _catalogue: runs

    def enter(function: StepFunction) -> NodeType:
        return NodeType(
            name=name,
            title=title,
            description=inspect.getdoc(function) or "",
            icon=icon,
            category=category,
            behaviour=behaviour,
            outcomes=outcomes,
            params=params,
            effect=decide,
            runs=place,
            execute=function if behaviour is Behaviour.STEP else None,
            at_once=at_once,
        )

    return enter


def tool(  # noqa: PLR0913 - a declaration: each word names itself
    params: type[BaseModel],
    *,
    title: str,
    category: str,
    effect: Effect,
    runs: Runs | None = None,
    returns: dict[str, Any] | None = None,
    timeout_s: float = 30,
    examples: tuple[dict[str, Any], ...] = (),
    vet: Vet | None = None,
) -> Callable[[ToolFunction], Tool]:
    """Enter a tool; its function's name and docstring are its name and description.

    Unless `runs` says otherwise, an async function runs on the loop, a function without any effect at once,
    and any other apart, where it may block.
    """

    def enter(function: ToolFunction) -> Tool:
        return Tool(
            name=function.__name__,
            title=title,
            description=inspect.getdoc(function) or "",
            category=category,
            effect=effect,
            runs=runs or _usual(function, effect),
            params=params,
            returns=returns,
            timeout_s=timeout_s,
            examples=examples,
            call=function,
            vet=vet,
        )

    return enter


def _usual(function: ToolFunction, effect: Effect) -> Runs:
    if inspect.iscoroutinefunction(function):
        return Runs.ON_LOOP
    return Runs.AT_ONCE if effect is Effect.NONE else Runs.APART


def provider(  # noqa: PLR0913 - a declaration: each word names itself
    name: str,
    *,
    title: str,
    models: tuple[str, ...] = (),
    is_configured: Callable[[Mapping[str, Any]], bool] = lambda _settings: True,
    close: Callable[[], Awaitable[None]] | None = None,
    list_models: ListModels | None = None,
) -> Callable[[ChatFunction], Provider]:
    """Enter a provider; its docstring is its description."""

    def enter(function: ChatFunction) -> Provider:
        description = inspect.getdoc(function) or ""
        return Provider(name, title, description, models, function, is_configured, close, list_models)

    return enter
