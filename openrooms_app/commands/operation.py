"""Running an installation: all in one or part by part, its tables, its passwords, what ails it."""

import json
import os
import signal
import sys
import threading
from pathlib import Path

import click

from openrooms_app.commands.local import log_to_stderr, runtime, settings
from openrooms_app.ending import end_anyway
from openrooms_app.loading import loading


@click.command()
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
    chosen = settings(data_dir)
    with listen(host, port) as probe:  # a port in use is told before anything is started
        port = probe.getsockname()[1]
    plan = Plan(host, port, workers, chosen.data_dir.resolve(), chosen.redis_url, demo, chosen.worker_grace_s)
    sys.exit(Supervisor(plan).run())


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--demo", is_flag=True, hidden=True)
def web(host: str, port: int, demo: bool) -> None:
    """Run the web app alone: pages, API and websocket."""
    from openrooms_app.serve import serve

    chosen = settings(None)
    log_to_stderr(chosen.log_level)
    _stop_with_supervisor()
    with loading():
        _prepare_web(host, port, demo)
    serve(host, port, chosen.data_dir)


@click.command()
@click.option(
    "--threads", type=click.IntRange(1, 256), help="Threads that drive runs. Default: from settings."
)
@click.option("--replaces", type=int, hidden=True)
def worker(threads: int | None, replaces: int | None) -> None:
    """Run one worker process."""
    with loading():
        from engine.runtime import open_runtime
        from engine.worker import at_work, expire_predecessor

        chosen = settings(None)
        log_to_stderr(chosen.log_level)
        rt = open_runtime(chosen)
    if replaces:
        expire_predecessor(rt, replaces)
    stopping = threading.Event()

    def stop(*_: object) -> None:
        stopping.set()
        end_anyway(chosen.worker_grace_s)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    _stop_with_supervisor()
    with at_work(rt, threads=threads or chosen.worker_threads) as listen:
        threading.Thread(target=listen, name="bells", daemon=True).start()
        stopping.wait()
    rt.close()


@click.command()
def migrate() -> None:
    """Bring the database to this version's tables."""
    from engine.services import upkeep

    rt = runtime()
    upkeep.set_clock(rt)
    rt.close()


@click.command("set-password")
@click.argument("name")
@click.password_option()
def set_password(name: str, password: str) -> None:
    """Give a user a new password; on a new installation, make the administrator."""
    from engine.services import upkeep

    rt = runtime()
    user = upkeep.set_password(rt, name, password)
    rt.close()
    click.echo(f"{user.name} ({user.role}) has a new password.")


@click.command()
@click.option("--json", "as_json", is_flag=True)
def doctor(as_json: bool) -> None:
    """Tell what is configured, reachable and missing, with the remedy."""
    from engine.services.doctor import examine

    findings = examine(settings(None))
    for finding in findings:
        if as_json:
            click.echo(json.dumps(finding.plain()))
        else:
            mark = "ok " if finding.is_fine else "!! "
            remedy = f" → {finding.remedy}" if finding.remedy else ""
            click.echo(f"{mark}{finding.name}: {finding.found}{remedy}")
    sys.exit(not all(finding.is_fine for finding in findings))


@click.command()
def mcp() -> None:
    """Offer the published workflows to a local MCP client, over stdin and stdout."""
    from engine.runtime import use_runtime
    from openrooms_app.mcp.stdio import serve_stdio

    log_to_stderr("WARNING")
    rt = runtime()
    use_runtime(rt)
    serve_stdio()
    rt.close()


def _tools_of_developer() -> None:
    """The folder `tools` where the command is given, unless the settings name another."""
    folder = Path(os.environ.setdefault("OPENROOMS_TOOLS_DIR", str(Path("tools").resolve())))
    folder.mkdir(parents=True, exist_ok=True)
    click.echo(f"Tools are taken from {folder} and loaded again when a file changes.")


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
