"""Reads JSON as a Document; what does not fit becomes Problems, all at once, each with a JSON pointer."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import JsonValue, ValidationError

from engine.core.document import FORMAT, RESERVED_NAMES, Document, Node, Note, Transition
from engine.core.problem import ERROR, Problem
from engine.core.validation.faults import Fault, faults_of, pointer, shown

MAX_BYTES = 5 * 1024 * 1024
MAX_DEPTH = 32
MAX_NODES = 5_000
MAX_TRANSITIONS = 20_000
INT_RANGE = range(-(2**63), 2**63)
"""Whole numbers of expressions and of the document have 64 bits."""

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
SURROGATE = re.compile(r"[\ud800-\udfff]")

_Keys = tuple[str | int, ...]
_JSON_TYPES = frozenset([dict, list, str, int, float, bool, type(None)])
_UNUSUAL = re.compile(rb"\\[ubf]|\x7f|\xc2[\x80-\x9f]|[0-9]{19}")
"""In JSON as orjson writes it: control characters, and whole numbers that may need more than 64 bits."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A document, or None where the data is no document, and what was found wrong with it.

    `mended` holds a document without the faulty fields, for rules that want to look at the rest; `touched`
    the ids of the nodes and transitions that lost one, and the names of the fields.
    """

    document: Document | None
    problems: list[Problem]
    mended: Document | None = None
    touched: frozenset[str] = field(default=frozenset())

    def explains(self, problem: Problem) -> bool:
        """Whether a problem of the mended document may only come from what was left out."""
        if problem.code == "undefined_variable" and "save_as" in self.touched:
            return True
        return bool({problem.node_id, problem.transition_id, problem.path.rpartition("/")[2]} & self.touched)


def read_document(data: JsonValue) -> tuple[Document | None, list[Problem]]:
    """The document in `data`, and what is wrong with it so far; None when it can't be read as one.

    Never raises, whatever `data` holds.
    """
    reading = read(data)
    if reading.document is None:
        return None, reading.problems
    return reading.document, [*reading.problems, *identity_problems(reading.document)]


def read(data: JsonValue) -> Reading:
    raw = _plain_json(data)
    if raw is None:
        if found := list(_not_json(data)):
            return Reading(None, found)
        raw = orjson.dumps(data)
    if not isinstance(data, dict):
        message = f"A workflow is a JSON object; this is {shown(data)}."
        return Reading(None, [problem("bad_document", message)])
    if found := list(_too_large(data, len(raw))):
        return Reading(None, found)
    try:
        return Reading(Document.model_validate_json(raw), [])
    except ValidationError as error:
        faults = faults_of(error, Document, data)
        return _mend(data, faults, [_place(fault, data) for fault in faults])


def identity_problems(document: Document) -> Iterator[Problem]:
    """Ids that are given twice, ignoring case, and names that mean something else in expressions."""
    collections: tuple[tuple[str, Sequence[Node | Transition | Note]], ...] = (
        ("node", document.nodes),
        ("transition", document.transitions),
        ("note", document.notes),
    )
    for kind, items in collections:
        first: dict[str, str] = {}
        for place, item in enumerate(items):
            earlier = first.get(item.id.lower())
            first.setdefault(item.id.lower(), item.id)
            if earlier is not None:
                yield problem(
                    "duplicate_id",
                    f"There are two {kind}s with the id {item.id!r}{_but(earlier, item.id)}: rename one.",
                    path=f"/{kind}s/{place}/id",
                    node_id=item.id if kind == "node" else None,
                    transition_id=item.id if kind == "transition" else None,
                )
    for place, node in enumerate(document.nodes):
        keys = [("save_as", node.save_as), *(("remember", key) for key in node.remember or ())]
        for field_name, name in keys:
            if name in RESERVED_NAMES:
                below = f"/{name}" if field_name == "remember" else ""
                yield problem(
                    "bad_document",
                    f"Node {node.id!r}: {field_name} can't use {name!r}, which is a word of expressions: "
                    "choose another name.",
                    path=f"/nodes/{place}/{field_name}{below}",
                    node_id=node.id,
                )


def _but(earlier: str, later: str) -> str:
    return "" if earlier == later else f" (the other is {earlier!r}; upper and lower case count as the same)"


def problem(
    code: str,
    message: str,
    *,
    path: str = "",
    node_id: str | None = None,
    transition_id: str | None = None,
) -> Problem:
    return Problem(
        code=code,
        severity=ERROR,
        message=message,
        path=path,
        node_id=node_id,
        transition_id=transition_id,
    )


def _plain_json(data: Any) -> bytes | None:
    """`data` as JSON, or None if something in it needs the closer and slower look of `_not_json`."""
    level: list[Any] = [[data]]
    depth = 0
    while level:
        depth += 1
        parts = [part.values() if isinstance(part, dict) else part for part in level]
        inner = [item for part in parts for item in part]
        kinds = set(map(type, inner))
        if depth > MAX_DEPTH + 1 or len(inner) > MAX_BYTES or not kinds <= _JSON_TYPES:
            return None
        if float in kinds and not all(math.isfinite(item) for item in inner if type(item) is float):
            return None
        level = [item for item in inner if type(item) is dict or type(item) is list]
    try:
        raw = orjson.dumps(data)
    except TypeError:
        return None
    return None if _UNUSUAL.search(raw) else raw


def _not_json(data: Any) -> Iterator[Problem]:
    """Values that JSON can't carry, or that a document may not hold; the walk keeps its own stack."""
    todo: list[tuple[Any, _Keys]] = [(data, ())]
    while todo:
        value, keys = todo.pop()
        if isinstance(value, str):
            fault = text_fault(value)
        elif value is None or isinstance(value, bool):
            continue
        elif isinstance(value, int):
            fault = None if value in INT_RANGE else "this whole number needs more than 64 bits"
        elif isinstance(value, float):
            fault = None if math.isfinite(value) else "numbers must be finite, not NaN or infinite"
        elif isinstance(value, dict | list) and len(keys) >= MAX_DEPTH:
            message = f"The document is nested more than {MAX_DEPTH} levels deep; {MAX_DEPTH} are allowed."
            yield problem("too_large", message, path=pointer(keys[:4]))
            return
        elif isinstance(value, list):
            todo += [(item, (*keys, index)) for index, item in enumerate(value)]
            continue
        elif isinstance(value, dict):
            fault = next((said for key in value if (said := _key_fault(key))), None)
            if fault is None:
                todo += [(item, (*keys, key)) for key, item in value.items()]
        else:
            fault = f"{type(value).__name__} is nothing that JSON can hold"
        if fault:
            yield problem("bad_document", f"At {pointer(keys) or 'the top'}: {fault}.", path=pointer(keys))


