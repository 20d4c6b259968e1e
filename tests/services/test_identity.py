"""Set-up, login, logout, one's own password."""

import threading

import argon2
import pytest

from engine.core.errors import InvalidInput, OpenRoomsError
from engine.core.identity import Role
from engine.services import identity, users
from engine.services.identity import (
    AlreadySetUp,
    BadCredentials,
    BadSetupToken,
    TooManyAttempts,
    change_password,
    check_setup_token,
    create_first_admin,
    log_in,
    log_out,
    make_setup_token,
    needs_setup,
    reset_password,
    who,
)
from engine.services.passwords import WeakPassword
from engine.store import audit
from tests.fixtures.runtimes import HOUR, SECOND

PASSWORD = "correct horse battery"


@pytest.fixture
def ada_token(rt):
    """The session of the first administrator, Ada."""
    return create_first_admin(rt, make_setup_token(rt), "Ada", PASSWORD)


def test_a_fresh_installation_is_set_up_once_with_the_printed_token(rt):
    assert needs_setup(rt)
    token = make_setup_token(rt)

    ada = who(rt, create_first_admin(rt, token, "  Ada ", PASSWORD))

    assert (ada.name, ada.role) == ("Ada", Role.ADMIN)
    assert not needs_setup(rt)
    with pytest.raises(AlreadySetUp):
        create_first_admin(rt, token, "Eve", PASSWORD)
    with pytest.raises(AlreadySetUp):
        make_setup_token(rt)
    with pytest.raises(AlreadySetUp):
        check_setup_token(rt, token)


def test_a_setup_token_is_good_for_15_minutes(rt):
    token = make_setup_token(rt)
    for _ in range(2):
        check_setup_token(rt, token)
    rt.move_clock(15 * 60 * SECOND)

    for dead in (token, token[:-1]):
        with pytest.raises(BadSetupToken, match="expired"):
            check_setup_token(rt, dead)
    with pytest.raises(BadSetupToken):
        create_first_admin(rt, token, "Ada", PASSWORD)
    assert needs_setup(rt)


def test_a_wrong_setup_token_uses_up_no_right_one(rt):
    token = make_setup_token(rt)
    with pytest.raises(BadSetupToken):
        create_first_admin(rt, "guessed", "Eve", PASSWORD)

    assert create_first_admin(rt, token, "Ada", PASSWORD)


def test_of_two_who_set_up_at_once_one_wins(rt):
    tokens, ends = [make_setup_token(rt), make_setup_token(rt)], []

    def set_up(token):
        try:
            ends.append(who(rt, create_first_admin(rt, token, "Ada", PASSWORD)).name)
        except OpenRoomsError as error:
            ends.append(error.code)

    threads = [threading.Thread(target=set_up, args=(token,)) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(ends) == ["Ada", "already_set_up"]


@pytest.mark.parametrize("password", ["ninechars", "", "x" * 1025, "Administrator"])
def test_a_weak_password_is_refused(rt, password):
    with pytest.raises(WeakPassword):
        create_first_admin(rt, make_setup_token(rt), "administrator", password)


@pytest.mark.parametrize("name", ["", "   ", "a\0b", "a\nb", "x" * 101, "ﷺ" * 50])
def test_a_name_that_nobody_can_read_is_refused(rt, name):
    with pytest.raises(InvalidInput):
        create_first_admin(rt, make_setup_token(rt), name, PASSWORD)


def test_logging_in_opens_a_session_of_its_own_each_time(rt, ada_token):
    first, second = log_in(rt, "ada", PASSWORD), log_in(rt, "ADA ", PASSWORD)

    assert len({ada_token, first, second}) == 3
    assert who(rt, first) == who(rt, second) == who(rt, ada_token)


@pytest.mark.parametrize(
    ("name", "password"),
    [("Ada", "wrong horse battery"), ("Nobody", PASSWORD), ("a\0b", PASSWORD), ("Ada", "\ud800"), ("", "")],
)
def test_wrong_names_and_wrong_passwords_get_the_same_answer(rt, ada_token, name, password):
    with pytest.raises(BadCredentials) as refused:
        log_in(rt, name, password)
    assert str(refused.value) == str(BadCredentials())


def test_an_unknown_name_takes_the_same_work_as_a_wrong_password(rt, ada_token, monkeypatch):
    """The work and not its time, which follows from it: argon2's parameters say what a check costs."""
    verify, work = argon2.PasswordHasher.verify, []

    def counted(hasher, password_hash, password):
        work.append((argon2.extract_parameters(password_hash), len(password)))
        return verify(hasher, password_hash, password)

    def work_for(name):
        work.clear()
        with pytest.raises(BadCredentials):
            log_in(rt, name, "wrong horse battery")
        return list(work)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)

    assert work_for("Nobody") == work_for("a\0b") == work_for("Ada")
    assert len(work) == 1


