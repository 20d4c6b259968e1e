"""Rules about what stands in config: its shape, the tools and providers it names, arguments, schemas, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError

from engine.core.catalogue import Tool
from engine.core.document import Node, NodeTypeName
from engine.core.problem import WARNING, Problem
from engine.core.registry import Registry
from engine.core.shapes import Described
from engine.core.validation.faults import Fault, faults_of, known_names, pointer, suggestion
from engine.core.validation.schemas import schema_faults
from engine.core.validation.view import View

WEBHOOK_TOOL = "wait_for_webhook"

_SECRETS = {
    "an API key": re.compile(r"\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{20,}"),
    "an AWS key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})"),
    "a GitLab token": re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}"),
    "a Slack token": re.compile(r"\bxox[abeprs]-[A-Za-z0-9-]{10,}"),
    "a Google key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}"),
    "an OpenRooms key": re.compile(r"\bor_[A-Za-z0-9]{8}_[A-Za-z0-9]{32}\b"),
    "a bearer token": re.compile(r"\bBearer\s+(?=[A-Za-z0-9._~+/=-]*[0-9])[A-Za-z0-9._~+/=-]{20,}"),
    "a signed token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a password in an address": re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@{}]+:[^\s/:@{}]+@"),
}


def configs_fit(view: View) -> Iterator[Problem]:
    known: dict[tuple[str, bytes], list[Fault]] = {}
    for node_id, node in view.nodes.items():
        kind = view.kinds[node_id]
        if kind is None:
            continue
        key = (node.type, orjson.dumps(node.config))
        if key not in known:
            known[key] = _model_faults(kind.params, key[1], node.config)
        for fault in known[key]:
            message = f"{kind.title} {node_id!r}: {fault.message}"
            yield view.at_node("bad_config", node_id, message, below=f"/config{fault.pointer}")


def _model_faults(model: type[BaseModel], raw: bytes, data: Any) -> list[Fault]:
    try:
        model.model_validate_json(raw)
    except ValidationError as error:
        return faults_of(error, model, data)
    return []


def tools_exist(view: View) -> Iterator[Problem]:
    for node_id, node in view.nodes.items():
        for name, keys in _tools_named(node):
            if name not in view.catalogue.tools:
                message = f"Node {node_id!r} names the tool {name!r}, {_unknown(name, view.catalogue.tools)}."
                yield view.at_node("unknown_tool", node_id, message, below=f"/config{pointer(keys)}")


def _tools_named(node: Node) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    named: list[tuple[Any, tuple[str | int, ...]]] = []
    if node.type == NodeTypeName.TOOL_EXECUTION:
        named.append((node.config.get("tool"), ("tool",)))
    elif node.type == NodeTypeName.AGENT_TASK:
        policy = node.config.get("policy")
        lists: list[tuple[Any, tuple[str, ...]]] = [(node.config.get("tools"), ("tools",))]
        if isinstance(policy, dict):
            lists += [(policy.get(name), ("policy", name)) for name in ("allowed_tools", "approval")]
        for names, keys in lists:
            if isinstance(names, list):
                named += [(name, (*keys, place)) for place, name in enumerate(names)]
    yield from ((name, keys) for name, keys in named if isinstance(name, str) and name)


def _unknown(name: str, registry: Registry[Any]) -> str:
    known = registry.names()
    return f"which is not installed here{suggestion(name, known)}{known_names(known)}"


def providers_exist(view: View) -> Iterator[Problem]:
    for node_id, node in view.nodes.items():
        name = node.config.get("provider")
        if node.type != NodeTypeName.AGENT_TASK or not isinstance(name, str):
            continue
        if name and name not in view.catalogue.providers:
            why = _unknown(name, view.catalogue.providers)
            message = f"Agent {node_id!r} names the provider {name!r}, {why}."
            yield view.at_node("unknown_provider", node_id, message, below="/config/provider")


def arguments_fit(view: View) -> Iterator[Problem]:
    """Arguments with a template in them are known only when they are filled; the tool checks them then."""
    for node_id, node in view.nodes.items():
        if node.type != NodeTypeName.TOOL_EXECUTION:
            continue
        name, arguments = node.config.get("tool"), node.config.get("arguments", {})
        tool = view.catalogue.tools.get(name) if isinstance(name, str) else None
        if tool is None or not isinstance(arguments, dict):
            continue
        for fault in (*_argument_faults(tool, arguments), *_vetted(tool, arguments, view.catalogue.settings)):
            message = f"Tool {node_id!r}: {fault.message.removesuffix('.')} (an argument of {tool.name!r})."
            below = f"/config/arguments{fault.pointer}"
            yield view.at_node("bad_arguments", node_id, message, below=below)


def webhooks_are_waited_for(view: View) -> Iterator[Problem]:
    """An address for a signal that no WAIT takes would refuse whoever calls it."""
    known = [node.config.get("signal") for node in view.nodes.values() if node.type == NodeTypeName.WAIT]
    for node_id, node in view.nodes.items():
        if node.type != NodeTypeName.TOOL_EXECUTION or node.config.get("tool") != WEBHOOK_TOOL:
            continue
        arguments = node.config.get("arguments")
        signal = arguments.get("signal") if isinstance(arguments, dict) else None
        if isinstance(signal, str) and not _has_template(signal) and signal not in known:
            message = (
                f"Tool {node_id!r} makes an address for the signal {signal!r}, and no WAIT waits for it: "
                "add one behind, with this signal."
            )
            below = "/config/arguments/signal"
            yield view.at_node("webhook_without_wait", node_id, message, below=below, severity=WARNING)


def _argument_faults(tool: Tool, arguments: dict[str, Any]) -> list[Fault]:
    if isinstance(tool.params, Described):
        return [
            Fault(wrong.keys, f"{wrong}.", wrong.kind)
            for wrong in tool.params.faults(arguments)
            if not _may_fit_later(wrong.keys, wrong.kind, _open_ones(arguments))
        ]
    try:
        tool.params.model_validate_json(orjson.dumps(arguments))
    except ValidationError as error:
        open_ones = _open_ones(arguments)
        told = error.errors(include_url=False, include_context=False, include_input=False)
        if all(_may_fit_later(item["loc"], item["type"], open_ones) for item in told):
            return []
        faults = faults_of(error, tool.params, arguments)
        return [fault for fault in faults if not _may_fit_later(fault.keys, fault.kind, open_ones)]
    return []


def _vetted(tool: Tool, arguments: dict[str, Any], settings: Mapping[str, Any]) -> Iterator[Fault]:
    """What the tool itself says of its arguments, as that an address may not be called."""
    for keys, message in tool.vet(arguments, settings) if tool.vet else ():
        yield Fault(keys, f"{'.'.join(map(str, keys))}: {message}", "vetted")


def _open_ones(arguments: dict[str, Any]) -> set[str]:
    return {name for name, value in arguments.items() if _has_template(value)}


def _may_fit_later(keys: tuple[str | int, ...], kind: str, open_ones: set[str]) -> bool:
    """Whether a fault may be gone when templates are filled; one of the whole may come from any of them."""
    return kind != "extra_forbidden" and (keys[0] in open_ones if keys else bool(open_ones))


def _has_template(value: Any) -> bool:
    if isinstance(value, str):
        return "{{" in value
    if isinstance(value, dict):
        return any(map(_has_template, value.values()))
    return isinstance(value, list) and any(map(_has_template, value))


def schemas_are_schemas(view: View) -> Iterator[Problem]:
    if view.document.input_schema is not None:
        for fault in schema_faults(view.document.input_schema):
            yield Problem(
                code="bad_document",
                severity="error",
                message=f"input_schema is no JSON Schema that can be used here: {fault.message}",
                path=f"/input_schema{fault.pointer}",
            )
    for node_id, node in view.nodes.items():
        for name, value in node.config.items():
            if name.endswith("_schema") and isinstance(value, dict):
                for fault in schema_faults(value):
                    message = (
                        f"Node {node_id!r}: {name} is no JSON Schema that can be used here: {fault.message}"
                    )
                    below = f"/config/{name}{fault.pointer}"
                    yield view.at_node("bad_config", node_id, message, below=below)


def secrets_stay_out(view: View) -> Iterator[Problem]:
    for node_id, node in view.nodes.items():
        for text, keys in _texts(node.config):
            for what, pattern in _SECRETS.items():
                if pattern.search(text):
                    message = (
                        f"Node {node_id!r}: this looks like {what}. A document is exported and shared: "
                        "keep it as a secret in the settings."
                    )
                    below = f"/config{pointer(keys)}"
                    yield view.at_node("secret_in_config", node_id, message, below=below, severity=WARNING)
                    break


def _texts(value: Any, keys: tuple[str | int, ...] = ()) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    if isinstance(value, str):
        if len(value) >= 16:
            yield value, keys
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*keys, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _texts(item, (*keys, place))
