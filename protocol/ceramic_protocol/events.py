"""Init, data and time events: from the bytes of one CAR to a value (events.md 3).

Decoding trusts nothing: every block is hashed against its CID, and any bytes whatever give an `Event` or an
`InvalidEvent`. Whether an event is *valid* is asked later, by `verify` and `history`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypeAlias

from ceramic_protocol import car as carv1
from ceramic_protocol import dagcbor
from ceramic_protocol.cid import DAG_CBOR, DAG_JOSE, Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.errors import DecodeError, IdentifierError
from ceramic_protocol.ids import CAIP10_LINK, METAMODEL, MODEL, MODEL_INSTANCE, TILE, StreamId
from ceramic_protocol.jose import Envelope, decode_envelope
from ceramic_protocol.limits import MAX_BLOCK_BYTES, MAX_REMEMBERED_STREAMS, MAX_WITNESS_PATH
from ceramic_protocol.reasons import Reason

_INIT_KEYS = {"data", "header"}
_DATA_KEYS = {"id", "prev", "data"}
_DATA_KEYS_WITH_HEADER = {*_DATA_KEYS, "header"}
_OLD_TIME_KEYS = {"prev", "proof", "path"}
_TIME_KEYS = {*_OLD_TIME_KEYS, "id"}
_TX_HASH_BYTES = 32
_PROOF_KEYS = {"root", "txHash", "txType", "chainId", "blockNumber", "blockTimestamp"}


@dataclass(frozen=True, slots=True)
class InitHeader:
    """Header of an init event. `fields` is the whole header, with members that we give no meaning."""

    controllers: tuple[str, ...]
    model: StreamId | None
    unique: bytes | None
    context: bytes | None
    should_index: bool
    model_version: Cid | None
    fields: Mapping[str, IpldValue] = field(repr=False)

    @property
    def controller(self) -> str:
        """The only controller that counts; empty if there is none."""
        return self.controllers[0] if self.controllers else ""

    @property
    def stream_type(self) -> int:
        """Stream type that follows from the header."""
        if self.model is None:
            family = self.fields.get("family")
            is_link = isinstance(family, str) and family.startswith("caip10-")
            return CAIP10_LINK if is_link else TILE
        return MODEL if self.model == METAMODEL else MODEL_INSTANCE


@dataclass(frozen=True, slots=True)
class InitEvent:
    """The first event of a stream; its CID names the stream."""

    cid: Cid
    header: InitHeader
    data: IpldValue
    envelope: Envelope | None
    payload: bytes = field(repr=False)
    kind: Literal["init"] = "init"

    @property
    def stream(self) -> Cid:
        """CID of the stream's init event: its own."""
        return self.cid

    @property
    def prev(self) -> None:
        """Nothing comes before it."""
        return


class DataEvent(NamedTuple):
    """A signed change. `header` is the payload's optional header."""

    cid: Cid
    stream: Cid
    prev: Cid
    data: IpldValue
    header: Mapping[str, IpldValue]
    envelope: Envelope | None
    payload: bytes
    kind: Literal["data"] = "data"


@dataclass(frozen=True, slots=True)
class Proof:
    """Which transaction anchors which Merkle root. `tx_hash` is the 32-byte hash alone."""

    root: Cid
    tx_hash: bytes
    tx_type: str
    chain_id: str


@dataclass(frozen=True, slots=True)
class TimeEvent:
    """A blockchain anchor of `prev`. `witnesses` are the Merkle nodes by CID; `path` leads through them.

    `stream` is None in old ones, which have no `id`: it is that of `prev` (`placing`).
    """

    cid: Cid
    stream: Cid | None
    prev: Cid
    proof: Proof
    path: tuple[int, ...]
    witnesses: Mapping[Cid, bytes] = field(repr=False)
    kind: Literal["time"] = "time"


Event: TypeAlias = InitEvent | DataEvent | TimeEvent


class InvalidEvent(NamedTuple):
    """Bytes that are no event, and why; CID and stream as far as they could be read."""

    reason: Reason
    detail: str
    cid: Cid | None = None
    stream: Cid | None = None