def test_the_sixth_attempt_in_a_minute_is_refused_even_with_the_right_password(rt, ada_token):
    for _ in range(5):
        with pytest.raises(BadCredentials):
            log_in(rt, "Ada", "wrong horse battery")

    with pytest.raises(TooManyAttempts) as refused:
        log_in(rt, "aDA", PASSWORD)

    assert 1 <= refused.value.extra["retry_after_s"] <= 60


def test_logging_in_well_clears_the_count(rt, ada_token):
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(BadCredentials):
                log_in(rt, "Ada", "wrong horse battery")
        assert log_in(rt, "Ada", PASSWORD)


def test_logging_out_bites_at_once(rt, ada_token):
    other = log_in(rt, "Ada", PASSWORD)
    assert who(rt, ada_token)

    log_out(rt, ada_token)

    assert who(rt, ada_token) is None
    assert who(rt, other)
    log_out(rt, ada_token)
    log_out(rt, None)


@pytest.mark.parametrize("token", [None, "", "guessed", "\0", "\ud800", "x" * 10_000])
def test_a_token_that_is_none_belongs_to_nobody(rt, token):
    assert who(rt, token) is None


def test_a_session_ends_after_12_hours_without_use(rt, ada_token):
    rt.move_clock(11 * HOUR)
    assert who(rt, ada_token)
    rt.move_clock(11 * HOUR)
    assert who(rt, ada_token)
    rt.move_clock(12 * HOUR)
    assert who(rt, ada_token) is None


def test_a_session_ends_after_7_days_whatever_its_use(rt, ada_token):
    for _ in range(16):
        rt.move_clock(10 * HOUR)
        assert who(rt, ada_token)
    rt.move_clock(8 * HOUR)

    assert who(rt, ada_token) is None


def test_the_database_is_asked_once_in_two_seconds(rt, ada_token, monkeypatch):
    asked = []
    find = identity.sessions.find
    monkeypatch.setattr(identity.sessions, "find", lambda *args: asked.append(1) or find(*args))

    for _ in range(10):
        assert who(rt, ada_token)
    assert len(asked) <= 1
    rt.move_clock(2 * SECOND)
    who(rt, ada_token)
    assert len(asked) <= 2


def test_a_session_looked_up_while_it_ends_is_not_believed_afterwards(rt, ada_token, monkeypatch):
    find = identity.sessions.find

    def find_while_the_user_logs_out(*args):
        found = find(*args)
        monkeypatch.setattr(identity.sessions, "find", find)
        log_out(rt, ada_token)
        return found

    monkeypatch.setattr(identity.sessions, "find", find_while_the_user_logs_out)
    who(rt, ada_token)

    assert who(rt, ada_token) is None


def test_changing_the_password_ends_every_session_and_opens_a_new_one(rt, ada_token):
    other = log_in(rt, "Ada", PASSWORD)
    ada = who(rt, ada_token)

    new = change_password(rt, ada, PASSWORD, "another horse entirely")

    assert (who(rt, ada_token), who(rt, other)) == (None, None)
    assert who(rt, new) == ada
    with pytest.raises(BadCredentials):
        log_in(rt, "Ada", PASSWORD)
    assert log_in(rt, "Ada", "another horse entirely")


def test_the_old_password_is_needed_for_a_new_one(rt, ada_token):
    with pytest.raises(BadCredentials):
        change_password(rt, who(rt, ada_token), "wrong horse battery", "another horse entirely")
    assert who(rt, ada_token)


def test_a_lost_password_is_reset_at_the_console(rt, ada_token):
    ada = who(rt, ada_token)
    reset_password(rt, "ADA", "another horse entirely")

    assert who(rt, ada_token) is None
    assert who(rt, log_in(rt, "Ada", "another horse entirely")) == ada
    with pytest.raises(InvalidInput, match="no user named 'Eve'"):
        reset_password(rt, "Eve", "another horse entirely")


def test_no_secret_is_stored_as_it_is(rt, ada_token):
    with rt.db.read() as session:
        account = users.users.find(session, "Ada")
        kept = session.connection().exec_driver_sql("SELECT token_sha256 FROM login_session").scalar_one()

    assert account.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert ada_token != kept
    assert len(kept) == 64


def test_login_and_logout_are_in_the_audit_log(rt, ada_token):
    with pytest.raises(BadCredentials):
        log_in(rt, "Eve\n", PASSWORD)
    log_out(rt, log_in(rt, "Ada", PASSWORD))

    with rt.db.read() as session:
        actions = [(entry.action, entry.target) for entry in audit.newest(session, 10)]
        assert audit.broken_at(session) is None
    assert actions == [("logout", ""), ("login", "Ada"), ("login_failed", "Eve?"), ("setup", "Ada")]
