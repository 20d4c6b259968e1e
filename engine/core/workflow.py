"""A workflow as outsiders see it: one draft that is worked on, many versions that never change."""

import hashlib
from enum import StrEnum
from typing import Any

import orjson

from engine.core.document import Document, Frozen
from engine.core.instant import Instant
from engine.core.problem import Problem
from engine.core.run import RunStatus


class WorkflowStatus(StrEnum):
    DRAFT = "DRAFT"
    """Nothing published yet."""
    ACTIVE = "ACTIVE"
    """Has a version that can run."""
    ARCHIVED = "ARCHIVED"
    """Put away: its rooms go on, new ones are refused."""


class LastRun(Frozen):
    """The newest run of any of a workflow's rooms."""

    id: str
    room_id: str
    number: int
    status: RunStatus
    created_at: Instant


class WorkflowSummary(Frozen):
    """A workflow in a list. `revision` counts the saves of the draft; `error_count` and `saved_by_name` are of the last one;
    `published_` is of the latest version.
    """

    id: str
    name: str
    status: WorkflowStatus
    revision: int
    error_count: int
    latest_version: int | None
    published_at: Instant | None = None
    published_by_name: str | None = None
    room_count: int = 0
    last_run: LastRun | None = None
    created_at: Instant
    updated_at: Instant
    created_by: str | None = None
    saved_by_name: str | None = None


class Workflow(WorkflowSummary):
    """A workflow with its draft, which may be any JSON object, and what is wrong with it."""

    draft: dict[str, Any]
    problems: tuple[Problem, ...] = ()
    draft_matches_version: bool = False
    """The draft means the same as the latest version: publishing it would make no new one."""


class VersionSummary(Frozen):
    """A version without its document. `sha256` is of the document's text; it was published by `created_by`, whose account is
    called `created_by_name`.
    """

    workflow_id: str
    version: int
    sha256: str
    meaning_sha256: str
    note: str = ""
    created_at: Instant
    created_by: str | None = None
    created_by_name: str | None = None


class Version(VersionSummary):
    document: dict[str, Any]


class Published(Frozen):
    """What publishing gave: a new version, or the latest one when the draft means the same."""

    version: Version
    is_new: bool


def meaning_sha256(document: Document) -> str:
    """One hash for all documents that mean the same.

    Places of cards and the sticky notes have no meaning, nor has the order of an object's fields, nor
    whether a default is spelled out. Names and descriptions have: people read them in a room.
    """
    meaning = document.plain()
    del meaning["notes"]
    for node in meaning["nodes"]:
        del node["position"]
    return hashlib.sha256(orjson.dumps(meaning, option=orjson.OPT_SORT_KEYS)).hexdigest()


def free_name(wanted: str, taken: set[str]) -> str:
    """`wanted`, or `wanted (2)` and so on while it is taken."""
    name, number = wanted, 2
    while name in taken:
        name = f"{wanted} ({number})"
        number += 1
    return name
