"""API keys: shown once, never worth more than their owner, dead with the owner, the clock or a word."""

import pytest

from engine.core.apikey import SHAPE, NewKey
from engine.core.errors import InvalidInput, NotFound
from engine.core.identity import Role, Scope
from engine.core.page import Paging
from engine.services import api_keys, users
from engine.services.api_keys import DAY_US, TooManyKeys, holder
from engine.services.documents import OPERATOR
from engine.services.identity import create_first_admin, make_setup_token, who
from engine.services.permission import Forbidden
from engine.store import audit, keys
from engine.store import users as user_store
from tests.fixtures.runtimes import SECOND

PASSWORD = "correct horse battery"
ALL = tuple(Scope)


@pytest.fixture
def ada(rt):
    return who(rt, create_first_admin(rt, make_setup_token(rt), "Ada", PASSWORD))


@pytest.fixture
def edda(rt, ada):
    return users.create(rt, ada, "Edda", PASSWORD, Role.EDITOR)


def a_key(rt, user, *scopes, days=None, name="script"):
    return api_keys.create(rt, user, NewKey(name=name, scopes=scopes or (Scope.READ,), expires_in_days=days))


def used_at(rt, user):
    return api_keys.list_keys(rt, user).items[0].used_at


def test_a_key_is_known_by_its_text_alone_and_never_shown_again(rt, edda):
    made = a_key(rt, edda, Scope.RUN, Scope.READ)
    stranger = made.key[:-1] + ("a" if made.key[-1] != "a" else "b")

    assert SHAPE.fullmatch(made.key)
    assert made.scopes == (Scope.READ, Scope.RUN)
    assert holder(rt, made.key).user == edda
    assert [
        holder(rt, text) for text in (stranger, f"or_{made.id}_{'x' * 32}", made.id, "", "or__", "ö")
    ] == [None] * 6
    (listed,) = api_keys.list_keys(rt, edda).items
    assert "key" not in listed.plain()
    with rt.db.read() as session:
        assert made.key not in str(keys.find(session, made.id, rt.now_us()))
        assert made.key not in str(audit.newest(session, 100))


@pytest.mark.parametrize(
    ("scopes", "role"),
    [
        ((Scope.READ,), Role.VIEWER),
        ((Scope.RUN,), Role.EDITOR),
        ((Scope.EDIT,), Role.EDITOR),
        (ALL, Role.ADMIN),
    ],
)
def test_the_holder_has_no_higher_role_than_the_scopes_are_worth(rt, ada, scopes, role):
    assert holder(rt, a_key(rt, ada, *scopes).key).user.role is role


def test_a_key_is_never_worth_more_than_its_owner(rt, ada, edda):
    with pytest.raises(InvalidInput, match="'admin' takes the role 'admin'; Edda is 'editor'"):
        a_key(rt, edda, Scope.ADMIN)
    boss = users.create(rt, ada, "Boss", PASSWORD, Role.ADMIN)
    made = a_key(rt, boss, *ALL)
    users.set_role(rt, ada, boss.id, Role.VIEWER)

    assert holder(rt, made.key).user.role is Role.VIEWER


def test_a_key_dies_with_its_owner_and_does_not_come_back(rt, ada, edda):
    made = a_key(rt, edda)
    assert holder(rt, made.key) is not None

    users.set_active(rt, ada, edda.id, False)
    assert holder(rt, made.key) is None
    users.set_active(rt, ada, edda.id, True)
    assert holder(rt, made.key) is None
    another = a_key(rt, edda)
    with rt.db.write() as session:
        user_store.change(session, edda.id, active=False)  # however that comes about
    assert holder(rt, another.key) is None


def test_a_key_expires(rt, edda):
    made = a_key(rt, edda, days=1)
    assert made.expires_at == made.created_at + DAY_US

    rt.move_clock(DAY_US - SECOND)
    assert holder(rt, made.key) is not None
    rt.move_clock(4 * SECOND)
    assert holder(rt, made.key) is None


def test_the_last_use_is_written_down_at_most_once_a_minute(rt, edda):
    made = a_key(rt, edda)
    assert used_at(rt, edda) is None
    holder(rt, made.key)
    first = used_at(rt, edda)
    rt.move_clock(30 * SECOND)
    holder(rt, made.key)
    assert used_at(rt, edda) == first
    rt.move_clock(31 * SECOND)
    holder(rt, made.key)
    assert used_at(rt, edda) > first + 59 * SECOND


def test_who_may_revoke_and_see_which_keys(rt, ada, edda):
    hers, his = a_key(rt, edda), a_key(rt, ada)
    with pytest.raises(NotFound):
        api_keys.revoke(rt, edda, his.id)
    with pytest.raises(Forbidden):
        api_keys.list_keys(rt, edda, of_all=True)
    assert {key.id for key in api_keys.list_keys(rt, ada, of_all=True).items} == {hers.id, his.id}
    assert [key.id for key in api_keys.list_keys(rt, edda).items] == [hers.id]

    assert holder(rt, hers.key) is not None
    api_keys.revoke(rt, ada, hers.id)
    assert holder(rt, hers.key) is None
    assert api_keys.list_keys(rt, edda).items[0].revoked_at is not None
    with pytest.raises(NotFound):
        api_keys.revoke(rt, edda, hers.id)


def test_keys_come_in_pages_and_are_not_without_number(rt, edda, monkeypatch):
    monkeypatch.setattr(api_keys, "MAX_KEYS", 5)
    made = [a_key(rt, edda, name=f"key {number}") for number in range(5)]
    with pytest.raises(TooManyKeys):
        a_key(rt, edda)

    seen, cursor = [], None
    while True:
        page = api_keys.list_keys(rt, edda, Paging(limit=2, cursor=cursor))
        seen += page.items
        if (cursor := page.next_cursor) is None:
            break
    assert [key.id for key in seen] == [key.id for key in reversed(made)]


def test_the_operator_makes_the_first_key(rt, edda):
    made = api_keys.create_for(rt, OPERATOR, "EDDA", NewKey(name="boot", scopes=(Scope.RUN,)))

    assert holder(rt, made.key).user == edda
    with pytest.raises(NotFound):
        api_keys.create_for(rt, OPERATOR, "nobody", NewKey(name="boot", scopes=(Scope.RUN,)))
    with pytest.raises(Forbidden):
        api_keys.create_for(rt, edda, "Edda", NewKey(name="boot", scopes=(Scope.RUN,)))


@pytest.mark.parametrize(
    "wrong",
    [{"name": " "}, {"name": "x\ny"}, {"scopes": ()}, {"expires_in_days": 0}, {"expires_in_days": 9999}],
)
def test_a_key_that_does_not_fit_is_refused(rt, edda, wrong):
    with pytest.raises(InvalidInput):
        api_keys.create(rt, edda, NewKey(**{"name": "x", "scopes": (Scope.READ,), **wrong}))
