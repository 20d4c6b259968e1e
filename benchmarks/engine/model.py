"""A loopback server that answers as a model's server does, each question after the same time: `python -m … PORT S`."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.engine.databases import ROOT

CHUNK = {"id": "a", "object": "chat.completion.chunk", "created": 0, "model": "bench"}
USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
CHUNKS = (
    {
        **CHUNK,
        "choices": [{"index": 0, "delta": {"role": "assistant", "content": "x"}, "finish_reason": None}],
    },
    {**CHUNK, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    {**CHUNK, "choices": [], "usage": USAGE},
)
ANSWER = "".join(f"data: {text}\n\n" for text in (*map(json.dumps, CHUNKS), "[DONE]")).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n"


@contextmanager
def model_server(answer_s: float) -> Iterator[dict[str, str]]:
    """The environment by which an installation finds the server, a process of its own."""
    command = [sys.executable, "-m", "benchmarks.engine.model", str(answer_s)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            _until_it_answers(url)
            yield {"OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": "none"}
        finally:
            process.terminate()


def _until_it_answers(url: str) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


async def _serve(answer_s: float) -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if head.startswith(b"POST"):
                    await reader.readexactly(_length(head))
                    await asyncio.sleep(answer_s)
                writer.write(HEAD % len(ANSWER) + ANSWER)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0, backlog=4096)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
