"""States of streams in js-ceramic's JSON (`StreamUtils.serializeState`; api.md 2)."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final

import orjson

from ceramic_node.http.legacy.loading import Loaded
from ceramic_node.states.records import Dimensions, EventRow
from ceramic_protocol import varint
from ceramic_protocol.checked import Kind
from ceramic_protocol.cid import ETH_TX, Cid
from ceramic_protocol.dagjson import Json
from ceramic_protocol.errors import IdentifierError, StoreCorruption
from ceramic_protocol.events import Proof
from ceramic_protocol.ids import MODEL_INSTANCE, StreamId

_SIGNED: Final = 2
_KECCAK_256: Final = 0x1B


def state_json(loaded: Loaded) -> dict[str, Json]:
    """The state, with the log that leads to it.

    Raises:
        StoreCorruption: what is kept is no state.
    """
    content, metadata = _data(loaded)
    shown: dict[str, Json] = {
        "type": loaded.dimensions.stream_type,
        "content": content,
        "metadata": _metadata(loaded.dimensions, metadata),
        "signature": _SIGNED,
        "anchorStatus": "ANCHORED" if loaded.log[-1].kind is Kind.TIME else "NOT_REQUESTED",
        "log": _log(loaded.log),
        "doctype": loaded.stream_id.type_name,
    }
    if loaded.proof is not None:
        shown["anchorProof"] = _proof(loaded.proof)
    return shown


def content_json(loaded: Loaded) -> Json:
    """The content alone.

    Raises:
        StoreCorruption: what is kept is no state.
    """
    return _data(loaded)[0]


def _data(loaded: Loaded) -> tuple[Json, dict[str, Json]]:
    try:
        state = orjson.loads(loaded.data)
        return state["content"], state["metadata"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise StoreCorruption(f"the state after {loaded.log[-1].cid} is no state") from None


def _metadata(dimensions: Dimensions, metadata: dict[str, Json]) -> dict[str, Json]:
    found: dict[str, Json] = {"controllers": [dimensions.controller], "model": str(dimensions.model)}
    if dimensions.stream_type != MODEL_INSTANCE:
        return found
    if dimensions.unique is not None:
        found["unique"] = plain_base64(dimensions.unique)
    if dimensions.context is not None:
        found["context"] = _stream_text(dimensions.context)
    if metadata.get("shouldIndex") is False:
        found["shouldIndex"] = False
    return found


def _stream_text(data: bytes) -> str:
    """A StreamID's text; of bytes that are none, whatever a StreamID with these bytes would have."""
    try:
        return str(StreamId.from_bytes(data))
    except IdentifierError:
        return str(StreamId(data))


def _log(rows: Sequence[EventRow]) -> list[Json]:
    """The log, each entry with the time of the next anchor in it."""
    entries: list[Json] = []
    stamp: int | None = None
    for row in reversed(rows):
        stamp = row.timestamp if row.kind is Kind.TIME else stamp
        entry: dict[str, Json] = {"cid": str(row.cid), "type": int(row.kind)}
        if stamp is not None:
            entry["timestamp"] = stamp
        if row.expires_at is not None:
            entry["expirationTime"] = row.expires_at
        entries.append(entry)
    entries.reverse()
    return entries


def _proof(proof: Proof) -> dict[str, Json]:
    return {
        "root": str(proof.root),
        "txHash": str(transaction_cid(proof.tx_hash)),
        "txType": proof.tx_type,
        "chainId": proof.chain_id,
    }


def transaction_cid(tx_hash: bytes) -> Cid:
    """The CID by which proofs name an Ethereum transaction."""
    multihash = varint.encode(_KECCAK_256) + varint.encode(len(tx_hash)) + tx_hash
    return Cid(varint.encode(1) + varint.encode(ETH_TX) + multihash)


def plain_base64(data: bytes) -> str:
    """Base64 without padding."""
    return base64.b64encode(data).rstrip(b"=").decode("ascii")
