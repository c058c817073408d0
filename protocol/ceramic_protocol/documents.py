"""The state of models and model instances: content and metadata, folded along a log (consensus.md 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ceramic_protocol import dagjson
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.errors import DecodeError, EncodeError
from ceramic_protocol.events import InitHeader
from ceramic_protocol.jsonpatch import apply_patch
from ceramic_protocol.limits import MAX_DOCUMENT_BYTES
from ceramic_protocol.reasons import Reason

_METADATA = {"shouldIndex": bool, "modelVersion": Cid}


class DocumentState(NamedTuple):
    """A document after some event. `json` is DAG-JSON `{"metadata":{…},"content":…}`, as in the tables."""

    content: IpldValue
    metadata: Mapping[str, IpldValue]
    json: bytes


def envelope_json(metadata: Mapping[str, IpldValue], content: object) -> bytes:
    """`{"metadata":{…},"content":…}` in ceramic-one's text form: metadata first (api.md 3.4)."""
    head = dagjson.encode(metadata) if metadata else b"{}"
    return b'{"metadata":' + head + b',"content":' + dagjson.encode(content) + b"}"


def header_metadata(header: Mapping[str, IpldValue]) -> dict[str, IpldValue]:
    """The members of an event's header that are part of the document's metadata."""
    if not header:
        return {}
    return {name: header[name] for name, kind in _METADATA.items() if isinstance(header.get(name), kind)}


def init_state(header: InitHeader, data: IpldValue) -> DocumentState:
    """The state after the init event.

    Raises:
        DecodeError: `patch_failed`: the content has no JSON form or is too large.
    """
    return _state(data, {**header_metadata(header.fields), "shouldIndex": header.should_index})


def next_state(state: DocumentState, header: Mapping[str, IpldValue], patch: IpldValue) -> DocumentState:
    """The state after a data event.

    Raises:
        DecodeError: `patch_failed`: the patch does not apply, or gives no document that may be.
    """
    content = apply_patch({} if state.content is None else state.content, patch)
    changed = header_metadata(header)
    return _state(content, {**state.metadata, **changed} if changed else state.metadata)


def _state(content: IpldValue, metadata: Mapping[str, IpldValue]) -> DocumentState:
    try:
        json = envelope_json(metadata, content)
    except EncodeError as error:
        raise DecodeError(Reason.PATCH_FAILED, str(error)) from None
    if len(json) > MAX_DOCUMENT_BYTES:
        raise DecodeError(Reason.PATCH_FAILED, f"document of {len(json)} bytes")
    return DocumentState(content, metadata, json)
