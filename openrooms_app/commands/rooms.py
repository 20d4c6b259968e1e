"""Rooms and runs of a server: listed, watched, steered, answered."""

import re
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from openrooms_app.commands.remote import at_server, connected, room_id, room_to_run
from openrooms_app.commands.told import json_of, say, table, tell_end, teller

JSON = click.option("--json", "as_json", is_flag=True, help="JSON lines for machines.")


@click.command()
@click.option("--q", "q", default="", help="Part of the name.")
@click.option("--status")
@JSON
@at_server
def rooms(q: str, status: str | None, as_json: bool, server: str | None, key: str | None) -> None:
    """List a server's rooms, newest first."""
    with connected(server, key) as client:
        found = list(client.each(client.list_rooms, q=q, status=status))
    if as_json:
        for room in found:
            say(room.model_dump(mode="json"))
    else:
        table([(room.id, room.status, room.name, room.workflow_name) for room in found])


def _moment(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    """`7d` as the moment so long ago; anything else is the server's to read."""
    ago = re.fullmatch(r"(\d{1,5})([mhd])", text or "")
    if ago is None:
        return text
    past = timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[ago[2]]: int(ago[1])})
    return (datetime.now(UTC) - past).isoformat()


@click.command()
@click.argument("room", required=False)
@click.option("--status")
@click.option(
    "--since", callback=_moment, help="Begun then or later: 90m, 12h or 7d ago, or an RFC 3339 time."
)
@click.option("--until", callback=_moment, help="Begun before then.")
@click.option(
    "--q", "q", default="", help="Words of the room's or workflow's name, a number, or an id's beginning."
)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@JSON
@at_server
def runs(room: str | None, **options: Any) -> None:
    """List a server's latest runs, or those of a ROOM."""
    with connected(options["server"], options["key"]) as client:
        place = room_id(client, room) if room else None
        asked = {name: options[name] for name in ("status", "since", "until", "q", "limit")}
        found = client.list_runs(room_id=place, **asked).items
    if options["as_json"]:
        for run in found:
            say(run.model_dump(mode="json"))
    else:
        table(
            [
                (run.id, f"#{run.number}", run.status, f"{run.created_at:%F %T}", f"{run.steps} steps")
                for run in found
            ]
        )


@click.command()
@click.argument("room")
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, run after run, until Ctrl-C.")
@click.option(
    "--level", default="INFO", show_default=True, type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"])
)
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1000))
@JSON
@at_server
def logs(room: str, **options: Any) -> None:
    """Print the events of a ROOM's latest run."""
    tell = teller(options["as_json"])
    levels = ["DEBUG", "INFO", "WARNING", "ERROR", "FATAL"]
    with connected(options["server"], options["key"]) as client:
        place = room_id(client, room)
        if not options["follow"]:
            for event in client.list_logs(place, level=options["level"], limit=options["limit"]).items:
                tell(event)
            return
        for event in client.stream_room(place):
            if levels.index(event["level"]) >= levels.index(options["level"]):
                tell(event)


@click.command("signal")
@click.argument("room")
@click.argument("name")
@click.argument("payload", default="null")
@JSON
@at_server
def send_signal(room: str, name: str, payload: str, **options: Any) -> None:
    """Answer a WAIT of a ROOM: the signal's NAME, and its PAYLOAD as JSON or @file."""
    with connected(options["server"], options["key"]) as client:
        told = client.send_signal(room_id(client, room), name, json_of("PAYLOAD", payload))
    if options["as_json"]:
        say(told.model_dump(mode="json"))
    else:
        click.echo(f"run #{told.number} has the signal {name}")


def _steering(name: str, text: str) -> click.Command:
    @click.command(name, help=text)
    @click.argument("room")
    @JSON
    @at_server
    def steer(room: str, as_json: bool, server: str | None, key: str | None) -> None:
        with connected(server, key) as client:
            told = getattr(client, f"{name}_run")(room_id(client, room))
        if as_json:
            say(told.model_dump(mode="json"))
        else:
            click.echo(f"run #{told.number} was {told.status}; asked to {name}")

    return steer


pause = _steering("pause", "Hold a ROOM's run at its next step.")
resume = _steering("resume", "Let a ROOM's paused run go on.")
cancel = _steering("cancel", "End a ROOM's run; a step under way is aborted.")


def run_there(options: dict[str, Any], asked: dict[str, Any], answers: list[tuple[str, Any]]) -> None:
    """Run a room of a server to its end, events as they come; exits with 1 unless it completes."""
    with connected(options["server"], options["key"]) as client:
        place = room_to_run(client, options["what"])
        started = client.start_run(place, asked.pop("input"), **asked)
        if options["detach"]:
            click.echo(started.run_id)
            return
        for name, payload in answers:
            client.send_signal(place, name, payload)
        tell = teller(options["as_json"])
        for event in client.stream_run(started.run_id):
            tell(event)
        run = client.get_run(started.run_id)
    if options["as_json"]:
        say(run.model_dump(mode="json"))
    else:
        tell_end(run.status, run.output, run.error)
    sys.exit(run.status != "COMPLETED")
