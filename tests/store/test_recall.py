"""What a room remembers is found by words and meaning, in its own room only, until its time is up."""

import pytest
from sqlalchemy import text

from engine.core.embedding import packed
from engine.core.identity import Role, User
from engine.core.memory import words_of
from engine.core.room import NewRoom
from engine.services import rooms, workflows
from engine.store import conversation, memory, recall
from engine.store.database import Hot

EDDA = User(id="editor", name="Edda", role=Role.EDITOR)
NOW = 100


@pytest.fixture
def two_rooms(rt):
    workflow = workflows.create_empty(rt, EDDA, "W")
    return [rooms.create(rt, EDDA, NewRoom(name=name, workflow_id=workflow.id)).id for name in ("A", "B")]


def store(rt, room, key, value, vector=None, **about):
    chunks = [[0, len(value), packed(vector) if vector else None]]
    about = {"kind": "SEMANTIC", "chunks": chunks, "model": "m/2" if vector else None, **about}
    with rt.db.write() as session:
        memory.write(session, room, key, value, run_id=None, now_us=1, about=about)


def by_words(rt, room, query, now_us=NOW):
    with rt.db.look() as hot:
        return [found.key for found in recall.by_words(hot, room, query, now_us)]


def by_meaning(rt, room, vector, model="m/2"):
    with rt.db.look() as hot:
        return [
            (found.key, found.likeness) for found in recall.by_meaning(hot, room, model, packed(vector), NOW)
        ]


def test_words_and_their_beginnings_are_found_in_the_room_alone(rt, two_rooms):
    room, other = two_rooms
    store(rt, room, "refund_rules", "Refunds take 14 days. ÜBERWEISUNG nach Zürich, naïve café")
    store(rt, room, "shipping", "By DHL, three days; see example.com/days")
    store(rt, other, "secret", "Refunds of the other room")

    assert by_words(rt, room, "refund") == ["refund_rules"]
    assert by_words(rt, room, "überweisung CAFÉ") == ["refund_rules"]
    assert by_words(rt, room, "cafe zebra") == []
    assert sorted(by_words(rt, room, "days")) == ["refund_rules", "shipping"]
    assert by_words(rt, room, "example") == by_words(rt, room, "com") == ["shipping"]
    assert (
        by_words(rt, room, "4") == by_words(rt, room, 'x" OR room_id : "') == by_words(rt, room, "'|!&") == []
    )
    assert by_words(rt, f'{room}" OR words : "refunds', "refund") == []


