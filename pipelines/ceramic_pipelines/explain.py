"""Identifiers, codes of reasons, events and archives in words, for `inspect`.

An explanation is a map from label to value; values are text, numbers, lists or maps of the same.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from ceramic_pipelines.explain_block import explain_envelope
from ceramic_pipelines.explain_did import explain_did
from ceramic_pipelines.explain_recon import explain_event_id, explain_interest
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagjson import to_json
from ceramic_protocol.errors import IdentifierError, OutsideError, UsageError
from ceramic_protocol.event_ids import EventId
from ceramic_protocol.events import DataEvent, Event, InitEvent, InvalidEvent, decode_event
from ceramic_protocol.ids import METAMODEL, CommitId, StreamId
from ceramic_protocol.interests import Interest
from ceramic_protocol.limits import MAX_QUOTED_CHARS
from ceramic_protocol.ports import Damage, EventSource
from ceramic_protocol.reasons import BY_CODE, Reason

Explanation: TypeAlias = dict[str, Any]

KINDS = "StreamID, CommitID, CID, EventID, Interest, DID or code of a reason"
"""What `explain_text` can explain."""

_DID = "did:"


def explain_text(text: str) -> Explanation:
    """What an identifier says, or the code of a reason.

    Raises:
        IdentifierError: a DID that is none or not supported.
        UsageError: no identifier.
        OutsideError: looks like a path, and there is no file.
    """
    if text.startswith(_DID):
        return explain_did(text)
    if text in BY_CODE:
        return _explain_reason(BY_CODE[text])
    with suppress(IdentifierError):
        return _explain_stream(StreamId.parse(text))
    with suppress(IdentifierError):
        return _explain_commit(CommitId.parse(text))
    with suppress(IdentifierError):
        return _explain_cid(Cid.parse(text))
    if len(text) > 1:
        # A lone base letter would be read as the empty key, the lowest fencepost.
        with suppress(IdentifierError):
            return explain_event_id(EventId.parse(text))
        with suppress(IdentifierError):
            return explain_interest(Interest.parse(text))
    if Path(text).suffix or "/" in text:
        msg = f"there is no file {text}; check the path"
        raise OutsideError(msg)
    msg = f"{text[:MAX_QUOTED_CHARS]!r} is neither a file nor a {KINDS}"
    raise UsageError(msg)


def _explain_reason(reason: Reason) -> Explanation:
    return {
        "what": f"reason for which an event is {reason.outcome.value}",
        "code": reason.value,
        "layer": reason.layer.value,
        "verdict": reason.outcome.value,
        "cause": reason.summary,
        "remedy": reason.remedy,
    }


def _explain_stream(stream: StreamId) -> Explanation:
    found: Explanation = {"what": f"StreamID of a stream of type {stream.type_name} ({stream.stream_type})"}
    if stream == METAMODEL:
        found["note"] = "the metamodel: the `model` of every model stream"
    return {
        **found,
        "text": str(stream),
        "uri": stream.uri,
        "init event": _describe(stream.cid),
        "bytes": stream.hex(),
    }


def _explain_commit(commit: CommitId) -> Explanation:
    at_init = commit.cid == commit.stream.cid
    place = "its init event" if at_init else "one event"
    return {
        "what": f"CommitID: a stream of type {commit.stream.type_name} at {place}",
        "text": str(commit),
        "stream": str(commit.stream),
        "event": _describe(commit.cid),
        "bytes": commit.hex(),
    }


def _explain_cid(cid: Cid) -> Explanation:
    roles = {
        "dag-jose": "the envelope of a signed event; of a signed init event it also names the stream",
        "dag-cbor": "an unsigned init event, a time event, or a payload, proof, witness or capability block",
        "eth-tx": "an Ethereum transaction",
    }
    return {
        "what": f"CID version {cid.version} of a {cid.codec_name} block",
        "text": str(cid),
        "in Ceramic": roles.get(cid.codec_name, "not used by events"),
        "hash": f"{'sha2-256' if cid.is_sha256 else hex(cid.hash_code)} {cid.digest.hex()}",
        "bytes": cid.hex(),
    }


def _describe(cid: Cid) -> str:
    return f"{cid} ({cid.codec_name})"


def explain_car(source: EventSource) -> Explanation:
    """What is in a CAR: the event if it holds one, else counts of what it holds."""
    items = [item for page in source.read(0, min(source.count, 2)) for item in page.items]
    if source.count == 1 and not isinstance(items[0], Damage):
        return explain_event(decode_event(items[0].car))
    counts: Counter[str] = Counter()
    for page in source.read(0, source.count):
        counts.update(
            _sort_of(item.detail if isinstance(item, Damage) else decode_event(item.car))
            for item in page.items
        )
    return {"what": f"archive with {source.count} items", **dict(sorted(counts.items()))}


def _sort_of(found: Event | InvalidEvent | str) -> str:
    if isinstance(found, str):
        return "damaged stretches"
    return (
        f"not an event: {found.reason.value}" if isinstance(found, InvalidEvent) else f"{found.kind} events"
    )


def explain_event(event: Event | InvalidEvent) -> Explanation:
    """What an event says, and whether its signature is good."""
    if isinstance(event, InvalidEvent):
        found: Explanation = {"what": f"no event: {event.reason.summary}", "reason": event.reason.value}
        root = _describe(event.cid) if event.cid else None
        return {**found, "detail": event.detail, "remedy": event.reason.remedy, "root": root}
    common = {"what": f"{event.kind} event", "cid": _describe(event.cid)}
    if isinstance(event, InitEvent):
        return {**common, **_explain_init(event)}
    stream = "that of prev" if event.stream is None else _describe(event.stream)
    links = {"stream's init event": stream, "prev": _describe(event.prev)}
    if isinstance(event, DataEvent):
        header = {"header": to_json(dict(event.header))} if event.header else {}
        return {
            **common,
            **links,
            **explain_envelope(event.envelope),
            **header,
            "patch": to_json(event.data),
        }
    proof = event.proof
    return {
        **common,
        **links,
        "anchored by": f"transaction 0x{proof.tx_hash.hex()} on {proof.chain_id}",
        "merkle root": _describe(proof.root),
        "path": "/".join(map(str, event.path)) or "(root is prev)",
    }


def _explain_init(event: InitEvent) -> Explanation:
    header = event.header
    stream = StreamId.of(header.stream_type, event.cid)
    return {
        "stream": f"{stream} ({stream.type_name})",
        "model": str(header.model) if header.model else None,
        "controllers": list(header.controllers),
        **explain_envelope(event.envelope),
        "content": to_json(event.data),
    }
