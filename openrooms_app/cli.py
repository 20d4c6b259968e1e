"""The `openrooms` command: a thin skin over services and processes, and over other servers' API."""

import sys
from typing import Any

import click

from engine.core.errors import OpenRoomsError
from openrooms.errors import ApiError, ClientError
from openrooms_app.commands import documents, keys, operation, rooms, secrets

FAILED = 1


class Commands(click.Group):
    """Turns errors into one line and exit code 1; wrong usage stays click's exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (OpenRoomsError, ClientError) as error:
            said = error.detail if isinstance(error, ApiError) else error
            click.echo(f"openrooms: {error.code}: {said}", err=True)
            sys.exit(FAILED)
        except BrokenPipeError:
            sys.stderr.close()
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
