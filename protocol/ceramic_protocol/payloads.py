"""Payload blocks as values, for those who look at the same one again.

Judging an event and making rows of it both need what its payload says, and decoding costs more than either.
So values are remembered for a while, and what a change says can travel beside its block as JSON, which is
read in a fraction of the time.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from ceramic_protocol import dagcbor
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.events import DataEvent, Event, InvalidEvent
from ceramic_protocol.limits import MAX_RECENT_PAYLOAD_BYTES, MAX_RECENT_PAYLOADS

_RECENT: Final[dict[bytes, IpldValue]] = {}


def decode_payload_block(payload: bytes) -> IpldValue:
    """The value of a DAG-CBOR block. It is shared: nobody may change it.

    Raises:
        DecodeError: see `dagcbor.decode`.
    """
    known = _RECENT.get(payload)
    return _remember(payload, dagcbor.decode(payload)) if known is None else known


def said_by(event: Event | InvalidEvent) -> bytes | None:
    """What a data event says beside its links, as JSON; None where JSON would lose something of it."""
    if not isinstance(event, DataEvent) or len(event.payload) > MAX_RECENT_PAYLOAD_BYTES:
        return None
    try:
        return orjson.dumps({"data": event.data, "header": event.header})
    except TypeError:
        return None


def remember_said(payload: bytes, said: bytes, stream: Cid, prev: Cid) -> None:
    """Remember the value of a data event's payload, given what `said_by` made of it, and its links."""
    value: dict[str, Any] = orjson.loads(said)
    value["id"], value["prev"] = stream, prev
    _remember(payload, value)


def _remember(payload: bytes, value: IpldValue) -> IpldValue:
    if len(payload) <= MAX_RECENT_PAYLOAD_BYTES:
        if len(_RECENT) >= MAX_RECENT_PAYLOADS:
            _RECENT.clear()
        _RECENT[payload] = value
    return value
