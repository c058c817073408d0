"""What stands in entries of a node's feeds, in other forms."""

from __future__ import annotations

import binascii
from functools import lru_cache
from zlib import crc32

from ceramic_protocol.cid import RAW, Cid
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.ids import UNLOADABLE, StreamId
from ceramic_protocol.limits import MAX_REMEMBERED_STREAMS


def car_bytes(text: str) -> bytes:
    """A CAR from its text in multibase (base64 without padding)."""
    return binascii.a2b_base64(text[1:] + "=" * (-(len(text) - 1) % 4))


@lru_cache(MAX_REMEMBERED_STREAMS)
def type_name(stream_id: str) -> str:
    """The type of a stream, by its StreamID."""
    return StreamId.parse(stream_id).type_name


def unloadable(cid: str) -> str:
    """A StreamID for an event of no stream that is known: of the type that Ceramic has for such ones.

    Args:
        cid: of the event, or whatever it is called instead.
    """
    try:
        return str(StreamId.of(UNLOADABLE, Cid.parse(cid)))
    except IdentifierError:
        return str(StreamId.of(UNLOADABLE, Cid.of(cid.encode("utf-8", "replace"), RAW)))


def share_of(stream_id: str, tasks: int) -> int:
    """Which of so many tasks a stream belongs to."""
    return crc32(stream_id.encode("ascii")) % tasks
