"""JSON over a socket between a worker and its children: each frame is its length in four bytes, then the text."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from typing import Any

import orjson

MAX_BYTES = 64 * 1_048_576
"""The largest frame; a longer one means that the other side has lost its mind."""

_LENGTH = struct.Struct(">I")


class Broken(Exception):
    """The other side is gone, or what it says makes no sense."""


def framed(value: Any) -> bytes:
    """
    Raises:
        TypeError: the value is no plain JSON.
        ValueError: it is too large.
    """
    text = orjson.dumps(value)
    if len(text) > MAX_BYTES:
        raise ValueError(
            f"{len(text)} bytes of JSON are more than the {MAX_BYTES} that a child may hand over"
        )
    return _LENGTH.pack(len(text)) + text


class Wire:
    """The child's end: blocking; any thread may send, one at a time may ask."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._sending = threading.Lock()
        self._asking = threading.Lock()

    def send(self, frame: bytes) -> None:
        with self._sending:
            self._sock.sendall(frame)

    def receive(self) -> Any:
        """
        Raises:
            Broken: the worker is gone.
        """
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        return orjson.loads(self._exactly(length))

    def ask(self, question: Any) -> Any:
        """The worker's answer."""
        with self._asking:
            self.send(framed(question))
            return self.receive()

    def _exactly(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            part = self._sock.recv(size - len(parts))
            if not part:
                raise Broken
            parts += part
        return bytes(parts)


async def receive(reader: asyncio.StreamReader) -> Any:
    """The next frame of a child.

    Raises:
        Broken: the child is gone, or has written into the socket by itself.
    """
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        if length > MAX_BYTES:
            raise Broken
        return orjson.loads(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, OSError, orjson.JSONDecodeError):
        raise Broken from None
