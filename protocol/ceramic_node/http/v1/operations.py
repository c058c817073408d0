"""All operations of this API: what is served, and what its document says."""

from __future__ import annotations

from typing import Any, Final

from ceramic_node.http.v1 import info, tickets
from ceramic_node.http.v1.api.operations import Answer, Content, Operation
from ceramic_node.http.v1.api.params import NoParameters
from ceramic_node.http.v1.events import operations as on_events
from ceramic_node.http.v1.examples import EXAMPLES
from ceramic_node.http.v1.feed import operations as on_feeds
from ceramic_node.http.v1.streams import operations as on_streams

PREFIX: Final = "/v1"

OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation(
        "GET",
        "/info",
        "getInfo",
        "Version, network, epoch of the store, and how far feed and states have come.",
        NoParameters,
        info.get_info,
        (Answer("The node.", (Content("application/json", info.NodeInfo),)),),
        examples=EXAMPLES["getInfo"],
    ),
    Operation(
        "POST",
        "/tickets",
        "makeTicket",
        tickets.TEXT,
        NoParameters,
        tickets.post_ticket,
        (Answer("The ticket.", (Content("application/json", tickets.Ticket),)),),
        examples=EXAMPLES["makeTicket"],
    ),
    *on_events.OPERATIONS,
    *on_feeds.OPERATIONS,
    *on_streams.OPERATIONS,
)
"""In the order in which examples are tried, writing first."""
