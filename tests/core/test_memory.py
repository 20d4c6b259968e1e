"""Kinds of memory in the transition function: whose an entry is, how long it is seen, and what a join does with it."""

import random
import time
from typing import Any

import pytest

from engine.core.errors import InvalidInput
from engine.core.memory import (
    MAX_ROOM_BYTES,
    MAX_ROOM_ENTRIES,
    Candidate,
    Kind,
    MemoryFull,
    about_entry,
    best,
    check_room,
    fused,
    ranked,
    text_of,
)
from engine.core.replaying import replay
from tests.core.drawing import Passage, begun, forked, line, tool

SHORT = {"kind": "SHORT_TERM"}
TEXT = {"kind": "SEMANTIC", "meta": {"n": 1}, "model": "m/1", "chunks": [[0, 4, "AACAPw=="]]}
READS = tool("reads", remember={"seen": "has(memory.note) ? memory.note : 'nothing'"})


def answered(passage: Passage, node: str, note: Any = None, about: dict[str, Any] | None = None) -> Passage:
    more: dict[str, Any] = {"remember": {"note": note}} if note is not None else {}
    if about:
        more["about"] = {"note": about}
    passage.answer(passage.step(node), output=1, **more)
    return passage.move()


def identical(passage: Passage) -> bool:
    replayed = replay(passage.plan, passage.rows())
    return replayed.is_identical and replayed.state == passage.state


def test_a_short_term_entry_is_the_runs_and_never_the_rooms() -> None:
    passage = begun(line(tool("work"), READS), memory={"note": "the room's"})
    answered(passage, "work", "mine", SHORT)
    answered(passage, "reads")

    assert passage.state.is_over
    assert passage.remembered == {"seen": "mine"}
    assert passage.told("MEMORY_UPDATED")[0]["d"] == {"key": "note", "value": "mine", "kind": "SHORT_TERM"}
    assert identical(passage)


@pytest.mark.parametrize(("late_us", "seen"), [(0, "brief"), (1_000_000, "nothing")])
def test_an_entry_is_seen_until_its_recorded_time_and_a_replay_sees_the_same(late_us: int, seen: str) -> None:
    passage = begun(line(tool("work"), tool("rest"), READS))
    about = {"expires_us": passage.at_us + 500_000}
    answered(passage, "work", "brief", about)
    answered(passage, "rest")
    passage.at_us += late_us
    answered(passage, "reads")

    assert passage.remembered == {"note": "brief", "seen": seen}
    assert passage.about["note"] == about
    assert identical(passage)


@pytest.mark.parametrize(("late_us", "seen"), [(0, "kept"), (1_000_000, "nothing")])
def test_what_the_room_kept_ends_during_the_run_too(late_us: int, seen: str) -> None:
    passage = begun(
        line(tool("work"), READS), memory={"note": "kept"}, expires={"note": 1_700_000_000_500_000}
    )
    passage.at_us = 1_700_000_000_000_000 + late_us
    answered(passage, "work")
    answered(passage, "reads")

    assert passage.remembered == {"seen": seen}
    assert identical(passage)


def test_writing_it_anew_makes_it_last_and_plain() -> None:
    passage = begun(line(tool("work"), tool("again"), READS), memory={"note": 0}, expires={"note": 1})
    answered(passage, "work", "brief", {"expires_us": 1, **SHORT})
    answered(passage, "again", "lasts")
    answered(passage, "reads")

    assert passage.remembered == {"note": "lasts", "seen": "lasts"}
    assert passage.about["note"] == {}


def test_a_branch_keeps_what_is_not_plain_for_the_join_and_the_root_only_what_it_needs() -> None:
    passage = begun(forked([tool("a")], [tool("b")]))
    answered(passage, "a", "text", TEXT)
    assert passage.remembered == {}
    answered(passage, "b")

    assert (passage.remembered, passage.about) == ({"note": "text"}, {"note": TEXT})
    told = [fact["d"] for fact in passage.told("MEMORY_UPDATED")]
    assert told == [{"key": "note", "value": "text", "kind": "SEMANTIC", "meta": {"n": 1}}] * 2
    assert identical(passage)


