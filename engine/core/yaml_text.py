"""YAML to plain JSON values, event by event: the core schema of YAML 1.2, nothing recursive, aliases counted."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml
from pydantic import JsonValue

from engine.core.source_text import MalformedJson, TooLarge, position, text_of
from engine.core.validation.faults import pointer
from engine.core.validation.reading import INT_RANGE, MAX_BYTES, MAX_DEPTH, text_fault


def parse_yaml(source: bytes | str, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> JsonValue:
    """The JSON value in `source`, one YAML 1.2 document in its core schema: `on` and dates are texts.

    Aliases count as often as they are used.

    Raises:
        MalformedJson: no YAML, or none that is also JSON.
        TooLarge: more bytes or levels than allowed, aliases written out.
    """
    text = text_of(source, max_bytes, "YAML")
    builder = _YamlBuilder(max_bytes, max_depth)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise MalformedJson(error.problem or "it is no YAML", *where, language="YAML") from None
    except yaml.reader.ReaderError as error:
        where = position(text, min(error.position, len(text)))
        raise MalformedJson(f"{error.reason}", *where, language="YAML") from None
    return builder.root


MAX_VALUES = 500_000
"""Far more than the largest document holds; reading YAML is slow."""

_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = frozenset(["", "~", "null", "Null", "NULL"])
_BOOLS = {
    word: value for value in (True, False) for word in (str(value), str(value).lower(), str(value).upper())
}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_TEXT_TAG = "tag:yaml.org,2002:str"


@dataclass(slots=True)
class _Open:
    """A mapping or sequence that is being built; `height` is that of the deepest value inside."""

    value: Any
    keys: set[str] | None
    anchor: str | None
    size_before: int
    height: int = 0
    key: str | None = None

    @property
    def step(self) -> str | int | None:
        return len(self.value) if self.keys is None else self.key


@dataclass(slots=True)
class _Anchored:
    value: Any
    size: int
    height: int


@dataclass(slots=True)
class _YamlBuilder:
    """Puts events together, with a stack of its own."""

    max_bytes: int
    max_depth: int
    root: JsonValue = None
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, _Anchored] = field(default_factory=dict)
    size: int = 0
    values: int = 0
    documents: int = 0

    def take(self, event: Any) -> None:
        self.values += 1
        if self.values > MAX_VALUES:
            raise TooLarge(f"This YAML has more than {MAX_VALUES:,} parts; it can be no document.")
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    self._refuse(event, "a second document begins here; one is allowed")
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._open(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                done = self.stack.pop()
                self._keep(event, done.anchor, done.value, done.size_before, done.height + 1)
            case yaml.ScalarEvent():
                before = self.size
                self._grow(event, len(event.value) + 1)
                self._keep(event, event.anchor, self._scalar(event), before, 0)
            case yaml.AliasEvent():
                self._alias(event)

    def _refuse(self, event: Any, detail: str) -> NoReturn:
        mark = event.start_mark
        where = pointer(tuple(step for frame in self.stack if (step := frame.step) is not None))
        raise MalformedJson(detail, mark.line + 1, mark.column + 1, where, "YAML")

    def _grow(self, event: Any, size: int) -> None:
        self.size += size
        if self.size > self.max_bytes:
            raise TooLarge(
                f"This YAML has more than {self.max_bytes:,} bytes when its aliases are written out "
                f"(line {event.start_mark.line + 1}); use fewer of them."
            )

    def _check_depth(self, event: Any, height: int) -> None:
        if len(self.stack) + height > self.max_depth:
            raise TooLarge(
                f"This YAML is nested more than {self.max_depth} levels deep (line {event.start_mark.line + 1}); "
                f"{self.max_depth} are allowed."
            )

    def _open(self, event: Any) -> None:
        self._refuse_tag(event)
        if self.stack and self.stack[-1].keys is not None and self.stack[-1].key is None:
            self._refuse(event, "a key must be a text")
        self._check_depth(event, 1)
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        opened = _Open({} if is_mapping else [], set() if is_mapping else None, event.anchor, self.size)
        self.stack.append(opened)
        self._grow(event, 2)

    def _refuse_tag(self, event: Any) -> None:
        if event.tag not in (None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", _TEXT_TAG):
            self._refuse(event, f"the tag {event.tag[:80]} is not supported; only !!str is")

    def _keep(self, event: Any, anchor: str | None, value: Any, size_before: int, height: int) -> None:
        if anchor is not None:
            self.anchors[anchor] = _Anchored(value, self.size - size_before, height)
        if not self.stack:
            self.root = value
            return
        top = self.stack[-1]
        top.height = max(top.height, height)
        if top.keys is None:
            top.value.append(value)
        elif top.key is None:
            self._take_key(event, top, value)
        else:
            top.value[top.key] = value
            top.key = None

    def _take_key(self, event: Any, top: _Open, key: Any) -> None:
        if not isinstance(key, str):
            self._refuse(event, "a key must be a text: put quotes round it")
        top.key = key
        if top.keys is None or key in top.keys:
            self._refuse(event, f"the key {json.dumps(key)[:80]} stands twice in one mapping")
        top.keys.add(key)

    def _alias(self, event: Any) -> None:
        known = self.anchors.get(event.anchor)
        if known is None:
            self._refuse(event, f"the alias *{event.anchor[:80]} stands for nothing that is complete here")
        self._check_depth(event, known.height)
        before = self.size
        self._grow(event, known.size)
        self._keep(event, None, _copied(known.value), before, known.height)

    def _scalar(self, event: Any) -> JsonValue:
        self._refuse_tag(event)
        text: str = event.value
        if event.implicit[0] and event.style in (None, ""):
            return self._plain(event, text)
        if fault := text_fault(text):
            self._refuse(event, fault)
        return text

    def _plain(self, event: Any, text: str) -> JsonValue:
        if text in _NULLS:
            return None
        if text in _BOOLS:
            return _BOOLS[text]
        if _INT.fullmatch(text):
            number = int(text, 0 if text[:2] in ("0o", "0x") else 10) if len(text) < 30 else 2**64
            return (
                number if number in INT_RANGE else self._refuse(event, "this number needs more than 64 bits")
            )
        if _FLOAT.fullmatch(text):
            value = float(text)
            return value if math.isfinite(value) else self._refuse(event, "this number is too large")
        if _NOT_FINITE.fullmatch(text):
            self._refuse(event, f"{text} is no JSON number: numbers are finite")
        if fault := text_fault(text):
            self._refuse(event, fault)
        return text


def _copied(value: Any) -> Any:
    """A copy, at most MAX_DEPTH deep, so that no two places share one list."""
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value
