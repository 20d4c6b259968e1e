"""A server somewhere else, for commands that take --server and --key; and how people name what is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from openrooms.errors import ApiError

if TYPE_CHECKING:  # httpx takes a tenth of a second to load
    from openrooms.client import Client
    from openrooms.values import Page

F = TypeVar("F", bound=Callable[..., Any])


def at_server(command: F) -> F:
    """Adds the two options; the command gets `server` and `key`, None where neither was given."""
    server = click.option(
        "--server", envvar="OPENROOMS_SERVER", metavar="URL", help="Another installation (OPENROOMS_SERVER)."
    )
    key = click.option(
        "--key", envvar="OPENROOMS_KEY", metavar="KEY", help="An API key for it (OPENROOMS_KEY)."
    )
    return server(key(command))


@contextmanager
def connected(server: str | None, key: str | None) -> Iterator[Client]:
    """A client for the server.

    Raises:
        click.UsageError: there is no server or key.
    """
    if not server:
        raise click.UsageError("Say which server: --server http://127.0.0.1:8000, or set OPENROOMS_SERVER.")
    if not key:
        raise click.UsageError("Give an API key: --key or OPENROOMS_KEY. `openrooms keys create` makes one.")
    from openrooms.client import Client

    with Client(server if "://" in server else f"http://{server}", key) as client:
        yield client


def room_id(client: Client, wanted: str) -> str:
    """That of the room with this id or name."""
    return _only(
        "room",
        wanted,
        _by_id(client.get_room, wanted) or _named(client.list_rooms(q=wanted, limit=1000), wanted),
    )


def workflow_id(client: Client, wanted: str) -> str:
    found = _by_id(client.get_workflow, wanted)
    return _only(
        "workflow", wanted, found or _named(client.list_workflows(search=wanted, limit=1000), wanted)
    )


def room_to_run(client: Client, wanted: str) -> str:
    """The room that is meant: itself by id or name, else the one of the workflow of that name, made if there is none."""
    rooms = _by_id(client.get_room, wanted) or _named(client.list_rooms(q=wanted, limit=1000), wanted)
    if rooms:
        return _only("room", wanted, rooms)
    workflow = client.get_workflow(workflow_id(client, wanted))
    rooms = [room.id for room in client.each(client.list_rooms, workflow_id=workflow.id)]
    if len(rooms) > 1:
        raise click.ClickException(
            f"The workflow {workflow.name!r} has {len(rooms)} rooms. Name one: {', '.join(rooms)}."
        )
    return rooms[0] if rooms else client.create_room(workflow.name, workflow.id).id


def _by_id(get: Callable[[str], Any], wanted: str) -> list[str]:
    try:
        return [get(wanted).id]
    except ApiError as error:
        if error.code == "not_found":
            return []
        raise


def _named(page: Page[Any], wanted: str) -> list[str]:
    return [item.id for item in page.items if item.name == wanted]


def _only(kind: str, wanted: str, ids: list[str]) -> str:
    if len(ids) > 1:
        raise click.ClickException(f"{len(ids)} {kind}s are named {wanted!r}. Give the id: {', '.join(ids)}.")
    if not ids:
        raise click.ClickException(f"The server has no {kind} {wanted!r}.")
    return ids[0]