def test_at_a_join_the_later_branch_decides_what_an_entry_is() -> None:
    passage = begun(forked([tool("a")], [tool("b")]))
    answered(passage, "b", "plain")
    answered(passage, "a", "mine", SHORT)
    assert (passage.remembered, passage.about) == ({"note": "plain"}, {"note": {}})

    passage = begun(forked([tool("a")], [tool("b")]))
    answered(passage, "b", "mine", SHORT)
    answered(passage, "a", "plain")
    assert passage.remembered == {}
    assert identical(passage)


def test_vectors_do_not_stay_in_the_state_of_a_run() -> None:
    passage = begun(line(tool("work"), tool("rest")))
    answered(passage, "work", "text", {**TEXT, "expires_us": 2**60})

    (token,) = passage.state.tokens.values()
    assert token.about == {"note": {"kind": "SEMANTIC", "expires_us": 2**60, "meta": {"n": 1}}}


def test_limits_name_what_is_too_much() -> None:
    check_room({"entries": MAX_ROOM_ENTRIES - 1, "bytes": MAX_ROOM_BYTES - 5}, 5)
    with pytest.raises(MemoryFull, match="10,001 entries; 10,000 are the most"):
        check_room({"entries": MAX_ROOM_ENTRIES, "bytes": 0}, 5)
    with pytest.raises(MemoryFull, match="bytes"):
        check_room({"entries": 0, "bytes": MAX_ROOM_BYTES - 5}, 6)
    for text in ("", " ", 1, None, ["a"], "x" * 65_537):
        with pytest.raises(InvalidInput):
            text_of(text)
    with pytest.raises(InvalidInput, match="metadata"):
        about_entry(Kind.LONG_TERM, None, {"x": "y" * 5000})
    assert about_entry(Kind.LONG_TERM, None, {}) == {}


def test_a_search_ranks_by_words_by_meaning_or_by_both() -> None:
    found = [
        Candidate("words", "refund refund", "SEMANTIC", "refund refund", {}),
        Candidate("both", "refund", "SEMANTIC", "refund rules", {"page": 3}, 0.8),
        Candidate("like", "money back", "SEMANTIC", "money back", {}, 0.9),
        Candidate("other", "refund", "LONG_TERM", "refund", {}),
    ]
    near = {"model": "m", "vector": "v", "kind": "SEMANTIC"}

    def keys(**how: Any) -> list[str]:
        return [hit["key"] for hit in best("refund", found, 9, how)]

    assert set(keys()) == {"words", "both", "other"}
    assert keys()[0] == "words"
    assert keys(**near, by="meaning") == ["like", "both"]
    assert keys(**near) == ["both", "like", "words"]
    assert keys(**near, min_score=0.5) == ["both", "like"]
    assert best("refund", found, 1, near) == [
        {"key": "both", "value": "refund", "kind": "SEMANTIC", "score": 0.8, "metadata": {"page": 3}}
    ]
    assert fused(["a", "b"], ["b", "c"]) == ["b", "a", "c"]


def test_a_full_room_is_searched_at_once_and_a_long_text_has_no_misspelt_words() -> None:
    dice = random.Random(2)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(dice.choices(letters, k=dice.randrange(3, 9))) for _ in range(3000)]
    room = [(f"text_{place}", " ".join(dice.choices(words, k=40_000))) for place in range(8)]
    long = "".join(dice.choices(letters, k=1000))
    begun = time.process_time()

    assert len(ranked(" ".join(words[:32]), room, 9)) == 8
    assert ranked(f"{long} {'qqjx' * 9}", room, 9) == []
    assert time.process_time() - begun < 1
    near = [("a", "a letter to Muller & söhne"), ("b", "an invoice from mullers"), ("c", "invoise")]
    assert [key for key, _ in ranked("muller", near, 9)] == ["a", "b"]
    assert [key for key, _ in ranked("invoice", near, 9)] == ["b", "c"]
