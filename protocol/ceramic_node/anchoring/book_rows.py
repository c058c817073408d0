"""The book's rows as values, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from ceramic_node.anchoring.ports import Batch, Leaf, Order, Settled
from ceramic_protocol import dagcbor
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import DecodeError, IdentifierError, StoreCorruption
from ceramic_protocol.events import Proof
from ceramic_protocol.ids import StreamId
from ceramic_protocol.merkle import Above, Shape


class State(StrEnum):
    """How far a request is."""

    PENDING = "pending"
    BATCHED = "batched"
    SENT = "sent"
    CONFIRMED = "confirmed"
    DONE = "done"
    REPLACED = "replaced"
    FAILED = "failed"


class Request(NamedTuple):
    """A request. `event` is the CID of its time event; `code` and `detail` say why there won't be one."""

    stream: StreamId
    tip: Cid
    state: State
    made_at: float
    event: Cid | None
    code: str
    detail: str


class UnderWay(NamedTuple):
    """A batch that isn't finished, with its orders that may still take effect, the oldest first."""

    batch: Batch
    orders: Sequence[Order]
    unsent: Sequence[Order]
    settled: Settled | None


def read_request(row: Sequence[Any]) -> Request:
    """A request, of a row of stream, tip, state, time, time event, code and detail."""
    stream, tip, state, made_at, event, code, detail = row
    found = None if event is None else Cid(event)
    return Request(StreamId(stream), Cid(tip), State(state), made_at, found, code, detail)


def read_batch(row: Sequence[Any]) -> Batch:
    """A batch, of a row of number, root, shape, time, proof, and stream and tip of its only event."""
    number, root, shape, made_at, _settled, stream, tip = row
    only = None if tip is None else Leaf(StreamId(stream), Cid(tip))
    return Batch(number, Cid(root), Shape(shape), made_at, only)


def read_order(members: Sequence[Any]) -> Order:
    """An order, of key, body, time and terms."""
    key, body, made_at, terms = members
    return Order(key, body, made_at, json.loads(terms))


def read_under_way(row: Sequence[Any], orders: Sequence[tuple[str, Order]]) -> UnderWay:
    """A batch, see `read_batch`, with its orders, each with its state."""
    settled = None if row[4] is None else decode_settled(row[4])
    unsent = [order for state, order in orders if state == "made"]
    return UnderWay(read_batch(row), [order for _state, order in orders], unsent, settled)


def encode_settled(settled: Settled) -> bytes:
    """A proof and what lies above the batch, as it is kept."""
    proof, above = settled.proof, settled.above
    return dagcbor.encode(
        {
            "root": proof.root,
            "txHash": proof.tx_hash,
            "txType": proof.tx_type,
            "chainId": proof.chain_id,
            "path": list(above.path),
            "witnesses": list(above.witnesses),
        }
    )


def decode_settled(data: bytes) -> Settled:
    """The same from what is kept.

    Raises:
        StoreCorruption: it can't be read.
    """
    try:
        value: Any = dagcbor.decode(data)
        proof = Proof(
            Cid.from_bytes(value["root"]), bytes(value["txHash"]), value["txType"], value["chainId"]
        )
        return Settled(proof, Above(tuple(value["path"]), tuple(value["witnesses"])))
    except (DecodeError, IdentifierError, KeyError, TypeError) as error:
        raise StoreCorruption(f"a proof in the book can't be read: {error}") from error
