"""Memory and conversation as the runner uses them, inside a transaction of its own."""

import pytest

from engine.core.identity import Role, User
from engine.core.room import NewRoom
from engine.services import rooms, workflows
from engine.store import conversation, memory

EDDA = User(id="editor", name="Edda", role=Role.EDITOR)


@pytest.fixture
def room(rt):
    workflow = workflows.create_empty(rt, EDDA, "W")
    return rooms.create(rt, EDDA, NewRoom(name="Desk", workflow_id=workflow.id)).id


def test_a_run_writes_in_its_own_transaction_and_a_rollback_takes_it_back(rt, room):
    with rt.db.write() as session:
        memory.write(session, room, "kept", [1], run_id="r1", now_us=5)
    with pytest.raises(RuntimeError), rt.db.write() as session:  # noqa: PT012
        memory.write(session, room, "kept", [2], run_id="r2", now_us=6)
        memory.write(session, room, "lost", 1, run_id="r2", now_us=6)
        raise RuntimeError

    with rt.db.read() as session:
        assert memory.snapshot(session, room, now_us=9) == ({"kept": [1]}, {})
        entry = memory.get(session, room, "kept", 9)
    assert (entry.revision, entry.run_id, entry.updated_at) == (1, "r1", 5)


def test_a_snapshot_holds_the_keys_asked_for_that_exist(rt, room):
    with rt.db.write() as session:
        for key in ("c", "a", "b"):
            memory.write(session, room, key, {"is": key}, run_id=None, now_us=1)

    with rt.db.read() as session:
        assert list(memory.snapshot(session, room, now_us=9)[0]) == ["a", "b", "c"]
        assert memory.snapshot(session, room, {"b", "ghost"}, now_us=9) == ({"b": {"is": "b"}}, {})
        assert memory.snapshot(session, room, [], now_us=9) == ({}, {})
        assert memory.snapshot(session, "ghost", now_us=9) == ({}, {})


def test_the_last_turns_come_oldest_first(rt, room):
    with rt.db.hot() as hot:
        conversation.append(hot, room, "r1", [_turn("user", "1"), _turn("assistant", "2\0ü")], 1)
        conversation.append(hot, room, "r2", [_turn("user", "3")], 3)

    with rt.db.read() as session:
        assert conversation.latest(session, room, 2) == [_turn("assistant", "2\ufffdü"), _turn("user", "3")]
        assert conversation.latest(session, "ghost", 2) == []


def _turn(role, content):
    return {"role": role, "content": content}
