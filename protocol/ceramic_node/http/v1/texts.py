"""Texts of identifiers, remembered: the same streams, models and prevs come up again and again."""

from __future__ import annotations

from functools import lru_cache

from ceramic_protocol import multibase
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_REMEMBERED_STREAMS


@lru_cache(MAX_REMEMBERED_STREAMS)
def stream_text(stream: StreamId) -> str:
    """Text of a StreamID."""
    return str(stream)


def maybe_cid(cid: Cid | None) -> str | None:
    """Text of a CID, if there is one."""
    return None if cid is None else str(cid)


def maybe_stream(stream: StreamId | None) -> str | None:
    """Text of a StreamID, if there is one."""
    return None if stream is None else stream_text(stream)


def car_text(car: bytes) -> str:
    """A CAR as multibase text (base64), as the SDK has it."""
    return multibase.encode(car, "m")


def bytes_text(data: bytes | None) -> str | None:
    """Bytes as multibase text (base64url), if there are any."""
    return None if data is None else multibase.encode(data, "u")
