"""A room's memory: named values that outlive a run, and how a search finds them.

What is not plain about an entry stands beside its value as {kind, expires_us, meta, model, chunks}, each where it
applies; a chunk is [begin, end, vector or None], its characters in the text and what they mean.
"""

import math
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
from pydantic import Field, JsonValue

from engine.core.document import KEY_PATTERN, RESERVED_NAMES, Frozen
from engine.core.errors import InvalidInput, OpenRoomsError
from engine.core.instant import Instant

MAX_VALUE_BYTES = 1024 * 1024
MAX_ROOM_BYTES = 8 * 1024 * 1024
MAX_ROOM_ENTRIES = 10_000
MAX_TEXT = 65_536
"""Characters of a text that is found by its meaning."""
MAX_META_BYTES = 4096
MAX_TTL_S = 10 * 366 * 86_400
MAX_QUERY_WORDS = 32
FUSED_FROM = 60
"""A rank counts 1 / (60 + rank), so that being found twice beats being found first."""


class Kind(StrEnum):
    """How long an entry is kept and how it is found."""

    SHORT_TERM = "SHORT_TERM"
    """The run's own: gone at its end, never the room's."""
    LONG_TERM = "LONG_TERM"
    """The room's: any JSON under a key."""
    SEMANTIC = "SEMANTIC"
    """The room's: a text that is found by its words and, where an embedding is configured, by its meaning."""


class MemoryEntry(Frozen):
    """`revision` counts the writes; `run_id` is None when a person wrote it last.

    `is_embedded` says whether it can be found by its meaning.
    """

    key: str
    value: JsonValue
    revision: int
    run_id: str | None
    updated_at: Instant
    kind: Kind = Kind.LONG_TERM
    expires_at: Instant | None = None
    metadata: dict[str, JsonValue] = Field({})
    is_embedded: bool = False


class Turn(Frozen):
    """A turn of the room's conversation; role `summary` stands for what was said before."""

    id: int
    role: str
    content: str
    run_id: str
    at: Instant


class MemoryFull(OpenRoomsError):
    code = "memory_full"
    retryable = False

    def __init__(self, wanted: int, most: int, what: str) -> None:
        super().__init__(
            f"The room's memory would take {wanted:,} {what}; {most:,} are the most. "
            "Delete entries that nobody needs."
        )


def check_room(size: Mapping[str, int], more_bytes: int) -> None:
    """`size` is {entries, bytes} of the others.

    Raises:
        MemoryFull: the room can't take one more entry of `more_bytes`.
    """
    if size["entries"] >= MAX_ROOM_ENTRIES:
        raise MemoryFull(size["entries"] + 1, MAX_ROOM_ENTRIES, "entries")
    if (wanted := size["bytes"] + more_bytes) > MAX_ROOM_BYTES:
        raise MemoryFull(wanted, MAX_ROOM_BYTES, "bytes")


