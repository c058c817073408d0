"""Building signed events, byte for byte as the SDK writes them (events.md 3; accounts.md 2.1 to 2.3)."""

from __future__ import annotations

import json
from typing import Final

from ceramic_protocol import car as carv1
from ceramic_protocol import dagcbor
from ceramic_protocol.accounts.signers import SIGNATURE_BYTES, Signer
from ceramic_protocol.build_init import SEPARATOR, init_payload
from ceramic_protocol.built import BuiltEvent, checked_block
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.errors import EncodeError
from ceramic_protocol.ids import METAMODEL, StreamId
from ceramic_protocol.js_numbers import js_numbers
from ceramic_protocol.limits import MAX_PROTECTED_HEADER_BYTES
from ceramic_protocol.multibase import encode_base64url

# Stand for what differs from event to event where the rest of a block is encoded once.
_ANY_PAYLOAD: Final = Cid.of(b"")
_ANY_SIGNATURE: Final = bytes(SIGNATURE_BYTES)
_ANY_EVENT: Final = Cid.of(b"", DAG_JOSE)
_CAR_START, _CAR_HEADER_END = carv1.encode_header([_ANY_EVENT]).split(_ANY_EVENT)


def protected_header(signer: Signer, capability: Cid | None = None, *, fragment: bool = True) -> bytes:
    """The protected header: compact JSON with sorted members.

    Args:
        signer: who signs.
        capability: CID of the CACAO under which it signs.
        fragment: whether `kid` names the key behind the DID, as js-did does and ceramic-one's signer doesn't.

    Raises:
        EncodeError: the header would be too long.
    """
    did = signer.did
    members = {"alg": signer.algorithm, "kid": f"{did}#{did.rpartition(':')[2]}" if fragment else did}
    if capability is not None:
        members["cap"] = f"ipfs://{capability}"
    header = json.dumps(members, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
    if len(header) > MAX_PROTECTED_HEADER_BYTES:
        msg = f"protected header of {len(header)} bytes"
        raise EncodeError(msg)
    return header


class EventBuilder:
    """Makes the events that one signer signs. What they have in common is encoded once."""

    def __init__(
        self,
        signer: Signer,
        *,
        controller: str | None = None,
        capability: bytes | None = None,
        fragment: bool = True,
        as_js: bool = True,
    ) -> None:
        """Prepare the envelope.

        Args:
            signer: who signs.
            controller: controller of new streams; the signer itself unless it signs under a capability.
            capability: block of the CACAO under which it signs.
            fragment: see `protected_header`.
            as_js: whether numbers of the content become those of JavaScript, see `js_numbers`.

        Raises:
            EncodeError: a capability without a controller, or one that is too large.
        """
        if capability is not None and controller is None:
            raise EncodeError("with a capability the controller has to be named: it is not the signer")
        self._signer = signer
        self._controller = signer.did if controller is None else controller
        self._as_js = as_js
        capability_cid = None if capability is None else Cid.of(checked_block(capability))
        protected = protected_header(signer, capability_cid, fragment=fragment)
        self._signing_start = f"{encode_base64url(protected)}.".encode("ascii")
        signature = {"protected": protected, "signature": _ANY_SIGNATURE}
        envelope = dagcbor.encode({"payload": bytes(_ANY_PAYLOAD), "signatures": [signature]})
        self._envelope_start, rest = envelope.split(_ANY_PAYLOAD)
        self._envelope_middle = rest[:-SIGNATURE_BYTES]
        self._car_middle = _CAR_HEADER_END
        if capability is not None and capability_cid is not None:
            self._car_middle += carv1.encode_section(capability_cid, capability)

    @property
    def controller(self) -> str:
        """Controller of new streams."""
        return self._controller

    def init(
        self,
        model: StreamId,
        data: object,
        *,
        unique: bytes | None,
        context: StreamId | None = None,
        should_index: bool | None = None,
        model_version: Cid | None = None,
        sep: str | None = SEPARATOR,
    ) -> BuiltEvent:
        """A signed init event.

        Args:
            model: the model; `METAMODEL` makes a model.
            data: the content, or None.
            unique: bytes that keep streams of the same content apart (12 random ones in the SDK), or None.
            context: StreamID that the stream is grouped under.
            should_index: hint to indexers; None leaves it out, which means True.
            model_version: CID of the model's event to validate against.
            sep: None for headers as they were before Recon.

        Raises:
            EncodeError: no controller, or content that DAG-CBOR can't hold or that is too large.
        """
        return self.envelop(
            init_payload(
                self._controller,
                model,
                self._content(data),
                unique=unique,
                context=context,
                should_index=should_index,
                model_version=model_version,
                sep=sep,
            )
        )

    def model(self, definition: object) -> BuiltEvent:
        """The init event of a model. The same definition by the same key is the same model.

        Raises:
            EncodeError: see `init`.
        """
        return self.init(METAMODEL, definition, unique=None)

    def data(
        self,
        stream: Cid,
        prev: Cid,
        data: object,
        *,
        should_index: bool | None = None,
        model_version: Cid | None = None,
    ) -> BuiltEvent:
        """A data event.

        Args:
            stream: CID of the stream's init event.
            prev: CID of the event that it builds on.
            data: the change: for documents a JSON patch, which is a list of operations.
            should_index: new hint to indexers, or None for no change.
            model_version: CID of the model's event to validate against from here on, or None for no change.

        Raises:
            EncodeError: content that DAG-CBOR can't hold or that is too large.
            IdentifierError: `stream` or `prev` is not a CID, but a StreamID for instance.
        """
        payload: dict[str, object] = {
            "id": Cid.from_bytes(stream),
            "data": self._content(data),
            "prev": Cid.from_bytes(prev),
        }
        header: dict[str, object] = {}
        if should_index is not None:
            header["shouldIndex"] = should_index
        if model_version is not None:
            header["modelVersion"] = model_version
        if header:
            payload["header"] = header
        return self.envelop(dagcbor.encode(payload))

    def envelop(self, payload: bytes) -> BuiltEvent:
        """The signed event of a payload block, whatever that holds.

        Raises:
            EncodeError: the block is too large, or the signer's answer is no signature.
        """
        payload_cid = Cid.of(checked_block(payload))
        signing_input = self._signing_start + encode_base64url(payload_cid).encode("ascii")
        signature = self._signer.sign(signing_input)
        if len(signature) != SIGNATURE_BYTES:
            msg = f"signature of {len(signature)} bytes"
            raise EncodeError(msg)
        envelope = b"".join((self._envelope_start, payload_cid, self._envelope_middle, signature))
        cid = Cid.of(envelope, DAG_JOSE)
        sections = carv1.encode_section(payload_cid, payload) + carv1.encode_section(cid, envelope)
        return BuiltEvent(cid, b"".join((_CAR_START, cid, self._car_middle, sections)))

    def _content(self, data: object) -> object:
        return js_numbers(data) if self._as_js else data