def _key_fault(key: Any) -> str | None:
    return text_fault(key) if isinstance(key, str) else f"the key {ascii(key)[:60]} is no text"


def text_fault(text: str) -> str | None:
    """What makes a text unfit for a document, if anything does."""
    if text.isascii() and text.isprintable():
        return None
    if found := CONTROL.search(text):
        return f"the control character U+{ord(found[0]):04X} is not allowed in a text"
    if found := SURROGATE.search(text):
        return f"U+{ord(found[0]):04X} is half of a character: a surrogate without its other half"
    return None


def _too_large(data: dict[str, Any], size: int) -> Iterator[Problem]:
    if size > MAX_BYTES:
        yield problem(
            "too_large", f"The document has {size:,} bytes of JSON; at most {MAX_BYTES:,} are allowed."
        )
    for name, limit in (("nodes", MAX_NODES), ("transitions", MAX_TRANSITIONS)):
        items = data.get(name)
        if isinstance(items, list | tuple) and len(items) > limit:
            message = f"The document has {len(items):,} {name}; at most {limit:,} are allowed."
            yield problem("too_large", message, path=f"/{name}")


def size_problems(document: Document) -> Iterator[Problem]:
    """What is too large about a document that was not read from JSON."""
    counted: dict[str, Any] = {"nodes": document.nodes, "transitions": document.transitions}
    yield from _too_large(counted, 0)


def _place(fault: Fault, data: dict[str, Any]) -> Problem:
    """The fault as a Problem that knows its node or transition."""
    message = fault.message
    if fault.keys == ("format",):
        given = f"this document says {shown(data['format'])}" if "format" in data else "it is missing"
        message = f'format must be "{FORMAT}", the one format this version knows; {given}.'
    node_id = transition_id = None
    if len(fault.keys) > 1 and isinstance(fault.keys[1], int) and fault.keys[0] in ("nodes", "transitions"):
        item = data[str(fault.keys[0])][fault.keys[1]]
        id_ = item.get("id") if isinstance(item, dict) else None
        label = shown(id_) if isinstance(id_, str) else f"number {fault.keys[1] + 1}"
        message = f"{'Node' if fault.keys[0] == 'nodes' else 'Transition'} {label}: {fault.message}"
        if isinstance(id_, str):
            node_id, transition_id = (id_, None) if fault.keys[0] == "nodes" else (None, id_)
    return problem("bad_document", message, path=fault.pointer, node_id=node_id, transition_id=transition_id)


def _mend(data: dict[str, Any], faults: list[Fault], problems: list[Problem]) -> Reading:
    """Leave the faulty fields out, so that the other rules can still look; give up where that is not enough."""
    copy = orjson.loads(orjson.dumps(data))
    touched: set[str] = set()
    for fault, found in zip(faults, problems, strict=True):
        if fault.keys == ("name",):
            copy["name"] = "unnamed"
            continue
        if fault.keys == ("format",) and "format" not in data:
            copy["format"] = FORMAT
            continue
        parent = copy
        for key in fault.keys[:-1]:
            parent = parent[key]
        if not fault.keys or not isinstance(parent, dict) or parent.pop(fault.keys[-1], parent) is parent:
            return Reading(None, problems)
        if fault.kind != "extra_forbidden":
            touched |= {id_ for id_ in (found.node_id, found.transition_id, str(fault.keys[-1])) if id_}
    try:
        return Reading(None, problems, Document.model_validate_json(orjson.dumps(copy)), frozenset(touched))
    except ValidationError:
        return Reading(None, problems)