def decode_event(
    car: bytes, as_envelope: Callable[[bytes], Envelope] = decode_envelope
) -> Event | InvalidEvent:
    """The event in a CARv1, or what keeps the bytes from being one.

    Args:
        car: the bytes.
        as_envelope: decodes the envelope of a signed event.
    """
    root = None
    try:
        roots, start = carv1.read_roots(car)
        if not roots:
            return InvalidEvent(Reason.CAR_MALFORMED, "CAR without root")
        root = roots[0]
        return _decode_root(root, _checked_blocks(carv1.read_blocks(car, start)), as_envelope)
    except DecodeError as error:
        return InvalidEvent(error.reason, error.detail, root)


def _checked_blocks(blocks: Sequence[tuple[Cid, bytes]]) -> dict[Cid, bytes]:
    checked = dict(blocks)
    for cid, block in blocks:
        if len(block) > MAX_BLOCK_BYTES:
            raise DecodeError(Reason.BLOCK_TOO_LARGE, f"block {cid} has {len(block)} bytes")
        if not cid.matches(block):
            if not cid.is_sha256:
                raise DecodeError(Reason.HASH_UNSUPPORTED, f"block {cid}: hash {cid.hash_code:#x}")
            raise DecodeError(Reason.BLOCK_HASH_MISMATCH, f"block {cid} has other content")
    return checked


def _block(blocks: Mapping[Cid, bytes], cid: Cid, what: str) -> bytes:
    block = blocks.get(cid)
    if block is None:
        raise DecodeError(Reason.BLOCK_MISSING, f"{what} {cid}")
    return block


def _decode_map(block: bytes, what: str) -> dict[str, IpldValue]:
    value = dagcbor.decode(block)
    if not isinstance(value, dict):
        raise DecodeError(Reason.EVENT_MALFORMED, f"{what} is not a map")
    return value


def _decode_root(root: Cid, blocks: Mapping[Cid, bytes], as_envelope: Callable[[bytes], Envelope]) -> Event:
    block = _block(blocks, root, "root")
    codec = root.codec
    if codec == DAG_JOSE:
        return _decode_signed(root, as_envelope(block), blocks)
    if codec != DAG_CBOR:
        raise DecodeError(Reason.EVENT_MALFORMED, f"root block is {root.codec_name}")
    value = _decode_map(block, "root block")
    if value.keys() in (_TIME_KEYS, _OLD_TIME_KEYS):
        return _decode_time(root, value, blocks)
    return decode_payload(root, value, block, None)


def _decode_signed(root: Cid, envelope: Envelope, blocks: Mapping[Cid, bytes]) -> Event:
    payload = _block(blocks, envelope.payload, "payload")
    capability = envelope.header.capability
    if capability is not None:
        envelope = envelope._replace(capability_block=_block(blocks, capability, "capability"))
    return decode_payload(root, _decode_map(payload, "payload"), payload, envelope)


def decode_payload(
    cid: Cid, value: dict[str, IpldValue], block: bytes, envelope: Envelope | None
) -> InitEvent | DataEvent:
    """An init or data event from its decoded payload.

    Raises:
        DecodeError: `event_malformed`.
    """
    keys = value.keys()
    if keys in (_DATA_KEYS, _DATA_KEYS_WITH_HEADER):
        header = value.get("header", {})
        if not isinstance(header, dict):
            raise DecodeError(Reason.EVENT_MALFORMED, "header of a data event is not a map")
        stream, prev = _link(value, "id"), _link(value, "prev")
        return DataEvent(cid, stream, prev, value["data"], header, envelope, block)
    if "header" in keys and keys <= _INIT_KEYS:
        return InitEvent(cid, decode_init_header(value["header"]), value.get("data"), envelope, block)
    raise DecodeError(Reason.EVENT_MALFORMED, f"no event has the members {', '.join(sorted(keys))[:200]}")


