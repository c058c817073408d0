"""An event after its own checks: the value that travels from verification to resolution and fold."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import StreamId
from ceramic_protocol.reasons import Outcome, Reason


class Kind(IntEnum):
    """Kinds of events."""

    INIT = 0
    DATA = 1
    TIME = 2


class CheckedEvent(NamedTuple):
    """An event after its own checks: all that resolution and fold need, and nothing of how it arrived.

    `stream` is the CID of its stream's init event, None for a time event that doesn't tell and whose stream
    has not been found yet (`placing`). `payload` is the DAG-CBOR payload block of an init or data event and
    empty for a time event; a store may have pruned it (`is_hollow`). `grant` is what the capability allows
    under which it was signed, if there is one and its signature is good. `reason` is None if its own checks
    pass. `timestamp` (unix seconds) and `chain_id` belong to proven time events, `model` to init events whose
    header names one.
    """

    cid: Cid
    stream: Cid | None
    kind: Kind
    prev: Cid | None
    payload: bytes
    signer: str | None = None
    capability: Cid | None = None
    timestamp: int | None = None
    chain_id: str | None = None
    reason: Reason | None = None
    detail: str | None = None
    grant: Grant | None = None
    model: StreamId | None = None

    @property
    def is_hollow(self) -> bool:
        """Whether the payload that it had was pruned: what it says can't be judged any more."""
        return not self.payload and self.kind is not Kind.TIME

    @property
    def outcome(self) -> Outcome:
        """The answer of the event's own checks."""
        return Outcome.VALID if self.reason is None else self.reason.outcome
