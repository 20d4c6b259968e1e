"""What a pooler before PostgreSQL does that is told to ignore a connection's options: they get lost."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SOCKET = ".s.PGSQL.5432"


@contextmanager
def without_options(server: str, folder: Path) -> Iterator[None]:
    """Listens in a folder of its own, as the server does in its folder."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / SOCKET))
        listener.listen(10)
        thread = threading.Thread(target=_accept, args=(listener, server))
        thread.start()
        yield
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _accept(listener: socket.socket, server: str) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            with client, socket.socket(socket.AF_UNIX) as there, suppress(OSError):
                there.connect(f"{server}/{SOCKET}")
                _carry(client, there)


def _carry(client: socket.socket, there: socket.socket) -> None:
    """One connection, to its end."""
    size = int.from_bytes(client.recv(4, socket.MSG_WAITALL), "big")
    words = client.recv(size - 4, socket.MSG_WAITALL)
    version, pairs = words[:4], words[4:].rstrip(b"\0").split(b"\0")
    kept = [pairs[at : at + 2] for at in range(0, len(pairs), 2) if pairs[at] != b"options"]
    words = version + b"".join(name + b"\0" + value + b"\0" for name, value in kept) + b"\0"
    there.sendall((len(words) + 4).to_bytes(4, "big") + words)
    while True:
        for ready in select.select([client, there], [], [])[0]:
            data = ready.recv(65_536)
            if not data:
                return
            (there if ready is client else client).sendall(data)
