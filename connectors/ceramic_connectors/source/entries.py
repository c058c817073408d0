"""What stands in entries of a node's feeds, in other forms."""

from __future__ import annotations

import binascii
from functools import lru_cache
from typing import Final
from zlib import crc32

from ceramic_protocol.ids import StreamId

_REMEMBERED: Final = 65_536


def car_bytes(text: str) -> bytes:
    """A CAR from its text in multibase (base64 without padding)."""
    return binascii.a2b_base64(text[1:] + "=" * (-(len(text) - 1) % 4))


@lru_cache(_REMEMBERED)
def type_name(stream_id: str) -> str:
    """The type of a stream, by its StreamID."""
    return StreamId.parse(stream_id).type_name


def share_of(stream_id: str, tasks: int) -> int:
    """Which of so many tasks a stream belongs to."""
    return crc32(stream_id.encode("ascii")) % tasks
