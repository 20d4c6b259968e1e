"""Secrets as use cases: names come out, values never; keys rotate; only marked slots get a value."""

from contextlib import closing
from dataclasses import replace

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from engine.core.catalogue import StepError
from engine.core.document import Document
from engine.core.errors import InvalidInput, NotFound
from engine.core.plan import compile_plan
from engine.hiding import HIDDEN
from engine.runner.revealing import revealer
from engine.sealing import Keyring, Unopened
from engine.services import auditing, secrets
from engine.services.documents import OPERATOR
from engine.services.foreground import run_document
from engine.services.permission import Forbidden
from engine.services.upkeep import open_migrated
from engine.settings import Settings
from engine.store import secrets as rows
from tests.fixtures.contexts import a_context
from tests.fixtures.drawings import drawing

OLD, NEW = "o" * 32, "n" * 32


def with_keys(rt, keys):
    return replace(rt, settings=rt.settings.model_copy(update={"master_key": SecretStr(keys)}))


def test_a_secret_is_set_changed_listed_and_deleted_and_its_value_stays_inside(rt, admin, editor):
    first = secrets.put(rt, admin, "shop_key", "value-one")
    rt.move_clock(1_000_000)
    second = secrets.put(rt, admin, "shop_key", "value-two")
    secrets.put(rt, admin, "another", "value-three")

    listed = secrets.list_secrets(rt, admin).items
    assert [item.name for item in listed] == ["another", "shop_key"]
    assert (second.created_at, second.updated_at > first.updated_at) == (first.created_at, True)
    assert rt.vault.reveal(["shop_key"]) == {"shop_key": "value-two"}
    assert "value" not in "".join(item.model_dump_json() for item in listed)
    for refused in (
        lambda: secrets.list_secrets(rt, editor),
        lambda: secrets.put(rt, editor, "x", "long enough"),
        lambda: secrets.delete(rt, editor, "another"),
        lambda: secrets.rotate(rt, editor),
    ):
        with pytest.raises(Forbidden):
            refused()
    secrets.delete(rt, admin, "another")
    with pytest.raises(NotFound):
        secrets.delete(rt, admin, "another")
    with pytest.raises(StepError, match="'another'") as missing:
        rt.vault.reveal(["another", "shop_key"])
    assert (missing.value.code, missing.value.retryable) == ("secret_missing", False)
    entries = auditing.list_entries(rt, admin).items
    told = [(entry.action, entry.target) for entry in reversed(entries) if entry.action != "denied"]
    assert told == [("secret_set", "shop_key")] * 2 + [
        ("secret_set", "another"),
        ("secret_deleted", "another"),
    ]


@pytest.mark.parametrize("name", ["", "A", "1a", "a-b", "in", "input", "a" * 65, "a.b", "ä"])
def test_a_name_can_be_written_in_an_expression(sqlite_rt, admin, name):
    with pytest.raises(InvalidInput):
        secrets.put(sqlite_rt, admin, name, "long enough")


@pytest.mark.parametrize(
    "value", ["", "short77", "  short  ", "x" * 65_537, "with\0nul-in-it", "half\ud800of-one", None, 12345678]
)
def test_a_value_is_text_that_can_be_masked(sqlite_rt, admin, value):
    with pytest.raises(InvalidInput) as refused:
        secrets.put(sqlite_rt, admin, "key", value)

    assert "nul-in-it" not in str(refused.value)


def test_the_master_key_is_rotated_in_the_data_dir_and_old_rows_stay_readable(sqlite_rt, admin, tmp_path):
    secrets.put(sqlite_rt, admin, "a", "value-of-a")
    before = sealed(sqlite_rt)["a"]

    done = secrets.rotate(sqlite_rt, admin)

    assert (done.secrets, done.is_key_new) == (1, True)
    assert sealed(sqlite_rt)["a"] != before
    newest, oldest = (tmp_path / "master.key").read_text().split()
    assert Keyring([newest]).open("a", sealed(sqlite_rt)["a"]) == "value-of-a"
    with pytest.raises(Unopened):
        Keyring([oldest]).open("a", sealed(sqlite_rt)["a"])
    assert sqlite_rt.vault.reveal(["a"]) == {"a": "value-of-a"}


def test_keys_of_the_environment_are_rotated_by_putting_a_new_one_first(sqlite_rt, admin, tmp_path):
    old, both, new = (with_keys(sqlite_rt, keys) for keys in (OLD, f"{NEW}, {OLD}", NEW))
    secrets.put(old, admin, "a", "value-of-a")
    with pytest.raises(Unopened):
        new.vault.reveal(["a"])

    assert secrets.rotate(both, admin).is_key_new is False
    assert new.vault.reveal(["a"]) == {"a": "value-of-a"}
    with pytest.raises(Unopened):
        old.vault.reveal(["a"])
    with pytest.raises(Unopened):  # nothing is changed by a rotation that lacks a key
        secrets.rotate(with_keys(sqlite_rt, "x" * 32), admin)
    assert new.vault.reveal(["a"]) == {"a": "value-of-a"}
    assert not (tmp_path / "master.key").exists()


