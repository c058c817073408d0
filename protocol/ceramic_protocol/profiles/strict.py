"""Our own rules: the `recommended` column of the accounts vectors (accounts.md 5)."""

from __future__ import annotations

from typing import Final

from ceramic_protocol.accounts.access import Stream, Terms, check_moment, covers
from ceramic_protocol.accounts.capability import STRICT, check_audience
from ceramic_protocol.accounts.did import resolve_did_key
from ceramic_protocol.accounts.pkh import same_account
from ceramic_protocol.accounts.signatures import verify
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.jose import Envelope, decode_envelope
from ceramic_protocol.ports import Contracts
from ceramic_protocol.profiles.profile import Signed
from ceramic_protocol.reasons import Finding, Outcome, Reason

_SHOWN: Final = 200
"""Characters that a verdict quotes: a controller may fill a block, and every event has a verdict."""


def check_envelope(envelope: Envelope) -> Finding | None:
    """None if the signature is that of the key which the envelope names, whoever that is."""
    signer = envelope.header.signer
    if not signer:
        return Finding(Reason.KID_MISSING, "protected header has no kid")
    try:
        key = resolve_did_key(signer)
    except IdentifierError as error:
        return Finding(Reason.UNSUPPORTED_DID, str(error))
    alg = envelope.header.alg
    if alg not in key.type.algorithms:
        return Finding(Reason.ALG_KEY_MISMATCH, f"alg {alg} with a {key.type.value} key")
    if not verify(key, envelope.signing_input, envelope.signature, alg):
        return Finding(Reason.SIGNATURE_INVALID, f"not signed by {signer}")
    return None


class Strict:
    """Ours."""

    uses_anchors = True
    takes_unsigned_content = False
    names_by_payload = False

    def decode_envelope(self, block: bytes) -> Envelope:
        """See `jose.decode_envelope`."""
        return decode_envelope(block)

    def check_signed(self, envelope: Envelope, contracts: Contracts) -> Signed:
        """Signature first; then the capability, and that it was given to the signer."""
        finding = check_envelope(envelope)
        capability, signer = envelope.header.capability, envelope.header.signer
        if finding is not None or capability is None or signer is None:
            return Signed(finding)
        seen = STRICT.look_at(capability, envelope.capability_block, contracts)
        if seen.finding is not None and seen.finding.reason.outcome is Outcome.REJECTED:
            return Signed(seen.finding)
        return Signed(check_audience(seen, signer) or seen.finding, seen.grant)

    def stream_of(self, stream: Stream, payload: bytes) -> Stream:
        """As it is."""
        del payload
        return stream

    def may_write(self, event: CheckedEvent, stream: Stream, at: int, terms: Terms) -> Finding | None:
        """The signer is the controller, or the controller lets it write here and now."""
        controller, grant = stream.controller, event.grant
        if event.signer is None:
            return None
        if event.capability is None:
            if event.signer == controller:
                return None
            detail = f"signed by {event.signer}, controller is {controller[:_SHOWN]}"
            return Finding(Reason.SIGNER_NOT_CONTROLLER, detail)
        if grant is None or grant.flaw is not None:
            # By these rules such an event was refused before: whoever comes here with it has mixed rules.
            return Finding(Reason.CACAO_MALFORMED, "nothing is known of the capability by these rules")
        if event.signer != controller and not same_account(grant.issuer, controller):
            if grant.is_delegated:
                detail = f"{grant.issuer} hands on what {controller[:_SHOWN]} may have given"
                return Finding(Reason.CACAO_DELEGATION_UNSUPPORTED, detail)
            detail = f"given by {grant.issuer}, controller is {controller[:_SHOWN]}"
            return Finding(Reason.CACAO_ISS_MISMATCH, detail)
        if not covers(grant, stream, event.payload):
            detail = f"resources are {', '.join(grant.resources)[:_SHOWN] or 'none'}"
            return Finding(Reason.CACAO_MODEL_NOT_COVERED, detail)
        return check_moment(grant, at, terms)