def about_entry(kind: Kind, expires_us: int | None, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What is not plain about an entry.

    Raises:
        InvalidInput: the metadata is no JSON, or over 4 KiB.
    """
    about: dict[str, Any] = {} if kind is Kind.LONG_TERM else {"kind": kind.value}
    if expires_us is not None:
        about["expires_us"] = expires_us
    if metadata:
        if len(encoded(metadata)) > MAX_META_BYTES:
            raise InvalidInput(f"The metadata is larger than {MAX_META_BYTES:,} bytes of JSON.")
        about["meta"] = dict(metadata)
    return about


def seen_of(about: Mapping[str, Any]) -> dict[str, Any]:
    """The part of it that its event tells."""
    return {name: about[name] for name in ("kind", "expires_us", "meta") if name in about}


def text_of(value: Any) -> str:
    """The text of an entry that is found by its meaning.

    Raises:
        InvalidInput: it is no text, empty or too long.
    """
    if not isinstance(value, str) or not value.strip():
        raise InvalidInput("A SEMANTIC entry is a text that is not empty.")
    if len(value) > MAX_TEXT:
        raise InvalidInput(
            f"The text has {len(value):,} characters; {MAX_TEXT:,} are the most for one entry."
        )
    return value


def words_of(text: str) -> list[str]:
    """Its words as they are indexed and looked for: letters and digits, without case."""
    return [word[:MAX_WORD] for word in _WORD.findall(unicodedata.normalize("NFC", text).casefold())]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that a search may give; `text` is what its words are looked for in."""

    key: str
    value: Any
    kind: str
    text: str
    meta: Mapping[str, Any]
    likeness: float | None = None
    """To what was asked, 1 at most; None where its meaning is not known."""


def best(
    query: str, candidates: Collection[Candidate], limit: int, how: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Those that fit best: [{key, value, kind, score}], and metadata where there is any.

    `how` holds `kind`, to look at one kind only; `model` and `vector`, to look by meaning as well; `by` "meaning", to
    look by nothing else; `min_score`. The score is the likeness where a meaning was looked for, else how well the
    words fit.
    """
    by_key = {one.key: one for one in candidates if how.get("kind") in (None, one.kind)}
    texts, is_like = [(one.key, one.text) for one in by_key.values()], "vector" in how
    fitting = ranked(query, texts, len(texts), strictly=is_like) if how.get("by") != "meaning" else []
    scores, order = dict(fitting), [key for key, _ in fitting]
    if is_like:
        scores = {one.key: one.likeness for one in by_key.values() if one.likeness is not None}
        order = fused(sorted(scores, key=lambda key: (-scores[key], key)), order)
    least = how.get("min_score")
    order = [key for key in order if least is None or scores.get(key, 0.0) >= least]
    return [_hit(by_key[key], scores.get(key, 0.0)) for key in order[:limit]]


def _hit(one: Candidate, score: float) -> dict[str, Any]:
    hit = {"key": one.key, "value": one.value, "kind": one.kind, "score": score}
    return hit | ({"metadata": dict(one.meta)} if one.meta else {})


def fused(*rankings: Iterable[str]) -> list[str]:
    """The keys of several rankings as one, by reciprocal rank fusion.

    Source:
        Cormack, Clarke and Buettcher (2009), "Reciprocal Rank Fusion".
    """
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, key in enumerate(dict.fromkeys(ranking), 1):
            scores[key] = scores.get(key, 0.0) + 1 / (FUSED_FROM + rank)
    return sorted(scores, key=lambda key: (-scores[key], key))


def check_key(key: str) -> None:
    """
    Raises:
        InvalidInput: the key is no name, or one that expressions keep for themselves.
    """
    if not re.fullmatch(KEY_PATTERN.strip("^$"), key):
        raise InvalidInput(
            f"{key[:80]!r} can't be a memory key: it needs a to z first, then up to 63 of a to z, 0 to 9 and _."
        )
    if key in RESERVED_NAMES:
        raise InvalidInput(f"{key!r} is reserved in expressions and can't be a memory key. Choose another.")


def encoded(value: Any) -> str:
    """The value as the JSON text that is stored.

    Raises:
        InvalidInput: it is no JSON, or larger than 1 MiB.
    """
    try:
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"This value can't be kept as JSON: {error}.") from None
    if len(text) > MAX_VALUE_BYTES:
        raise InvalidInput(
            f"The value takes {len(text):,} bytes; {MAX_VALUE_BYTES:,} are the most for one key."
        )
    return text.decode()


def ranked(
    query: str, entries: Iterable[tuple[str, str]], limit: int, *, strictly: bool = False
) -> list[tuple[str, float]]:
    """Keys with their score, best first, of the entries (key, text) that have something of the query.

    A word counts more the rarer it is, and the more often it stands in a short entry; inside another word
    it counts half, and misspelt a little. `strictly`: neither of these counts, nor do words of one or two letters
    beside longer ones, because meaning finds better what they would.

    Source:
        Robertson and Zaragoza (2009), "The Probabilistic Relevance Framework: BM25 and Beyond".
    """
    words = sorted({word[:MAX_WORD] for word in _WORD.findall(query.casefold())})
    if strictly:
        words = [word for word in words if len(word) >= TELLING] or words
    texts = [(key, f"{key} {text}".casefold()) for key, text in entries]
    if not texts:
        return []
    average = sum(len(text) for _, text in texts) / len(texts)
    scores = dict.fromkeys((key for key, _ in texts), 0.0)
    for word in words[:MAX_QUERY_WORDS]:
        found = {key: weight for key, text in texts if (weight := _weight(word, text, average, strictly))}
        rarity = math.log(1 + (len(texts) - len(found) + 0.5) / (len(found) + 0.5))
        for key, weight in found.items():
            scores[key] += rarity * weight
    hits = [(key, round(score, 6)) for key, score in scores.items() if score > 0]
    return sorted(hits, key=lambda hit: (-hit[1], hit[0]))[:limit]


_WORD = re.compile(r"[^\W_]+")
MAX_WORD = 64
MISSPELT_IN = 10_000
"""Characters of a text in which a misspelt word is looked for: a longer one has the letters of any word somewhere."""
TELLING = 3
_K1, _B = 1.2, 0.75
_INSIDE, _MISSPELT = 0.5, 0.2


def _weight(word: str, text: str, average: float, strictly: bool) -> float:
    if word in text:
        # The word first and what stands before it last, so that the search leaps from one to the next.
        whole = sum(1 for _ in re.finditer(rf"{word}(?<![^\W_]{word})(?![^\W_])", text))
        count = whole or (0 if strictly else _INSIDE)
        return count * (_K1 + 1) / (count + _K1 * (1 - _B + _B * len(text) / average))
    parts = [word[at : at + 3] for at in range(len(word) - 2)]
    if len(parts) < 3 or strictly:
        return 0.0
    near = text[:MISSPELT_IN]
    share = sum(part in near for part in parts) / len(parts)
    return _MISSPELT * share if share > 0.5 else 0.0
