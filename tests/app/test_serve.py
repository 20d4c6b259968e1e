"""Starting and stopping the server."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from openrooms_app.serve import CannotListen, PortInUse, listen
from tests.app.conftest import ROOT, clean_environment, free_port, wait_until_answers


def test_a_port_in_use_is_named_before_anything_else_happens() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match="--port") as refused:
            listen("127.0.0.1", port)

    assert refused.value.code == "port_in_use"


def test_an_address_that_is_not_ours_is_refused_in_words() -> None:
    with pytest.raises(CannotListen, match=r"203\.0\.113\.1"):
        listen("203.0.113.1", 0)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_server_runs_from_any_folder_and_stops_cleanly(
    built: Path, tmp_path: Path, stop: signal.Signals
) -> None:
    port, log = free_port(), tmp_path / "log"
    (tmp_path / "rxconfig.py").write_text("raise RuntimeError('a stranger to us')")
    program = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from engine.runtime import open_runtime, use_runtime
from engine.settings import Settings
from engine.store.migrations import migrate
rt = open_runtime(Settings(data_dir=Path("data")))
use_runtime(rt)
migrate(rt.db)
from openrooms_app.serve import serve
serve("127.0.0.1", {port}, Path("data"))
"""
    command = [sys.executable, "-c", program]
    with log.open("w") as errors:
        process = subprocess.Popen(command, cwd=tmp_path, env=clean_environment(), stderr=errors, text=True)
        try:
            wait_until_answers(f"http://127.0.0.1:{port}", process, log)
        finally:
            process.send_signal(stop)
            code = process.wait(15)

    assert code in {0, -stop}
    assert "Traceback" not in log.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "log", "rxconfig.py"]
    with socket.socket() as again:
        assert again.connect_ex(("127.0.0.1", port)) != 0


def test_the_port_is_named_tcp_so_that_answers_in_parts_are_not_held_back() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
