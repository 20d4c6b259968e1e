"""A proxy before PostgreSQL that cuts the line at a COMMIT: nobody who asked knows whether it happened."""

import select
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

SOCKET = ".s.PGSQL.5432"
COMMIT = b"COMMIT\0"
ALONE = b"\0lane_"
"""In what executes a statement that commits itself, and hardly ever in what prepares it."""


@dataclass
class CuttingProxy:
    """Listens in a folder of its own, as the server does in its folder.

    Every `every`-th COMMIT is the last thing that passes: with `forwards` it reaches the server and is carried
    out, and its answer is lost; without, it is lost itself. `cuts` counts them, up to `at_most`.
    """

    server: Path
    folder: Path
    every: int
    forwards: bool
    at_most: int = 1_000_000
    commit: bytes = COMMIT
    """What is taken for a COMMIT."""
    cuts: int = 0
    _commits: int = 0
    _mutex: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / SOCKET))
        self._listener.listen(100)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        with client, server, suppress(OSError):
            server.connect(str(self.server / SOCKET))
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    if ready is server:
                        client.sendall(data)
                    elif self.commit in data and self._is_to_be_cut():
                        self._cut(server, data)
                        return
                    else:
                        server.sendall(data)

    def _is_to_be_cut(self) -> bool:
        with self._mutex:
            self._commits += 1
            is_cut = self._commits % self.every == 0 and self.cuts < self.at_most
            self.cuts += is_cut
            return is_cut

    def _cut(self, server: socket.socket, data: bytes) -> None:
        if self.forwards:
            server.sendall(data)
            server.settimeout(1)  # in a pipeline there is no answer before its end
            server.recv(65536)  # it has been carried out; the answer goes nowhere
