"""Workflows: drafts that always save, saves that never overwrite, lists in pages."""

import threading

import pytest

from engine.core.errors import InvalidInput, NotFound
from engine.core.page import Paging
from engine.core.room import NewRoom
from engine.core.source_text import TooLarge
from engine.core.workflow import WorkflowStatus
from engine.services import rooms, versions, workflows
from engine.services.drafts import StaleDraft
from engine.services.permission import Forbidden
from engine.services.workflows import WorkflowInUse
from engine.store import users
from tests.fixtures.drawings import drawing

SOUND = drawing("start > wait > end")


@pytest.fixture
def known(rt, admin, editor):
    """Both have accounts, with names to be told."""
    with rt.db.write() as session:
        for user in (admin, editor):
            users.add(session, user, "no hash")


def test_a_new_workflow_is_a_draft_with_its_problems_listed(rt, editor):
    made = workflows.create(rt, editor, {**SOUND, "name": "Support", "nodes": []})

    assert (made.name, made.status, made.revision, made.latest_version) == ("Support", "DRAFT", 1, None)
    assert made.error_count == sum(problem.severity == "error" for problem in made.problems) > 0
    assert workflows.get(rt, editor, made.id) == made


def test_an_empty_draft_has_a_start_and_an_end(rt, editor):
    made = workflows.create_empty(rt, editor, "  Fresh ")

    assert made.name == made.draft["name"] == "Fresh"
    assert [node["type"] for node in made.draft["nodes"]] == ["START", "END"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\0b"])
def test_a_workflow_needs_a_name_that_can_be_read(rt, editor, name):
    with pytest.raises(InvalidInput):
        workflows.create_empty(rt, editor, name)


@pytest.mark.parametrize(
    "draft",
    [
        {},
        {"name": 5, "nodes": "none"},
        {"name": "\0\n", "nodes": [None, 1, {"id": []}], "transitions": {"a": 1}},
        {"name": "x" * 5000, "unknown": [[[{}]]]},
    ],
)
def test_any_json_object_can_be_kept_as_a_draft(rt, editor, draft):
    made = workflows.create(rt, editor, draft)

    assert made.error_count > 0
    assert 1 <= len(made.name) <= 200
    assert workflows.get(rt, editor, made.id).draft == draft
    assert workflows.nodes(rt, editor, made.id) == [
        {**node, "transitions": []} for node in draft.get("nodes", []) if isinstance(node, dict)
    ]


@pytest.mark.parametrize("draft", [[], None, "text", 5, {"a": "\ud800"}, {"a": 2**70}, {1: 2}, {"a": {1, 2}}])
def test_what_is_no_json_object_is_refused(rt, editor, draft):
    made = workflows.create_empty(rt, editor, "Kept")

    with pytest.raises(InvalidInput):
        workflows.save_draft(rt, editor, made.id, draft)
    assert workflows.get(rt, editor, made.id) == made


def test_a_document_over_5_mib_is_refused(rt, editor):
    with pytest.raises(TooLarge, match="5,242,880 are the most"):
        workflows.create(rt, editor, {**SOUND, "description": "x" * 5_300_000})


def test_saving_counts_the_revision_and_keeps_key_order_and_numbers(rt, editor, known):
    made = workflows.create_empty(rt, editor, "One")
    draft = {"nodes": [{"z": 1, "a": 2.0, "id": "x"}], "name": "Two"}

    saved = workflows.save_draft(rt, editor, made.id, draft, revision=1)

    assert (saved.revision, saved.name) == (2, "Two")
    assert saved == workflows.get(rt, editor, made.id)
    assert list(saved.draft) == ["nodes", "name"]
    assert list(saved.draft["nodes"][0]) == ["z", "a", "id"]
    assert isinstance(saved.draft["nodes"][0]["a"], float)


def test_a_stale_save_overwrites_nothing_and_tells_the_newer_revision_and_whose_it_is(
    rt, admin, editor, known
):
    made = workflows.create(rt, editor, SOUND)
    newer = workflows.save_draft(rt, admin, made.id, {**SOUND, "name": "Newer"}, revision=1)

    with pytest.raises(StaleDraft, match=f"by {admin.name} and is at revision 2") as refused:
        workflows.save_draft(rt, editor, made.id, {**SOUND, "name": "Stale"}, revision=1)

    assert refused.value.extra == {"revision": 2, "saved_by_name": admin.name}
    assert made.saved_by_name == editor.name
    assert workflows.get(rt, editor, made.id) == newer


def test_of_many_who_save_one_revision_at_once_one_wins(rt, editor):
    made = workflows.create(rt, editor, SOUND)
    ends = []

    def save(number):
        try:
            ends.append(
                workflows.save_draft(rt, editor, made.id, {**SOUND, "name": f"{number}"}, revision=1).name
            )
        except StaleDraft:
            ends.append(None)

    threads = [threading.Thread(target=save, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (winner,) = [end for end in ends if end]
    assert (workflows.get(rt, editor, made.id).name, len(ends)) == (winner, 6)


def test_a_patch_changes_the_fields_it_names_and_null_removes_one(rt, editor):
    made = workflows.create(rt, editor, {**SOUND, "description": "old"})

    patched = workflows.patch_draft(rt, editor, made.id, {"name": "New", "description": None}, revision=1)

    assert patched.draft == {**SOUND, "name": "New"}
    assert patched.name == "New"
    with pytest.raises(StaleDraft):
        workflows.patch_draft(rt, editor, made.id, {"name": "Stale"}, revision=1)
    assert workflows.rename(rt, editor, made.id, "Newest").revision == 3


def test_patches_of_different_fields_at_once_all_arrive(rt, editor):
    made = workflows.create(rt, editor, SOUND)
    fields = ["description", "input_schema", "x1", "x2"]

    def patch(field):
        workflows.patch_draft(rt, editor, made.id, {field: {"by": field}})

    threads = [threading.Thread(target=patch, args=(field,)) for field in fields]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    after = workflows.get(rt, editor, made.id)
    assert after.draft == {**SOUND, **{field: {"by": field} for field in fields}}
    assert after.revision == 5


def test_a_list_is_newest_first_in_pages_without_gap_or_repeat(rt, editor):
    made = [workflows.create_empty(rt, editor, f"W{number}").id for number in range(7)]

    seen, cursor = [], None
    while True:
        page = workflows.list_workflows(rt, editor, paging=Paging(limit=3, cursor=cursor))
        seen += [item.id for item in page.items]
        if (cursor := page.next_cursor) is None:
            break

    assert seen == made[::-1]


@pytest.mark.parametrize(
    "paging",
    [Paging(limit=0), Paging(limit=1001), Paging(cursor="?"), Paging(cursor=""), Paging(cursor="AAAA")],
)
def test_a_limit_or_cursor_that_is_none_is_refused(rt, editor, paging):
    with pytest.raises(InvalidInput):
        workflows.list_workflows(rt, editor, paging=paging)


def test_a_search_finds_part_of_the_name_in_any_case_and_takes_wildcards_literally(rt, editor):
    for name in ("Ticket triage", "50% off", "a_b", "Ärzte"):
        workflows.create_empty(rt, editor, name)

    def found(search):
        return [item.name for item in workflows.list_workflows(rt, editor, search=search).items]

    assert found("TRIAGE") == ["Ticket triage"]
    assert found("0%") == ["50% off"]
    assert found("_") == ["a_b"]
    assert found("nothing") == []
    if rt.db.is_sqlite:
        assert found("ärz") == ["Ärzte"]


def test_a_list_tells_rooms_and_status(rt, editor):
    made = workflows.create(rt, editor, SOUND)
    versions.publish(rt, editor, made.id)
    for name in ("A", "B"):
        rooms.create(rt, editor, NewRoom(name=name, workflow_id=made.id))

    (item,) = workflows.list_workflows(rt, editor, status=WorkflowStatus.ACTIVE).items

    assert (item.id, item.room_count, item.last_run) == (made.id, 2, None)
    assert workflows.list_workflows(rt, editor, status=WorkflowStatus.DRAFT).items == ()


def test_a_workflow_nobody_uses_is_removed_with_its_versions(rt, editor):
    made = workflows.create(rt, editor, SOUND)
    versions.publish(rt, editor, made.id)

    assert workflows.delete(rt, editor, made.id) is None

    for ask in (workflows.get, workflows.nodes, workflows.delete, versions.list_versions):
        with pytest.raises(NotFound):
            ask(rt, editor, made.id)


def test_a_workflow_in_use_is_archived_by_force_alone_and_comes_back(rt, editor):
    made = workflows.create(rt, editor, SOUND)
    versions.publish(rt, editor, made.id)
    room = rooms.create(rt, editor, NewRoom(name="Desk", workflow_id=made.id))

    with pytest.raises(WorkflowInUse, match=r"used by 1 room\(s\): 'Desk'"):
        workflows.delete(rt, editor, made.id)
    assert workflows.delete(rt, editor, made.id, force=True).status is WorkflowStatus.ARCHIVED

    assert workflows.list_workflows(rt, editor).items == ()
    assert rooms.get(rt, editor, room.id) == room
    for refused in (
        lambda: rooms.create(rt, editor, NewRoom(name="Second", workflow_id=made.id)),
        lambda: versions.publish(rt, editor, made.id),
    ):
        with pytest.raises(versions.WorkflowArchived):
            refused()
    assert workflows.unarchive(rt, editor, made.id).status is WorkflowStatus.ACTIVE


def test_nodes_come_with_the_transitions_that_leave_them(rt, editor):
    made = workflows.create(rt, editor, SOUND)
    versions.publish(rt, editor, made.id)
    workflows.save_draft(rt, editor, made.id, {**SOUND, "nodes": []})

    nodes = workflows.nodes(rt, editor, made.id, version=1)

    assert [node["id"] for node in nodes] == [node["id"] for node in SOUND["nodes"]]
    assert [way["target"] for way in nodes[0]["transitions"]] == ["wait"]
    assert workflows.nodes(rt, editor, made.id) == []
    with pytest.raises(NotFound):
        workflows.nodes(rt, editor, made.id, version=2)


def test_a_viewer_reads_and_changes_nothing(rt, editor, viewer):
    made = workflows.create(rt, editor, SOUND)

    assert workflows.get(rt, viewer, made.id).id == made.id
    assert workflows.list_workflows(rt, viewer).items
    assert workflows.nodes(rt, viewer, made.id)
    assert workflows.validate(rt, viewer, SOUND) == []
    for forbidden in (
        lambda: workflows.create(rt, viewer, SOUND),
        lambda: workflows.create_empty(rt, viewer, "Mine"),
        lambda: workflows.save_draft(rt, viewer, made.id, SOUND),
        lambda: workflows.patch_draft(rt, viewer, made.id, {}),
        lambda: workflows.rename(rt, viewer, made.id, "Mine"),
        lambda: workflows.delete(rt, viewer, made.id),
        lambda: workflows.unarchive(rt, viewer, made.id),
        lambda: versions.publish(rt, viewer, made.id),
        lambda: versions.restore(rt, viewer, made.id, 1),
    ):
        with pytest.raises(Forbidden):
            forbidden()
    assert workflows.get(rt, editor, made.id) == made


@pytest.mark.parametrize("workflow_id", ["ghost", "", "x" * 500, "a'b", "ü"])
def test_a_workflow_that_is_not_there_is_not_found(rt, editor, workflow_id):
    with pytest.raises(NotFound):
        workflows.get(rt, editor, workflow_id)
    with pytest.raises(NotFound):
        workflows.save_draft(rt, editor, workflow_id, SOUND)


def test_an_id_that_no_database_can_hold_is_the_callers_fault(rt, editor):
    with pytest.raises((NotFound, InvalidInput)):
        workflows.get(rt, editor, "a\0b")
