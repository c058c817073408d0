"""Entries of the feed as JSON, put together from texts: thousands of them are sent a second.

What stands in them is a `FeedEvent`. Streams, controllers and signers come up again and again, and so the
texts of these are remembered.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from ceramic_node.http.v1.feed.forms import IncludeData, check_of, payload_of
from ceramic_node.http.v1.feed.shapes import KIND_NAMES
from ceramic_node.http.v1.json_text import dumps
from ceramic_node.http.v1.texts import maybe_stream, stream_text
from ceramic_protocol import multibase
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_REMEMBERED_STREAMS
from ceramic_protocol.stored import Delivered

_NULL: Final = b"null"
_GOOD: Final = b'{"verdict":"valid","reason":null,"detail":null}'
_KINDS: Final = tuple(name.encode() for name in KIND_NAMES)
_ENTRY: Final = (
    b'{"position":%d,"resume":"%b%d","received":%d,"cid":"%b","kind":"%b",%b,"prev":%b,"signer":%b,'
    b'"capability":%b,"timestamp":%b,"chain_id":%b,"check":%b%b}'
)


def entry_text(delivered: Delivered, include: IncludeData, token_start: bytes) -> bytes:
    """An entry with what is asked for, as JSON.

    Args:
        delivered: the entry.
        include: how much of the event comes along.
        token_start: what the tokens to go on with begin with.
    """
    position, checked, facts, car, received = delivered
    return _ENTRY % (
        position,
        token_start,
        position,
        received,
        checked.cid.text(),
        _KINDS[checked.kind],
        _stream(facts.stream_id, facts.model, facts.controller),
        _NULL if checked.prev is None else b'"%b"' % checked.prev.text(),
        _NULL if checked.signer is None else _text(checked.signer),
        _NULL if checked.capability is None else b'"%b"' % checked.capability.text(),
        _NULL if checked.timestamp is None else b"%d" % checked.timestamp,
        _NULL if checked.chain_id is None else _text(checked.chain_id),
        _GOOD if checked.reason is None else dumps(check_of(checked)),
        _more(checked, car, include) if include is not IncludeData.NONE else b"",
    )


def _more(checked: CheckedEvent, car: bytes | None, include: IncludeData) -> bytes:
    payload = b',"payload":%b' % dumps(payload_of(checked)) if include.has_payload else b""
    if not include.has_car or not car:
        return payload
    return b'%b,"car":"m%b"' % (payload, multibase.base64_ascii(car))


@lru_cache(MAX_REMEMBERED_STREAMS)
def _text(text: str) -> bytes:
    return dumps(text)


@lru_cache(MAX_REMEMBERED_STREAMS)
def _stream(stream: StreamId, model: StreamId | None, controller: str) -> bytes:
    return b'"stream_id":"%b","model":%b,"controller":%b' % (
        stream_text(stream).encode("ascii"),
        dumps(maybe_stream(model)),
        dumps(controller),
    )