def test_rows_that_were_swapped_in_the_database_do_not_open(sqlite_rt, admin):
    secrets.put(sqlite_rt, admin, "mine", "value-mine")
    secrets.put(sqlite_rt, admin, "theirs", "value-theirs")
    with sqlite_rt.db.write() as session:
        session.execute(text("UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE name = 'theirs')"))

    with pytest.raises(Unopened, match="'mine'"):
        sqlite_rt.vault.reveal(["mine"])


def sealed(rt):
    with rt.db.read() as session:
        return rows.sealed(session)


def the_node(rt, arguments):
    config = {"tool": "http_request", "arguments": arguments}
    return compile_plan(
        Document.of(drawing("start > call > end", call={"config": config})), rt.catalogue
    ).nodes["call"]


def test_only_a_marked_slot_gets_the_value_and_only_by_the_documents_own_reference(sqlite_rt, admin):
    secrets.put(sqlite_rt, admin, "key", "value-of-key")
    node = the_node(
        sqlite_rt,
        {"url": "https://a.example/{{ secrets.key }}", "headers": {"A": "{{ secrets.key }} {{ input }}"}},
    )
    shown = {"url": "https://a.example/x", "headers": {"A": "{{ secrets.key }} {{ secrets.key }}"}}
    scope = {"input": "{{ secrets.key }}"}

    given = revealer(sqlite_rt, node, node.secrets, scope)(
        {"tool": "http_request", "arguments": shown}, a_context()
    )

    assert given["arguments"] == {
        "url": "https://a.example/x",
        "headers": {"A": "value-of-key {{ secrets.key }}"},
    }
    assert shown["headers"] == {"A": "{{ secrets.key }} {{ secrets.key }}"}


def test_a_worker_that_takes_a_run_over_masks_what_another_worker_sent(sqlite_rt):
    text_ = sqlite_rt.vault.keyring().seal("elsewhere", "sent-by-another-worker")
    with sqlite_rt.db.write() as session:
        rows.put(session, "elsewhere", text_, "admin", 1)
    node = the_node(sqlite_rt, {"url": "https://a.example/"})
    assert HIDDEN.text("sent-by-another-worker") == "sent-by-another-worker"

    revealer(sqlite_rt, node, frozenset({"elsewhere"}), {})(
        {"tool": "http_request", "arguments": {}}, a_context()
    )

    assert HIDDEN.text("it was sent-by-another-worker") == "it was ***"


def test_a_providers_key_may_be_a_secret_and_the_environment_comes_first(sqlite_rt, admin):
    assert sqlite_rt.provider_settings["openai_api_key"] == ""
    secrets.put(sqlite_rt, admin, "openai_api_key", "sk-of-the-vault-1")
    sqlite_rt.move_clock(6_000_000)
    assert sqlite_rt.provider_settings["openai_api_key"] == "sk-of-the-vault-1"
    secrets.put(sqlite_rt, admin, "openai_api_key", "sk-of-the-vault-2")
    assert sqlite_rt.provider_settings["openai_api_key"] == "sk-of-the-vault-1"
    sqlite_rt.move_clock(6_000_000)
    assert sqlite_rt.provider_settings["openai_api_key"] == "sk-of-the-vault-2"
    given = sqlite_rt.settings.model_copy(update={"openai_api_key": SecretStr("sk-of-the-environment")})
    assert replace(sqlite_rt, settings=given).provider_settings["openai_api_key"] == "sk-of-the-environment"


def test_a_document_that_runs_in_the_foreground_uses_the_installations_secrets(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENROOMS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("OPENROOMS_HTTP_ALLOW", "127.0.0.1")
    with closing(open_migrated(Settings(_env_file=None, data_dir=tmp_path))) as rt:
        secrets.put(rt, OPERATOR, "here", "value-in-the-foreground")
    told = []
    for name in ("here", "missing"):
        arguments = {"url": "http://127.0.0.1:1/", "headers": {"K": f"{{{{ secrets.{name} }}}}"}}
        call = {"config": {"tool": "http_request", "arguments": arguments}}
        run_document(drawing("start > call > end; call -FAILURE> end", call=call), {}, {}, told.append)

    codes = [event["error"]["code"] for event in told if event["type"] == "NODE_FAILED"]
    assert codes == ["http_unreachable", "secret_missing"]
    assert "value-in-the-foreground" not in str(told)
