"""Drafts: any JSON object is kept, with its problems listed; who saves over somebody else's work is told."""

from typing import Any

import orjson

from engine.core.errors import InvalidInput, OpenRoomsError
from engine.core.problem import ERROR, Problem
from engine.core.source_text import TooLarge
from engine.core.validation import find_problems
from engine.core.validation.reading import MAX_BYTES
from engine.runtime import Runtime
from engine.store.workflows import Draft

MAX_NAME = 200
UNTITLED = "Untitled"


class StaleDraft(OpenRoomsError):
    code = "stale_draft"

    def __init__(self, revision: int) -> None:
        super().__init__(
            f"The draft was changed meanwhile and is at revision {revision} now. Nothing was overwritten: "
            "load it anew and make your change again."
        )
        self.revision = revision

    @property
    def extra(self) -> dict[str, Any]:
        return {"revision": self.revision}


def as_draft(rt: Runtime, data: Any, name_before: str = UNTITLED) -> tuple[Draft, tuple[Problem, ...]]:
    """`data` as a draft to be stored, and what is wrong with it.

    Raises:
        InvalidInput: it is no JSON object.
        TooLarge: over 5 MiB of JSON.
    """
    if not isinstance(data, dict):
        raise InvalidInput("A workflow document is a JSON object.")
    try:
        text = orjson.dumps(data)
    except (TypeError, RecursionError) as error:
        raise InvalidInput(f"The document can't be kept as JSON: {error}.") from None
    if len(text) > MAX_BYTES:
        raise TooLarge(f"The document takes {len(text):,} bytes; {MAX_BYTES:,} are the most. Split it.")
    problems = tuple(find_problems(data, rt.catalogue))
    errors = sum(problem.severity == ERROR for problem in problems)
    return Draft(_listed_name(data.get("name"), name_before), text.decode(), errors), problems


def clean_name(name: str, what: str) -> str:
    """The name without space around it.

    Raises:
        InvalidInput: it is empty, too long, or holds control characters.
    """
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise InvalidInput(f"The name of a {what} has 1 to {MAX_NAME} visible characters.")
    return name


def _listed_name(name: Any, before: str) -> str:
    """What lists show: a draft may hold anything in place of a name."""
    if not isinstance(name, str):
        return before
    visible = "".join(letter if letter.isprintable() else " " for letter in name[:MAX_NAME]).strip()
    return visible or before
