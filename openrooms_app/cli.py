"""The `openrooms` command: a thin skin over services and processes."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import click

from engine.core.errors import OpenRoomsError
from openrooms_app.secrets_cli import secrets

FINE, FAILED = 0, 1


class Commands(click.Group):
    """Turns the engine's errors into one line and exit code 1; wrong usage stays click's exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except OpenRoomsError as error:
            click.echo(f"openrooms: {error.code}: {error}", err=True)
            sys.exit(FAILED)
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(FAILED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="openrooms")
def main() -> None:
    """Draw agent workflows as state machines, run them in rooms, watch them live."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Worker processes.")
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Default: ./.openrooms")
@click.option(
    "--demo", is_flag=True, help="Fill an empty installation with the templates and a room for each."
)
@click.option("--dev", is_flag=True, help="Take tools from ./tools, and load them again when a file changes.")
def up(  # noqa: PLR0913 - one for each option
    host: str, port: int, workers: int, data_dir: Path | None, demo: bool, *, dev: bool
) -> None:
    """Run everything: Redis, database, workers and the web app, on one port."""
    from openrooms_app.serve import listen
    from openrooms_app.supervisor import Plan, Supervisor

    if dev:
        _tools_of_developer()
    settings = _settings(data_dir)
    with listen(host, port) as probe:  # a port in use is told before anything is started
        port = probe.getsockname()[1]
    plan = Plan(
        host, port, workers, settings.data_dir.resolve(), settings.redis_url, demo, settings.worker_grace_s
    )
    sys.exit(Supervisor(plan).run())


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--demo", is_flag=True, hidden=True)
def web(host: str, port: int, demo: bool) -> None:
    """Run the web app alone: pages, API and websocket."""
    from openrooms_app.serve import serve

    settings = _settings(None)
    _log_to_stderr(settings.log_level)
    _stop_with_supervisor()
    _prepare_web(host, port, demo)
    serve(host, port, settings.data_dir)


@main.command()
@click.option(
    "--threads", type=click.IntRange(1, 256), help="Threads that drive runs. Default: from settings."
)
@click.option("--replaces", type=int, hidden=True)
def worker(threads: int | None, replaces: int | None) -> None:
    """Run one worker process."""
    from engine.runtime import open_runtime
    from engine.worker import at_work, expire_predecessor

    settings = _settings(None)
    _log_to_stderr(settings.log_level)
    rt = open_runtime(settings)
    if replaces:
        expire_predecessor(rt, replaces)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    _stop_with_supervisor()
    with at_work(rt, threads=threads or settings.worker_threads) as listen:
        threading.Thread(target=listen, name="bells", daemon=True).start()
        stopping.wait()
    rt.close()


@main.command()
def migrate() -> None:
    """Bring the database to this version's tables."""
    _runtime().close()


@main.command("set-password")
@click.argument("name")
@click.password_option()
def set_password(name: str, password: str) -> None:
    """Give a user a new password; on a new installation, make the administrator."""
    from engine.services import upkeep

    rt = _runtime()
    user = upkeep.set_password(rt, name, password)
    rt.close()
    click.echo(f"{user.name} ({user.role}) has a new password.")


@main.command()
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
            click.echo(json.dumps(told, ensure_ascii=False))
            continue
        for problem in problems:
            place = problem.node_id or problem.transition_id or problem.path or "document"
            click.echo(f"{file}: {problem.severity}: {problem.code} at {place}: {problem.message}")
        if not errors:
            warnings = len(problems)
            click.echo(f"{file}: fine" + (f", {warnings} warnings" if warnings else ""))
    sys.exit(FINE if is_sound else FAILED)


@main.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--input", "input_", help="The run's input: JSON, or @file. Default: the schema's defaults.")
@click.option(
    "--signal", "signals", multiple=True, metavar="NAME=JSON", help="Answer a WAIT; may be repeated."
)
@click.option("--json", "as_json", is_flag=True, help="Events and result as JSON lines.")
def run(file: Path, input_: str | None, signals: tuple[str, ...], as_json: bool) -> None:
    """Run a document to its end in the foreground; exit 1 if the run fails."""
    from engine.core.run import RunStatus
    from engine.services.documents import read_file
    from engine.services.foreground import run_document

    _log_to_stderr("ERROR")
    given = None if input_ is None else _json("--input", input_)
    answers = dict(_named_json(text) for text in signals)
    done = run_document(read_file(file), given, answers, _teller(as_json))
    if as_json:
        result = {"status": done.status, "output": done.output, "error": done.error, "steps": done.steps}
        click.echo(json.dumps({**result, "fingerprint": done.fingerprint}, ensure_ascii=False))
    else:
        click.echo(f"\n{done.status}" + (f": {done.error['message']}" if done.error else ""))
        if done.output is not None:
            click.echo(json.dumps(done.output, ensure_ascii=False, indent=2))
    sys.exit(FINE if done.status is RunStatus.COMPLETED else FAILED)


@main.command("eval")
@click.argument("expression")
@click.option("--with", "scope", default="{}", help="The names in scope: JSON, or @file.")
@click.option("--as", "as_", type=click.Choice(["value", "condition", "template"]), default="value")
@click.option("--json", "as_json", is_flag=True)
def evaluate(expression: str, scope: str, as_: str, as_json: bool) -> None:
    """Try an expression out; prints its value as JSON."""
    from engine.services.trying import evaluate as try_out

    result = try_out(expression, as_, _json("--with", scope))
    shown = result if as_json else result["value"]
    click.echo(json.dumps(shown, ensure_ascii=False))


