"""The shortest real question to a Kafka broker: which brokers are there (Metadata, version 4)."""

from __future__ import annotations

import socket
import struct
from typing import Final

_API_KEY: Final = 3
_VERSION: Final = 4
_TIMEOUT_SECONDS: Final = 2.0


def has_brokers(port: int) -> bool:
    """Whether the broker at a loopback port names at least one broker; an open port alone says nothing."""
    no_client, no_topics, may_create = -1, 0, False
    body = struct.pack(">hhihi?", _API_KEY, _VERSION, 1, no_client, no_topics, may_create)
    try:
        with socket.create_connection(("127.0.0.1", port), _TIMEOUT_SECONDS) as connection:
            connection.sendall(struct.pack(">i", len(body)) + body)
            length, _correlation, _throttled, brokers = struct.unpack(">iiii", _read(connection, 16))
    except OSError:
        return False
    return bool(length >= 12 and brokers > 0)


def _read(connection: socket.socket, size: int) -> bytes:
    parts = b""
    while len(parts) < size:
        part = connection.recv(size - len(parts))
        if not part:
            raise ConnectionError
        parts += part
    return parts
