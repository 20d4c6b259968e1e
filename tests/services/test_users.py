"""Accounts: made and changed by administrators alone, who can't lock everybody out."""

import pytest

from engine.core.errors import NotFound
from engine.core.identity import Role
from engine.core.page import Paging
from engine.services import users
from engine.services.identity import BadCredentials, create_first_admin, log_in, make_setup_token, who
from engine.services.permission import Forbidden
from engine.services.users import LastAdmin, NameTaken
from engine.store import audit

PASSWORD = "correct horse battery"


@pytest.fixture
def ada(rt):
    return who(rt, create_first_admin(rt, make_setup_token(rt), "Ada", PASSWORD))


def test_an_administrator_makes_users_who_can_log_in(rt, ada):
    edda = users.create(rt, ada, "Edda", PASSWORD, Role.EDITOR)

    assert who(rt, log_in(rt, "edda", PASSWORD)) == edda
    assert [user.name for user in users.list_users(rt, ada).items] == ["Ada", "Edda"]


def test_a_list_of_users_comes_in_pages(rt, ada):
    for name in ("Bea", "Cleo", "Dora"):
        users.create(rt, ada, name, PASSWORD, Role.VIEWER)

    first = users.list_users(rt, ada, Paging(limit=3))
    last = users.list_users(rt, ada, Paging(limit=3, cursor=first.next_cursor))

    assert [user.name for user in first.items + last.items] == ["Ada", "Bea", "Cleo", "Dora"]
    assert last.next_cursor is None


@pytest.mark.parametrize("name", ["ADA", " ada ", "ａｄａ"])
def test_two_users_can_not_have_names_that_look_alike(rt, ada, name):
    with pytest.raises(NameTaken):
        users.create(rt, ada, name, PASSWORD, Role.EDITOR)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
def test_others_may_not_and_the_audit_log_says_that_they_tried(rt, ada, role):
    other = users.create(rt, ada, "Other", PASSWORD, role)
    attempts = [
        lambda: users.list_users(rt, other),
        lambda: users.create(rt, other, "Eve", PASSWORD, Role.ADMIN),
        lambda: users.set_role(rt, other, other.id, Role.ADMIN),
        lambda: users.set_active(rt, other, ada.id, False),
        lambda: users.set_password(rt, other, ada.id, PASSWORD),
    ]
    for attempt in attempts:
        with pytest.raises(Forbidden, match=f"Your role '{role}' may not .* it takes 'admin'"):
            attempt()

    with rt.db.read() as session:
        denied = audit.newest(session, len(attempts))
    assert {(entry.action, entry.user_id) for entry in denied} == {("denied", other.id)}
    assert [user.role for user in users.list_users(rt, ada).items] == [Role.ADMIN, role]


def test_a_new_role_ends_the_sessions_of_the_old_one(rt, ada):
    edda = users.create(rt, ada, "Edda", PASSWORD, Role.EDITOR)
    token = log_in(rt, "Edda", PASSWORD)
    assert who(rt, token)

    users.set_role(rt, ada, edda.id, Role.VIEWER)

    assert who(rt, token) is None
    assert who(rt, log_in(rt, "Edda", PASSWORD)).role is Role.VIEWER


def test_a_user_who_is_switched_off_is_out_at_once_and_stays_out(rt, ada):
    edda = users.create(rt, ada, "Edda", PASSWORD, Role.EDITOR)
    token = log_in(rt, "Edda", PASSWORD)

    users.set_active(rt, ada, edda.id, False)

    assert who(rt, token) is None
    with pytest.raises(BadCredentials):
        log_in(rt, "Edda", PASSWORD)
    users.set_active(rt, ada, edda.id, True)
    assert who(rt, log_in(rt, "Edda", PASSWORD)) == edda


def test_the_last_administrator_can_not_be_lost(rt, ada):
    with pytest.raises(LastAdmin):
        users.set_role(rt, ada, ada.id, Role.EDITOR)
    with pytest.raises(LastAdmin):
        users.set_active(rt, ada, ada.id, False)

    bea = users.create(rt, ada, "Bea", PASSWORD, Role.ADMIN)
    assert users.set_role(rt, ada, ada.id, Role.EDITOR).role is Role.EDITOR
    with pytest.raises(LastAdmin):
        users.set_active(rt, bea, bea.id, False)


def test_an_administrator_gives_a_user_a_new_password(rt, ada):
    edda = users.create(rt, ada, "Edda", PASSWORD, Role.EDITOR)
    token = log_in(rt, "Edda", PASSWORD)

    users.set_password(rt, ada, edda.id, "another horse entirely")

    assert who(rt, token) is None
    assert log_in(rt, "Edda", "another horse entirely")


def test_a_user_who_is_not_there_is_not_found(rt, ada):
    with pytest.raises(NotFound):
        users.set_role(rt, ada, "ghost", Role.ADMIN)
