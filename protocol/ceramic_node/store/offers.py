"""Which events a node offers to its peers, and under which keys."""

from __future__ import annotations

from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.event_ids import EventId
from ceramic_protocol.networks import Network
from ceramic_protocol.reasons import Outcome
from ceramic_protocol.stored import StreamFacts


def is_offered(event: CheckedEvent) -> bool:
    """Whether peers are told of a delivered event: those that its own checks refuse make them hang up."""
    return event.reason is None or event.outcome is not Outcome.REJECTED


def key_of(facts: StreamFacts, cid: Cid, network: Network) -> EventId | None:
    """The key of an event; None if its stream has no model or no controller."""
    try:
        return facts.event_id(cid, network)
    except IdentifierError:
        return None
