"""Builds the front end, once for each state of the sources: `python -m openrooms_app.build`.

Node comes from the virtual environment, packages from the npm registry by the committed lock; nothing else is
contacted. A build that is already there is found in a fraction of a second. `--check-types` runs the
TypeScript compiler over the sources beside their Python instead.
"""

import base64
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from openrooms_app import preloads
from openrooms_app.frontend import PRELOADS, READY, ROOT, SCRIPT_HASHES, fingerprint, sources_fingerprint

KEPT_BUILDS: Final = 6
WEB: Final = ROOT / ".web"
LOG: Final = READY.with_name("frontend.log")

_STEPS: Final = (
    ("Compiling production app", "compiling pages, installing packages"),
    ("Creating Production Build", "bundling"),
)
_INLINE_SCRIPT: Final = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)


class BuildFailed(RuntimeError):
    """The front end could not be built; the message ends with what the tools said last."""


def build() -> Path:
    """The folder of the front end for the sources as they are, built if it is not there yet."""
    folder = READY / fingerprint()
    if (folder / SCRIPT_HASHES).is_file():
        return folder
    with _one_at_a_time():
        folder = READY / fingerprint()
        if not (folder / SCRIPT_HASHES).is_file():
            sources, began = sources_fingerprint(), time.monotonic()
            _say("Building the web pages (once; some 30 s the first time)")
            try:
                _run([sys.executable, "-m", "openrooms_app.compile_pages"])
            finally:
                _sort_lock()
            folder = _publish(READY / fingerprint(sources))
            _say(f"Web pages built in {time.monotonic() - began:.0f} s")
        _prune()
    return folder


def check_types() -> int:
    """Run the TypeScript compiler; its exit code, 0 when all types are right."""
    build()
    with _one_at_a_time():
        command = [str(WEB / "node_modules" / ".bin" / "tsc"), "-p", str(ROOT / "tsconfig.json")]
        return subprocess.run(command, cwd=ROOT, env=environment(), check=False).returncode


def environment() -> dict[str, str]:
    """For Reflex and npm: the virtual environment's Node first, no telemetry, no look for newer versions."""
    bin_dir = Path(sys.executable).parent
    return {
        **os.environ,
        "PATH": f"{bin_dir}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "REFLEX_USE_NPM": "1",
        "REFLEX_DIR": str(READY.with_name("reflex")),
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "REFLEX_HTTP_CLIENT_BIND_ADDRESS": "0.0.0.0",  # noqa: S104 - keeps Reflex from probing for IPv6
        "NPM_CONFIG_REGISTRY": _registry(bin_dir),
        "npm_config_audit": "false",
        "npm_config_fund": "false",
        "npm_config_update_notifier": "false",
        "npm_config_omit_lockfile_registry_resolved": "true",
    }


def _registry(bin_dir: Path) -> str:
    """The registry npm is configured for; said aloud, because Reflex would otherwise time several."""
    if given := os.environ.get("NPM_CONFIG_REGISTRY"):
        return given
    path = f"{bin_dir}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    npm = shutil.which("npm", path=path)
    if npm is None:
        raise BuildFailed("There is no npm in the virtual environment. Run `make install`.")
    answer = subprocess.run(
        [npm, "config", "get", "registry"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PATH": path},
    )
    return answer.stdout.strip()


def _run(command: list[str]) -> None:
    """Run a step of the build; its output goes to the log, its progress to the terminal."""
    waiting = dict(_STEPS)
    with (
        LOG.open("w", encoding="utf-8") as log,
        subprocess.Popen(
            command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process,
    ):
        for line in process.stdout or ():
            log.write(line)
            for mark in [mark for mark in waiting if mark in line]:
                _say(f"  {waiting.pop(mark)}")
    if process.returncode:
        tail = "\n".join(LOG.read_text("utf-8").splitlines()[-40:])
        raise BuildFailed(f"{tail}\n\nThe web pages could not be built. The whole log: {LOG}")


def _sort_lock() -> None:
    """npm writes the same packages in another order after another way there; the committed file has one order."""
    path = ROOT / "reflex.lock" / "package.json"
    if path.is_file():
        packages = json.loads(path.read_text("utf-8"))
        path.write_text(f"{json.dumps(packages, indent=2, sort_keys=True)}\n", "utf-8")


def _publish(folder: Path) -> Path:
    """Move what a server needs into `folder`, in one rename, so nobody ever sees half of it."""
    half = folder.with_name(f"{folder.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    (half / "backend").mkdir(parents=True)
    shutil.copytree(WEB / "build" / "client", half / "build" / "client")
    for name in ("stateful_pages.json", "bundled_libraries.json"):
        if (WEB / "backend" / name).is_file():
            shutil.copy2(WEB / "backend" / name, half / "backend" / name)
    if (WEB / "routes.json").is_file():
        shutil.copy2(WEB / "routes.json", half / "routes.json")
    (half / SCRIPT_HASHES).write_text(
        json.dumps(_script_hashes(half / "build" / "client"), indent=1), "utf-8"
    )
    (half / PRELOADS).write_text(json.dumps(preloads.of_build(half / "build" / "client")), "utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    half.rename(folder)
    return folder


def _script_hashes(client: Path) -> list[str]:
    """The CSP hash of each inline script in the built pages."""
    scripts = {
        script
        for page in client.rglob("*.html")
        for script in _INLINE_SCRIPT.findall(page.read_text("utf-8"))
        if script
    }
    digests = (hashlib.sha256(script.encode()).digest() for script in sorted(scripts))
    return [f"sha256-{base64.b64encode(digest).decode()}" for digest in digests]


def _prune() -> None:
    """Keep the newest builds only; a server that still runs from an older one is long out of date."""
    builds = sorted(READY.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for folder in builds[KEPT_BUILDS:]:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two builds at once would write into the same `.web/`."""
    READY.mkdir(parents=True, exist_ok=True)
    with READY.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another build is running; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    if "--check-types" in sys.argv[1:]:
        return check_types()
    try:
        build()
    except BuildFailed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
