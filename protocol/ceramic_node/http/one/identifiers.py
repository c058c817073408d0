"""Reading the identifiers in requests, with ceramic-one's words for what is wrong with them."""

from __future__ import annotations

from ceramic_node.http.one.errors import Refused
from ceramic_node.http.one.rust import decode_multibase
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.event_ids import EventId
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_IDENTIFIER_CHARS


def as_cid(text: str) -> Cid:
    """A CID in any base.

    Raises:
        Refused: it is none.
    """
    data = _decoded(text, "")
    try:
        return Cid.from_bytes(data)
    except IdentifierError as error:
        raise Refused(f"Invalid Cid: {error}") from None


def as_event_id(text: str) -> EventId | None:
    """An EventID of an event in any base; None if it is none."""
    try:
        found = EventId.from_bytes(decode_multibase(_short(text)))
    except IdentifierError:
        return None
    return None if found.cid is None else found


def as_stream_id(text: str) -> StreamId:
    """A StreamID in any base.

    Raises:
        Refused: it is none.
    """
    try:
        return StreamId.from_bytes(decode_multibase(_short(text)))
    except IdentifierError as error:
        raise Refused(f"invalid stream id: {error}") from None


def as_data(text: str) -> bytes:
    """Bytes that are a separator's value, in any base.

    Raises:
        Refused: no multibase text.
    """
    return _decoded(text, "Invalid event data: ")


def _decoded(text: str, prefix: str) -> bytes:
    try:
        return decode_multibase(_short(text))
    except IdentifierError as error:
        raise Refused(f"{prefix}multibase error: {error}") from None


def _short(text: str) -> str:
    if len(text) > MAX_IDENTIFIER_CHARS:
        raise IdentifierError(f"{len(text)} characters are too many for an identifier")
    return text
