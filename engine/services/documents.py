"""Documents in files, for the command line: read strictly, checked against what is installed here."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.core.catalogue import Catalogue
from engine.core.discovery import discover
from engine.core.errors import InvalidInput, NotFound
from engine.core.identity import Role, User
from engine.core.page import Paging
from engine.core.parsing import MalformedJson, TooLarge, parse_json, parse_yaml
from engine.core.problem import ERROR, Problem
from engine.core.validation import find_problems
from engine.settings import Settings
from engine.supply import Sources, Supply

if TYPE_CHECKING:
    from engine.runtime import Runtime

OPERATOR = User(id="operator", name="operator", role=Role.ADMIN)
"""Who uses the command line on the machine itself."""


def read_file(file: Path) -> dict[str, Any]:
    """The document in a JSON or YAML file.

    Raises:
        MalformedJson, TooLarge, InvalidInput
    """
    source = file.read_bytes()
    data = parse_yaml(source) if file.suffix in (".yaml", ".yml") else parse_json(source)
    if not isinstance(data, dict):
        raise InvalidInput(f"{file}: a workflow document is a JSON object.")
    return data


def check_file(file: Path) -> list[Problem]:
    """Every problem of the document in the file; that it can't be read at all is one."""
    try:
        data = read_file(file)
    except TooLarge as error:
        return [Problem(code="too_large", severity=ERROR, message=str(error))]
    except MalformedJson as error:
        return [Problem(code="bad_document", severity=ERROR, message=str(error), path=error.pointer)]
    except InvalidInput as error:
        return [Problem(code="bad_document", severity=ERROR, message=str(error))]
    return find_problems(data, installed())


def find_workflow(rt: Runtime, wanted: str) -> str:
    """The id of the workflow with this id or name.

    Raises:
        NotFound, InvalidInput: none, or several of that name.
    """
    from engine.services import workflows  # a document in a file is checked without a database

    page = workflows.list_workflows(rt, OPERATOR, search=wanted, paging=Paging(limit=1000))
    exact = [item.id for item in page.items if item.name == wanted]
    if len(exact) > 1:
        raise InvalidInput(f"{len(exact)} workflows are named {wanted!r}. Give the id: {', '.join(exact)}.")
    if exact:
        return exact[0]
    try:
        return workflows.get(rt, OPERATOR, wanted).id
    except NotFound:
        raise NotFound("workflow", wanted) from None


@lru_cache(maxsize=1)
def installed() -> Catalogue:
    """The catalogue of this machine, with the operator's own tools as they were last known."""
    settings = Settings()
    catalogue = discover({"http_allow": settings.http_allow})
    Supply(Sources.of(settings), catalogue)
    return catalogue
