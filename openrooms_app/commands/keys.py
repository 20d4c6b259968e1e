"""API keys and the audit log, from the machine itself: how the first key of an installation is made."""

import sys
from contextlib import closing

import click

from openrooms_app.commands.local import runtime
from openrooms_app.commands.told import say, table

SCOPES = ("read", "run", "edit", "admin")


@click.group()
def keys() -> None:
    """Make, list and revoke API keys of this installation."""


@keys.command("create")
@click.option("--user", required=True, help="Whose it is; the key is never worth more than that user's role.")
@click.option(
    "--scopes", default="read", show_default=True, help=f"Separated by commas: {', '.join(SCOPES)}."
)
@click.option("--name", default="made on the command line", help="What it is for.")
@click.option("--days", type=click.IntRange(1, 3650), help="How long it is good. Default: for ever.")
@click.option("--json", "as_json", is_flag=True)
def create(user: str, scopes: str, name: str, days: int | None, as_json: bool) -> None:
    """Make a key and print it, this once."""
    from engine.core.apikey import NewKey
    from engine.core.identity import Scope
    from engine.services import api_keys
    from engine.services.documents import OPERATOR

    wanted = [scope.strip() for scope in scopes.split(",")]
    if unknown := sorted(set(wanted) - set(SCOPES)):
        raise click.BadParameter(
            f"there is no scope {unknown[0]!r}: {', '.join(SCOPES)}", param_hint="--scopes"
        )
    new = NewKey(name=name, scopes=tuple(Scope(scope) for scope in wanted), expires_in_days=days)
    with closing(runtime()) as rt:
        made = api_keys.create_for(rt, OPERATOR, user, new)
    if as_json:
        say(made.plain())
    else:
        click.echo(made.key)


@keys.command("list")
@click.option("--json", "as_json", is_flag=True)
def list_all(as_json: bool) -> None:
    """List everybody's keys, the newest 1000."""
    from engine.core.page import Paging
    from engine.core.times import rfc3339_or_none
    from engine.services import api_keys
    from engine.services.documents import OPERATOR

    with closing(runtime()) as rt:
        found = api_keys.list_keys(rt, OPERATOR, Paging(limit=1000), of_all=True).items
    if as_json:
        for key in found:
            say(key.plain())
        return
    rows = [("ID", "USER", "SCOPES", "LAST USED", "STATE", "NAME")]
    for key in found:
        used = rfc3339_or_none(key.used_at) or "never"
        state = "revoked" if key.revoked_at else f"until {rfc3339_or_none(key.expires_at) or 'revoked'}"
        rows.append((key.id, key.user_name, ",".join(key.scopes), used, state, key.name))
    table(rows)


@keys.command("revoke")
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """End a key by its id, the eight letters after or_."""
    from engine.services import api_keys
    from engine.services.documents import OPERATOR

    with closing(runtime()) as rt:
        api_keys.revoke(rt, OPERATOR, key_id)
    click.echo(f"{key_id} opens nothing any more.")


@click.group()
def audit() -> None:
    """The audit log of this installation."""


@audit.command("verify")
@click.option("--json", "as_json", is_flag=True)
def verify(as_json: bool) -> None:
    """Whether every entry still follows from the one before; exit 1 with the first that does not."""
    from engine.services import auditing
    from engine.services.documents import OPERATOR

    with closing(runtime()) as rt:
        verdict = auditing.verify(rt, OPERATOR)
    if as_json:
        say(verdict.plain())
    elif verdict.is_intact:
        click.echo("intact: every entry follows from the one before")
    else:
        click.echo(f"broken at entry {verdict.broken_at}: it, or the one before, was changed or removed")
    sys.exit(not verdict.is_intact)
