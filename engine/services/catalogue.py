"""What a workflow can be made of, as the editor draws it: node types, tools, providers, triggers, limits."""

from typing import Any, Literal

from engine.core.catalogue import NodeType, Provider
from engine.core.document import Document, Frozen, Limits, NodeCommon, On, Outcome
from engine.core.expressions import FUNCTIONS, LIMITS
from engine.core.identity import Role, User
from engine.core.shapes import schema_of
from engine.core.validation.reading import MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_TRANSITIONS
from engine.runtime import Runtime
from engine.services.permission import require
from engine.services.tools import ToolView, list_tools

TRIGGERS = {
    On.ALWAYS: "Taken when nothing before it was; the 'otherwise' of a decision, a branch of a fork.",
    On.SUCCESS: "Taken when the step succeeded and no condition was met.",
    On.FAILURE: "Taken when the step failed and its retries are spent.",
    On.TIMEOUT: "Taken when the step took too long and its retries are spent.",
    On.CONDITION_MET: "Taken when the step succeeded and its condition is true; tried first, lowest priority first.",
}


class NodeTypeView(Frozen):
    """`params` is the JSON Schema of a node's config; `common` that of the fields every node has."""

    type: str
    title: str
    description: str
    icon: str
    category: str
    behaviour: str
    outcomes: tuple[Outcome, ...]
    params: dict[str, Any]
    common: dict[str, Any]


class ProviderView(Frozen):
    """`note` is for people, and says what is missing where it is not configured.

    `models` are known ones, from our list or told by the server itself; others may work too. `key_from` says whether
    its API key stands in the environment, among the secrets or nowhere; a server of one's own may need none.
    """

    name: str
    title: str
    configured: bool
    key_from: Literal["environment", "secret", "nowhere"]
    models: tuple[str, ...]
    models_from: Literal["list", "server"] = "list"
    note: str


class TransitionView(Frozen):
    on: On
    description: str


class CatalogueView(Frozen):
    node_types: tuple[NodeTypeView, ...]
    tools: tuple[ToolView, ...]
    providers: tuple[ProviderView, ...]
    transitions: tuple[TransitionView, ...]
    functions: tuple[str, ...]
    limits: dict[str, float]


def describe(rt: Runtime, user: User) -> CatalogueView:
    require(rt, user, Role.VIEWER, "see the catalogue")
    common = schema_of(NodeCommon)
    return CatalogueView(
        node_types=tuple(_node_type(kind, common) for kind in rt.catalogue.node_types),
        tools=list_tools(rt, user),
        providers=list_providers(rt, user),
        transitions=tuple(TransitionView(on=on, description=text) for on, text in TRIGGERS.items()),
        functions=tuple(sorted(FUNCTIONS)),
        limits=limits(),
    )


def list_providers(rt: Runtime, user: User) -> tuple[ProviderView, ...]:
    require(rt, user, Role.VIEWER, "list providers")
    return tuple(_provider(rt, provider) for provider in rt.catalogue.providers)


def limits() -> dict[str, float]:
    """Every number a document, an expression or a run is held to; the defaults of a run's limits."""
    return {
        "document_bytes": MAX_BYTES,
        "document_depth": MAX_DEPTH,
        "nodes": MAX_NODES,
        "transitions": MAX_TRANSITIONS,
        **LIMITS.as_dict(),
        **Limits().model_dump(),
    }


def document_schema() -> dict[str, Any]:
    """The JSON Schema of the document format, made from the models that read it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Document.model_json_schema(),
        "title": "OpenRooms workflow",
    }


def _node_type(kind: NodeType, common: dict[str, Any]) -> NodeTypeView:
    return NodeTypeView(
        type=kind.name,
        title=kind.title,
        description=kind.description,
        icon=kind.icon,
        category=kind.category,
        behaviour=kind.behaviour.value,
        outcomes=kind.outcomes,
        params=schema_of(kind.params),
        common=common,
    )


def _provider(rt: Runtime, provider: Provider) -> ProviderView:
    is_ready = provider.is_configured(rt.provider_settings)
    hint = f" Not configured: set {provider.name.upper()}_API_KEY." if not is_ready else ""
    return ProviderView(
        name=provider.name,
        title=provider.title,
        configured=is_ready,
        key_from=rt.key_from(provider.name),
        models=provider.models,
        note=provider.description + hint,
    )
