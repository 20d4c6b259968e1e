"""Checks that a JSON Schema is one (draft 2020-12), stands on its own and can be applied in bounded time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.core.shapes import Described
from engine.core.validation.faults import Fault, shown

if TYPE_CHECKING:
    import networkx as nx

_Keys = tuple[str | int, ...]

TYPES = ("null", "boolean", "object", "array", "number", "integer", "string")
MAX_PATTERN = 200
MAX_PATTERNS = 100
"""In one schema: each takes memory and time to be made ready."""
MAX_APPLIED = 1_000
"""Schemas that one value may have to fit at once, by way of references, allOf and the like."""

_UNSAFE = re.compile(r"\\[1-9]|\(\?[^:]")
_CLASS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)


def schema_faults(schema: Any) -> Iterator[Fault]:
    """What is wrong with `schema`. Unknown keywords are fine: they are notes."""
    is_fine = True
    for fault in _faults(schema):
        is_fine = False
        yield fault
    if is_fine and (refusal := Described(schema).refusal):
        yield _fault((), f"can't be applied: {refusal}")


def _faults(schema: Any) -> Iterator[Fault]:
    todo: list[tuple[Any, _Keys]] = [(schema, ())]
    refs: list[tuple[str, _Keys]] = []
    patterns = 0
    while todo:
        part, keys = todo.pop()
        if isinstance(part, bool):
            continue
        if not isinstance(part, Mapping):
            yield _fault(keys, f"must be a JSON Schema, an object; it is {shown(part)}")
            continue
        patterns += _count_patterns(part)
        if patterns > MAX_PATTERNS:
            yield _fault((), f"holds more than {MAX_PATTERNS} patterns: leave some to the steps")
            return
        for word, value in part.items():
            here = (*keys, word)
            if word in _INNER:
                todo.append((value, here))
            elif word in _INNER_LISTS and isinstance(value, list) and value:
                todo += [(item, (*here, place)) for place, item in enumerate(value)]
            elif word in _INNER_MAPS and isinstance(value, Mapping):
                todo += [(item, (*here, name)) for name, item in value.items()]
                if word == "patternProperties":
                    yield from (_fault(here, said) for name in value if (said := _pattern_fault(name)))
            elif word in _REFS:
                refs.append((value, here))
            elif word == "$id" and keys:
                yield _fault(here, "stands below the top, where it would change what references mean")
            elif said := _fault_in(word, value):
                yield _fault(here, said)
    yield from _reference_faults(schema, refs)


def _count_patterns(part: Mapping[str, Any]) -> int:
    named = part.get("patternProperties")
    return ("pattern" in part) + (len(named) if isinstance(named, Mapping) else 0)


def _fault(keys: _Keys, said: str) -> Fault:
    name = ".".join(str(key) for key in keys[-2:]) or "the schema"
    return Fault(keys, f"{name} {said}.", "schema")


def _fault_in(word: str, value: Any) -> str | None:
    if word in _INNER_LISTS:
        return "must be a list of schemas, with one at least"
    if word in _INNER_MAPS:
        return "must be an object of schemas"
    check = _CHECKS.get(word)
    return check(value) if check else None


def _type_fault(value: Any) -> str | None:
    names = value if isinstance(value, list) and value else [value]
    if all(isinstance(name, str) and name in TYPES for name in names) and len(set(names)) == len(names):
        return None
    return f"must be one of {', '.join(TYPES)}, or a list of them; it is {shown(value)}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number_fault(value: Any) -> str | None:
    return None if _is_number(value) else f"must be a number; it is {shown(value)}"


def _step_fault(value: Any) -> str | None:
    return None if _is_number(value) and value > 0 else f"must be a number above 0; it is {shown(value)}"


def _count_fault(value: Any) -> str | None:
    is_count = _is_number(value) and value >= 0 and value == int(value)
    return None if is_count else f"must be a whole number, 0 or more; it is {shown(value)}"


def _names_fault(value: Any) -> str | None:
    is_list = isinstance(value, list) and all(isinstance(name, str) for name in value)
    if is_list and len(set(value)) == len(value):
        return None
    return f"must be a list of different names; it is {shown(value)}"


def _list_fault(value: Any) -> str | None:
    return None if isinstance(value, list) else f"must be a list; it is {shown(value)}"


def _text_fault(value: Any) -> str | None:
    return None if isinstance(value, str) else f"must be a text; it is {shown(value)}"


def _flag_fault(value: Any) -> str | None:
    return None if isinstance(value, bool) else f"must be true or false; it is {shown(value)}"


def _names_map_fault(value: Any) -> str | None:
    is_map = isinstance(value, Mapping) and not any(_names_fault(names) for names in value.values())
    return None if is_map else "must be an object of lists of names"


def _pattern_fault(value: Any) -> str | None:
    """Here a pattern runs in an engine that never backtracks; in a browser's form in one that can take for ever."""
    if not isinstance(value, str):
        return f"must be a text; it is {shown(value)}"
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        return f"is no regular expression: {error}"
    if len(value) > MAX_PATTERN:
        return f"is longer than {MAX_PATTERN} characters"
    if _repeats_a_choice(_CLASS.sub("x", value)) or _UNSAFE.search(value):
        return (
            "repeats a repetition or a choice, or looks around, which can take for ever: write a plainer one"
        )
    if Described({"pattern": value}).refusal:
        return "is no regular expression of JSON Schema (ECMA-262), or repeats too much too often"
    return None


