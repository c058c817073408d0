"""What js-ceramic says, with dids 5.0.3 below it (accounts.md 2.6; js-ceramic signature_utils.ts).

Blocks are read and hashed as everywhere here: what JavaScript would make of other bytes is no matter of this.
"""

from __future__ import annotations

from typing import Final

from ceramic_protocol.accounts.access import Stream, Terms, check_moment, covers
from ceramic_protocol.accounts.cacao_signatures import WEBAUTHN
from ceramic_protocol.accounts.capability import Capabilities, check_audience
from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import DAG_CBOR
from ceramic_protocol.jose import Envelope
from ceramic_protocol.ports import Contracts
from ceramic_protocol.profiles.js_capability import look_at_js
from ceramic_protocol.profiles.js_envelope import decode_js_envelope
from ceramic_protocol.profiles.js_signature import check_js_signature
from ceramic_protocol.profiles.profile import Signed
from ceramic_protocol.reasons import BY_CODE, Finding, Reason

_CAPABILITIES: Final = Capabilities(lambda block, _contracts: (look_at_js(block), True))


class Js:
    """js-ceramic and js-did."""

    uses_anchors = True
    takes_unsigned_content = False
    names_by_payload = False

    def decode_envelope(self, block: bytes) -> Envelope:
        """See `js_envelope.decode_js_envelope`."""
        return decode_js_envelope(block)

    def check_signed(self, envelope: Envelope, contracts: Contracts) -> Signed:
        """The signature; what is wrong with the capability goes into its grant, as it may not matter."""
        finding = check_js_signature(envelope)
        capability, signer = envelope.header.capability, envelope.header.signer
        if finding is not None or capability is None or signer is None:
            return Signed(finding)
        if capability.codec != DAG_CBOR:
            # js-ceramic reads a block by its CID's codec.
            return Signed(Finding(Reason.CACAO_MALFORMED, f"capability is {capability.codec_name}"))
        seen = _CAPABILITIES.look_at(capability, envelope.capability_block, contracts)
        if seen.grant is None:
            return Signed(seen.finding)
        flaw = check_audience(seen, signer) or seen.finding
        return Signed(None, seen.grant._replace(flaw=flaw and f"{flaw.reason.value} {flaw.detail}"))

    def stream_of(self, stream: Stream, payload: bytes) -> Stream:
        """As it is."""
        del payload
        return stream

    def may_write(self, event: CheckedEvent, stream: Stream, at: int, terms: Terms) -> Finding | None:
        """The resources of a capability count always, the rest of it only if it is the controller's."""
        grant, signer, controller = event.grant, event.signer, stream.controller
        if signer is None:
            return None
        if grant is None and event.capability is not None:
            # By these rules such an event was refused before: whoever comes here with it has mixed rules.
            return Finding(Reason.CACAO_MALFORMED, "nothing is known of the capability by these rules")
        if grant is not None:
            if not covers(grant, stream, event.payload):
                detail = f"resources are {', '.join(grant.resources)[:200] or 'none'}"
                return Finding(Reason.CACAO_MODEL_NOT_COVERED, detail)
            if _is_for(grant, controller):
                return _check_grant(grant, at, terms)
        if signer == controller:
            return None
        detail = f"signed by {signer}, controller is {controller[:200]}"
        return (grant and _refused(grant)) or Finding(Reason.SIGNER_NOT_CONTROLLER, detail)


def _is_for(grant: Grant, controller: str) -> bool:
    """Whether js-did checks the capability: it is the controller's, and was given to the signer."""
    flaw = _flaw(grant)
    if flaw is not None and flaw.reason is Reason.CACAO_AUD_MISMATCH:
        return False
    is_ethereum = controller.startswith("did:pkh:eip155:")
    return controller == grant.issuer or (is_ethereum and controller.lower() == grant.issuer.lower())


def _check_grant(grant: Grant, at: int, terms: Terms) -> Finding | None:
    flaw = _flaw(grant)
    if flaw is not None or grant.signature_type == WEBAUTHN:
        return flaw
    return check_moment(grant, at, terms)


def _refused(grant: Grant) -> Finding:
    flaw = _flaw(grant)
    if flaw is not None and flaw.reason is Reason.CACAO_AUD_MISMATCH:
        return flaw
    return Finding(Reason.CACAO_ISS_MISMATCH, f"given by {grant.issuer[:200]}, who is not the controller")


def _flaw(grant: Grant) -> Finding | None:
    if grant.flaw is None:
        return None
    code, _, detail = grant.flaw.partition(" ")
    return Finding(BY_CODE[code], detail)
