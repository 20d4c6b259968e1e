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
from engine.core.embedding import EmbedFunction
from engine.core.errors import StepError as StepError  # noqa: PLC0414 - those who plug in look for it here
from engine.core.rates import Limiter, Rate
from engine.core.registry import Registry
from engine.core.shapes import Described, Shape, as_shape, schema_of


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


NO_USAGE = Usage()


class RoomMemory(Protocol):
    """A room's memory as a step sees it: what the room keeps plus what this run wrote."""

    def get(self, key: str) -> Any: ...
    def search(
        self, query: str, limit: int, how: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]: ...
    def size(self, without: str) -> dict[str, int]: ...
    def history(self, limit: int) -> list[dict[str, str]]: ...
    def conversation(self, limit: int) -> dict[str, Any]: ...


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
    with the step's result, or not at all. `about` says of a key what is not plain about its entry.
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
    about: dict[str, dict[str, Any]] = field(default_factory=dict)
    said: list[dict[str, Any]] = field(default_factory=list)
    trace: list[dict[str, Any]] = field(default_factory=list)
    usage: Usage = NO_USAGE
    hidden: tuple[str, ...] = field(default=(), repr=False)
    """Values of secrets among its parameters; they are masked in all that it gives."""
    open_urls: tuple[str, ...] = ()
    """The URLs among a tool's parameters whose hosts the run's values give."""
    call_apart: CallApart | None = None
    """The way to tools that run apart; without one they are called in this very thread."""
    show: Show | None = None
    recorded: Mapping[str, Any] = field(default_factory=dict)
    """What earlier executions of this step have put on record, by key."""
    recorder: Recorder | None = None
    spent: Mapping[str, float] = field(default_factory=dict)
    """US dollars, up to date: `run` by its run, this execution not counted; `month` by its room's other runs, if asked for."""
    limiter: Limiter | None = None
    """Keeps the rates of tools; without one nothing is counted."""
    signal_url: Callable[[str, int], str] | None = None
    """The address that sends a signal to this run until a moment (microseconds); None outside of a run."""

    def write(self, key: str, value: Any, about: dict[str, Any] | None = None) -> None:
        """Remember; `about` as in engine.core.memory, nothing for what the room keeps for good."""
        self.remember[key] = value
        self.about.pop(key, None)
        if about:
            self.about[key] = about

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
BUILT_IN = "openrooms"
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
    """Something a step or an agent can call.

    What it takes and gives is told by a model or by a JSON Schema; `result` is None where nothing is promised.
    """

    name: str
    title: str
    description: str
    category: str
    effect: Effect
    runs: Runs
    params: Shape
    result: Shape | None
    timeout_s: float
    examples: tuple[dict[str, Any], ...]
    call: ToolFunction
    vet: Vet | None = None
    """Finds what is certainly wrong with arguments that fit the parameters, as an address nobody may call."""
    rate: Rate | None = None
    origin: str = BUILT_IN
    """Who brings it: this package, another one, a file, an MCP server."""
    waits: Callable[[Mapping[str, Any]], bool] | None = None
    """Whether a tool that runs at once may have to wait for the world with these arguments, as they are drawn."""

    @property
    def parameters(self) -> dict[str, Any]:
        return schema_of(self.params)

    @property
    def returns(self) -> dict[str, Any] | None:
        return None if self.result is None else schema_of(self.result)

    @property
    def secret_slots(self) -> frozenset[str]:
        """The parameters in which `{{ secrets.name }}` may stand, at any depth."""
        return self._marked("secret")

    @property
    def url_slots(self) -> frozenset[str]:
        """The parameters whose templates are URLs: what is filled in is encoded for its place."""
        return self._marked("url")

    def _marked(self, mark: str) -> frozenset[str]:
        if isinstance(self.params, Described):
            return frozenset()
        return frozenset(
            name
            for name, info in self.params.model_fields.items()
            if isinstance(info.json_schema_extra, dict) and info.json_schema_extra.get(mark)
        )


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
    embed: EmbedFunction | None = None
    """Turns texts into vectors, where it has models for that."""


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
    params: type[BaseModel] | dict[str, Any],
    *,
    title: str,
    category: str,
    effect: Effect,
    runs: Runs | None = None,
    returns: type[BaseModel] | dict[str, Any] | None = None,
    timeout_s: float = 30,
    rate: Rate | None = None,
    examples: tuple[dict[str, Any], ...] = (),
    vet: Vet | None = None,
    waits: Callable[[Mapping[str, Any]], bool] | None = None,
) -> Callable[[ToolFunction], Tool]:
    """Enter a tool; its function's name and docstring are its name and description.

    Unless `runs` says otherwise, an async function runs on the loop, a function without any effect at once,
    and any other apart, where it may block. What runs at once never waits, so it can't have a rate.
    """

    def enter(function: ToolFunction) -> Tool:
        return Tool(
            name=function.__name__,
            title=title,
            description=inspect.getdoc(function) or "",
            category=category,
            effect=effect,
            runs=_place(function, effect, runs, rate),
            params=as_shape(params),
            result=None if returns is None else as_shape(returns),
            timeout_s=timeout_s,
            examples=examples,
            call=function,
            vet=vet,
            rate=rate,
            waits=waits,
        )

    return enter


def _place(function: ToolFunction, effect: Effect, runs: Runs | None, rate: Rate | None) -> Runs:
    place = runs or _usual(function, effect)
    if rate is not None and place is Runs.AT_ONCE:
        raise ValueError(f"{function.__name__!r} runs at once and can't have a rate: say where it runs")
    return place


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
    embed: EmbedFunction | None = None,
) -> Callable[[ChatFunction], Provider]:
    """Enter a provider; its docstring is its description."""

    def enter(function: ChatFunction) -> Provider:
        description = inspect.getdoc(function) or ""
        return Provider(name, title, description, models, function, is_configured, close, list_models, embed)

    return enter
