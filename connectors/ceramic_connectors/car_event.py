"""Which blocks of an archive belong to an event, and which blocks look like events (events.md 3.5, 4.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import Final, TypeAlias

from ceramic_protocol import car, dagcbor
from ceramic_protocol.cid import DAG_CBOR, DAG_JOSE, Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.errors import DecodeError, IdentifierError
from ceramic_protocol.jose import decode_protected, usual_envelope
from ceramic_protocol.limits import MAX_EVENT_CAR_BYTES, MAX_WITNESS_PATH

Lookup: TypeAlias = Callable[[Cid], bytes | None]

_TIME_KEYS: Final = {"prev", "proof", "path"}
"""What every time event has; old ones have no `id`."""
_PAYLOAD: Final = b"\xa2\x67payload\x58\x24"
_PAYLOAD_END: Final = len(_PAYLOAD) + 36
_MAX_INDEX_DIGITS: Final = 9


class Shape(Enum):
    """What a block looks like by itself. `UNLESS_PAYLOAD`: an event, if no envelope has it as its payload."""

    EVENT = auto()
    UNLESS_PAYLOAD = auto()
    OTHER = auto()


def shape_of(cid: Cid, block: bytes) -> Shape:
    """Whether a block is an event. A dag-jose block always is, so that bad ones get a verdict."""
    if cid.codec == DAG_JOSE:
        return Shape.EVENT
    # Decoding every block would cost more than everything else together.
    is_candidate = b"\x66header" in block or (b"\x65proof" in block and b"\x64path" in block)
    if cid.codec != DAG_CBOR or not is_candidate:
        return Shape.OTHER
    value = _decode(block)
    if not isinstance(value, dict):
        return Shape.OTHER
    if value.keys() >= _TIME_KEYS:
        return Shape.EVENT
    return Shape.UNLESS_PAYLOAD if "header" in value else Shape.OTHER


def payload_of(block: memoryview) -> bytes | None:
    """The CID of an envelope's payload, if the block starts like an envelope."""
    start = bytes(block[:_PAYLOAD_END])
    return start[len(_PAYLOAD) :] if start.startswith(_PAYLOAD) else None


def only_other_block(envelope: bytes) -> Cid | None:
    """The payload of an envelope, if for certain it is the only other block of that event."""
    try:
        usual = usual_envelope(envelope)
    except DecodeError:
        return None
    return usual.payload if usual is not None and usual.header.capability is None else None


def assemble(root: Cid, block: bytes | None, lookup: Lookup) -> bytes:
    """The CAR of one event: `block`, its root, and those of its other blocks that there are, as they are."""
    if block is None:
        return car.encode((root,), ())
    others = _of_signed(block, lookup) if root.codec == DAG_JOSE else _of_unsigned(block, lookup)
    blocks = {root: block}
    space = MAX_EVENT_CAR_BYTES - len(block)
    # Past its limit the event is refused whatever follows, so nothing more is read for it.
    while space >= 0 and (found := next(others, None)) is not None:
        blocks[found[0]] = found[1]
        space -= len(found[1])
    return car.encode((root,), reversed(blocks.items()) if root.codec == DAG_JOSE else blocks.items())


def _of_signed(envelope: bytes, lookup: Lookup) -> Iterator[tuple[Cid, bytes]]:
    for cid in _links_of_envelope(_decode(envelope)):
        block = None if cid is None else lookup(cid)
        if cid is not None and block is not None:
            yield cid, block


def _links_of_envelope(value: IpldValue) -> tuple[Cid | None, Cid | None]:
    if not isinstance(value, dict):
        return None, None
    payload, signatures = value.get("payload"), value.get("signatures")
    first = signatures[0] if isinstance(signatures, list) and signatures else None
    protected = first.get("protected") if isinstance(first, dict) else None
    try:
        link = Cid.from_bytes(payload) if isinstance(payload, bytes) else None
    except IdentifierError:
        link = None
    try:
        return link, decode_protected(protected).capability if isinstance(protected, bytes) else None
    except DecodeError:
        return link, None


def _of_unsigned(block: bytes, lookup: Lookup) -> Iterator[tuple[Cid, bytes]]:
    event = _decode(block)
    if not isinstance(event, dict) or not event.keys() >= _TIME_KEYS:
        return
    path, link = event["path"], event["proof"]
    steps = path.split("/", MAX_WITNESS_PATH)[:MAX_WITNESS_PATH] if isinstance(path, str) and path else []
    for step in ("root", *steps):
        found = lookup(link) if isinstance(link, Cid) and link != event["prev"] else None
        if not isinstance(link, Cid) or found is None:
            return
        yield link, found
        link = _step(_decode(found), step)


def _step(value: IpldValue, step: str) -> IpldValue:
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and step.isascii() and step.isdigit() and len(step) <= _MAX_INDEX_DIGITS:
        index = int(step)
        return value[index] if index < len(value) else None
    return None


def _decode(block: bytes) -> IpldValue:
    try:
        return dagcbor.decode(block)
    except DecodeError:
        return None
