"""What the emulations of both references share in taking an envelope apart."""

from __future__ import annotations

from typing import Final, NamedTuple

from ceramic_protocol import dagcbor
from ceramic_protocol.cid import DAG_CBOR, Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.errors import DecodeError, IdentifierError
from ceramic_protocol.reasons import Reason

IPFS: Final = "ipfs://"
"""What stands before the CID in `cap`."""


class Parts(NamedTuple):
    """An envelope's members: the payload's CID, all signatures, and the map that they come from."""

    payload: Cid
    signatures: list[IpldValue]
    members: dict[str, IpldValue]


def take_apart(block: bytes) -> Parts:
    """The parts of an envelope that has at least one signature, whatever else it has.

    Raises:
        DecodeError: `cbor_malformed`, `signatures_empty` or `event_malformed`.
    """
    value = dagcbor.decode(block)
    if not isinstance(value, dict):
        raise malformed("envelope is not a map")
    payload, signatures = value.get("payload"), value.get("signatures")
    if type(payload) is not bytes or not isinstance(signatures, list):
        raise malformed("envelope is not {payload: bytes, signatures: [...]}")
    if not signatures:
        raise DecodeError(Reason.SIGNATURES_EMPTY, "envelope without signature")
    return Parts(_payload_cid(payload), signatures, value)


def signature_bytes(value: IpldValue) -> tuple[bytes, bytes]:
    """Protected header and signature of one of an envelope's signatures.

    Raises:
        DecodeError: `event_malformed`.
    """
    if isinstance(value, dict):
        protected, signature = value.get("protected"), value.get("signature")
        # A link is a kind of bytes as well, and not meant here.
        if type(protected) is bytes and type(signature) is bytes:
            return protected, signature
    raise malformed("signature is not {protected: bytes, signature: bytes}")


def malformed(detail: str) -> DecodeError:
    """That it is no envelope."""
    return DecodeError(Reason.EVENT_MALFORMED, detail)


def bad_header(detail: object) -> DecodeError:
    """That the protected header can't be used."""
    return DecodeError(Reason.JWS_MALFORMED, f"protected header: {detail}")


def _payload_cid(payload: bytes) -> Cid:
    try:
        cid = Cid.from_bytes(payload)
    except IdentifierError as error:
        raise malformed(f"envelope's payload is no CID: {error}") from None
    if cid.codec != DAG_CBOR:
        raise malformed(f"envelope's payload is {cid.codec_name}, not dag-cbor")
    return cid