def test_a_meaning_is_found_by_likeness_in_the_room_by_its_own_model(rt, two_rooms):
    room, other = two_rooms
    store(rt, room, "east", "east", [2.0, 0.0])
    store(rt, room, "north_east", "north east", [1.0, 1.0])
    store(rt, room, "no_vector", "none")
    store(rt, room, "newer", "of another model", [1.0, 0.0, 0.0], model="n/3")
    store(rt, other, "elsewhere", "east", [1.0, 0.0])

    found = by_meaning(rt, room, [5.0, 0.1])

    assert [key for key, _ in found] == ["east", "north_east"]
    assert [round(likeness, 3) for _, likeness in found] == [1.0, 0.721]
    assert [key for key, _ in by_meaning(rt, room, [1.0, 0.0, 0.0], "n/3")] == ["newer"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_without_pgvector_the_same_is_found(rt, two_rooms):
    room, _ = two_rooms
    store(rt, room, "east", "east", [2.0, 0.0])
    store(rt, room, "north", "north", [0.5, 3.0])
    with rt.db.read() as session:  # never committed
        hot = Hot.of(session)
        ask = (hot, room, "m/2", packed([1.0, 0.2]), NOW)
        assert recall.engine_of(hot) == "pgvector"
        with_it = recall.by_meaning(*ask)
        session.execute(text("DROP EXTENSION vector"))

        assert recall.by_meaning(*ask) == with_it
        assert "computed in SQL" in recall.engine_of(hot)


def test_what_an_entry_was_is_not_found_any_more(rt, two_rooms):
    room, _ = two_rooms
    store(rt, room, "note", "about apples", [1.0, 0.0])
    store(rt, room, "note", "about pears", [0.0, 1.0])
    assert (by_words(rt, room, "apples"), by_words(rt, room, "pears")) == ([], ["note"])
    assert len(by_meaning(rt, room, [1.0, 0.0])) == 1

    with rt.db.write() as session:
        memory.write(session, room, "note", {"a": "pears"}, run_id=None, now_us=2)
        entry = memory.get(session, room, "note", NOW)
    assert (entry.kind, entry.metadata, entry.expires_at, entry.is_embedded) == ("LONG_TERM", {}, None, False)
    assert by_words(rt, room, "pears") == by_meaning(rt, room, [0.0, 1.0]) == []

    store(rt, room, "note", "about plums", [1.0, 0.0])
    rooms.delete(rt, EDDA, room)
    with rt.db.read() as session:
        assert session.execute(text("SELECT count(*) FROM memory_chunk")).scalar_one() == 0
        if rt.db.is_sqlite:
            index = "SELECT count(*) FROM memory_words WHERE memory_words MATCH 'plums'"
            assert session.execute(text(index)).scalar_one() == 0


def test_nobody_sees_an_entry_whose_time_is_up_and_the_purge_takes_it_away(rt, two_rooms):
    room, _ = two_rooms
    store(rt, room, "gone", "refunds once", [1.0, 0.0], expires_us=50)
    store(rt, room, "kept", "refunds now", [1.0, 0.0], expires_us=NOW + 1)
    with rt.db.write() as session:
        about = {"expires_us": 50}
        memory.write(session, room, "old", 1, run_id=None, now_us=1, about=about)
        assert memory.get(session, room, "old", 49).expires_at == 50
        assert [entry.key for entry in memory.list_after(session, room, None, 9, now_us=NOW)] == ["kept"]
        assert memory.snapshot(session, room, now_us=NOW) == ({"kept": "refunds now"}, {"kept": NOW + 1})
        assert not memory.delete_entry(session, room, "gone", NOW)
        assert memory.size(session, room, "", NOW) == {"entries": 1, "bytes": 13}
        found = memory.candidates(session, room, "refunds", now_us=NOW, how={})
        assert [one.key for one in found] == ["kept"]
    assert by_words(rt, room, "refunds") == ["kept"]
    assert [key for key, _ in by_meaning(rt, room, [1.0, 0.0])] == ["kept"]

    with rt.db.hot() as hot:
        assert memory.has_expired(hot, NOW)
        assert memory.purge(hot, NOW) == 2
        assert not memory.has_expired(hot, NOW)
        assert hot.one("SELECT count(*) FROM memory_chunk")[0] == 1


def test_a_summary_stands_for_the_turns_before_it(rt, two_rooms):
    room, other = two_rooms
    say = [
        {"role": role, "content": f"{role} {number}"} for number in range(3) for role in ("user", "assistant")
    ]
    with rt.db.hot() as hot:
        conversation.append(hot, room, "r1", say, 1)
        conversation.append(hot, other, "r1", say, 1)
    with rt.db.read() as session:
        turns = conversation.recalled(session, room, 100)["turns"]
    with rt.db.hot() as hot:
        further = {"role": "summary", "content": "further", "upto": turns[3]["id"]}
        shorter = {"role": "summary", "content": "of a sibling branch", "upto": turns[1]["id"]}
        conversation.append(hot, room, "r2", [further, shorter, {"role": "user", "content": "new"}], 2)

    with rt.db.read() as session:
        kept = conversation.recalled(session, room, 100)
        assert kept["summary"] == "further"
        assert [turn["content"] for turn in kept["turns"]] == ["user 2", "assistant 2", "new"]
        assert [turn["content"] for turn in conversation.latest(session, room, 2)] == ["assistant 2", "new"]
        assert conversation.recalled(session, other, 2)["summary"] == ""
        assert len(conversation.recalled(session, other, 2)["turns"]) == 2
        assert [turn.role for turn in conversation.list_before(session, room, None, 3)] == [
            "user",
            "summary",
            "summary",
        ]


def test_words_are_split_the_same_way_for_every_database():
    assert words_of("Straße_7: don't PANIC, 3.14 — ﬁn") == [
        "strasse",
        "7",
        "don",
        "t",
        "panic",
        "3",
        "14",
        "fin",
    ]
    assert words_of("x" * 100) == ["x" * 64]
