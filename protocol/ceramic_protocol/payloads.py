"""Payload blocks as values, for those who look at the same one shortly after each other.

Judging an event and making rows of it both need what its payload says, and decoding costs more than either.
"""

from __future__ import annotations

from functools import lru_cache

from ceramic_protocol import dagcbor
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.limits import MAX_RECENT_PAYLOAD_BYTES, MAX_RECENT_PAYLOADS


def decode_payload_block(payload: bytes) -> IpldValue:
    """The value of a DAG-CBOR block. It is shared: nobody may change it.

    Raises:
        DecodeError: see `dagcbor.decode`.
    """
    return _recent(payload) if len(payload) <= MAX_RECENT_PAYLOAD_BYTES else dagcbor.decode(payload)


@lru_cache(maxsize=MAX_RECENT_PAYLOADS)
def _recent(payload: bytes) -> IpldValue:
    return dagcbor.decode(payload)