@main.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
def import_(files: tuple[Path, ...]) -> None:
    """Add documents as workflows of this installation."""
    from engine.services import workflows
    from engine.services.documents import OPERATOR

    rt = _runtime()
    for file in files:
        made = workflows.import_document(rt, OPERATOR, file.read_bytes(), _format_of(file))
        click.echo(f"{file}: {made.id} {made.name}")
    rt.close()


@main.command()
@click.argument("workflow")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False))
def export(workflow: str, output: Path | None) -> None:
    """Write a workflow's document: its latest version, or its draft."""
    from engine.services import workflows
    from engine.services.documents import OPERATOR, find_workflow

    rt = _runtime()
    kind = _format_of(output) if output else "json"
    text = workflows.export(rt, OPERATOR, find_workflow(rt, workflow), file_format=kind)
    rt.close()
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_bytes(text)


@main.command()
@click.argument("run_id")
@click.option("--json", "as_json", is_flag=True)
def replay(run_id: str, as_json: bool) -> None:
    """Decide a recorded run again; exit 0 if it is identical, 1 with the first divergence."""
    from engine.services import history
    from engine.services.documents import OPERATOR

    rt = _runtime()
    result = history.replay_run(rt, OPERATOR, run_id)
    rt.close()
    if as_json:
        click.echo(json.dumps(result))
    elif result["identical"]:
        click.echo(f"identical: {result['events']} events, fingerprint {result['fingerprint']}")
    else:
        click.echo(f"diverges at event {result['divergence']['seq']}: {result['divergence']['reason']}")
    sys.exit(FINE if result["identical"] else FAILED)


@main.command()
@click.option("--json", "as_json", is_flag=True)
def doctor(as_json: bool) -> None:
    """Tell what is configured, reachable and missing, with the remedy."""
    from engine.services.doctor import examine

    findings = examine(_settings(None))
    for finding in findings:
        if as_json:
            click.echo(json.dumps(finding.plain()))
        else:
            mark = "ok " if finding.is_fine else "!! "
            remedy = f" → {finding.remedy}" if finding.remedy else ""
            click.echo(f"{mark}{finding.name}: {finding.found}{remedy}")
    sys.exit(FINE if all(finding.is_fine for finding in findings) else FAILED)


main.add_command(secrets)


@main.command()
def mcp() -> None:
    """Offer the published workflows to a local MCP client, over stdin and stdout."""
    from engine.runtime import use_runtime
    from openrooms_app.mcp.stdio import serve_stdio

    _log_to_stderr("WARNING")
    rt = _runtime()
    use_runtime(rt)
    serve_stdio()
    rt.close()


def _tools_of_developer() -> None:
    """The folder `tools` where the command is given, unless the settings name another."""
    folder = Path(os.environ.setdefault("OPENROOMS_TOOLS_DIR", str(Path("tools").resolve())))
    folder.mkdir(parents=True, exist_ok=True)
    click.echo(f"Tools are taken from {folder} and loaded again when a file changes.")


def _settings(data_dir: Path | None) -> Any:
    from pydantic import ValidationError

    from engine.settings import Settings

    if data_dir is not None:
        os.environ["OPENROOMS_DATA_DIR"] = str(data_dir.resolve())
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise click.UsageError(f"The configuration is wrong: {faults}") from None


def _runtime() -> Any:
    from engine.services.upkeep import open_migrated

    return open_migrated(_settings(None))


def _prepare_web(host: str, port: int, demo: bool) -> None:
    from engine.runtime import get_runtime
    from engine.services import identity

    rt = get_runtime()
    if demo:
        from engine.services import templates
        from engine.services.documents import OPERATOR

        templates.seed_demo(rt, OPERATOR)
    if identity.needs_setup(rt):
        token = identity.make_setup_token(rt)
        shown = f"[{host}]" if ":" in host else host
        click.echo(
            f"\nCreate the administrator within 15 minutes:\n  http://{shown}:{port}/setup?token={token}\n"
        )


def _stop_with_supervisor() -> None:
    """End when the supervisor ends, however it ends: its side of our stdin closes."""
    if os.environ.get("OPENROOMS_SUPERVISED") != "1":
        return

    def watch() -> None:
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="supervisor", daemon=True).start()


def _log_to_stderr(level: str) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("httpx", "httpx2", "huey", "huey.consumer", "alembic", "reflex"):
        logging.getLogger(noisy).setLevel("WARNING")


def _json(option: str, text: str) -> Any:
    from engine.core.parsing import parse_json

    if text.startswith("@"):
        try:
            return parse_json(Path(text[1:]).read_bytes())
        except OSError as error:
            raise click.BadParameter(f"{text[1:]}: {error.strerror}", param_hint=option) from None
    return parse_json(text)


def _named_json(text: str) -> tuple[str, Any]:
    name, found, value = text.partition("=")
    if not found:
        raise click.BadParameter(f"{text!r} is not NAME=JSON", param_hint="--signal")
    return name, _json("--signal", value)


def _teller(as_json: bool) -> Callable[[dict[str, Any]], None]:
    def tell(event: dict[str, Any]) -> None:
        if as_json:
            click.echo(json.dumps(event, ensure_ascii=False))
        elif event["level"] != "DEBUG":
            branch = f" [{event['branch']}]" if event["branch"] else ""
            click.echo(f"{event['at'][11:23]} {event['level']:<7} {event['message']}{branch}")

    return tell


def _format_of(file: Path) -> Literal["json", "yaml"]:
    return "yaml" if file.suffix in (".yaml", ".yml") else "json"


if __name__ == "__main__":
    main()