def _repeats_a_choice(pattern: str) -> bool:
    """Whether a group that is repeated can itself match one text in several ways; escapes are left out."""
    has_choice = [False]
    for place, sign in enumerate(pattern):
        after = pattern[place + 1 : place + 2]
        if sign == "(":
            has_choice.append(False)
        elif sign == ")" and len(has_choice) > 1:
            inner = has_choice.pop()
            if inner and after in ("*", "+", "{"):
                return True
            has_choice[-1] |= inner
        elif sign in "*+{|" or (sign == "?" and pattern[place - 1 : place] != "("):
            has_choice[-1] = True
    return False


def _reference_faults(schema: Any, refs: list[tuple[Any, _Keys]]) -> Iterator[Fault]:
    if not refs:
        return
    import networkx as nx  # takes longer than all the rest of `openrooms check`

    applied = _applied_together(schema, [keys[:-1] for _, keys in refs])
    in_circles = {
        keys
        for group in nx.strongly_connected_components(applied)
        for keys in group
        if len(group) > 1 or applied.has_edge(keys, keys)
    }
    for ref, keys in refs:
        target = _resolved(ref)
        if target is None:
            yield _fault(keys, f"must point into this schema, as '#/$defs/name'; it is {shown(ref)}")
        elif _at(schema, target) is None:
            yield _fault(keys, f"points to {shown(ref)}, which is not there")
        elif tuple(map(str, keys[:-1])) in in_circles:
            yield _fault(keys, f"comes back to itself by {shown(ref)} without taking a value apart")
    if not in_circles and _most_applied(applied) > MAX_APPLIED:
        yield _fault((), f"applies more than {MAX_APPLIED:,} schemas to one value: refer to fewer")


def _applied_together(schema: Any, starts: list[_Keys]) -> nx.DiGraph[_Keys]:
    """Which schemas are applied to a value because another is, before the value is taken apart."""
    import networkx as nx

    graph: nx.DiGraph[_Keys] = nx.DiGraph()
    todo: list[_Keys] = [tuple(map(str, keys)) for keys in starts]
    while todo:
        keys = todo.pop()
        if graph.nodes.get(keys, {}).get("done"):
            continue
        graph.add_node(keys, done=True)
        for below in _applied_in_place(schema, keys):
            graph.add_edge(keys, below)
            todo.append(below)
    return graph


def _most_applied(applied: nx.DiGraph[_Keys]) -> int:
    import networkx as nx

    counts: dict[_Keys, int] = {}
    for keys in reversed(list(nx.topological_sort(applied))):
        counts[keys] = min(1 + sum(counts[below] for below in applied.succ[keys]), MAX_APPLIED + 1)
    return max(counts.values(), default=0)


def _resolved(ref: Any) -> _Keys | None:
    """The keys that a local reference points to."""
    if not isinstance(ref, str) or (ref != "#" and not ref.startswith("#/")):
        return None
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in ref.split("/")[1:])


def _at(schema: Any, keys: _Keys) -> Any:
    for key in keys:
        if isinstance(schema, list) and str(key).isdigit() and int(key) < len(schema):
            schema = schema[int(key)]
        elif isinstance(schema, Mapping) and key in schema:
            schema = schema[key]
        else:
            return None
    return schema if isinstance(schema, Mapping | bool) else None


def _applied_in_place(schema: Any, keys: _Keys) -> list[_Keys]:
    part = _at(schema, keys)
    if not isinstance(part, Mapping):
        return []
    found: list[_Keys] = []
    for word, value in part.items():
        if word in _REFS:
            target = _resolved(value)
            found += [target] if target is not None else []
        elif word in ("allOf", "anyOf", "oneOf") and isinstance(value, list):
            found += [(*keys, word, str(place)) for place in range(len(value))]
        elif word in ("not", "if", "then", "else"):
            found.append((*keys, word))
    return found


_REFS = frozenset(["$ref", "$dynamicRef", "$recursiveRef"])
_INNER = frozenset(
    [
        *("items", "contains", "additionalProperties", "propertyNames", "contentSchema"),
        *("not", "if", "then", "else", "unevaluatedItems", "unevaluatedProperties"),
    ]
)
_INNER_LISTS = frozenset(["allOf", "anyOf", "oneOf", "prefixItems"])
_INNER_MAPS = frozenset(["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"])
_CHECKS: dict[str, Callable[[Any], str | None]] = {
    "type": _type_fault,
    "enum": _list_fault,
    "examples": _list_fault,
    "required": _names_fault,
    "dependentRequired": _names_map_fault,
    "multipleOf": _step_fault,
    "pattern": _pattern_fault,
    **dict.fromkeys(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"], _number_fault),
    **dict.fromkeys(
        ["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"], _count_fault
    ),
    **dict.fromkeys(["minContains", "maxContains"], _count_fault),
    **dict.fromkeys(["title", "description", "format", "$id", "$schema", "$anchor", "$comment"], _text_fault),
    **dict.fromkeys(["uniqueItems", "deprecated", "readOnly", "writeOnly"], _flag_fault),
}
