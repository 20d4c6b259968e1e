"""A line to a server that is slow: each byte arrives, in order, but late, in both directions. It can be cut, and mended."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue


class Line:
    """To the loopback server at `there`, from `port`."""

    port: int

    def __init__(self, there: int, round_trip_s: float) -> None:
        self._there = there
        self._late_s = round_trip_s / 2
        self._ends: set[asyncio.StreamWriter] = set()
        self._is_cut = False
        self._ready: SimpleQueue[asyncio.AbstractEventLoop] = SimpleQueue()
        self._is_over = asyncio.Event()
        self._is_open = asyncio.Event()
        self._is_open.set()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        self._loop = self._ready.get(timeout=10)

    def cut(self) -> None:
        """Everything that is on its way is lost, and nobody gets through until it is mended."""
        self._is_cut = True
        self._loop.call_soon_threadsafe(self._drop)

    def mend(self) -> None:
        self._is_cut = False

    def hold(self) -> None:
        """What comes from now on waits, in both directions, until it is let go."""
        self._loop.call_soon_threadsafe(self._is_open.clear)

    def let_go(self) -> None:
        self._loop.call_soon_threadsafe(self._is_open.set)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._is_over.set)
        self._thread.join(10)

    def _drop(self) -> None:
        for writer in self._ends:
            writer.transport.abort()

    async def _run(self) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.put(asyncio.get_running_loop())
        await self._is_over.wait()
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        there, to_there = await asyncio.open_connection("127.0.0.1", self._there)
        self._ends |= {writer, to_there}
        with suppress(asyncio.CancelledError):  # the line is taken down
            await asyncio.gather(self._carry(reader, to_there), self._carry(there, writer))
        self._ends -= {writer, to_there}
        writer.close()
        to_there.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        with suppress(OSError):
            while data := await reader.read(65_536):
                await self._is_open.wait()
                loop.call_later(self._late_s, writer.write, data)
        await asyncio.sleep(self._late_s)
        writer.close()


@contextmanager
def line_to(url: str, round_trip_s: float = 0) -> Iterator[Line]:
    """A line to the server at the loopback address `url`."""
    line = Line(int(url.rpartition(":")[2]), round_trip_s)
    try:
        yield line
    finally:
        line.close()
