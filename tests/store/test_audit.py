"""The audit log's chain: whoever changes history breaks it."""

import threading

from sqlalchemy import text

from engine.store import audit
from engine.store.database import Database


def test_entries_are_kept_in_order_with_their_detail(database):
    _append(database, "login", "Ada")
    _append(database, "publish", "w1", version=3, note="für später")

    with database.read() as session:
        newest = audit.newest(session, 10)
        older = audit.newest(session, 10, before_id=newest[0].id)
    assert [(entry.action, entry.target, entry.detail) for entry in newest] == [
        ("publish", "w1", {"version": 3, "note": "für später"}),
        ("login", "Ada", {}),
    ]
    assert older == newest[1:]


def test_entries_are_found_by_what_who_where_and_when(database):
    with database.write() as session:
        session.execute(
            text(
                "INSERT INTO user_account (id, name, name_key, password_hash, role, active, created_us)"
                " VALUES ('u1', 'Ada', 'ada', '', 'admin', TRUE, 0)"
            )
        )
        audit.append(session, 10, "u1", "login", "Ada")
        audit.append(session, 20, "u1", "publish", "w1")
        audit.append(session, 30, None, "login", "w1")

    def found(**sought):
        with database.read() as session:
            return [entry.at for entry in audit.newest(session, 10, sought=audit.Sought(**sought))]

    assert found() == [30, 20, 10]
    assert found(action="login") == [30, 10]
    assert found(user_id="u1") == [20, 10]
    assert found(target="w1", action="publish") == [20]
    assert found(since_us=20, until_us=30) == [20]
    with database.read() as session:
        assert [entry.user_name for entry in audit.newest(session, 10)] == [None, "Ada", "Ada"]


def test_a_changed_or_removed_entry_breaks_the_chain_where_it_was(database):
    for number in range(5):
        _append(database, "login", f"user {number}")
    with database.read() as session:
        assert audit.broken_at(session) is None
        ids = [entry.id for entry in audit.newest(session, 10)][::-1]

    with database.write() as session:
        session.execute(text("DELETE FROM audit WHERE id = :id"), {"id": ids[3]})
    with database.read() as session:
        assert audit.broken_at(session) == ids[4]
    with database.write() as session:
        session.execute(text("UPDATE audit SET target = 'nobody' WHERE id = :id"), {"id": ids[1]})
    with database.read() as session:
        assert audit.broken_at(session) == ids[1]


def test_writers_at_once_make_one_chain(database):
    def append_ten():
        mine = Database(str(database.url.render_as_string(hide_password=False)))
        for _ in range(10):
            _append(mine, "login", "Ada")
        mine.close()

    threads = [threading.Thread(target=append_ten) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.read() as session:
        assert audit.broken_at(session) is None
        assert len(audit.newest(session, 100)) == 40


def test_a_long_target_is_cut(database):
    _append(database, "login", "x" * 1000)

    with database.read() as session:
        assert len(audit.newest(session, 1)[0].target) == audit.MAX_TARGET


def _append(database, action, target, **detail):
    with database.write() as session:
        audit.append(session, 1_700_000_000_000_000, "u1", action, target, **detail)
