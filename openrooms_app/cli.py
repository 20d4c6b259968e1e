"""The `openrooms` command: a thin skin over services and processes, and over other servers' API."""

import sys
from typing import Any

import click

from engine.core.errors import OpenRoomsError
from openrooms.errors import ApiError, ClientError
from openrooms_app.commands import documents, keys, operation, rooms, secrets
from openrooms_app.commands.told import say

FAILED, WRONG_USAGE = 1, 2


class Commands(click.Group):
    """Turns errors into a line, with --json on stdout as well, and exit code 1; wrong usage stays click's exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        as_json = "--json" in ctx.args
        try:
            return super().invoke(ctx)
        except (OpenRoomsError, ClientError) as error:
            said = error.detail if isinstance(error, ApiError) else str(error)
            more = getattr(error, "extra", {})
            click.echo(f"openrooms: {error.code}: {said}", err=True)
            for problem in more.get("problems") or ():
                click.echo(f"  {problem['severity']}: {problem['code']}: {problem['message']}", err=True)
            if as_json:
                say({"code": error.code, "detail": said, **more})
            sys.exit(WRONG_USAGE if error.code == "bad_settings" else FAILED)
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(FAILED)
        except OSError as error:
            click.echo(f"openrooms: {error.strerror or error}: {error.filename or ''}".rstrip(": "), err=True)
            sys.exit(FAILED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="openrooms")
def main() -> None:
    """Draw agent workflows as state machines, run them in rooms, watch them live."""


for command in (
    *(
        operation.up,
        operation.web,
        operation.worker,
        operation.migrate,
        operation.set_password,
        operation.doctor,
        operation.mcp,
    ),
    *(
        documents.check,
        documents.schema,
        documents.run,
        documents.evaluate,
        documents.import_,
        documents.export,
        documents.replay,
    ),
    *(rooms.rooms, rooms.runs, rooms.logs, rooms.send_signal, rooms.pause, rooms.resume, rooms.cancel),
    *(keys.keys, keys.audit, secrets.secrets),
):
    main.add_command(command)


if __name__ == "__main__":
    main()
