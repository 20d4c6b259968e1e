"""Documents: checked, run, taken in and out, replayed; here, or at a server where they are stored."""

import json
import logging
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import click

from openrooms_app.commands.local import log_to_stderr, runtime, settings
from openrooms_app.commands.remote import at_server, connected, workflow_id
from openrooms_app.commands.rooms import run_there
from openrooms_app.commands.told import format_of, json_of, named_json, say, tell_end, teller


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option("--json", "as_json", is_flag=True, help="One JSON line a file.")
def check(files: tuple[Path, ...], as_json: bool) -> None:
    """Validate workflow documents; exit 1 if one has errors."""
    from engine.services.documents import check_file

    is_sound = True
    for file in files:
        problems = check_file(file)
        errors = sum(problem.severity == "error" for problem in problems)
        is_sound &= not errors
        if as_json:
            told = {"file": str(file), "ok": not errors, "problems": [item.plain() for item in problems]}
            say(told)
            continue
        for problem in problems:
            place = problem.node_id or problem.transition_id or problem.path or "document"
            click.echo(f"{file}: {problem.severity}: {problem.code} at {place}: {problem.message}")
        if not errors:
            warnings = len(problems)
            click.echo(f"{file}: fine" + (f", {warnings} warnings" if warnings else ""))
    sys.exit(not is_sound)


@click.command()
def schema() -> None:
    """Print the JSON Schema of documents, for editors that complete and check by it."""
    from engine.services.catalogue import document_schema

    click.echo(json.dumps(document_schema(), ensure_ascii=False, indent=2))


@click.command()
@click.argument("what", metavar="FILE|ROOM|WORKFLOW")
@click.option("--input", "input_", help="The run's input: JSON, or @file. Default: the schema's defaults.")
@click.option(
    "--signal", "signals", multiple=True, metavar="NAME=JSON", help="Answer a WAIT; may be repeated."
)
@click.option("--until", metavar="NODE", help="Try out: end after this node.")
@click.option("--only", metavar="NODE", help="Try out: run this node alone.")
@click.option("--vars", "vars_", help="For --only: the variables that it reads, as JSON or @file.")
@click.option(
    "--pin",
    "pins",
    multiple=True,
    metavar="NODE=JSON",
    help="Try out: give a node's output; may be repeated.",
)
@click.option("--detach", is_flag=True, help="At a server: print the run's id and leave it running.")
@click.option("--json", "as_json", is_flag=True, help="Events and result as JSON lines.")
@at_server
def run(what: str, input_: str | None, signals: tuple[str, ...], **options: Any) -> None:
    """Run a document to its end in the foreground, or with --server a room; exit 1 if the run fails.

    A server runs what is stored there: a room by id or name, or a published workflow in a room of its own.
    """
    given = None if input_ is None else json_of("--input", input_)
    answers = [named_json("--signal", text) for text in signals]
    trial = _trial(options)
    if options["server"]:
        run_there({"what": what, **options}, {"input": given, **trial}, answers)
    elif options["detach"]:
        raise click.UsageError("--detach takes a server: nothing goes on here once this command ends.")
    else:
        _run_here(Path(what), {"input": given, **trial}, dict(answers), options["as_json"])


def _trial(options: dict[str, Any]) -> dict[str, Any]:
    """What makes the run a trial, as the API takes it."""
    vars_ = options["vars_"] and json_of("--vars", options["vars_"])
    pins = dict(named_json("--pin", text) for text in options["pins"])
    told = {"until": options["until"], "only": options["only"], "vars": vars_, "pins": pins}
    return {name: value for name, value in told.items() if value}


