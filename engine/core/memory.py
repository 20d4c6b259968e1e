"""A room's memory: named values that outlive a run, and how a search finds them."""

import math
import re
from collections.abc import Iterable
from typing import Any

import orjson
from pydantic import JsonValue

from engine.core.document import KEY_PATTERN, RESERVED_NAMES, Frozen
from engine.core.errors import InvalidInput, OpenRoomsError
from engine.core.instant import Instant

MAX_VALUE_BYTES = 1024 * 1024
MAX_ROOM_BYTES = 8 * 1024 * 1024
MAX_QUERY_WORDS = 32


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

    A word counts more the rarer it is, and the more often it stands in a short entry; inside another word
    it counts half, and misspelt a little.

    Source:
        Robertson and Zaragoza (2009), "The Probabilistic Relevance Framework: BM25 and Beyond".
    """
    words = sorted(set(_WORD.findall(query.casefold())))
    texts = [(key, f"{key} {text}".casefold()) for key, text in entries]
    if not texts:
        return []
    average = sum(len(text) for _, text in texts) / len(texts)
    scores = dict.fromkeys((key for key, _ in texts), 0.0)
    for word in words[:MAX_QUERY_WORDS]:
        found = {key: weight for key, text in texts if (weight := _weight(word, text, average))}
        rarity = math.log(1 + (len(texts) - len(found) + 0.5) / (len(found) + 0.5))
        for key, weight in found.items():
            scores[key] += rarity * weight
    hits = [(key, round(score, 6)) for key, score in scores.items() if score > 0]
    return sorted(hits, key=lambda hit: (-hit[1], hit[0]))[:limit]


_WORD = re.compile(r"[^\W_]+")
_K1, _B = 1.2, 0.75
_INSIDE, _MISSPELT = 0.5, 0.2


def _weight(word: str, text: str, average: float) -> float:
    if word in text:
        whole = len(re.findall(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", text))
        count = whole or _INSIDE
        return count * (_K1 + 1) / (count + _K1 * (1 - _B + _B * len(text) / average))
    parts = [word[at : at + 3] for at in range(len(word) - 2)]
    if len(parts) < 3:
        return 0.0
    share = sum(part in text for part in parts) / len(parts)
    return _MISSPELT * share if share > 0.5 else 0.0
