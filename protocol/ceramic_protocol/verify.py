"""What can be said of one event alone: signature, form, proof of time (accounts.md 2, consensus.md 2.6).

Who may write to the stream and what it builds on is asked by `history`, which knows the stream's other
events. Both are pure; the chain comes in as a port.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from ceramic_protocol.accounts.did import resolve_did_key
from ceramic_protocol.accounts.signatures import verify as verify_signature
from ceramic_protocol.anchors import Anchored, verify_anchor
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.events import DataEvent, Event, InitEvent, TimeEvent
from ceramic_protocol.jose import Envelope
from ceramic_protocol.ports import Chain
from ceramic_protocol.reasons import Outcome, Reason


class Kind(IntEnum):
    """Kinds of events."""

    INIT = 0
    DATA = 1
    TIME = 2


class CheckedEvent(NamedTuple):
    """An event after its own checks: all that resolution and fold need, and nothing of how it arrived.

    `payload` is the DAG-CBOR payload block of an init or data event and empty for a time event. `reason`
    is None if its own checks pass. `timestamp` (unix seconds) and `chain_id` belong to proven time events.
    """

    cid: Cid
    stream: Cid
    kind: Kind
    prev: Cid | None
    payload: bytes
    signer: str | None = None
    capability: Cid | None = None
    timestamp: int | None = None
    chain_id: str | None = None
    reason: Reason | None = None
    detail: str | None = None

    @property
    def outcome(self) -> Outcome:
        """The answer of the event's own checks."""
        return Outcome.VALID if self.reason is None else self.reason.outcome


_Finding = tuple[Reason, str]


def verify_event(event: Event, chain: Chain) -> CheckedEvent:
    """Check one decoded event by itself; `chain` is where the anchor of a time event is looked up."""
    if isinstance(event, TimeEvent):
        return _verify_time(event, chain)
    envelope = event.envelope
    finding = _check_init(event) if isinstance(event, InitEvent) else _check_data(event)
    if finding is None and envelope is not None:
        finding = check_envelope(envelope) or _check_capability(envelope)
    reason, detail = finding or (None, None)
    return CheckedEvent(
        cid=event.cid,
        stream=event.stream,
        kind=Kind.INIT if isinstance(event, InitEvent) else Kind.DATA,
        prev=event.prev,
        payload=event.payload,
        signer=envelope.header.signer if envelope else None,
        capability=envelope.header.capability if envelope else None,
        reason=reason,
        detail=detail,
    )


def _verify_time(event: TimeEvent, chain: Chain) -> CheckedEvent:
    found = verify_anchor(event, chain)
    common = (event.cid, event.stream, Kind.TIME, event.prev, b"")
    if isinstance(found, Anchored):
        return CheckedEvent(*common, timestamp=found.timestamp, chain_id=found.chain_id)
    return CheckedEvent(*common, reason=found.reason, detail=found.detail)


def _check_init(event: InitEvent) -> _Finding | None:
    if not event.header.controller:
        return Reason.INIT_NO_CONTROLLERS, "header.controllers is empty"
    if event.envelope is None and event.data is not None:
        return Reason.UNSIGNED_INIT_WITH_DATA, "init event with content and no signature"
    return None


def _check_data(event: DataEvent) -> _Finding | None:
    if event.envelope is None:
        return Reason.DATA_EVENT_UNSIGNED, "data event without envelope"
    return None


def check_envelope(envelope: Envelope) -> _Finding | None:
    """None if the signature is that of the key which the envelope names, whoever that is."""
    signer = envelope.header.signer
    if not signer:
        return Reason.KID_MISSING, "protected header has no kid"
    try:
        key = resolve_did_key(signer)
    except IdentifierError as error:
        return Reason.UNSUPPORTED_DID, str(error)
    alg = envelope.header.alg
    if alg not in key.type.algorithms:
        return Reason.ALG_KEY_MISMATCH, f"alg {alg} with a {key.type.value} key"
    if not verify_signature(key, envelope.signing_input, envelope.signature, alg):
        return Reason.SIGNATURE_INVALID, f"not signed by {signer}"
    return None


def _check_capability(envelope: Envelope) -> _Finding | None:
    if envelope.header.capability is None:
        return None
    return Reason.UNSUPPORTED_YET, f"capability {envelope.header.capability}"
