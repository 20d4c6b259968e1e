"""`openrooms secrets …`: keep keys out of documents and out of the shell's history."""

import sys
from contextlib import closing

import click

from openrooms_app.commands.local import runtime
from openrooms_app.commands.told import say


@click.group()
def secrets() -> None:
    """Set, list and delete the values that documents name as {{ secrets.name }}."""


@secrets.command("set")
@click.argument("name")
def set_secret(name: str) -> None:
    """Set a secret; its value is asked for, or read from standard input."""
    from engine.services import secrets as service
    from engine.services.documents import OPERATOR

    if sys.stdin.isatty():
        value = click.prompt("Value", hide_input=True, confirmation_prompt=True)
    else:
        value = sys.stdin.read().removesuffix("\n")
    with closing(runtime()) as rt:
        made = service.put(rt, OPERATOR, name, value)
    click.echo(f"{made.name} is set.")


@secrets.command("list")
@click.option("--json", "as_json", is_flag=True, help="JSON lines for machines.")
def list_secrets(as_json: bool) -> None:
    """List the names."""
    from engine.core.page import MAX_LIMIT, Paging
    from engine.core.times import rfc3339
    from engine.services import secrets as service
    from engine.services.documents import OPERATOR

    with closing(runtime()) as rt:
        cursor = None
        while True:
            page = service.list_secrets(rt, OPERATOR, Paging(limit=MAX_LIMIT, cursor=cursor))
            for item in page.items:
                if as_json:
                    say(item.plain())
                else:
                    click.echo(f"{item.name}  set {rfc3339(item.updated_at)}")
            cursor = page.next_cursor
            if cursor is None:
                break


@secrets.command("delete")
@click.argument("name")
def delete_secret(name: str) -> None:
    """Delete a secret; steps that use it fail from then on."""
    from engine.services import secrets as service
    from engine.services.documents import OPERATOR

    with closing(runtime()) as rt:
        service.delete(rt, OPERATOR, name)
    click.echo(f"{name} is deleted.")


@secrets.command("rotate")
def rotate() -> None:
    """Protect all secrets by a new master key."""
    from engine.services import secrets as service
    from engine.services.documents import OPERATOR

    with closing(runtime()) as rt:
        done = service.rotate(rt, OPERATOR)
    key = "a new master key" if done.is_key_new else "the first key of OPENROOMS_MASTER_KEY"
    click.echo(f"{done.secrets} secrets are protected by {key}.")
