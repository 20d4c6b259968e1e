"""Documents that name agents: what is taken over from them, and what is wrong with the whole."""

from typing import Any

from engine.core.agent import Find, named, resolved, unresolved
from engine.core.problem import ERROR, Problem
from engine.core.validation import find_problems
from engine.runtime import Runtime
from engine.store import agents

__all__ = ["checked", "problems_of", "with_presets", "without_presets"]


def with_presets(rt: Runtime, document: Any) -> Any:
    """The document with its agents' settings written out, as it is published: no later version of them changes it."""
    return resolved(document, _find(rt, document))


def without_presets(rt: Runtime, document: Any) -> Any:
    """A published document as a draft, whose nodes leave to their agents what these say."""
    return unresolved(document, _find(rt, document))


def problems_of(rt: Runtime, document: Any) -> list[Problem]:
    """All that is wrong with a document, once its agents' settings are written out."""
    return checked(rt, document)[1]


def checked(rt: Runtime, document: Any) -> tuple[Any, list[Problem]]:
    """The document with its agents' settings written out, and all that is wrong with it."""
    find = _find(rt, document)
    missing = []
    for place, name, version in named(document):
        if find(name, version) is None:
            which = (
                f"agent {name[:100]!r}"
                if version is None
                else f"version {version} of the agent {name[:100]!r}"
            )
            node_id = document["nodes"][place].get("id")
            missing.append(
                Problem(
                    code="unknown_agent",
                    severity=ERROR,
                    message=f"Node {node_id!r} names the {which}, which does not exist: make it, or name another.",
                    node_id=node_id if isinstance(node_id, str) else None,
                    path=f"/nodes/{place}/config/agent",
                )
            )
    whole = resolved(document, find)
    return whole, missing + find_problems(whole, rt.catalogue)


def _find(rt: Runtime, document: Any) -> Find:
    wanted = {(name, version) for _, name, version in named(document)}
    if not wanted:
        return lambda _name, _version: None
    with rt.db.read() as session:
        found = agents.specs(session, wanted)
    return lambda name, version: found.get((name, version))
