"""Undoes an answer's compression piece by piece: no piece of output is larger than CHUNK, whatever came in."""

import zlib
from collections.abc import Iterator

from engine.net.errors import Unreachable

CHUNK = 65_536
CODINGS = ("gzip", "deflate")
"""What is asked for. Others would need a library, and nobody has to send them."""

_GZIP, _ZLIB, _RAW = 31, 15, -15


class Inflating:
    def __init__(self, coding: str) -> None:
        self._wbits = _GZIP if coding == "gzip" else _ZLIB
        self._zip = zlib.decompressobj(self._wbits)
        self._is_fresh = True
        """Whether nothing has come in yet since the compressed data began."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """
        Raises:
            Unreachable: the data makes no sense.
        """
        while data:
            part = self._inflate(data)
            self._is_fresh = False
            yield part
            data = self._zip.unconsumed_tail
            while len(part) == CHUNK and not data and not self._zip.eof:  # more may wait inside
                part = self._inflate(b"")
                yield part
            if self._zip.eof:
                data = self._zip.unused_data.lstrip(b"\0") if self._wbits == _GZIP else b""
                if data:  # gzip files may follow each other
                    self._zip, self._is_fresh = zlib.decompressobj(self._wbits), True

    def end(self) -> None:
        """
        Raises:
            Unreachable: there should have been more.
        """
        if not (self._is_fresh or self._zip.eof):
            raise Unreachable("The answer's compressed body ends too early.")

    def _inflate(self, data: bytes) -> bytes:
        try:
            return self._zip.decompress(data, CHUNK)
        except zlib.error:
            if self._wbits == _ZLIB and self._is_fresh:  # many send "deflate" without its header
                self._wbits = _RAW
                self._zip = zlib.decompressobj(_RAW)
                return self._inflate(data)
            raise Unreachable("The answer's compressed body is broken.") from None