def _run_here(file: Path, asked: dict[str, Any], answers: dict[str, Any], as_json: bool) -> None:
    from engine.core.run import RunStatus
    from engine.services.documents import read_file
    from engine.services.foreground import run_document
    from engine.services.runs import Trial

    if not file.is_file():
        raise click.BadParameter(
            f"there is no file {file}. A room or workflow takes --server.", param_hint="FILE"
        )
    log_to_stderr("ERROR")
    logging.getLogger("engine.runner.committer").setLevel(
        "WARNING"
    )  # a full disk would look like a standstill
    done = run_document(read_file(file), asked["input"], answers, teller(as_json), Trial.of(asked))
    if as_json:
        result = {"run_id": done.id, "status": done.status, "output": done.output, "error": done.error}
        say({**result, "steps": done.steps, "fingerprint": done.fingerprint})
    else:
        tell_end(done.status, done.output, done.error)
    sys.exit(done.status is not RunStatus.COMPLETED)


@click.command("eval", context_settings={"ignore_unknown_options": True})  # -2 * 3 is no option
@click.argument("expression")
@click.option("--with", "scope", default="{}", help="The names in scope: JSON, or @file.")
@click.option("--as", "as_", type=click.Choice(["value", "condition", "template"]), default="value")
@click.option("--json", "as_json", is_flag=True)
def evaluate(expression: str, scope: str, as_: str, as_json: bool) -> None:
    """Try an expression out; prints its value as JSON."""
    from engine.services.trying import evaluate as try_out

    result = try_out(expression, as_, json_of("--with", scope))
    shown = result if as_json else result["value"]
    say(shown)


@click.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option("--json", "as_json", is_flag=True, help="One JSON line a file.")
@at_server
def import_(files: tuple[Path, ...], as_json: bool, server: str | None, key: str | None) -> None:
    """Add documents as workflows of this installation, or of a server."""

    def tell(file: Path, id_: str, name: str) -> None:
        if as_json:
            say({"file": str(file), "id": id_, "name": name})
        else:
            click.echo(f"{file}: {id_} {name}")

    if server:
        with connected(server, key) as client:
            for file in files:
                added = client.import_workflow(file.read_bytes(), format_of(file))
                tell(file, added.id, added.name)
        return
    from engine.services import workflows
    from engine.services.documents import OPERATOR

    with closing(runtime()) as rt:
        for file in files:
            made = workflows.import_document(rt, OPERATOR, file.read_bytes(), format_of(file))
            tell(file, made.id, made.name)


@click.command()
@click.argument("workflow")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False))
@at_server
def export(workflow: str, output: Path | None, server: str | None, key: str | None) -> None:
    """Write a workflow's document: its latest version, or its draft."""
    kind = format_of(output) if output else "json"
    if server:
        with connected(server, key) as client:
            text = client.export_workflow(workflow_id(client, workflow), format=kind)
    else:
        text = _exported_here(workflow, kind)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_bytes(text)


def _exported_here(workflow: str, kind: Literal["json", "yaml"]) -> bytes:
    from engine.services import workflows
    from engine.services.documents import OPERATOR, find_workflow

    with closing(runtime()) as rt:
        return workflows.export(rt, OPERATOR, find_workflow(rt, workflow), file_format=kind)


@click.command()
@click.argument("run_id")
@click.option("--json", "as_json", is_flag=True)
@at_server
def replay(run_id: str, as_json: bool, server: str | None, key: str | None) -> None:
    """Decide a recorded run again; exit 0 if it is identical, 1 with the first divergence."""
    if server:
        with connected(server, key) as client:
            result = client.replay_run(run_id)
    else:
        result = _replayed_here(run_id)
    if as_json:
        say(result)
    elif result["identical"]:
        click.echo(f"identical: {result['events']} events, fingerprint {result['fingerprint']}")
    else:
        click.echo(f"diverges at event {result['divergence']['seq']}: {result['divergence']['reason']}")
    sys.exit(not result["identical"])


def _replayed_here(run_id: str) -> dict[str, Any]:
    from engine.services import history
    from engine.services.documents import OPERATOR
    from engine.services.kept_runs import replay_kept

    kept = replay_kept(settings(None), run_id)
    if kept is not None:
        return kept
    with closing(runtime()) as rt:
        return history.replay_run(rt, OPERATOR, run_id)