def decode_init_header(value: IpldValue) -> InitHeader:
    """The header of an init event from its IPLD value.

    Raises:
        DecodeError: `event_malformed`: a member has the wrong type.
    """
    if not isinstance(value, dict):
        raise DecodeError(Reason.EVENT_MALFORMED, "init header is not a map")
    controllers = value.get("controllers", [])
    if not isinstance(controllers, list) or not all(isinstance(item, str) for item in controllers):
        raise DecodeError(Reason.EVENT_MALFORMED, "header.controllers is not a list of text")
    should_index = _typed(value, "shouldIndex", bool)
    is_document = "model" in value
    if is_document:
        _typed(value, "sep", str)
    return InitHeader(
        controllers=tuple(str(item) for item in controllers),
        model=_model(value.get("model")) if is_document else None,
        unique=_typed(value, "unique", bytes) if is_document else None,
        context=_typed(value, "context", bytes) if is_document else None,
        should_index=should_index is not False,
        model_version=_typed(value, "modelVersion", Cid),
        fields=value,
    )


def _typed(header: Mapping[str, IpldValue], name: str, kind: type) -> Any:
    value = header.get(name)
    # Exactly that type: a link is a kind of bytes.
    if value is not None and type(value) is not kind:
        raise DecodeError(Reason.EVENT_MALFORMED, f"header.{name} is not of type {kind.__name__}")
    return value


def _model(value: IpldValue) -> StreamId:
    if type(value) is not bytes:
        raise DecodeError(Reason.EVENT_MALFORMED, "header.model is not a byte string")
    try:
        return _stream_id(value)
    except IdentifierError as error:
        raise DecodeError(Reason.EVENT_MALFORMED, f"header.model: {error}") from None


@lru_cache(MAX_REMEMBERED_STREAMS)
def _stream_id(data: bytes) -> StreamId:
    """One and the same for all documents of a model."""
    return StreamId.from_bytes(data)


def _link(value: Mapping[str, IpldValue], name: str) -> Cid:
    link = value.get(name)
    if not isinstance(link, Cid):
        raise DecodeError(Reason.EVENT_MALFORMED, f"{name} is not a link")
    return link


def _decode_time(cid: Cid, value: dict[str, IpldValue], blocks: Mapping[Cid, bytes]) -> TimeEvent:
    path = value["path"]
    if not isinstance(path, str):
        raise DecodeError(Reason.EVENT_MALFORMED, "path is not text")
    proof_cid = _link(value, "proof")
    proof = _decode_proof(_decode_map(_block(blocks, proof_cid, "proof"), "proof"))
    witnesses = {key: block for key, block in blocks.items() if key not in (cid, proof_cid)}
    stream = _link(value, "id") if "id" in value else None
    return TimeEvent(cid, stream, _link(value, "prev"), proof, _decode_path(path), witnesses)


def _decode_path(path: str) -> tuple[int, ...]:
    steps = path.split("/") if path else []
    if len(steps) > MAX_WITNESS_PATH or not all(step.isascii() and step.isdigit() for step in steps):
        raise DecodeError(Reason.EVENT_MALFORMED, f"path {path[:80]!r} is not a list of indexes")
    if any(len(step) > 2 for step in steps):
        raise DecodeError(Reason.EVENT_MALFORMED, f"path {path[:80]!r} has an index out of range")
    return tuple(int(step) for step in steps)


def _decode_proof(value: dict[str, IpldValue]) -> Proof:
    chain_id, tx_type = value.get("chainId"), value.get("txType", "raw")
    if not set(value) <= _PROOF_KEYS or not isinstance(chain_id, str) or not isinstance(tx_type, str):
        raise DecodeError(Reason.EVENT_MALFORMED, "proof is not {root, txHash, txType, chainId}")
    tx_hash = _link(value, "txHash").digest
    if len(tx_hash) != _TX_HASH_BYTES:
        raise DecodeError(Reason.EVENT_MALFORMED, f"transaction hash of {len(tx_hash)} bytes")
    return Proof(_link(value, "root"), tx_hash, tx_type, chain_id)
