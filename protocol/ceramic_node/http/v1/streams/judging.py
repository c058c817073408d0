"""Judging a whole stream for a request: to explain it, or to write on its tip."""

from __future__ import annotations

from ceramic_node.http.v1.problems import TOO_LONG, Problem
from ceramic_node.node import Node
from ceramic_protocol.cid import Cid
from ceramic_protocol.lifecycle.looking import Looker
from ceramic_protocol.store_port import EventStore


def looker_of(node: Node, store: EventStore | None = None) -> Looker:
    """What judges streams as the node does; in another store than the node's, if one is given."""
    return Looker(store or node.events, node.clock, node.follower.rules)


def check_length(node: Node, stream: Cid, most: int) -> None:
    """Refuse what would take too long.

    Raises:
        Problem: the stream has more events.
    """
    count = len(node.events.snapshot(stream).events)
    if count > most:
        raise Problem(
            TOO_LONG, f"the stream has {count:,} events; at most {most:,} are judged for one request"
        )
