"""Versions: only sound drafts become one, a moved card makes none, none ever changes."""

import copy
import threading

import pytest

from engine.core.document import Document
from engine.core.errors import InvalidInput, NotFound
from engine.core.identity import Role
from engine.core.page import Paging
from engine.core.workflow import VersionSummary, meaning_sha256
from engine.services import users, versions, workflows
from engine.services.drafts import StaleDraft
from engine.services.versions import InvalidWorkflow
from engine.store import audit
from tests.fixtures.drawings import drawing

SOUND = drawing("start > wait > end")


@pytest.fixture
def made(rt, editor):
    return workflows.create(rt, editor, SOUND)


def test_publishing_makes_the_draft_a_version_and_who_did_it_is_told_for_good(rt, editor, admin, made):
    zoe = users.create(rt, admin, "Zoë", "a long password", Role.EDITOR)
    published = versions.publish(rt, zoe, made.id, note="first")
    users.set_active(rt, admin, zoe.id, active=False)

    assert published.is_new
    assert published.version == versions.get_version(rt, editor, made.id, 1)
    (listed,) = versions.list_versions(rt, editor, made.id).items
    (summary,) = workflows.list_workflows(rt, editor).items
    assert listed == VersionSummary(**published.version.model_dump(exclude={"document"}))
    assert (listed.created_by, listed.created_by_name) == (zoe.id, "Zoë")
    assert (summary.published_at, summary.published_by_name) == (listed.created_at, "Zoë")
    assert (published.version.version, published.version.note) == (1, "first")
    assert published.version.document == SOUND
    after = workflows.get(rt, editor, made.id)
    assert (after.latest_version, after.status, after.revision) == (1, "ACTIVE", 1)
    with rt.db.read() as session:
        newest = audit.newest(session, 1, sought=audit.Sought("publish"))[0]
    assert (newest.action, newest.target, newest.detail) == (
        "publish",
        made.id,
        {"name": "drawn", "note": "first", "version": 1},
    )


def test_a_draft_with_errors_is_refused_with_all_its_problems(rt, editor):
    made = workflows.create(rt, editor, {**SOUND, "transitions": []})

    with pytest.raises(InvalidWorkflow, match="can't be published yet") as refused:
        versions.publish(rt, editor, made.id)

    assert refused.value.extra["problems"] == [problem.plain() for problem in made.problems]
    assert workflows.get(rt, editor, made.id).latest_version is None


def test_publishing_the_same_again_gives_the_version_there_is(rt, editor, made):
    first = versions.publish(rt, editor, made.id).version

    again = versions.publish(rt, editor, made.id, note="ignored")

    assert (again.version, again.is_new) == (first, False)


def _moved(document):
    document["nodes"][1]["position"] = {"x": 999, "y": -1}


def _annotated(document):
    document["notes"] = [{"id": "n1", "text": "hello"}]


def _spelled_out(document):
    document["nodes"][1]["disabled"] = False
    document["transitions"][0]["priority"] = 0


def _reordered(document):
    document["nodes"][1] = dict(reversed(document["nodes"][1].items()))


@pytest.mark.parametrize("change", [_moved, _annotated, _spelled_out, _reordered])
def test_layout_is_not_meaning(rt, editor, made, change):
    versions.publish(rt, editor, made.id)
    document = copy.deepcopy(SOUND)
    change(document)
    workflows.save_draft(rt, editor, made.id, document)

    assert not versions.publish(rt, editor, made.id).is_new


def _renamed(document):
    document["nodes"][1]["name"] = "Rest"


def _rewired(document):
    document["nodes"][1]["config"]["duration_s"] = 2


def _described(document):
    document["description"] = "said"


def _shuffled(document):
    document["nodes"].reverse()


@pytest.mark.parametrize("change", [_renamed, _rewired, _described, _shuffled])
def test_everything_else_is(rt, editor, made, change):
    versions.publish(rt, editor, made.id)
    document = copy.deepcopy(SOUND)
    change(document)
    workflows.save_draft(rt, editor, made.id, document)

    assert versions.publish(rt, editor, made.id).version.version == 2


def test_a_version_never_changes_whatever_becomes_of_the_draft(rt, editor, made):
    first = versions.publish(rt, editor, made.id).version
    workflows.rename(rt, editor, made.id, "Other")
    versions.publish(rt, editor, made.id)

    assert versions.get_version(rt, editor, made.id, 1) == first


def test_publishing_a_revision_that_is_gone_is_refused(rt, editor, made):
    workflows.rename(rt, editor, made.id, "Other")

    with pytest.raises(StaleDraft):
        versions.publish(rt, editor, made.id, revision=1)
    assert versions.publish(rt, editor, made.id, revision=2).is_new


def test_a_draft_that_changes_while_it_is_checked_is_not_published(rt, editor, made, monkeypatch):
    find = versions.checked

    def find_while_somebody_saves(*args):
        workflows.rename(rt, editor, made.id, "Other")
        return find(*args)

    monkeypatch.setattr(versions, "checked", find_while_somebody_saves)

    with pytest.raises(StaleDraft):
        versions.publish(rt, editor, made.id)
    assert workflows.get(rt, editor, made.id).latest_version is None


def test_many_who_publish_at_once_make_one_version(rt, editor, made):
    ends = []
    threads = [
        threading.Thread(target=lambda: ends.append(versions.publish(rt, editor, made.id))) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [end.version.version for end in ends] == [1] * 5
    assert sum(end.is_new for end in ends) == 1


def test_versions_are_listed_newest_first_in_pages(rt, editor, made):
    for number in range(1, 12):
        workflows.rename(rt, editor, made.id, f"Name {number}")
        versions.publish(rt, editor, made.id)

    first = versions.list_versions(rt, editor, made.id, Paging(limit=8))
    last = versions.list_versions(rt, editor, made.id, Paging(limit=8, cursor=first.next_cursor))

    assert [item.version for item in first.items + last.items] == list(range(11, 0, -1))


def test_restoring_puts_a_version_into_the_draft_and_publishes_nothing(rt, editor, made):
    versions.publish(rt, editor, made.id)
    workflows.rename(rt, editor, made.id, "Other")
    versions.publish(rt, editor, made.id)

    with pytest.raises(StaleDraft):
        versions.restore(rt, editor, made.id, 1, revision=1)
    restored = versions.restore(rt, editor, made.id, 1, revision=2)

    assert (restored.draft, restored.revision, restored.latest_version) == (SOUND, 3, 2)


def test_a_version_that_is_not_there_is_not_found(rt, editor, made):
    for number in (0, 1, -1, 2**31 - 1):
        with pytest.raises(NotFound):
            versions.get_version(rt, editor, made.id, number)
    with pytest.raises(NotFound):
        versions.publish(rt, editor, "ghost")


def test_a_note_has_2000_characters_at_most(rt, editor, made):
    with pytest.raises(InvalidInput):
        versions.publish(rt, editor, made.id, note="x" * 2001)
    assert versions.publish(rt, editor, made.id, note="x" * 2000).is_new


def test_the_hash_of_a_meaning_is_the_same_everywhere():
    assert meaning_sha256(Document.of(SOUND)) == meaning_sha256(Document.of(copy.deepcopy(SOUND)))
