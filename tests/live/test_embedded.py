import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis

from engine.live import embedded
from engine.live.address import MAX_SOCKET_PATH, socket_path
from engine.live.embedded import EmbeddedRedis, NoBundledRedis, RedisInUse, RedisStuck, UnsafeSocketDirectory
from tests.live.conftest import wait_until

START_AND_VANISH = """
import os, sys
from pathlib import Path
from engine.live.embedded import EmbeddedRedis
server = EmbeddedRedis(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
os._exit(0)
"""


def left_behind(data_dir: Path) -> int:
    """The process id of a server whose `up` was killed."""
    done = subprocess.run(
        [sys.executable, "-c", START_AND_VANISH, str(data_dir)], capture_output=True, check=True
    )
    return int(done.stdout)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_it_answers_when_start_returns_and_not_after_stop(tmp_path):
    server = EmbeddedRedis(tmp_path)
    with Redis.from_url(server.start()) as redis:
        assert redis.ping()
    assert server.is_alive()

    server.stop()

    assert not server.is_alive()
    assert not (tmp_path / "redis.sock").exists()


def test_nobody_else_can_open_its_socket_and_it_has_no_port(own_redis, tmp_path):
    assert stat.S_IMODE((tmp_path / "redis.sock").stat().st_mode) == 0o700
    with Redis.from_url(own_redis.url) as redis:
        assert redis.config_get("port") == {"port": "0"}


def test_a_second_start_in_the_same_data_dir_is_refused(own_redis, tmp_path):
    with pytest.raises(RedisInUse, match="Another `openrooms up`") as refused:
        EmbeddedRedis(tmp_path).start()

    assert refused.value.code == "redis_in_use"
    assert own_redis.is_alive()


def test_a_killed_server_is_revived_with_what_it_had_acknowledged(own_redis):
    with Redis.from_url(own_redis.url) as redis:
        redis.set("kept", "1")
    os.kill(own_redis.pid, signal.SIGKILL)
    wait_until(lambda: not own_redis.is_alive())

    assert own_redis.revive()
    assert not own_redis.revive()
    with Redis.from_url(own_redis.url) as redis:
        assert redis.get("kept") == b"1"


def test_a_server_that_outlived_its_starter_is_replaced_by_a_child(tmp_path):
    old = left_behind(tmp_path)
    assert is_running(old)

    server = EmbeddedRedis(tmp_path)
    server.start()

    assert server.is_alive()
    assert server.pid != old
    wait_until(lambda: not is_running(old))
    server.stop()


def test_the_socket_of_a_killed_server_is_no_obstacle(tmp_path):
    os.kill(left_behind(tmp_path), signal.SIGKILL)
    assert (tmp_path / "redis.sock").exists()

    server = EmbeddedRedis(tmp_path)
    server.start()

    assert server.is_alive()
    server.stop()


def test_a_leftover_that_hangs_is_named_and_not_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "STOP_TIMEOUT_S", 0.1)
    old = left_behind(tmp_path)
    os.kill(old, signal.SIGSTOP)
    try:
        with pytest.raises(RedisStuck, match=f"process {old}"):
            EmbeddedRedis(tmp_path).start()
        assert is_running(old)
    finally:
        os.kill(old, signal.SIGKILL)


def test_files_it_cannot_read_are_thrown_away_because_all_can_be_rebuilt(tmp_path):
    server = EmbeddedRedis(tmp_path)
    server.start()
    server.stop()
    for file in (tmp_path / "redis" / "appendonlydir").iterdir():
        file.write_bytes(b"\x00garbage" * 100)

    server.start()

    assert server.is_alive()
    server.stop()


def test_a_data_dir_too_deep_for_a_socket_works_by_a_private_directory(tmp_path):
    deep = tmp_path / ("d" * MAX_SOCKET_PATH)
    server = EmbeddedRedis(deep)
    try:
        with Redis.from_url(server.start()) as redis:
            assert redis.ping()
        folder = socket_path(deep).parent
        assert len(str(folder)) < MAX_SOCKET_PATH
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        server.stop()
        folder.rmdir()


def test_a_socket_directory_that_others_can_enter_is_refused(tmp_path):
    deep = tmp_path / ("d" * MAX_SOCKET_PATH)
    folder = socket_path(deep).parent
    folder.mkdir()
    folder.chmod(0o755)
    try:
        with pytest.raises(UnsafeSocketDirectory):
            EmbeddedRedis(deep).start()
    finally:
        folder.rmdir()


def test_a_data_dir_with_odd_letters_in_its_name_works(tmp_path):
    server = EmbeddedRedis(tmp_path / "a b%20?#ü")
    with Redis.from_url(server.start()) as redis:
        assert redis.ping()
    server.stop()


def test_a_platform_without_a_bundled_server_is_told_what_to_set(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(NoBundledRedis, match="OPENROOMS_REDIS_URL") as refused:
        EmbeddedRedis(tmp_path).start()
    assert refused.value.code == "redis_not_bundled"


def test_ctrl_c_in_the_terminal_does_not_reach_it(own_redis):
    assert os.getsid(own_redis.pid) != os.getsid(0)
