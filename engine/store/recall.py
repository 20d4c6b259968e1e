"""Finds SEMANTIC entries: by words with FTS5 or tsvector, by meaning with sqlite-vec, pgvector or what stands in for them.

Every question names its room. Words are split by us, so both databases find the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.core.embedding import unpacked, values_of
from engine.core.memory import MAX_QUERY_WORDS, words_of
from engine.store.database import Hot, SQLAlchemyError

MOST_CANDIDATES = 200
"""Chunks that one way of searching brings."""
SHORTEST_STEM = 3
"""Characters from which a word also finds longer ones that begin with it."""

BESIDE = ("memory_words", "memory_chunk_words")
"""How the names of what is made here begin: alembic does not know it."""

_PG_WORDS = "array_to_tsvector(string_to_array(words, ' '))"

SET_UP: dict[str, tuple[str, ...]] = {
    "sqlite": (
        "CREATE VIRTUAL TABLE memory_words USING fts5(room_id, words, content='memory_chunk', content_rowid='id',"
        " tokenize='unicode61 remove_diacritics 0')",
        "CREATE TRIGGER memory_words_insert AFTER INSERT ON memory_chunk BEGIN"
        " INSERT INTO memory_words (rowid, room_id, words) VALUES (new.id, new.room_id, new.words); END",
        "CREATE TRIGGER memory_words_delete AFTER DELETE ON memory_chunk BEGIN"
        " INSERT INTO memory_words (memory_words, rowid, room_id, words)"
        " VALUES ('delete', old.id, old.room_id, old.words); END",
    ),
    "postgresql": (
        # The extension where we may have it: without it likeness is computed by plain SQL.
        "DO $$ BEGIN CREATE EXTENSION IF NOT EXISTS vector; EXCEPTION WHEN OTHERS THEN NULL; END $$",
        f"CREATE INDEX memory_chunk_words ON memory_chunk USING gin ({_PG_WORDS})",
    ),
}
TAKE_DOWN: dict[str, tuple[str, ...]] = {
    "sqlite": (
        "DROP TRIGGER memory_words_insert",
        "DROP TRIGGER memory_words_delete",
        "DROP TABLE memory_words",
    ),
    "postgresql": ("DROP INDEX memory_chunk_words",),
}

_FOUND = (
    "SELECT c.key, c.begin_at, c.end_at{more} FROM memory_chunk c"
    " JOIN memory m ON m.room_id = c.room_id AND m.key = c.key{join}"
    " WHERE c.room_id = ? AND m.kind = 'SEMANTIC' AND (m.expires_us IS NULL OR m.expires_us > ?)"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A chunk: the entry's key, its characters, and how like it is to what was asked, 1 at most."""

    key: str
    begin: int
    end: int
    likeness: float = 0.0


def by_words(hot: Hot, room_id: str, query: str, now_us: int) -> list[Found]:
    """Chunks that have a word of the query, or one that begins with it."""
    words = list(dict.fromkeys(words_of(query)))[:MAX_QUERY_WORDS]
    if not words:
        return []
    if hot.is_sqlite:
        wanted = " OR ".join(f'"{word}" *' if len(word) >= SHORTEST_STEM else f'"{word}"' for word in words)
        match = f'room_id : "{_plain(room_id)}" AND words : ({wanted})'
        sql = _FOUND.format(more="", join=" JOIN memory_words w ON w.rowid = c.id")
        sql += " AND memory_words MATCH ? ORDER BY w.rank, c.id LIMIT ?"
        rows = hot.all(sql, room_id, now_us, match, MOST_CANDIDATES)
    else:
        wanted = " | ".join(f"'{word}':*" if len(word) >= SHORTEST_STEM else f"'{word}'" for word in words)
        sql = _FOUND.format(more="", join="") + f" AND {_PG_WORDS} @@ ?::tsquery"
        sql += f" ORDER BY ts_rank({_PG_WORDS}, ?::tsquery) DESC, c.id LIMIT ?"
        rows = hot.all(sql, room_id, now_us, wanted, wanted, MOST_CANDIDATES)
    return [Found(key, begin, end) for key, begin, end in rows]


def by_meaning(hot: Hot, room_id: str, model: str, vector: str, now_us: int) -> list[Found]:
    """The chunks that `model` finds most like the packed `vector`, best first."""
    asked: Any = unpacked(vector) if hot.is_sqlite else values_of(unpacked(vector))
    sql = _FOUND.format(more=f", 1 - {_distance(hot)} AS likeness", join="")
    sql += " AND c.model = ? AND c.vector IS NOT NULL ORDER BY likeness DESC, c.id LIMIT ?"
    rows = hot.all(sql, asked, room_id, now_us, model, MOST_CANDIDATES)
    return [Found(key, begin, end, round(float(likeness), 6)) for key, begin, end, likeness in rows]


def keep_chunks(hot: Hot, room_id: str, key: str, text: str, about: Any) -> None:
    """Index a text anew: by its words, and by the vectors it came with."""
    hot.run("DELETE FROM memory_chunk WHERE room_id = ? AND key = ?", room_id, key)
    rows = []
    for begin, end, vector in about.get("chunks", ()):
        raw = unpacked(vector) if vector is not None else None
        kept = values_of(raw) if raw is not None and not hot.is_sqlite else raw
        model = about.get("model") if raw is not None else None
        words = " ".join(words_of(f"{key} {text[begin:end]}"))
        rows.append((room_id, key, begin, end, words, model, kept))
    hot.many(_CHUNK, rows)


_CHUNK = "INSERT INTO memory_chunk (room_id, key, begin_at, end_at, words, model, vector) VALUES (?, ?, ?, ?, ?, ?, ?)"


def engine_of(hot: Hot) -> str:
    """What computes likeness here, in words for people."""
    if hot.is_sqlite:
        try:
            return f"sqlite-vec {hot.one('SELECT vec_version()')[0]}"
        except SQLAlchemyError:  # there is no such function
            return "computed in Python: this Python's SQLite can't load sqlite-vec"
    if _has_pgvector(hot):
        return "pgvector"
    return "computed in SQL: PostgreSQL has no extension `vector`"


def _distance(hot: Hot) -> str:
    """The cosine distance of a chunk's vector, which has unit length as the one asked for."""
    if hot.is_sqlite:
        return "vec_distance_cosine(c.vector, ?)"
    if _has_pgvector(hot):
        return "(c.vector::vector <=> ?::real[]::vector)"
    return "(1 - (SELECT sum(a * b) FROM unnest(c.vector, ?::real[]) AS pair(a, b)))"


def _has_pgvector(hot: Hot) -> bool:
    return hot.one("SELECT 1 FROM pg_extension WHERE extname = 'vector'") is not None


def _plain(room_id: str) -> str:
    return "".join(character for character in room_id if character.isalnum() or character == "-")
