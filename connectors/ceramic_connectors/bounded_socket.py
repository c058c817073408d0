"""A socket below `http.client` that bounds what a server can do to its client.

The library's own timeout starts anew with every byte, and in places it reads as much as the server says.
"""

from __future__ import annotations

import io
import socket
import time
from http.client import HTTPException
from typing import Any


class BoundedSocket:
    """The part of a socket that `http.client` uses, with a deadline and a number of bytes for all reads."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.start(0.0, 0)

    def start(self, deadline: float, max_bytes: int) -> None:
        """Begin an exchange that ends when `time.monotonic()` is at `deadline`."""
        self._deadline = deadline
        self._bytes_left = max_bytes

    def hurry(self) -> None:
        """Let the socket's next operation end by the deadline.

        Raises:
            TimeoutError: it has passed.
        """
        seconds = self._deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        self._sock.settimeout(seconds)

    def count(self, received: int) -> None:
        """Take note of bytes received.

        Raises:
            HTTPException: they are too many by now.
        """
        self._bytes_left -= received
        if self._bytes_left < 0:
            raise HTTPException("no end")

    def sendall(self, data: bytes) -> None:
        """See `socket.sendall`."""
        self.hurry()
        self._sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        """See `socket.makefile`; for reading only."""
        del mode
        return io.BufferedReader(_Reader(self, self._sock.makefile("rb", buffering=0)))

    def close(self) -> None:
        """See `socket.close`."""
        self._sock.close()


class _Reader(io.RawIOBase):
    """What a socket receives, within its bounds."""

    def __init__(self, bounds: BoundedSocket, raw: io.RawIOBase) -> None:
        self._bounds = bounds
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._bounds.hurry()
        count = self._raw.readinto(buffer)
        self._bounds.count(count or 0)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()
