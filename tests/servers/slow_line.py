"""A line to a server that is slow: each byte arrives, in order, but late, in both directions."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue


@contextmanager
def slow_line(port: int, round_trip_s: float) -> Iterator[int]:
    """The port of a line to the loopback server at `port`."""
    told: SimpleQueue[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = SimpleQueue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to_there = await asyncio.open_connection("127.0.0.1", port)
        with suppress(asyncio.CancelledError):  # the line is taken down
            await asyncio.gather(
                _carry(reader, to_there, round_trip_s / 2), _carry(there, writer, round_trip_s / 2)
            )
        writer.close()
        to_there.close()

    async def run() -> None:
        server, is_over = await asyncio.start_server(serve, "127.0.0.1", 0), asyncio.Event()
        told.put((server.sockets[0].getsockname()[1], asyncio.get_running_loop(), is_over))
        await is_over.wait()
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    own_port, loop, is_over = told.get(timeout=10)
    try:
        yield own_port
    finally:
        loop.call_soon_threadsafe(is_over.set)
        thread.join(10)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, late_s: float) -> None:
    loop = asyncio.get_running_loop()
    with suppress(OSError):
        while data := await reader.read(65_536):
            loop.call_later(late_s, writer.write, data)
    await asyncio.sleep(late_s)
    writer.close()
