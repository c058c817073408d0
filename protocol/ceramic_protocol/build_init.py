"""Payloads of init events, and the unsigned ones that name a stream by its header alone (events.md 3.2)."""

from __future__ import annotations

from typing import Final

from ceramic_protocol import dagcbor
from ceramic_protocol.built import BuiltEvent, pack
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import DecodeError, EncodeError
from ceramic_protocol.events import decode_init_header
from ceramic_protocol.ids import MODEL_INSTANCE, StreamId

SEPARATOR: Final = "model"
"""Value of the header's `sep`: which member keeps streams apart in Recon."""


def init_payload(
    controller: str,
    model: StreamId,
    data: object,
    *,
    unique: bytes | None,
    context: StreamId | None = None,
    should_index: bool | None = None,
    model_version: Cid | None = None,
    sep: str | None = SEPARATOR,
) -> bytes:
    """The payload block of an init event; members that are None are left out, `data` never is.

    Raises:
        EncodeError: no controller, a member of the wrong type, or data that DAG-CBOR can't hold.
    """
    if not controller:
        raise EncodeError("an init event needs a controller")
    members: dict[str, object] = {
        "controllers": [controller],
        "sep": sep,
        "model": bytes(model),
        "unique": unique,
        "context": None if context is None else bytes(context),
        "shouldIndex": should_index,
        "modelVersion": model_version,
    }
    header = {name: member for name, member in members.items() if member is not None}
    block = dagcbor.encode({"data": data, "header": header})
    try:
        decode_init_header(dagcbor.decode(dagcbor.encode(header)))
    except DecodeError as error:
        raise EncodeError(error.detail) from None
    return block


def deterministic_init(
    controller: str,
    model: StreamId,
    *,
    unique: bytes | None = None,
    context: StreamId | None = None,
    should_index: bool | None = None,
    model_version: Cid | None = None,
    sep: str | None = SEPARATOR,
) -> BuiltEvent:
    """The unsigned init event of a model instance without content: anyone who knows the header gets its CID.

    `unique` is absent for the account relation single, and for set the UTF-8 of the fields, joined by `|`.

    Raises:
        EncodeError: no controller, or a member of the wrong type.
    """
    block = init_payload(
        controller,
        model,
        None,
        unique=unique,
        context=context,
        should_index=should_index,
        model_version=model_version,
        sep=sep,
    )
    cid = Cid.of(block)
    return pack(cid, [(cid, block)])


def deterministic_stream_id(controller: str, model: StreamId, unique: bytes | None = None) -> StreamId:
    """The StreamID that the SDK gives a single (or, with `unique`, set) stream: four header members count.

    Context and shouldIndex of the init event don't, though js-ceramic takes them in (events.md 3.2).

    Raises:
        EncodeError: no controller.
    """
    return StreamId.of(MODEL_INSTANCE, deterministic_init(controller, model, unique=unique).cid)
