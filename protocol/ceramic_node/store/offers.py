"""Which events a node offers to its peers, and under which keys."""

from __future__ import annotations

from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.networks import Network
from ceramic_protocol.reasons import Outcome, Reason
from ceramic_protocol.stored import StreamFacts


def is_offered(reason: Reason | None) -> bool:
    """Whether peers are told of a delivered event: those that its own checks refuse make them hang up.

    Args:
        reason: `CheckedEvent.reason`.
    """
    return reason is None or reason.outcome is not Outcome.REJECTED


def prefix_of(facts: StreamFacts, network: Network) -> bytes | None:
    """What the keys of a stream's events begin with, and their CIDs end; None without model or controller."""
    try:
        return bytes(facts.event_id(Cid(), network))
    except IdentifierError:
        return None
