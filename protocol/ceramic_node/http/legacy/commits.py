"""Events of a stream in js-ceramic's JSON (`StreamUtils.serializeCommit`; api.md 2)."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from ceramic_node.http.legacy.errors import LegacyError
from ceramic_node.http.legacy.loading import Loaded
from ceramic_node.http.legacy.states import plain_base64
from ceramic_node.node import Node
from ceramic_protocol import car, dagcbor, dagjson, multibase
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.dagjson import Json
from ceramic_protocol.errors import DecodeError, StoreCorruption
from ceramic_protocol.jose import decode_envelope
from ceramic_protocol.limits import MAX_LEGACY_BYTES

_HEADER_BYTES: Final = frozenset({"model", "context", "unique"})


def commits_json(node: Node, loaded: Loaded) -> Iterator[Json]:
    """The events of a log, in order; reads them from the store.

    Raises:
        LegacyError: they are too large together, or one was pruned.
        StoreCorruption: an event is missing, or is none.
    """
    left = MAX_LEGACY_BYTES
    for row in loaded.log:
        stored = node.events.event(row.cid)
        if stored is None:
            raise StoreCorruption(f"event {row.cid} has a state and is not there")
        if stored.is_pruned:
            raise LegacyError(f"the node has given up what event {row.cid} says", HTTPStatus.GONE)
        left -= len(stored.car)
        if left < 0:
            raise LegacyError(
                f"the events have more than {MAX_LEGACY_BYTES:,} bytes: read them from the feed"
            )
        try:
            yield {"cid": str(row.cid), "value": _commit(stored.car)}
        except (DecodeError, KeyError) as error:
            raise StoreCorruption(f"event {row.cid}: {error}") from None


def _commit(data: bytes) -> Json:
    archive = car.decode(data)
    root, blocks = archive.roots[0], dict(archive.blocks)
    if root.codec == DAG_JOSE:
        return _signed(blocks, root)
    value = dagcbor.decode(blocks[root])
    return {name: _member(name, item) for name, item in value.items()} if isinstance(value, dict) else None


def _signed(blocks: dict[Cid, bytes], root: Cid) -> Json:
    envelope = decode_envelope(blocks[root])
    protected = multibase.encode_base64url(envelope.protected)
    signature = multibase.encode_base64url(envelope.signature)
    found: dict[str, Json] = {
        "jws": {
            "payload": multibase.encode_base64url(envelope.payload),
            "signatures": [{"protected": protected, "signature": signature}],
            "link": str(envelope.payload),
        },
        "linkedBlock": plain_base64(blocks[envelope.payload]),
    }
    capability = envelope.header.capability
    if capability is not None:
        found["cacaoBlock"] = plain_base64(blocks[capability])
    return found


def _member(name: str, value: dagcbor.IpldValue) -> Json:
    """A member of an unsigned event: links as text, and the bytes of a header in base64."""
    if isinstance(value, Cid):
        return str(value)
    if name == "header" and isinstance(value, dict):
        return {key: _header_member(key, item) for key, item in value.items()}
    return dagjson.to_json(value)


def _header_member(name: str, value: dagcbor.IpldValue) -> Json:
    is_plain = name in _HEADER_BYTES and isinstance(value, bytes)
    return plain_base64(value) if is_plain and isinstance(value, bytes) else dagjson.to_json(value)
