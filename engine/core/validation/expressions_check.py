"""Rules about expressions: they compile, know the names they use, and can give what their place wants."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import reduce
from typing import Any

from engine.core.document import Node, NodeTypeName
from engine.core.expressions import ExpressionError, Type, TypeEnv, list_of, map_of, type_of_schema
from engine.core.expressions.types import DYN, MAP, STRING, either
from engine.core.problem import WARNING, Problem
from engine.core.secret import REFERENCE
from engine.core.secret import SCOPE as SECRETS
from engine.core.structure import join_rules
from engine.core.times import parse_rfc3339
from engine.core.validation.faults import known_names, shown, suggestion
from engine.core.validation.sites import Site, Use
from engine.core.validation.view import View

NAMES = ("input", "vars", "memory", "outcome", "error", "run")
"""The names in scope of every expression."""
_NAMES = frozenset(NAMES)


def expressions_fit(view: View) -> Iterator[Problem]:
    yield from view.bad_expressions
    types = types_in(view)
    variables = types["vars"].fields or {}
    for site in view.sites:
        if not site.part.names <= _NAMES and (told := list(_unknown_names(site, view, variables))):
            for detail in told:
                yield site.problem("bad_expression", detail)
        elif site.part.expression.constant:
            yield from _constant(site)
        else:
            yield from _typed(site, types)


def inputs_exist(view: View) -> Iterator[Problem]:
    """Reads of input that the schema rules out."""
    schema = view.document.input_schema or {}
    known = schema.get("properties", {})
    if schema.get("additionalProperties") is not False or "patternProperties" in schema:
        return
    if not isinstance(known, Mapping):
        return
    for site in view.sites:
        for path in sorted(site.part.expression.reads):
            top, _, rest = path.partition(".")
            name = rest.partition(".")[0]
            if (
                top == "input"
                and name
                and name not in known
                and f"input.{name}" not in site.part.expression.asked
            ):
                detail = (
                    f"input.{name} is read, and input_schema has no such property{suggestion(name, known)}"
                    f"{known_names(known)}."
                )
                yield site.problem("undefined_variable", detail)


def types_in(view: View) -> TypeEnv:
    """What is known of the names in scope, whatever path a run takes."""
    fields: dict[str, list[Type]] = {}
    returns = {
        tool.name: type_of_schema(tool.returns) if tool.returns else DYN for tool in view.catalogue.tools
    }
    for node_id, names in view.structure.writes.items():
        for where, name in names:
            if where == "vars":
                fields.setdefault(name, []).append(_output_type(view.nodes[node_id], returns))
    known = {name: reduce(either, types) for name, types in fields.items()}
    for fork in view.structure.join_of:
        if join_rules(view.nodes, view.structure, fork).merge == "list":
            known |= {name: DYN for where, name in view.structure.shared_writes(fork) if where == "vars"}
    schema = view.document.input_schema
    given = type_of_schema(schema) if schema else DYN
    if given.fields is not None:  # what is not there has its own rule
        given = map_of(given.fields, is_closed=False)
    return {"input": given, "vars": map_of(known, is_closed=False), "memory": MAP, "run": MAP}


def _output_type(node: Node, returns: Mapping[str, Type]) -> Type:
    match node.type:
        case NodeTypeName.AGENT_TASK:
            schema = node.config.get("output_schema")
            return type_of_schema(schema) if isinstance(schema, dict) else STRING
        case NodeTypeName.TOOL_EXECUTION:
            return returns.get(str(node.config.get("tool")), DYN)
        case NodeTypeName.WAIT:
            schema = node.config.get("form_schema")
            return type_of_schema(schema) if isinstance(schema, dict) else DYN
        case NodeTypeName.PARALLEL:
            return list_of(MAP)
    return DYN


def _unknown_names(site: Site, view: View, variables: Collection[str]) -> Iterator[str]:
    known = list(NAMES)
    for name in sorted(site.part.names - set(known)):
        if name == SECRETS:
            yield from _misplaced_secret(site, view)
        elif name in variables:
            yield f"There is no name {name!r} here; did you mean vars.{name}?"
        else:
            yield f"There is no name {name!r} here{suggestion(name, known)}; known: {', '.join(known)}."


def _misplaced_secret(site: Site, view: View) -> Iterator[str]:
    """A secret stands alone in its braces, in a slot that its tool has marked: whatever else could give it away."""
    node = view.nodes[site.place.node_id]
    if site.place.use is not Use.TEMPLATE or node.type != NodeTypeName.TOOL_EXECUTION:
        yield "secrets are at hand in the arguments of a tool only."
        return
    tool = view.catalogue.tools.get(str(node.config.get("tool")))
    if tool is None:
        return
    if site.part.pointer.split("/")[1] not in tool.secret_slots:
        slots = ", ".join(sorted(tool.secret_slots))
        yield (
            f"a secret may stand only in {slots} of the tool {tool.name!r}."
            if slots
            else f"the tool {tool.name!r} has no place for a secret."
        )
    if not REFERENCE.fullmatch(site.part.expression.source):
        yield "a secret is named alone, as {{ secrets.key }}: no expression can look into it."


def _constant(site: Site) -> Iterator[Problem]:
    """What reads nothing gives the same always, so that it can be tried now."""
    place = site.place
    try:
        value = site.part.expression.evaluate({}).value
    except ExpressionError as error:
        yield site.bad_expression(error)
        return
    if place.use is Use.UNTIL:
        if fault := _time_fault(value):
            yield site.problem("bad_expression", fault)
    elif place.use is Use.CONDITION and not isinstance(value, bool):
        yield site.problem(
            "bad_expression", f"a condition gives true or false, and this one gives {shown(value)}."
        )
    elif place.use is Use.CONDITION:
        never = "never taken: remove it" if value is False else "always taken: make it ALWAYS"
        detail = (
            f"it is always {shown(value)}, so that the transition is {never}, or write what it depends on."
        )
        yield site.problem("constant_condition", detail).model_copy(update={"severity": WARNING})


def _time_fault(value: Any) -> str | None:
    if not isinstance(value, str):
        return f"until gives a time as text, and this is {shown(value)}."
    try:
        parse_rfc3339(value)
    except (ValueError, OverflowError) as error:
        return f"{error}."
    return None


def _typed(site: Site, types: TypeEnv) -> Iterator[Problem]:
    place = site.place
    try:
        found = site.part.expression.infer(types)
    except ExpressionError as error:
        yield site.bad_expression(error)
        return
    if place.use is Use.CONDITION and not found.could_be("bool"):
        yield site.problem("bad_expression", f"a condition gives true or false, and this one gives {found}.")
    elif place.use is Use.UNTIL and not found.could_be("string"):
        yield site.problem("bad_expression", f"until gives a time as text, and this gives {found}.")
