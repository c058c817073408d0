"""The DAG-JOSE envelope of a signed event and its protected header (accounts.md 2.1 to 2.3)."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from ceramic_protocol import dagcbor, strict_json
from ceramic_protocol.accounts.did import did_of
from ceramic_protocol.cid import DAG_CBOR, Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.errors import DecodeError, IdentifierError
from ceramic_protocol.limits import MAX_CACHED_HEADER_BYTES, MAX_CACHED_HEADERS, MAX_PROTECTED_HEADER_BYTES
from ceramic_protocol.reasons import Reason

_ENVELOPE_KEYS = {"payload", "signatures"}
_SIGNATURE_KEYS = {"header", "protected", "signature"}
_IPFS = "ipfs://"


_SIGNATURE_BYTES: Final = 64
_LONGEST_INLINE: Final = 23
_BEFORE_PAYLOAD: Final = b"\xa2gpayload\x58\x24\x01\x71\x12\x20"
_PAYLOAD_AT: Final = len(_BEFORE_PAYLOAD) - 4
_PAYLOAD_END: Final = _PAYLOAD_AT + 36
_BEFORE_PROTECTED: Final = b"jsignatures\x81\xa2iprotected\x58"
_PROTECTED_AT: Final = _PAYLOAD_END + len(_BEFORE_PROTECTED) + 1
_BEFORE_SIGNATURE: Final = b"isignature\x58\x40"


@dataclass(frozen=True, slots=True)
class JwsHeader:
    """What matters of a protected header; None where the member is absent."""

    alg: str | None
    kid: str | None
    capability: Cid | None

    @property
    def signer(self) -> str | None:
        """The signing DID: `kid` without path, query and fragment, which say nothing."""
        return did_of(self.kid) if self.kid else None


class Envelope(NamedTuple):
    """A signed event's envelope: the CID that was signed, and who says so.

    `capability_block` is the block that the header's `cap` names, once it has been found.
    """

    payload: Cid
    protected: bytes
    signature: bytes
    header: JwsHeader
    capability_block: bytes = b""

    @property
    def signing_input(self) -> bytes:
        """The bytes under the signature, with the protected header exactly as it was found."""
        payload = urlsafe_b64encode(self.payload).rstrip(b"=")
        return b"%b.%b" % (urlsafe_b64encode(self.protected).rstrip(b"="), payload)


def decode_envelope(block: bytes) -> Envelope:
    """An envelope from its block.

    Raises:
        DecodeError: `cbor_malformed`, `signatures_empty`, `event_malformed` or `jws_malformed`.
    """
    return usual_envelope(block) or _any_envelope(block)


def usual_envelope(block: bytes) -> Envelope | None:
    """The envelope if its block has the form that all writers use, which needs only to be cut up.

    Raises:
        DecodeError: `jws_malformed`: it has that form, but its protected header is no good.
    """
    if not block.startswith(_BEFORE_PAYLOAD) or not block.startswith(_BEFORE_PROTECTED, _PAYLOAD_END):
        return None
    if len(block) <= _PROTECTED_AT:
        return None
    length = block[_PROTECTED_AT - 1]
    end = _PROTECTED_AT + length
    is_usual = (
        length > _LONGEST_INLINE
        and block.startswith(_BEFORE_SIGNATURE, end)
        and len(block) == end + len(_BEFORE_SIGNATURE) + _SIGNATURE_BYTES
    )
    if not is_usual:
        return None
    protected = block[_PROTECTED_AT:end]
    payload = Cid(block[_PAYLOAD_AT:_PAYLOAD_END])
    return Envelope(payload, protected, block[-_SIGNATURE_BYTES:], decode_protected(protected))


def _any_envelope(block: bytes) -> Envelope:
    value = dagcbor.decode(block)
    if not isinstance(value, dict):
        raise DecodeError(Reason.EVENT_MALFORMED, "envelope is not a map")
    payload, signatures = value.get("payload"), value.get("signatures")
    if set(value) != _ENVELOPE_KEYS or type(payload) is not bytes or not isinstance(signatures, list):
        raise DecodeError(Reason.EVENT_MALFORMED, "envelope is not {payload: bytes, signatures: [...]}")
    if not signatures:
        raise DecodeError(Reason.SIGNATURES_EMPTY, "envelope without signature")
    if len(signatures) > 1:
        raise DecodeError(Reason.EVENT_MALFORMED, f"envelope with {len(signatures)} signatures")
    protected, signature = _decode_signature(signatures[0])
    return Envelope(_payload_cid(payload), protected, signature, decode_protected(protected))


def _payload_cid(payload: bytes) -> Cid:
    try:
        cid = Cid.from_bytes(payload)
    except IdentifierError as error:
        raise DecodeError(Reason.EVENT_MALFORMED, f"envelope's payload is no CID: {error}") from None
    if cid.codec != DAG_CBOR:
        raise DecodeError(Reason.EVENT_MALFORMED, f"envelope's payload is {cid.codec_name}, not dag-cbor")
    return cid


def _decode_signature(value: IpldValue) -> tuple[bytes, bytes]:
    if (
        isinstance(value, dict)
        and set(value) <= _SIGNATURE_KEYS
        and isinstance(value.get("header", {}), dict)
    ):
        protected, signature = value.get("protected"), value.get("signature")
        # A link is a kind of bytes as well, and not meant here.
        if type(protected) is bytes and type(signature) is bytes:
            return protected, signature
    raise DecodeError(Reason.EVENT_MALFORMED, "signature is not {protected: bytes, signature: bytes}")


def decode_protected(data: bytes) -> JwsHeader:
    """The members of a protected header; short ones are remembered, as every event of a session has the same.

    Raises:
        DecodeError: `jws_malformed`: no JSON object, a double member, or a member of the wrong type.
    """
    if len(data) <= MAX_CACHED_HEADER_BYTES:
        return _remembered(data)
    if len(data) > MAX_PROTECTED_HEADER_BYTES:
        raise DecodeError(Reason.JWS_MALFORMED, f"protected header of {len(data)} bytes")
    return _decode_protected(data)


@lru_cache(maxsize=MAX_CACHED_HEADERS)
def _remembered(data: bytes) -> JwsHeader:
    return _decode_protected(data)


def _decode_protected(data: bytes) -> JwsHeader:
    try:
        header = strict_json.load(data)
    except ValueError as error:
        raise DecodeError(Reason.JWS_MALFORMED, f"protected header: {error}") from None
    if not isinstance(header, dict):
        raise DecodeError(Reason.JWS_MALFORMED, "protected header is no JSON object")
    members = [header.get(name) for name in ("alg", "kid", "cap")]
    if any(member is not None and not isinstance(member, str) for member in members):
        raise DecodeError(Reason.JWS_MALFORMED, "alg, kid and cap must be text")
    alg, kid, cap = members
    return JwsHeader(alg, kid, _capability(cap) if cap is not None else None)


def _capability(text: str) -> Cid:
    if not text.startswith(_IPFS):
        raise DecodeError(Reason.JWS_MALFORMED, f"cap does not start with {_IPFS}")
    try:
        cid = Cid.parse(text.removeprefix(_IPFS))
    except IdentifierError as error:
        raise DecodeError(Reason.JWS_MALFORMED, f"cap names no block: {error}") from None
    if cid.codec != DAG_CBOR:
        raise DecodeError(
            Reason.JWS_MALFORMED, f"cap names a {cid.codec_name} block, capabilities are dag-cbor"
        )
    return cid
