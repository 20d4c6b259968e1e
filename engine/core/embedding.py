"""Texts and what they mean as numbers: how a text is cut into chunks, embedded, and carried in the log.

A vector has unit length and travels as base64 of little-endian 32-bit floats, so that likeness is a scalar product.
"""

from __future__ import annotations

import base64
import math
import re
import sys
from array import array
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import mul
from typing import TYPE_CHECKING, Any, cast

import orjson

from engine.core.chat import Usage
from engine.core.errors import OpenRoomsError
from engine.core.memory import Candidate, Kind

if TYPE_CHECKING:
    from engine.core.catalogue import Catalogue, Provider

NO_USAGE = Usage()
CHUNK_CHARACTERS = 1200
OVERLAP_CHARACTERS = 150
BATCH = 64
"""Texts in one request."""
MAX_DIMENSIONS = 4096


@dataclass(frozen=True, slots=True)
class Embeddings:
    """What a provider answers: a vector for each text, in their order; whoever asked checks them."""

    vectors: tuple[tuple[float, ...], ...]
    usage: Usage = NO_USAGE


EmbedFunction = Callable[[Sequence[str], str, Mapping[str, Any]], Awaitable[Embeddings]]
"""From texts, the model's name and the settings to the vectors."""


class NoEmbedding(OpenRoomsError):
    code = "no_embedding"
    retryable = False

    def __init__(self, why: str) -> None:
        super().__init__(
            f"Nothing can be found by its meaning here: {why}. An operator sets OPENROOMS_EMBEDDING."
        )


class BadVectors(OpenRoomsError):
    code = "bad_reply"
    retryable = True

    def __init__(self, why: str) -> None:
        super().__init__(f"The embedding model sent something that is no answer: {why}.")


