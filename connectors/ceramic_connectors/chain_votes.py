"""What several endpoints say of one transaction together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from ceramic_connectors.chain_view import Doubt
from ceramic_protocol.ports import Transaction
from ceramic_protocol.reasons import Finding, Reason

UNCONFIRMED: Final = Finding(Reason.ANCHOR_UNCONFIRMED, "not settled yet")
"""The chain may still bring the transaction, or let go of it."""

UNAVAILABLE: Final = Finding(Reason.ANCHOR_CHAIN_UNAVAILABLE, "too few endpoints answer")
DISAGREEING: Final = Finding(Reason.ANCHOR_CHAIN_UNAVAILABLE, "endpoints disagree")
UNKNOWN: Final = Finding(Reason.ANCHOR_TX_UNKNOWN, "")


def decide(answers: Iterable[Transaction | Doubt], quorum: int) -> Transaction | Finding:
    """What at least `quorum` endpoints agree on; answers are taken one by one, no more than are needed.

    That there is no such transaction needs a quorum too, and that no other endpoint has it.

    Returns:
        The transaction, `UNKNOWN`, or one of the findings that are pending.
    """
    votes: Counter[Transaction | Doubt] = Counter()
    for answer in answers:
        votes[answer] += 1
        if isinstance(answer, Transaction) and votes[answer] >= quorum:
            return answer
    settled = sum(isinstance(answer, Transaction) for answer in votes)
    if not settled and not votes[Doubt.SHALLOW] and votes[Doubt.ABSENT] >= quorum:
        return UNKNOWN
    if votes.total() - votes[Doubt.SILENT] < quorum:
        return UNAVAILABLE
    return UNCONFIRMED if settled <= 1 else DISAGREEING
