"""What can go wrong while events are anchored, as short stable codes."""

from __future__ import annotations

from enum import StrEnum

from ceramic_protocol.errors import OutsideError


class Trouble(StrEnum):
    """Why an anchor isn't there yet, or never will be."""

    ANSWER_TOO_LARGE = "answer_too_large"
    ANSWER_MALFORMED = "answer_malformed"
    ANSWER_OTHER_REQUEST = "answer_other_request"
    WITNESS_MISSING = "witness_missing"
    WITNESS_MALFORMED = "witness_malformed"
    WITNESS_MISMATCH = "witness_mismatch"
    PROOF_REJECTED = "proof_rejected"
    REQUEST_REFUSED = "request_refused"
    UNAUTHORIZED = "unauthorized"
    REQUEST_FAILED = "request_failed"
    REQUEST_REPLACED = "request_replaced"
    TOO_OLD = "too_old"
    WRONG_CHAIN = "wrong_chain"
    FEE_TOO_HIGH = "fee_too_high"
    WOULD_REVERT = "would_revert"
    EVENT_UNREADABLE = "event_unreadable"
    NOT_ACCEPTED = "not_accepted"
    OUTSIDE = "outside"


class AnchorTroubleError(OutsideError):
    """The other side is wrong or unwilling; asking again later may help.

    `trouble` is the stable code, `detail` a sentence.
    """

    code = "anchor_trouble"

    def __init__(self, trouble: Trouble, detail: str) -> None:
        super().__init__(f"{trouble.value}: {detail}")
        self.trouble = trouble
        self.detail = detail


def trouble_of(error: OutsideError) -> tuple[Trouble, str]:
    """Code and sentence of whatever the outside world failed with."""
    if isinstance(error, AnchorTroubleError):
        return error.trouble, error.detail
    return Trouble.OUTSIDE, str(error)
