"""Files in and out: the same bytes each time, ids as they were, JSON and YAML alike."""

import json

import pytest

from engine.core.errors import InvalidInput, NotFound
from engine.core.parsing import MalformedJson, TooLarge, parse_yaml
from engine.services import versions, workflows
from engine.services.exchange import export, import_document
from engine.services.permission import Forbidden
from tests.fixtures.drawings import drawing

SOUND = {**drawing("start > wait > end"), "name": "Grüße", "description": "two\nlines: {{ input.x }}"}
RAW = json.dumps(SOUND).encode()


@pytest.mark.parametrize("file_format", ["json", "yaml"])
def test_what_is_exported_and_imported_again_exports_the_same_bytes(rt, editor, file_format):
    first = import_document(rt, editor, RAW)
    versions.publish(rt, editor, first.id)
    file = export(rt, editor, first.id, file_format=file_format)
    workflows.delete(rt, editor, first.id)

    second = import_document(rt, editor, file, file_format)
    versions.publish(rt, editor, second.id)

    assert second.draft == SOUND
    assert export(rt, editor, second.id, file_format=file_format) == file
    assert export(rt, editor, second.id, version=1, file_format=file_format) == file


def test_an_export_is_pretty_json_with_the_fields_in_their_order(rt, editor):
    made = import_document(rt, editor, RAW)

    text = export(rt, editor, made.id).decode()

    assert text == json.dumps(SOUND, indent=2, ensure_ascii=False) + "\n"


def test_without_a_version_the_draft_is_exported_and_later_on_request(rt, editor):
    made = import_document(rt, editor, RAW)
    assert json.loads(export(rt, editor, made.id))["name"] == "Grüße"
    versions.publish(rt, editor, made.id)
    workflows.rename(rt, editor, made.id, "Draft")

    assert json.loads(export(rt, editor, made.id))["name"] == "Grüße"
    assert json.loads(export(rt, editor, made.id, version="draft"))["name"] == "Draft"
    with pytest.raises(NotFound):
        export(rt, editor, made.id, version=2)
    with pytest.raises(NotFound):
        export(rt, editor, "ghost")


def test_a_name_that_is_taken_gets_a_number(rt, editor):
    names = [import_document(rt, editor, RAW).name for _ in range(3)]

    assert names == ["Grüße", "Grüße (2)", "Grüße (3)"]
    long = json.dumps({**SOUND, "name": "x" * 200}).encode()
    assert len({import_document(rt, editor, long).name for _ in range(2)}) == 2


def test_yaml_is_read_as_the_json_it_means(rt, editor):
    raw = b"format: openrooms/workflow@1\nname: On\nnodes: []\ntransitions: [{id: t, on: ALWAYS}]\n"

    assert import_document(rt, editor, raw, "yaml").draft == parse_yaml(raw)


@pytest.mark.parametrize(
    ("raw", "file_format", "error"),
    [
        (b"{", "json", MalformedJson),
        (b'{"a": 1, "a": 2}', "json", MalformedJson),
        (b"\xff", "json", MalformedJson),
        (b"a: [", "yaml", MalformedJson),
        (b"[1]", "json", InvalidInput),
        (b"- 1", "yaml", InvalidInput),
        (b"", "json", MalformedJson),
        (b"[" * 100_000, "json", TooLarge),
        (b'{"a": "' + b"x" * 5_300_000 + b'"}', "json", TooLarge),
    ],
)
def test_a_file_that_holds_no_document_is_refused(rt, editor, raw, file_format, error):
    with pytest.raises(error):
        import_document(rt, editor, raw, file_format)
    assert workflows.list_workflows(rt, editor).items == ()


def test_an_unsound_file_becomes_a_draft_with_its_problems(rt, editor):
    made = import_document(rt, editor, b'{"name": "Half"}')

    assert made.error_count > 0
    assert made.status == "DRAFT"


def test_a_viewer_exports_and_does_not_import(rt, editor, viewer):
    made = import_document(rt, editor, RAW)

    assert export(rt, viewer, made.id)
    with pytest.raises(Forbidden):
        import_document(rt, viewer, RAW)
