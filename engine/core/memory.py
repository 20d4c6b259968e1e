"""A room's memory: named values that outlive a run, and how a search finds them."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import orjson
from pydantic import JsonValue

from engine.core.document import KEY_PATTERN, RESERVED_NAMES, Frozen
from engine.core.errors import InvalidInput, OpenRoomsError
from engine.core.instant import Instant

MAX_VALUE_BYTES = 1024 * 1024
MAX_ROOM_BYTES = 8 * 1024 * 1024


class MemoryEntry(Frozen):
    """`revision` counts the writes; `run_id` is None when a person wrote it last."""

    key: str
    value: JsonValue
    revision: int
    run_id: str | None
    updated_at: Instant


class MemoryFull(OpenRoomsError):
    code = "memory_full"

    def __init__(self, wanted: int) -> None:
        super().__init__(
            f"The room's memory would take {wanted:,} bytes; {MAX_ROOM_BYTES:,} are the most. "
            "Delete entries that nobody needs."
        )


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


def ranked(query: str, entries: Iterable[tuple[str, str]], limit: int) -> list[tuple[str, float]]:
    """Keys with their score, best first, of the entries (key, text) that have something of the query.

    Words count by how rare they are; parts of words count a little, so that `invoices` finds `invoice`.

    Source:
        Robertson and Zaragoza (2009), "The Probabilistic Relevance Framework: BM25 and Beyond",
        over words and their three-letter parts.
    """
    texts = [(key, _terms(f"{key} {text}")) for key, text in entries]
    wanted = _terms(query)
    if not texts or not wanted:
        return []
    average = sum(terms.total() for _, terms in texts) / len(texts)
    frequency = Counter(term for _, terms in texts for term in terms.keys() & wanted.keys())
    scored = [(key, _score(wanted, terms, frequency, len(texts), average)) for key, terms in texts]
    found = [(key, round(score, 6)) for key, score in scored if score > 0]
    return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:limit]


_K1, _B = 1.2, 0.75
_PART_WEIGHT = 0.15


def _score(
    wanted: Counter[str], terms: Counter[str], frequency: Counter[str], documents: int, average: float
) -> float:
    length = 1 - _B + _B * terms.total() / average
    score = 0.0
    for term in sorted(wanted):
        if count := terms[term]:
            rarity = math.log(1 + (documents - frequency[term] + 0.5) / (frequency[term] + 0.5))
            weight = _PART_WEIGHT if term[0] == "#" else 1.0
            score += weight * rarity * count * (_K1 + 1) / (count + _K1 * length)
    return score


def _terms(text: str) -> Counter[str]:
    words = re.findall(r"[^\W_]+", text.casefold())
    parts = (f"#{word[at : at + 3]}" for word in words for at in range(len(word) - 2))
    return Counter(words) + Counter(parts)
