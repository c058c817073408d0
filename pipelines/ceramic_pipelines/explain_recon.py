"""EventIDs and interests in words, for `inspect`."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.event_ids import (
    MAX_CONTROLLER,
    MAX_EVENT_ID,
    MAX_INIT,
    MIN_CONTROLLER,
    MIN_EVENT_ID,
    MIN_INIT,
    MODEL_SEPARATOR,
    EventId,
    EventIdParts,
    separator_hash,
)
from ceramic_protocol.ids import METAMODEL
from ceramic_protocol.interests import INDEFINITE, MAX_INTEREST, MIN_INTEREST, Interest, PeerId, sep_hash
from ceramic_protocol.sha256a import Sha256a

Explanation: TypeAlias = dict[str, Any]

_MODELS: Final = separator_hash(MODEL_SEPARATOR, METAMODEL)
_BOUNDS: Final = {
    MIN_CONTROLLER: "before every controller",
    MAX_CONTROLLER: "behind every controller",
    MIN_INIT: "before every stream",
    MAX_INIT: "behind every stream",
}


def explain_event_id(event_id: EventId) -> Explanation:
    """What every part of an EventID says."""
    parts = event_id.parts
    if parts is None:
        words = {MIN_EVENT_ID: "before every event", MAX_EVENT_ID: "behind every event"}[event_id]
        return {"what": f"fencepost among EventIDs: {words}", "text": str(event_id) or "(no bytes)"}
    return {
        "what": _what(parts),
        "text": str(event_id),
        "network": f"{parts.network} ({parts.network.id:#x})",
        "separator": _explain_separator(parts.separator),
        "controller": _explain_hash(parts.controller, "last 8 bytes of the SHA-256 of the controller's DID"),
        "stream": _explain_hash(parts.init, "last 4 bytes of the CID of the stream's init event"),
        "event": _explain_event(event_id, parts),
        "set hash": "fenceposts have none" if parts.cid is None else str(Sha256a.of(event_id)),
    }


def _what(parts: EventIdParts) -> str:
    if parts.cid is None:
        return f"fencepost among the EventIDs of {parts.network}"
    if parts.cid.endswith(parts.init):
        return f"EventID of an init event on {parts.network}"
    return f"EventID of a data or time event on {parts.network}"


def _explain_separator(separator: bytes) -> str:
    if separator == _MODELS:
        return f"{separator.hex()} (a model stream: its model is the metamodel)"
    return f"{separator.hex()} (last 8 bytes of the SHA-256 of the separator's key and value, the model)"


def _explain_hash(part: bytes, words: str) -> str:
    return f"{part.hex()} ({_BOUNDS.get(part, words)})"


def _explain_event(event_id: EventId, parts: EventIdParts) -> str:
    if parts.cid is not None:
        return f"{parts.cid} ({parts.cid.codec_name})"
    bounds = {
        event_id.with_min_event(): "before every event",
        event_id.with_max_event(): "behind every event",
    }
    return bounds.get(event_id, "neither a CID nor the mark of a fencepost")


def explain_interest(interest: Interest) -> Explanation:
    """What every part of an interest says."""
    parts = interest.parts
    if parts is None:
        words = {MIN_INTEREST: "before every interest", MAX_INTEREST: "behind every interest"}[interest]
        return {"what": f"fencepost among interests: {words}", "text": str(interest)}
    common = {
        "text": str(interest),
        "separator key": _explain_sep_key(parts.sep_hash),
        "peer": _explain_peer(parts.peer),
    }
    if parts.range is None:
        words = "behind" if parts.is_max else "before"
        return {"what": f"fencepost among interests: {words} every one of a peer", **common}
    start, end = parts.range
    return {
        "what": "interest of a peer in a range of events",
        **common,
        "from": _explain_bound(start),
        "until before": _explain_bound(end),
        "not after": "no end" if parts.not_after == INDEFINITE else f"{parts.not_after} (nodes don't look)",
        "bytes": interest.hex(),
    }


def _explain_sep_key(hashed: bytes) -> str:
    words = MODEL_SEPARATOR if hashed == sep_hash(MODEL_SEPARATOR) else "unknown: nodes don't sync it"
    return f"{hashed.hex()} ({words})"


def _explain_peer(peer: PeerId) -> str:
    return f"{peer} ({peer.did or 'not an Ed25519 key'})"


def _explain_bound(key: bytes) -> Explanation | str:
    try:
        return explain_event_id(EventId.from_bytes(key))
    except IdentifierError:
        return f"{key.hex()} (no EventID)"
