"""What ceramic-one 0.58 says to an event that is posted to it (validation/src/verifier; accounts.md 2.6, 4).

It asks the wall clock, whatever anchors say. Blocks are read and hashed as everywhere here, and members of an
event's payload that ceramic-one would not store are let pass.
"""

from __future__ import annotations

from typing import Final

from ceramic_protocol.accounts.access import Stream, Terms, check_moment
from ceramic_protocol.accounts.capability import Capabilities, check_audience
from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import MODEL_INSTANCE, StreamId
from ceramic_protocol.jose import Envelope
from ceramic_protocol.ports import Contracts
from ceramic_protocol.profiles.profile import Signed
from ceramic_protocol.profiles.rust_capability import look_at_rust
from ceramic_protocol.profiles.rust_envelope import decode_rust_envelope
from ceramic_protocol.profiles.rust_signature import check_rust_signature
from ceramic_protocol.reasons import Finding, Reason

_CAPABILITIES: Final = Capabilities(lambda block, _contracts: (look_at_rust(block), True))
_MAINNET: Final = "did:pkh:eip155:1:"


class CeramicOne:
    """ceramic-one."""

    uses_anchors = False
    takes_unsigned_content = True
    names_by_payload = True

    def decode_envelope(self, block: bytes) -> Envelope:
        """See `rust_envelope.decode_rust_envelope`."""
        return decode_rust_envelope(block)

    def check_signed(self, envelope: Envelope, contracts: Contracts) -> Signed:
        """The signature, and the capability if there is one, whoever needs it."""
        finding = check_rust_signature(envelope)
        capability, signer = envelope.header.capability, envelope.header.signer
        if finding is not None or capability is None or signer is None:
            return Signed(finding)
        seen = _CAPABILITIES.look_at(capability, envelope.capability_block, contracts)
        refused = check_audience(seen, signer) or seen.finding
        return Signed(refused, None if refused else seen.grant)

    def stream_of(self, stream: Stream, payload: bytes) -> Stream:
        """Under the name that ceramic-one makes up: a document whose init event is the payload."""
        stream_id = StreamId.of(MODEL_INSTANCE, Cid.of(payload))
        return stream._replace(stream_id=str(stream_id))

    def may_write(self, event: CheckedEvent, stream: Stream, at: int, terms: Terms) -> Finding | None:
        """The signer is the controller, or has its capability; what comes with the event has to be good."""
        grant, signer, controller = event.grant, event.signer, stream.controller
        if signer is None:
            return None
        if event.capability is not None and (grant is None or grant.flaw is not None):
            # By these rules such an event was refused before: whoever comes here with it has mixed rules.
            return Finding(Reason.CACAO_MALFORMED, "nothing is known of the capability by these rules")
        if grant is None:
            detail = f"signed by {signer}, controller is {controller[:200]}"
            return None if signer == controller else Finding(Reason.SIGNER_NOT_CONTROLLER, detail)
        if not _covers(grant, stream, event.capability):
            detail = f"resources are {', '.join(grant.resources)[:200] or 'none'}"
            return Finding(Reason.CACAO_MODEL_NOT_COVERED, detail)
        if signer != controller and not _is_same(controller, grant.issuer):
            detail = f"given by {grant.issuer[:200]}, controller is {controller[:200]}"
            return Finding(Reason.CACAO_ISS_MISMATCH, detail)
        return check_moment(grant, at, terms)


def _covers(grant: Grant, stream: Stream, capability: Cid | None) -> bool:
    # The capability's CID stands where the payload's should.
    here = stream.here
    named = {"ceramic://*", here, f"{here}?payload={capability}"}
    if stream.of_model is not None:
        named.add(stream.of_model)
    return any(resource in named for resource in grant.resources)


def _is_same(controller: str, issuer: str) -> bool:
    return controller == issuer or (controller.startswith(_MAINNET) and controller.lower() == issuer.lower())