def chunks_of(text: str) -> list[tuple[int, int]]:
    """Where the text's chunks begin and end: cut at the end of a paragraph, sentence or word where there is one."""
    found, begin = [], 0
    while len(text) - begin > CHUNK_CHARACTERS:
        end = _cut(text, begin + CHUNK_CHARACTERS // 2, begin + CHUNK_CHARACTERS)
        found.append((begin, end))
        begin = _cut(text, end - OVERLAP_CHARACTERS, end - OVERLAP_CHARACTERS // 2, last=False)
    found.append((begin, len(text)))
    return found


_ENDS = (re.compile(r"\n\s*\n"), re.compile(r"[.!?…。！？]\s"), re.compile(r"\s"))


def _cut(text: str, low: int, high: int, *, last: bool = True) -> int:
    for end in _ENDS:
        places = [match.end() for match in end.finditer(text, low, high)]
        if places:
            return places[-1] if last else places[0]
    return high


@dataclass(frozen=True, slots=True)
class Embedded:
    """A packed vector for each text, None for one that means nothing; `model` is its name with its dimensions."""

    model: str
    vectors: tuple[str | None, ...]
    usage: Usage


async def embedded(catalogue: Catalogue, settings: Mapping[str, Any], texts: Sequence[str]) -> Embedded:
    """What the texts mean to the configured model.

    Raises:
        NoEmbedding: none is configured, or it can't be used.
        BadVectors: its answer makes no sense.
        StepError: the provider failed.
    """
    provider, model = configured(catalogue, settings)
    ask = cast(EmbedFunction, provider.embed)
    vectors: list[tuple[float, ...]] = []
    usage = Usage()
    for begin in range(0, len(texts), BATCH):
        batch = texts[begin : begin + BATCH]
        answer = await ask(batch, model, settings)
        _check(answer, len(batch))
        vectors += answer.vectors
        usage += answer.usage
    dimensions = len(vectors[0])
    if any(len(vector) != dimensions for vector in vectors):
        raise BadVectors("its vectors differ in length")
    name = f"{settings['embedding']}/{dimensions}"
    return Embedded(name, tuple(packed(vector) for vector in vectors), usage)


async def indexed(
    catalogue: Catalogue, settings: Mapping[str, Any], text: str
) -> tuple[dict[str, Any], Usage]:
    """The chunks of a text as they stand in `about`, with what they mean where an embedding is configured."""
    places = chunks_of(text)
    if not settings.get("embedding"):
        return {"chunks": [[begin, end, None] for begin, end in places]}, Usage()
    found = await embedded(catalogue, settings, [text[begin:end] for begin, end in places])
    chunks = [[*place, vector] for place, vector in zip(places, found.vectors, strict=True)]
    return {"chunks": chunks, "model": found.model}, found.usage


async def asked(
    catalogue: Catalogue, settings: Mapping[str, Any], query: str
) -> tuple[dict[str, Any], Usage]:
    """What a search has to know to look for a meaning: {model, vector}, or nothing if the query has none."""
    found = await embedded(catalogue, settings, [query])
    (vector,) = found.vectors
    return ({"model": found.model, "vector": vector} if vector else {}), found.usage


def configured(catalogue: Catalogue, settings: Mapping[str, Any]) -> tuple[Provider, str]:
    """The provider of embeddings and its model.

    Raises:
        NoEmbedding: no embedding is configured, or its provider is not there or not set up.
    """
    name, _, model = str(settings.get("embedding") or "").partition(":")
    if not name:
        raise NoEmbedding("no embedding model is configured")
    provider = catalogue.providers.get(name)
    if provider is None:
        raise NoEmbedding(f"there is no provider {name!r}")
    if provider.embed is None:
        raise NoEmbedding(f"the provider {name!r} has no embedding models")
    if not provider.is_configured(settings):
        raise NoEmbedding(f"the provider {name!r} is not set up")
    return provider, model


def packed(vector: Sequence[float]) -> str | None:
    """The vector at unit length, as text; None for one without a direction."""
    length = math.sqrt(sum(value * value for value in vector))
    if not length:
        return None
    return base64.b64encode(raw_of([value / length for value in vector])).decode()


def raw_of(values: Sequence[float]) -> bytes:
    numbers = array("f", values)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def values_of(raw: bytes) -> list[float]:
    numbers = array("f")
    numbers.frombytes(raw)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tolist()


def unpacked(text: str) -> bytes:
    return base64.b64decode(text)


def _check(answer: Embeddings, wanted: int) -> None:
    if len(answer.vectors) != wanted:
        raise BadVectors(f"{len(answer.vectors)} vectors for {wanted} texts")
    for vector in answer.vectors:
        if not 1 <= len(vector) <= MAX_DIMENSIONS or not all(map(math.isfinite, vector)):
            raise BadVectors(
                f"a vector of {len(vector)} numbers, 1 to {MAX_DIMENSIONS} finite ones are right"
            )


def candidate(key: str, value: Any, about: Mapping[str, Any], how: Mapping[str, Any]) -> Candidate:
    """An entry that no store has yet, as a search sees it: by its best chunk where a meaning is looked for."""
    kind, meta = str(about.get("kind", Kind.LONG_TERM)), about.get("meta", {})
    near = _nearest(about, how) if "vector" in how else None
    if near is None:
        text = value if kind == Kind.SEMANTIC else orjson.dumps(value).decode()
        return Candidate(key, value, kind, text, meta)
    likeness, begin, end = near
    return Candidate(key, value[begin:end], kind, value[begin:end], meta, round(likeness, 6))


def _nearest(about: Mapping[str, Any], how: Mapping[str, Any]) -> tuple[float, int, int] | None:
    if about.get("model") != how["model"]:
        return None
    wanted = values_of(unpacked(how["vector"]))
    found = [
        (sum(map(mul, values_of(unpacked(vector)), wanted)), begin, end)
        for begin, end, vector in about.get("chunks", ())
        if vector is not None
    ]
    return max(found, default=None)
